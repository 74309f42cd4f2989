"""The row of figures that tell how a run goes: return, length, loss, speed."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import anywidget
import traitlets

from retroml_edu.core.curves import CurveRecorder
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.core.metrics import (
    ENTROPY,
    EXPLORATION_RATE,
    LOSS,
    RETURN_MEAN,
    RETURN_WINDOW,
    VALUE_LOSS,
    metric,
)
from retroml_edu.core.numbers import plain_number
from retroml_edu.core.recent import RecentEpisodes
from retroml_edu.widgets.assets import script
from retroml_edu.widgets.words import duration, score

NOTHING = "–"
# Whole in the narrowest figure, and true of runs that go on as of those that have ended.
NO_EPISODE, NO_UPDATE = "no episode so far", "no update so far"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure.

    Attributes:
        name: What it is, for the page.
        label: What it is, for people.
        value: The number in words, `NOTHING` while there is none.
        detail: A line under it.
        meaning: What it says, for a student.
    """

    name: str
    label: str
    value: str
    detail: str
    meaning: str


class KeyFigures(anywidget.AnyWidget):
    """Shows figures side by side; what one means is told when it is pressed."""

    _esm = script("dom.js", "key_figures.js")
    figures: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)

    def __init__(self, algorithm: AlgorithmName, goal_return: float | None) -> None:
        self._writing = threading.Lock()
        super().__init__()
        self.begin(algorithm, goal_return)

    def begin(self, algorithm: AlgorithmName, goal_return: float | None) -> None:
        """Show what will be measured, before anything is."""
        self.show(key_figures(algorithm, CurveRecorder(), RecentEpisodes(), goal_return=goal_return))

    def show(self, figures: Sequence[Figure]) -> None:
        """Show figures."""
        with self._writing:
            self.figures = [asdict(figure) for figure in figures]


def key_figures(
    algorithm: AlgorithmName,
    recorder: CurveRecorder,
    recent: RecentEpisodes,
    *,
    speed: float = 0.0,
    elapsed_s: float = 0.0,
    goal_return: float | None = None,
) -> list[Figure]:
    """Return what to show of a run.

    Args:
        algorithm: Decides on the loss.
        recorder: What has been measured.
        recent: The newest games.
        speed: Steps a second; 0 if unknown.
        elapsed_s: Seconds of training so far.
        goal_return: Return that counts as solved.
    """
    return [
        _return(recorder, recent, goal_return),
        _length(recent),
        _loss(algorithm, recorder),
        _speed(speed, elapsed_s),
    ]


def _return(recorder: CurveRecorder, recent: RecentEpisodes, goal_return: float | None) -> Figure:
    mean = recorder.last(RETURN_MEAN)
    best = [f"best {score(recent.best)}"] if recent.count else []
    goal = [f"goal {score(goal_return)}"] if goal_return is not None else []
    return Figure(
        "return",
        "Mean return",
        NOTHING if math.isnan(mean) else score(mean),
        " · ".join([*best, *goal]) or NO_EPISODE,
        f"{metric(RETURN_MEAN).meaning} Best: the highest return of a single game so far.",
    )


def _length(recent: RecentEpisodes) -> Figure:
    newest = recent.newest
    return Figure(
        "length",
        "Episode length",
        f"{recent.mean_length:,.0f}" if newest else NOTHING,
        f"newest {newest[-1].length:,}" if newest else NO_EPISODE,
        f"Steps that one whole game took, averaged over the last {RETURN_WINDOW}. Whether long is good depends on the "
        "game: a pole that stands long is, a way to the goal that takes long is not.",
    )


def _loss(algorithm: AlgorithmName, recorder: CurveRecorder) -> Figure:
    name, beside = (LOSS, EXPLORATION_RATE) if algorithm == "DQN" else (VALUE_LOSS, ENTROPY)
    loss, other = recorder.last(name), recorder.last(beside)
    found = metric(name)
    return Figure(
        "loss",
        found.label,
        NOTHING if math.isnan(loss) else plain_number(loss),
        NO_UPDATE if math.isnan(other) else f"{_SHORT[beside]} {plain_number(other)}",
        f"{found.meaning} {metric(beside).label}: {metric(beside).meaning}",
    )


_SHORT = {EXPLORATION_RATE: "exploration ε", ENTROPY: "entropy"}


def _speed(speed: float, elapsed_s: float) -> Figure:
    return Figure(
        "speed",
        "Steps per second",
        f"{speed:,.0f}" if speed > 0 else NOTHING,
        f"for {duration(elapsed_s)}" if elapsed_s > 0 else "once it trains",
        "Environment steps a second, summed over all environments. It depends on this machine alone, and says nothing "
        "of how well is learned.",
    )
