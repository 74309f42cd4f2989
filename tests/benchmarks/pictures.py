"""Atari with the standard pictures and network: ours against what others train with. A quarter of an hour at most."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from stable_baselines3.common.vec_env import SubprocVecEnv

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.hyperparameters import AlgorithmName
from tests.benchmarks.apart import apart, measured_in
from tests.benchmarks.cases import BREAKOUT, BREAKOUT_A2C, BREAKOUT_DQN, Case
from tests.benchmarks.contestants import Trained, train_ours, train_stock
from tests.benchmarks.engines import faster_threads
from tests.benchmarks.measuring import Comparison, Machine, Report, Scale, alternate
from tests.benchmarks.picture_environments import against_the_emulator, against_wrappers
from tests.benchmarks.picture_memory import memory
from tests.benchmarks.picture_updates import updates
from tests.benchmarks.plain_loop import train_plain
from tests.benchmarks.sbx_runs import PYTHON, python_with_sbx, sbx_speed


@dataclass(frozen=True)
class Contest:
    """Ours against one other.

    Attributes:
        case: What is trained.
        against: The other, in words.
        train: How it trains.
        settings: What else it is told.
        wanted: As in a comparison.
    """

    case: Case
    against: str
    train: Callable[..., Trained] = train_stock
    settings: Mapping[str, Any] = field(default_factory=dict)
    wanted: tuple[float, float] | None = None


STANDARD = (
    BREAKOUT,
    replace(BREAKOUT, precision="bfloat16", wanted=(2.4, 2.8)),
    BREAKOUT_A2C,
    replace(BREAKOUT_A2C, precision="bfloat16"),
    BREAKOUT_DQN,
    replace(BREAKOUT_DQN, precision="bfloat16"),
)
CONTESTS = (
    *(Contest(case, "DummyVecEnv", wanted=case.wanted) for case in STANDARD),
    Contest(BREAKOUT, "SubprocVecEnv", settings={"vector": SubprocVecEnv}),
    Contest(BREAKOUT, "a plain loop", train_plain),
)
# sbx is measured once it has learned, ours as a whole: both learn from the first step.
AGAINST_SBX = (
    replace(BREAKOUT, steps=1_024),
    replace(BREAKOUT_DQN, steps=600, settings={**BREAKOUT_DQN.settings, "learning_starts": 0}),
)
_SHORTENED: Mapping[str, Mapping[str, Any]] = {
    "PPO": {"n_steps": 32, "batch_size": 32},
    "A2C": {},
    "DQN": {"learning_starts": 20},
}


def run(scale: Scale) -> Iterator[Report]:
    """Measure everything; a report as soon as it is there."""
    with apart(ours=True) as ours, apart(ours=False) as others:
        # First, while the process has no memory left over that could be used again.
        yield memory(scale, shortened(BREAKOUT, scale), BREAKOUT_DQN, ours)
        yield _training(scale, ours, others)
        yield from _against_sbx(scale, ours)
        yield updates(scale, shortened(BREAKOUT, scale), ours, others)
    yield against_wrappers(scale)
    yield against_the_emulator(scale)


def shortened(case: Case, scale: Scale) -> Case:
    """Return a case that a quick trial can afford, since its rollouts are not cut by fewer steps."""
    if not scale.quick:
        return case
    return replace(case, n_envs=min(case.n_envs, 2), settings={**case.settings, **_SHORTENED[case.algorithm]})


def _training(scale: Scale, ours: Executor, others: Executor) -> Report:
    machine = Machine()
    comparisons = []
    threads: dict[AlgorithmName, int] = {}
    for contest in CONTESTS:
        case = shortened(contest.case, scale)
        config = case.config(scale)
        if case.algorithm not in threads:
            # Others try out how many threads they are best with; that warms them up.
            threads[case.algorithm] = measured_in(others, faster_threads, case, scale)
            _warm_up(case, scale, ours)
        pair = alternate(
            scale.pairs,
            machine,
            partial(_speed, others, contest.train, config, threads=threads[case.algorithm], **contest.settings),
            partial(_speed, ours, train_ours, config),
        )
        what = f"{contest.case.name}, against {contest.against}"
        comparisons.append(Comparison(what, "steps/s", *pair, contest.wanted))
    counted = "; ".join(f"{algorithm}: {count}" for algorithm, count in threads.items())
    return Report(
        "Training on pictures",
        machine,
        "others",
        "ours",
        comparisons,
        notes="From the first step to the end of the last update, in turns, with the same hyperparameters, seed and "
        "steps; *bfloat16* is ours alone, the others compute in float32. Ours trains in a process of its own, so that "
        "freed memory is kept and waiting threads hardly spin in that alone; the others in another, with the faster of "
        f"one torch thread and torch's usual number ({counted}). *DummyVecEnv* and *SubprocVecEnv* are "
        "stable-baselines3's `make_atari_env`; *a plain loop* is `plain_loop.py`, PPO in one file in the manner of "
        "CleanRL on Gymnasium's SyncVectorEnv with stable-baselines3's `AtariWrapper`.",
    )


def _warm_up(case: Case, scale: Scale, ours: Executor) -> None:
    if not scale.quick:
        measured_in(ours, train_ours, case.config(Scale(), steps=case.few_steps))


def _speed(process: Executor, train: Callable[..., Trained], config: ExperimentConfig, **settings: Any) -> float:
    done: Trained = measured_in(process, train, config, **settings)
    return done.speed


def _against_sbx(scale: Scale, ours: Executor) -> Iterator[Report]:
    title, machine = "Training on pictures against sbx (stable-baselines3 on JAX)", Machine()
    python = python_with_sbx()
    if python is None:
        yield Report(title, machine, notes=f"Not compared: this Python has no sbx, and {PYTHON} names none that has.")
        return
    comparisons = []
    for case in AGAINST_SBX[:1] if scale.quick else AGAINST_SBX:
        config = shortened(case, scale).config(scale)
        settings = config.hyperparameters.model_dump()
        warm_up = max(settings.get("n_steps", 0) * (config.n_envs or 1), 100)
        pair = alternate(
            scale.pairs, machine, partial(sbx_speed, python, config, warm_up), partial(_speed, ours, train_ours, config)
        )
        comparisons.append(Comparison(case.name, "steps/s", *pair))
    yield Report(
        title,
        machine,
        "sbx",
        "ours",
        comparisons,
        notes="The same hyperparameters and networks, in turns; sbx in a process of its own, after JAX has compiled. "
        "DQN learns from the first step here, and that of sbx clips no gradients. sbx has no A2C.",
    )
