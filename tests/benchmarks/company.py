"""A run that is not alone on the machine: beside a busy neighbour, and beside another run. About ten minutes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.training.fast.preparation import prepare
from tests.benchmarks.cases import BREAKOUT, CARTPOLE, LANDER, Case
from tests.benchmarks.contestants import Trained, train_ours, train_stock
from tests.benchmarks.engines import faster_threads
from tests.benchmarks.measuring import Comparison, Machine, Report, Scale, alternate

_BUSY = "print(flush=True)\nwhile True: pass"


@dataclass(frozen=True, eq=False)
class _Entry:
    """A case, and how many steps take a few seconds."""

    case: Case
    stock: int
    ours: int


ENTRIES = (_Entry(CARTPOLE, 12_288, 262_144), _Entry(LANDER, 16_384, 98_304), _Entry(BREAKOUT, 2_048, 2_048))


def run(scale: Scale) -> Iterator[Report]:
    """Measure every case in both kinds of company; a report as soon as it is there."""
    prepare()
    threads = {entry.case: faster_threads(entry.case, scale) for entry in ENTRIES}
    yield _report(
        "A busy neighbour",
        scale,
        threads,
        _beside_a_neighbour,
        "The neighbour is another process that keeps one core busy all the time.",
    )
    yield _report(
        "Two runs at once",
        scale,
        threads,
        _two_at_once,
        "Both in one process, as two runs of a notebook are; their steps are added up.",
    )


def _report(
    title: str,
    scale: Scale,
    threads: dict[Case, int],
    in_company: Callable[[Callable[[int], Trained]], float],
    how: str,
) -> Report:
    machine, comparisons = Machine(), []
    for entry in ENTRIES:
        stock = partial(_stock, entry.case.config(scale, steps=entry.stock), threads[entry.case])
        ours = partial(_ours, entry.case.config(scale, steps=entry.ours))
        pair = alternate(scale.pairs, machine, partial(_alone, stock), partial(in_company, stock))
        comparisons.append(Comparison(f"stock, {entry.case.name}", "steps/s", *pair))
        pair = alternate(scale.pairs, machine, partial(_alone, ours), partial(in_company, ours))
        comparisons.append(Comparison(f"ours, {entry.case.name}", "steps/s", *pair))
    notes = f"{how} Workers and threads are those that a run on the quiet machine takes."
    return Report(title, machine, "alone", "in company", comparisons, notes=notes)


def _stock(config: ExperimentConfig, threads: int, seed: int) -> Trained:
    return train_stock(config.changed(seed=seed), threads=threads)


def _ours(config: ExperimentConfig, seed: int) -> Trained:
    return train_ours(config.changed(seed=seed))


def _alone(train: Callable[[int], Trained]) -> float:
    return train(1).speed


def _beside_a_neighbour(train: Callable[[int], Trained]) -> float:
    with _neighbour():
        return train(1).speed


def _two_at_once(train: Callable[[int], Trained]) -> float:
    usual = torch.get_num_threads()
    with ThreadPoolExecutor(2) as both:
        done = list(both.map(train, (1, 2)))
    # Each has put back what it found, which can be what the other had set.
    restore = threading.Thread(target=torch.set_num_threads, args=(usual,))
    restore.start()
    restore.join()
    return sum(one.steps for one in done) / max(one.seconds for one in done)


@contextmanager
def _neighbour() -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", _BUSY], stdout=subprocess.PIPE)
    try:
        process.stdout.readline()  # type: ignore[union-attr]  # it has a pipe: it says so when it runs
        yield
    finally:
        process.kill()
        process.communicate()
