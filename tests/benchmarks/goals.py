"""How long until an agent can do it: seconds to a mean return, over many seeds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from retroml_edu.training.fast.preparation import prepare
from tests.benchmarks.cases import CARTPOLE, LANDER, Case
from tests.benchmarks.contestants import Goal, Trained, train_ours, train_stock
from tests.benchmarks.engines import faster_threads
from tests.benchmarks.measuring import Comparison, Grid, Machine, Report, Scale


@dataclass(frozen=True)
class Race:
    """A case, and what is to be reached.

    Attributes:
        case: What is trained.
        mean_return: Of the last 100 games.
        seeds: How many runs of each.
        most_steps: Where a run ends that does not reach it.
        wanted: As in a comparison.
    """

    case: Case
    mean_return: float
    seeds: int
    most_steps: int
    wanted: tuple[float, float]


RACES = (Race(CARTPOLE, 475, 10, 400_000, (8, 12)), Race(LANDER, 200, 5, 1_000_000, (2.5, 4)))


def run(scale: Scale) -> Iterator[Report]:
    """Run every race; a report as soon as it is over.

    Args:
        scale: With `quick`, a single seed that hardly begins.
    """
    prepare()
    for race in RACES:
        machine = Machine()
        comparisons, rows = [], []
        stock, ours = _run(race, scale, faster_threads(race.case, scale), machine)
        what = f"{race.case.name} to {race.mean_return:g}"
        comparisons.append(
            Comparison(what, "s", _seconds(stock), _seconds(ours), wanted=race.wanted, smaller_is_better=True)
        )
        for name, runs in (("stock", stock), ("ours", ours)):
            rows.append([what, name, f"{sum(run.reached for run in runs)} of {len(runs)}", *_figures(runs)])
        yield Report(
            f"Time to a mean return of {race.mean_return:g}",
            machine,
            "stock",
            "fast engine",
            comparisons,
            grids=[Grid(("", "", "reached it", "steps", "seconds of each seed"), rows)],
            notes="Until the mean return of the last 100 training games is reached, seconds from the first step. Seeds "
            "run in turns; which seed is lucky differs between the two, so the k-th quickest of each are a pair. Runs "
            "that did not reach it count as long as they were.",
        )


def _run(race: Race, scale: Scale, threads: int, machine: Machine) -> tuple[list[Trained], list[Trained]]:
    stock, ours = [], []
    steps = 8_192 if scale.quick else race.most_steps
    for seed in range(1, 2 if scale.quick else race.seeds + 1):
        config = race.case.config(Scale(), steps=steps, seed=seed)
        machine.calibrate()
        stock.append(train_stock(config, Goal(race.mean_return), threads=threads))
        machine.calibrate()
        ours.append(train_ours(config, Goal(race.mean_return)))
    return stock, ours


def _seconds(runs: Sequence[Trained]) -> list[float]:
    return sorted(run.seconds for run in runs)


def _figures(runs: Sequence[Trained]) -> list[str]:
    steps = [run.steps for run in runs]
    seconds = ", ".join(f"{run.seconds:.1f}" for run in runs)
    return [f"{median(steps):,.0f} ({min(steps):,}–{max(steps):,})", seconds]
