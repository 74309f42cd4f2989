"""How well a person foresaw the curve of a run, and how well they knew how well."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retroml_edu.core.numbers import plain_number
from retroml_edu.core.prediction import Drawing, Prediction

POINTS = 200
"""At how many steps, evenly apart, the two curves are compared."""
RISE_SHARE = 0.1
"""Of the axis: what climbs less has not risen."""
SAME_TIME_SHARE = 0.05
"""Of the run: two moments that are nearer to each other are the same."""
START_SHARE = 0.05
"""Of the curve: its beginning, in which the mean of few games jumps."""
ENOUGH = 5
"""Predictions from which on they say something of the person: the points of one curve go together."""
TOLERANCE = 0.1
"""A share of the curve that differs from what was claimed by less is as claimed."""
FINE_STEPS = 100_000
"""Into so many an axis is parted that may be of any length."""


@dataclass(frozen=True, slots=True)
class Words:
    """How the axes are spoken of.

    Attributes:
        y_name: What was drawn.
        curve: What it is the curve of.
        x_unit: What is counted along the level axis; empty for steps of a run.
        x_of_step: Length of one step along it.
    """

    y_name: str = "return"
    curve: str = "run"
    x_unit: str = ""
    x_of_step: float = 1.0

    def at(self, step: int, last: int) -> str:
        """Return a place on the level axis, without digits that a hand cannot draw."""
        grain = 10.0 ** math.floor(math.log10(last * self.x_of_step / 50))
        if not self.x_unit:
            grain = max(1.0, grain)
        place = round(step * self.x_of_step / grain) * grain
        return f"{plain_number(place)} {self.x_unit}" if self.x_unit else f"step {place:,.0f}"


OF_RUN = Words()


@dataclass(frozen=True, slots=True)
class PredictionScore:
    """What came of a prediction, over the steps of which there is a curve.

    Attributes:
        steps: Shape (n,), where the curves were compared.
        actual: Shape (n,), the mean return there.
        distance: Mean absolute distance between the curves, as a share of the axis: 0 is perfect.
        inside: Share of the curve that lay within the band; None without a band.
        claimed: Share that the band was meant to hold.
        interval_score: Mean interval score, as a share of the axis (Gneiting and Raftery 2007, Strictly Proper Scoring
            Rules, Prediction, and Estimation, JASA 102(477), eq. 43): the width of the band, and a penalty for each
            point outside by how far it is. Smaller is better, and who says what they believe does best. None without
            a band.
        worst_step: Where the curves were farthest apart.
        worst_expected: What was expected there.
        worst_actual: What it was.
        rise_expected: Step by which half of the rise was expected; None if no rise was.
        rise_actual: Step by which half of it had come; None if it did not.
        fall_expected: Step by which half of a fall was expected; None if no fall was.
        fall_actual: Step by which half of it had come; None if it did not.
        last_expected: Step at which the prediction ends.
    """

    steps: np.ndarray
    actual: np.ndarray
    distance: float
    inside: float | None
    claimed: float
    interval_score: float | None
    worst_step: int
    worst_expected: float
    worst_actual: float
    rise_expected: int | None
    rise_actual: int | None
    fall_expected: int | None
    fall_actual: int | None
    last_expected: int

    @property
    def covered(self) -> float:
        """Share of the predicted steps of which there is a curve: less than 1 for a run that was stopped."""
        return min(1.0, int(self.steps[-1]) / self.last_expected)


@dataclass(frozen=True, slots=True)
class Calibration:
    """How sure a person was, and how right, over some predictions.

    Attributes:
        predictions: How many had a band.
        inside: Mean share of the curves within the bands.
        claimed: Mean share that was claimed.
    """

    predictions: int
    inside: float
    claimed: float

    @property
    def sentence(self) -> str:
        """What is to be learned from it."""
        inside, claimed = _percent(self.inside), _percent(self.claimed)
        told = (
            f"In the last {self.predictions:,} predictions among these runs, the curve lay inside the band {inside} of"
        )
        advice = _advice(self.inside, self.claimed) if self.predictions >= ENOUGH else "A few more will tell more."
        return f"{told} the time; bands are meant to hold {claimed}. {advice}"


def score_prediction(prediction: Prediction, step: np.ndarray, mean_return: np.ndarray) -> PredictionScore | None:
    """Compare a prediction with what came, over the steps from the first finished game on.

    Each step counts the same, however many games ended there.

    Args:
        prediction: What was expected.
        step: Shape (n,), steps of the curve, never falling.
        mean_return: Shape (n,), the rolling mean of the return.

    Returns:
        None where there is no curve to compare with: fewer than two points that are numbers.

    Threads: pure, safe anywhere.
    """
    known = np.isfinite(mean_return)
    step, mean_return = step[known], mean_return[known]
    last = min(float(step[-1]), float(prediction.steps[-1])) if len(step) else 0.0
    if len(step) < 2 or not step[0] < last:
        return None
    steps = np.linspace(step[0], last, POINTS)
    actual, expected = np.interp(steps, step, mean_return), prediction.at(steps)
    unit = prediction.high - prediction.low
    apart = np.abs(actual - expected)
    worst = int(np.argmax(apart))
    whole = np.linspace(0, prediction.steps[-1], POINTS)
    return PredictionScore(
        steps=steps,
        actual=actual,
        distance=float(apart.mean()) / unit,
        inside=None if prediction.within is None else float((apart <= prediction.within).mean()),
        claimed=prediction.claimed,
        interval_score=None if prediction.within is None else _interval_score(apart, prediction) / unit,
        worst_step=round(steps[worst]),
        worst_expected=float(expected[worst]),
        worst_actual=float(actual[worst]),
        rise_expected=_rise(whole, prediction.at(whole), RISE_SHARE * unit),
        rise_actual=_rise(steps, actual, RISE_SHARE * unit),
        fall_expected=_rise(whole, -prediction.at(whole), RISE_SHARE * unit),
        fall_actual=_rise(steps, -actual, RISE_SHARE * unit),
        last_expected=prediction.steps[-1],
    )


def score_drawing(
    drawing: Drawing, x: np.ndarray, y: np.ndarray, *, x_end: float, x_unit: str, y_name: str
) -> list[str]:
    """Return what came of a curve that was drawn over an axis of any length, in a student's words.

    Args:
        drawing: What was expected, over the axis from 0 to `x_end`.
        x: Shape (n,), rising.
        y: Shape (n,), what came.
        x_end: End of the axis.
        x_unit: What is counted along it.
        y_name: What was drawn.
    """
    unit = x_end / FINE_STEPS
    score = score_prediction(drawing.over(FINE_STEPS), x / unit, y)
    if score is None:
        return ["There is too little of the curve to compare yours with."]
    return score_sentences(score, Words(y_name, "curve", x_unit, unit))


def score_sentences(score: PredictionScore, words: Words = OF_RUN) -> list[str]:
    """Return what came of a prediction in a student's words."""
    told = [f"On average your curve was {_percent(score.distance)} of the axis away from what came."]
    if score.inside is not None:
        told.append(
            f"{_percent(score.inside)} of the curve lay within your band, which was meant to hold "
            f"{_percent(score.claimed)}. That is one {words.curve}: over several it tells how well you know how sure "
            "you are."
        )
    if score.interval_score is not None:
        told.append(
            f"Interval score: {score.interval_score:.2f} of the axis. It is how wide your band was, and on average "
            f"{_penalty(score.claimed):.0f} times how far the curve was outside; smaller is better."
        )
    told += _told_change(score, words)
    if score.distance >= 0.01:
        expected, actual = plain_number(score.worst_expected), plain_number(score.worst_actual)
        where = f"You were farthest off at {words.at(score.worst_step, score.last_expected)}"
        told.append(f"{where}: you expected {expected}, and it was {actual}.")
    if score.covered < 1 - SAME_TIME_SHARE:
        told.append(
            f"The {words.curve} ended early: this is about the first {_percent(score.covered)} of what you drew."
        )
    return told


