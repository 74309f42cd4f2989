"""Which curves stand in which panel of a chart, and what of a curve is drawn: read by every kind of drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from retroml_edu.core.curves import Curve, CurveData
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.core.metrics import (
    ENTROPY,
    EXPLORATION_RATE,
    LENGTH,
    LOSS,
    POLICY_LOSS,
    RETURN,
    RETURN_MEAN,
    RETURN_WINDOW,
    VALUE_LOSS,
    metric,
)
from retroml_edu.figures.palette import Role

FEW_POINTS = 60
"""Up to so many points, each is marked: a line through three updates would hide that there are only three."""

MAX_BAND_POINTS = 125
"""A band of more points than this looks like a comb, since each would span a handful of values only."""

X_TITLE = "Environment steps"
BAND_LABEL = "Lowest to highest"
POINTS_LABEL = "Single episodes"


def solved_text(solved_return: float) -> str:
    """Return the label of the solved line; the mean that is drawn looks back less far."""
    return f"solved: {solved_return:g} as the mean of 100 episodes"


LINE_LABEL = f"Mean of last {RETURN_WINDOW}"


@dataclass(frozen=True, slots=True)
class Panel:
    """One small chart. The first of an algorithm spans the whole width, the others share the row below.

    Attributes:
        metric: Metric whose single values are shown.
        role: Which colour it has.
        trend: Metric of the strong line; the same one, if empty.
        waiting: What stands there while there is no data.
        missing: What stands there when none came, once the run has ended or been written to a file.
    """

    metric: str
    role: Role
    trend: str = ""
    waiting: str = "after the first update"
    missing: str = "no update in these steps"

    @property
    def title(self) -> str:
        """Name and unit of what is shown."""
        shown = metric(self.metric)
        return f"{shown.label} ({shown.unit})" if shown.unit else shown.label


_RETURN = Panel(
    RETURN,
    "return",
    RETURN_MEAN,
    "The curve appears with the first finished episode.",
    "No episode ended in these steps: one takes more of them.",
)
_ACTOR_CRITIC = (
    _RETURN,
    Panel(POLICY_LOSS, "policy"),
    Panel(VALUE_LOSS, "value"),
    Panel(ENTROPY, "exploration"),
)
PANELS: Mapping[AlgorithmName, tuple[Panel, ...]] = {
    "PPO": _ACTOR_CRITIC,
    "A2C": _ACTOR_CRITIC,
    "DQN": (
        _RETURN,
        Panel(LOSS, "value"),
        Panel(EXPLORATION_RATE, "exploration"),
        Panel(LENGTH, "length", waiting="after the first episode", missing="no episode in these steps"),
    ),
}
"""An algorithm's panels, in reading order."""


@dataclass(frozen=True, slots=True)
class Layers:
    """What is drawn in a panel, from back to front; a layer that is not drawn has no points.

    Attributes:
        band_step: Shape (n,), steps of the band.
        low: Shape (n,), lowest of `points_per_band_step` values each; drawn once points had to be merged.
        high: Shape (n,), highest of them.
        point_step: Shape (m,), steps of the single values.
        point: Shape (m,), single values.
        line_step: Shape (k,), steps of the line.
        line: Shape (k,), the line.
    """

    band_step: np.ndarray
    low: np.ndarray
    high: np.ndarray
    point_step: np.ndarray
    point: np.ndarray
    line_step: np.ndarray
    line: np.ndarray


def layers(data: CurveData, panel: Panel) -> Layers:
    """Return what is drawn in a panel."""
    single, line = data[panel.metric], data[panel.trend or panel.metric]
    none = np.zeros(0)
    if single.points_per_bucket > 1:
        starts = np.arange(0, len(single.step), _buckets_per_band_step(single))
        ends = np.append(starts[1:], len(single.step)) - 1
        low, high = np.minimum.reduceat(single.low, starts), np.maximum.reduceat(single.high, starts)
        return Layers(single.step[ends], low, high, none, none, line.step, line.value)
    if panel.trend or single.count <= FEW_POINTS:
        return Layers(none, none, none, single.step, single.value, line.step, line.value)
    return Layers(none, none, none, none, none, line.step, line.value)


def points_per_band_step(curve: Curve) -> int:
    """Return how many values each step of a curve's band spans; 1 where there is no band."""
    return curve.points_per_bucket * (_buckets_per_band_step(curve) if curve.points_per_bucket > 1 else 1)


def _buckets_per_band_step(curve: Curve) -> int:
    # A power of two, as the buckets' own size: so the band's steps stay where they are while a run goes on.
    buckets = 1
    while len(curve.step) > buckets * MAX_BAND_POINTS:
        buckets *= 2
    return buckets
