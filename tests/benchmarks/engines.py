"""Our engine for small networks against stock stable-baselines3, and what is left to win. Up to an hour."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.training.fast.preparation import prepare
from tests.benchmarks.cases import CASES, Case
from tests.benchmarks.contestants import train_ours, train_stock
from tests.benchmarks.measuring import Comparison, Machine, Report, Sample, Scale, alternate
from tests.benchmarks.remains import remaining
from tests.benchmarks.sbx_runs import ALGORITHMS, PYTHON, python_with_sbx, sbx_speed

WARM_UP = {"PPO": 1, "A2C": 64, "DQN": 64}
"""Updates at least before anything is measured: pages are touched and caches filled then."""
TRIALS = 2
LEAST_S = 1.0
"""Ours is trained again and again until so many seconds are measured."""
_IMPORT = """
import time, stable_baselines3, numba, retroml_edu.training.sb3.trainer
from retroml_edu.training.fast.preparation import prepare
began = time.perf_counter()
prepare()
print(time.perf_counter() - began)
"""


def run(scale: Scale) -> Iterator[Report]:
    """Measure every case; a report as soon as it is there."""
    prepare()
    threads = {case: faster_threads(case, scale) for case in CASES}
    yield _against_stock(scale, threads)
    yield _remaining(scale)
    python = python_with_sbx()
    if python is not None:
        yield _against_sbx(scale, python)
    yield _compiling(scale, has_sbx=python is not None)


def faster_threads(case: Case, scale: Scale) -> int:
    """Return with how many threads of torch stock is faster: one, or as many as it takes by itself."""
    usual = torch.get_num_threads()
    if usual == 1 or scale.quick:
        return 1
    config = case.config(scale, steps=case.few_steps)
    # In turns, and the best of each: what else the machine does only ever slows down.
    turns = [(_stock(config, 1), _stock(config, usual)) for _ in range(TRIALS)]
    return 1 if max(one for one, _ in turns) >= max(many for _, many in turns) else usual


def _against_stock(scale: Scale, threads: dict[Case, int]) -> Report:
    machine = Machine()
    comparisons = []
    for case in CASES:
        config = case.config(scale)
        if not scale.quick:
            _warm_up(case)
        pair = alternate(scale.pairs, machine, partial(_stock, config, threads[case]), _ours_of(config, scale))
        comparisons.append(Comparison(case.name, "steps/s", *pair, case.wanted))
    return Report(
        "Engines against stock stable-baselines3",
        machine,
        "stock",
        "ours",
        comparisons,
        notes="From the first step to the end of the last update, in one process and in turns, with the same "
        "hyperparameters, seed and steps, ours as often as fills a second; each side is warmed up first, and kernels "
        "are compiled before. Stock is `make_vec_env` with its Monitor, and with the faster of one torch thread and "
        f"torch's usual number ({_numbers(threads)}). Ours emits its events to a bus that is drained as in a run.",
    )


def _numbers(threads: dict[Case, int]) -> str:
    """Return in words with how many threads stock was measured."""
    more = [f"{case.name}: {count}" for case, count in threads.items() if count > 1]
    return f"one, but for {'; '.join(more)}" if more else "one in all of them"


def _ours(config: ExperimentConfig, least_s: float) -> float:
    """Return the steps a second of as many equal trainings as take so long together."""
    steps, seconds = 0, 0.0
    while not steps or seconds < least_s:
        done = train_ours(config)
        steps, seconds = steps + done.steps, seconds + done.seconds
    return steps / seconds


def _ours_of(config: ExperimentConfig, scale: Scale) -> Callable[[], float]:
    return partial(_ours, config, 0.0 if scale.quick else LEAST_S)


def _stock(config: ExperimentConfig, threads: int) -> float:
    return train_stock(config, threads=threads).speed


def _warm_up(case: Case) -> None:
    settings = case.config(Scale()).hyperparameters.model_dump()
    steps = WARM_UP[case.algorithm] * settings.get("n_steps", settings.get("train_freq", 1)) * case.n_envs
    config = case.config(Scale(), steps=max(steps, 256))
    train_ours(config)
    train_stock(config)


def _remaining(scale: Scale) -> Report:
    return Report(
        "Where the fast engine's time goes",
        Machine(),
        grids=[remaining(CASES, scale)],
        notes="A training of its own, with a clock around every kernel. *Environment alone* is stepped with random "
        "actions and nothing else, compiled games 1,024 at once, others in one process, where training may have "
        "workers beside it; and games of random actions are short, so that more of them begin. Operations are those of "
        "the matrix products of updates; a product of their size (mini-batch × width × width) and the peak (a product "
        "of 1,024 × 1,024) are torch's on one thread.",
    )


def _against_sbx(scale: Scale, python: str) -> Report:
    machine = Machine()
    comparisons = []
    for case in CASES[:1] if scale.quick else CASES:
        if case.algorithm in ALGORITHMS:
            config = case.config(scale)
            settings = config.hyperparameters.model_dump()
            warm_up = max(2 * settings.get("n_steps", 0) * case.n_envs, 2_048)
            measure = partial(sbx_speed, python, config, warm_up)
            pair = alternate(scale.pairs, machine, measure, _ours_of(config, scale))
            comparisons.append(Comparison(case.name, "steps/s", *pair))
    return Report(
        "The fast engine against sbx (stable-baselines3 on JAX)",
        machine,
        "sbx",
        "fast engine",
        comparisons,
        notes="The same hyperparameters, in turns; sbx in a process of its own, after JAX has compiled. It has no A2C, "
        "and its DQN clips no gradients.",
    )


def _compiling(scale: Scale, *, has_sbx: bool) -> Report:
    machine = Machine()
    first: list[float] = []
    later: list[float] = []
    for _ in range(1 if scale.quick else 3):
        with tempfile.TemporaryDirectory() as cache:
            for seconds in (first, later):
                machine.calibrate()
                seconds.append(_compile(Path(cache)))
    none = f"Not compared with sbx: this Python has none, and {PYTHON} names none that has."
    return Report(
        "Compiling the fast engine",
        machine,
        samples=[
            Sample("Kernels, nothing kept", "s", first),
            Sample("Kernels, read from the person's cache", "s", later),
        ],
        notes="In a fresh process, numba and torch imported." + ("" if has_sbx else f" {none}"),
    )


def _compile(cache: Path) -> float:
    env = os.environ | {"XDG_CACHE_HOME": str(cache), "LOCALAPPDATA": str(cache), "HOME": str(cache)}
    done = subprocess.run([sys.executable, "-c", _IMPORT], env=env, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