def calibration(scores: Sequence[PredictionScore]) -> Calibration | None:
    """Return how sure and how right a person was over some predictions; None if none had a band."""
    banded = [(score.inside, score.claimed) for score in scores if score.inside is not None]
    if not banded:
        return None
    inside, claimed = np.mean(banded, axis=0)
    return Calibration(len(banded), float(inside), float(claimed))


def _interval_score(apart: np.ndarray, prediction: Prediction) -> float:
    within = prediction.within or 0.0
    return float(np.mean(2 * within + _penalty(prediction.claimed) * np.maximum(0.0, apart - within)))


def _penalty(claimed: float) -> float:
    return 2 / (1 - claimed)


def _rise(steps: np.ndarray, values: np.ndarray, least: float) -> int | None:
    """Return the first step at which half of a curve's rise is done; None if it rises by less than `least`."""
    head = max(1, int(START_SHARE * len(values)))
    start, after = float(np.median(values[:head])), values[head:]
    top = float(after.max())
    if top - start < least:
        return None
    return round(float(steps[head + np.argmax(after >= (start + top) / 2)]))


def _told_change(score: PredictionScore, words: Words) -> list[str]:
    """Return when the curve rose, or fell if it never rose, beside when it was expected to."""
    rises, falls = (score.rise_expected, score.rise_actual), (score.fall_expected, score.fall_actual)
    if rises == (None, None):
        return _told_of(score, words, "fall", *falls)
    return _told_of(score, words, "rise", *rises)


def _told_of(score: PredictionScore, words: Words, change: str, expected: int | None, actual: int | None) -> list[str]:
    last = score.last_expected
    if expected is not None and actual is not None:
        if abs(expected - actual) <= SAME_TIME_SHARE * last:
            return [f"Half of the {change} came by {words.at(actual, last)}, about when you expected it."]
        by = words.at(expected, last)
        return [
            f"You expected half of the {change} by {by}; it came at {words.at(actual, last).removeprefix('step ')}."
        ]
    if expected is not None and expected <= score.steps[-1]:
        by = words.at(expected, last)
        return [f"You expected half of a {change} by {by}; the {words.y_name} did not {change}."]
    if expected is None and actual is not None:
        return [f"You expected no {change}; half of it had come by {words.at(actual, last)}."]
    return []


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _advice(inside: float, claimed: float) -> str:
    if inside < claimed - TOLERANCE:
        return "You were surer than you could be: draw a wider band."
    if inside > claimed + TOLERANCE:
        return "You knew more than you thought: dare a narrower band."
    return "That is well judged."
