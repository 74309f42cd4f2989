"""Does the fast engine learn as stable-baselines3 does? Curves over many seeds, a test of equivalence, a picture."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.campaigns.curves import WINDOW, Curve, Floats, Task, cartpole, curves, lunar_lander
from tests.campaigns.equivalence import CONFIDENCE, Equivalence, equivalence
from tests.campaigns.outcome import Outcome, Request

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TASKS: Sequence[Callable[[], Task]] = (cartpole, lunar_lander)
SEEDS = 20
TIMES_FAST = 2
"""Seeds of the fast engine for each of stock: they cost little, and the interval gets narrower."""
LEAST_MARGIN = 0.01
"""The margin in parts of the climb from the first to the last point, where all seeds of stock reach the same."""
END = 0.2
"""Share of the run that counts as its end."""
NAMES = {"stock": "stock stable-baselines3", "fast": "fast engine"}
COLORS = {"stock": "tab:blue", "fast": "tab:orange"}

Learned = Mapping[str, Floats]
"""Curves by engine, of shape (seeds, points)."""


def run(request: Request) -> Outcome:
    """Train and compare; `count` is the number of stock's seeds."""
    folder = request.out or request.place
    folder.mkdir(parents=True, exist_ok=True)
    seeds = request.count or SEEDS
    outcome = Outcome(
        "The fast engine learns as stable-baselines3 does",
        ("", "seeds", NAMES["stock"], NAMES["fast"], f"difference, {CONFIDENCE:.0%} interval", "margin", "equivalent"),
    )
    learned: dict[Task, Learned] = {}
    for make in TASKS:
        task = make()
        learned[task] = _learn(task, request.seed, seeds, folder)
        _compare(task, learned[task], outcome)
    outcome.notes.append(
        f"Each curve is the mean return of the last {WINDOW} training games. Equivalent: the whole interval of the "
        "difference of means lies within the margin, so two engines that differ by the margin pass with a chance of "
        "5 % at most. The margin is one standard deviation between the seeds of stock: to change the engine then moves "
        f"a result by less than to change the seed does. Where all seeds end at the most that there is, it is "
        f"{LEAST_MARGIN:.0%} of the curve's climb."
    )
    picture = folder / "engines.png"
    _draw(learned, picture)
    outcome.notes.append(f"The curves are drawn in {picture.name}.")
    return outcome


def _learn(task: Task, first: int, count: int, folder: Path) -> Learned:
    tell = partial(print, file=sys.stderr, flush=True)
    stock = curves(task, "stock", range(first, first + count), folder, tell)
    fast = curves(task, "fast", range(first, first + count * TIMES_FAST), folder, tell)
    return {"stock": _on_grid(task, stock), "fast": _on_grid(task, fast)}


def _on_grid(task: Task, found: Sequence[Curve]) -> Floats:
    return np.array([curve.on(task.grid) for curve in found])


def _compare(task: Task, learned: Learned, outcome: Outcome) -> None:
    stock, fast = learned["stock"], learned["fast"]
    end = max(1, round(END * stock.shape[1]))
    climb = abs(float(stock[:, -1].mean() - stock[:, 0].mean()))
    figures = {"mean return of the whole run": slice(None), f"of its last {END:.0%}": slice(-end, None)}
    for name, part in figures.items():
        first, second = stock[:, part].mean(axis=1), fast[:, part].mean(axis=1)
        found = equivalence(first, second, least_margin=LEAST_MARGIN * climb)
        outcome.rows.append(_row(f"{task.name}: {name}", first, second, found))
        if not found.shown:
            outcome.failures.append(
                f"{task.name}, {name}: the interval of the difference, {found.low:+.1f} to {found.high:+.1f}, does not "
                f"lie within ±{found.margin:.1f}: the engines differ, or the seeds are too few (--count)"
            )
    spread = fast.std(axis=0, ddof=1).mean() / stock.std(axis=0, ddof=1).mean()
    apart = np.abs(fast.mean(axis=0) - stock.mean(axis=0)) / stock.std(axis=0, ddof=1).mean()
    outcome.notes.append(
        f"{task.name}: PPO, {task.about}, {task.config.total_timesteps:,} steps. Along the run the curves' means are "
        f"{apart.mean():.2f} standard deviations apart on average and {apart.max():.2f} at most; between seeds the "
        f"fast engine's curves spread {spread:.2f} times as wide as stock's."
    )


def _row(name: str, first: Floats, second: Floats, found: Equivalence) -> list[str]:
    return [
        name,
        f"{len(first)}, {len(second)}",
        *(f"{group.mean():.1f} ± {group.std(ddof=1):.1f}" for group in (first, second)),
        f"{found.difference:+.1f} ({found.low:+.1f} to {found.high:+.1f})",
        f"±{found.margin:.1f}",
        "yes" if found.shown else "**not shown**",
    ]


def _draw(learned: Mapping[Task, Learned], target: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 3.8 * len(learned)), layout="constrained")
    grid = figure.subplots(len(learned), 3, squeeze=False, sharey="row", sharex="row")
    for row, (task, groups) in zip(grid, learned.items(), strict=True):
        for axes, (engine, group) in zip(row, groups.items(), strict=False):
            _draw_seeds(axes, task, engine, group)
        for engine, group in groups.items():
            _draw_mean(row[2], task, engine, group)
        row[0].set_ylabel("return")
        row[2].set_title(f"{task.name}: means with their {CONFIDENCE:.0%} intervals")
        row[2].legend(loc="lower right")
    for axes in grid[-1]:
        axes.set_xlabel("thousand steps")
    figure.savefig(target, dpi=110)


def _draw_seeds(axes: Axes, task: Task, engine: str, group: Floats) -> None:
    steps = task.grid / 1e3
    axes.plot(steps, group.T, color=COLORS[engine], alpha=0.25, linewidth=0.8)
    axes.plot(steps, group.mean(axis=0), color=COLORS[engine], linewidth=2)
    axes.set_title(f"{task.name}: {NAMES[engine]}, {len(group)} seeds")


def _draw_mean(axes: Axes, task: Task, engine: str, group: Floats) -> None:
    steps, mean = task.grid / 1e3, group.mean(axis=0)
    reach = 1.645 * group.std(axis=0, ddof=1) / np.sqrt(len(group))
    axes.plot(steps, mean, color=COLORS[engine], linewidth=2, label=NAMES[engine])
    axes.fill_between(steps, mean - reach, mean + reach, color=COLORS[engine], alpha=0.25, linewidth=0)
