"""A run set beside the recorded one: two curves, and what may be said of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveRecorder, Points
from retroml_edu.core.knobs import shown_value
from retroml_edu.core.metrics import LENGTH, RETURN, RETURN_MEAN, RETURN_WINDOW
from retroml_edu.core.numbers import plain_number
from retroml_edu.envs import goal_return
from retroml_edu.widgets.quick_start import differences
from retroml_edu.widgets.settings_values import form_values
from retroml_edu.widgets.tutorial.recorded import RecordedRun
from retroml_edu.widgets.words import episodes, score

CHART_POINTS = 150
"""Of each curve: the chart is 300 pixels wide."""
_DECISIVE = {"seed": "Seed", "engine": "Engine", "deterministic": "Deterministic"}
"""Fields beside those of a preset that decide the numbers of a run."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the page shows.

    Attributes:
        sentences: What may be said.
        curves: Steps and rolling means of ``yours`` and ``recorded``; empty where they cannot be compared.
        goal: Return that counts as solved.
    """

    sentences: tuple[str, ...]
    curves: dict[str, dict[str, list[float]]]
    goal: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as the page takes it."""
        return {"sentences": list(self.sentences), "curves": self.curves, "goal": self.goal}


def compare(config: ExperimentConfig, points: Points, recorded: RecordedRun) -> Comparison:
    """Set a run beside the recorded one.

    Args:
        config: Of the run, every value resolved.
        points: What it measured.
        recorded: The other one.
    """
    tasks = [f"{each.env_id} with {each.algorithm}" for each in (config, recorded.config)]
    if tasks[0] != tasks[1]:
        sentence = f"Your run learned {tasks[0]}, the recorded one {tasks[1]}: their returns cannot be compared."
        return Comparison((f"{sentence} Go back to step 2 for the same task.",), {})
    if not points.episodes:
        return Comparison(("No game ended in your run, so there is nothing to compare. Go back and press Train.",), {})
    curves = {"yours": _curve(points), "recorded": _curve(recorded.points)}
    return Comparison(tuple(_sentences(config, points, recorded)), curves, goal_return(config.env_id))


def _sentences(config: ExperimentConfig, points: Points, recorded: RecordedRun) -> Iterator[str]:
    if _are_same_games(points, recorded.points):
        yield (
            f"All {episodes(points.episodes)} are the same as in the recorded run, to the last point: equal settings, "
            "an equal seed and equal arithmetic."
        )
    yield from _means(config, points, recorded)
    changed = changed_settings(recorded.config, config)
    if changed:
        yield f"Your run differs from the recorded one in {changed}. That, or chance, is why the curves differ."
    elif not _are_same_games(points, recorded.points):
        yield (
            "Settings and seed are the same. Another processor, or another version of a package, rounds the last "
            "digits in another way: sooner or later one action differs, and from then on the games do. "
            f"The recorded run was made with {recorded.made_with}."
        )


def _means(config: ExperimentConfig, points: Points, recorded: RecordedRun) -> Iterator[str]:
    reach, whole = float(points.columns[RETURN][0][-1]), recorded.config.total_timesteps
    ended_early = config.total_timesteps < whole or points.step < config.total_timesteps
    yours, its = _mean_at(points, reach), _mean_at(recorded.points, reach if ended_early else np.inf)
    where = f" at step {reach:,.0f}, where yours ended" if ended_early else ""
    yield (
        f"Mean return of the last {RETURN_WINDOW} games{where}: {score(yours)} in your run, {score(its)} in the "
        "recorded one."
    )
    goal = goal_return(config.env_id)
    if goal is not None:
        yield (
            f"A mean of {plain_number(goal)} counts as solved. Your run {_solved(points, goal)}, the recorded one "
            f"{_solved(recorded.points, goal)}."
        )


def changed_settings(recorded: ExperimentConfig, run: ExperimentConfig) -> str:
    """Return which settings that decide a run's numbers differ, in words; empty if none does."""
    changes = [
        (label, shown_value(getattr(recorded, name), name), shown_value(getattr(run, name), name))
        for name, label in _DECISIVE.items()
        if getattr(recorded, name) != getattr(run, name)
    ]
    changes += differences(form_values(recorded), form_values(run))
    return ", ".join(f"{label} ({now} instead of {before})" for label, before, now in changes)


def _are_same_games(one: Points, other: Points) -> bool:
    return all(
        np.array_equal(part, wanted)
        for name in (RETURN, LENGTH)
        for part, wanted in zip(one.columns[name], other.columns[name], strict=True)
    )


def _mean_at(points: Points, step: float) -> float:
    """Return the rolling mean at a step; of the first game, if none had ended by then."""
    steps, means = points.columns[RETURN_MEAN]
    return float(means[max(0, int(np.searchsorted(steps, step, side="right")) - 1)])


def _solved(points: Points, goal: float) -> str:
    steps, means = points.columns[RETURN_MEAN]
    reached = np.flatnonzero(means[RETURN_WINDOW - 1 :] >= goal)
    if not len(reached):
        return "did not come so far"
    return f"had it after {steps[RETURN_WINDOW - 1 + reached[0]]:,.0f} steps"


def _curve(points: Points) -> dict[str, list[float]]:
    recorder = CurveRecorder(capacity=CHART_POINTS)
    recorder.extend(Points({RETURN_MEAN: points.columns[RETURN_MEAN]}))
    curve = recorder.data()[RETURN_MEAN]
    return {"step": curve.step.tolist(), "value": [round(value, 1) for value in curve.value.tolist()]}
