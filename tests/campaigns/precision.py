"""Is a game learned from pictures in bfloat16 with as many steps as in float32?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf
from statistics import fmean, median

import numpy as np

from retroml_edu.envs import get_env
from retroml_edu.training.fast.preparation import prepare
from tests.campaigns import lessons
from tests.campaigns.learning import Learned
from tests.campaigns.lessons import Lesson, kept_run, seeds_of
from tests.campaigns.outcome import Outcome, Request

SEEDS = 5
GAME = "PongPixels-v0"
"""Learned from pictures within minutes, by a network with the same kinds of layers as the standard one."""


def run(request: Request) -> Outcome:
    """Train both; `count` is the number of seeds, `out` keeps the runs, those of `lessons` too."""
    prepare()
    folder = request.out or request.place
    folder.mkdir(parents=True, exist_ok=True)
    found = [each for each in lessons.lessons(request.only or GAME) if get_env(each.env_id).observation_kind == "image"]
    if len(found) != 1:
        raise SystemExit(f"--only has to name one lesson with pictures: {len(found)} are called so.")
    lesson = replace(found[0], most_s=inf)  # steps are counted: however slow the machine is, a run is whole
    seeds = seeds_of(request, SEEDS)
    outcome = Outcome(
        f"Learning {lesson.env_id} in float32 and in bfloat16",
        ("precision", "seeds", "steps to a mean of", "median", "each seed", "sampled games", "greedy"),
    )
    for each in (lesson, replace(lesson, precision="bfloat16")):
        outcome.rows.extend(_rows(each, [kept_run(each, seed, folder) for seed in seeds]))
    outcome.notes.append(
        "Steps, since on so small a network precision changes no seconds. Marks and confirmations are those of "
        "`lessons`; sampled and greedy: the means of the last examinations. Seeds are the same and runs differ all the "
        "same: other digits, other games."
    )
    return outcome


def _rows(lesson: Lesson, runs: Sequence[Learned]) -> list[list[str]]:
    rows = [_row(lesson, f"{mark:g}", [run.marks.get(mark, (0, np.inf))[1] for run in runs]) for mark in lesson.marks]
    confirmed = [np.inf if run.confirmed is None else run.confirmed[1] for run in runs]
    means = (_mean([run.sampled for run in runs]), _mean([run.greedy for run in runs]))
    return [*rows, _row(lesson, f"{lesson.goal:g}, confirmed", confirmed, *means)]


def _mean(exams: Sequence[Sequence[float]]) -> str:
    means = [fmean(games) for games in exams if games]
    return f"{fmean(means):.1f}" if means else ""


def _row(lesson: Lesson, mark: str, steps: Sequence[float], sampled: str = "", greedy: str = "") -> list[str]:
    each = ", ".join(f"{value / 1e3:.0f}" for value in sorted(steps))
    middle = f"{median(steps) / 1e3:.0f} thousand"
    return [lesson.precision, str(len(steps)), mark, middle, each, sampled, greedy]
