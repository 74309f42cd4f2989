"""Windows of curves and what is measured in them, the same whether neighbours were merged into buckets or not."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import ceil, log2, sqrt

import numpy as np

from retroml_edu.core.curves import Curve

LEAST_VALUES = 4
"""Values without which nothing is said about noise."""
_TOGETHER = 8
MOST_VALUES = 128
"""Values of a whole curve, so that the cost does not grow with it."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a curve without values that are no numbers.

    Attributes:
        step: Shape (n,), newest environment step of each value.
        value: Shape (n,).
        low: Shape (n,), lowest point behind each value.
        high: Shape (n,), highest point behind each value.
        size: Shape (n,), points behind each value.
    """

    step: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    size: np.ndarray

    @property
    def points(self) -> int:
        """Games or updates in it."""
        return int(self.size.sum())

    @property
    def first_step(self) -> int:
        """Step of its first value."""
        return int(self.step[0])

    @property
    def last_step(self) -> int:
        """Step of its last value."""
        return int(self.step[-1])

    @property
    def mean(self) -> float:
        """Mean of all points; NaN of an empty window."""
        return float((self.value * self.size).sum() / self.points) if self.points else float("nan")

    @property
    def median(self) -> float:
        """Median of the values; NaN of an empty window."""
        return float(np.median(self.value)) if len(self.value) else float("nan")

    @property
    def scatter(self) -> float:
        """Standard deviation of single points around their trend; NaN of fewer than four values.

        From the squares of second differences, in which a steady rise cancels out (the mean square successive
        difference of von Neumann et al. 1941 is made of first ones). Of values that are means of a, b and c points,
        one has the variance 1/a + 4/b + 1/c of a single point, as long as points are independent of each other.
        """
        if len(self.value) < LEAST_VALUES:
            return float("nan")
        size = self.size
        variance = 1 / size[2:] + 4 / size[1:-1] + 1 / size[:-2]
        return sqrt(float((np.diff(self.value, 2) ** 2 / variance).mean()))

    @property
    def standard_error(self) -> float:
        """Of the mean; NaN of fewer than four values."""
        return self.scatter / sqrt(self.points) if self.points else float("nan")

    @property
    def together(self) -> int:
        """Neighbouring points that `spread` looks at together: eight, or as many as are merged if that is more."""
        size = int(self.size[0])
        return ceil(_TOGETHER / size) * size

    @property
    def spread(self) -> float:
        """How far the lowest and the highest of neighbouring points lie apart on average; NaN of too few.

        A ratio of two of these is one of standard deviations, whatever the distribution's shape. For deviations it is
        the better one: merging leaves few values, but the extremes of every point.
        """
        if not len(self.size):
            return float("nan")
        group = self.together // int(self.size[0])
        count = len(self.value) // group
        if not count:
            return float("nan")
        low, high = (ends[: count * group].reshape(count, group) for ends in (self.low, self.high))
        return float((high.max(axis=1) - low.min(axis=1)).mean())

    def since(self, step: float) -> Window:
        """Return the part after a step."""
        return self._cut(slice(int(np.searchsorted(self.step, step, side="right")), None))

    def until(self, step: float) -> Window:
        """Return the part up to a step."""
        return self._cut(slice(int(np.searchsorted(self.step, step, side="right"))))

    def first(self, points: int) -> Window:
        """Return the part that begins it, of at least so many points and four values where there are as many."""
        enough = int(np.searchsorted(np.cumsum(self.size), points)) + 1
        return self._cut(slice(max(enough, LEAST_VALUES)))

    def parts(self, count: int) -> list[Window]:
        """Return it in parts that follow each other, with about as many values each."""
        edges = np.linspace(0, len(self.value), count + 1).astype(int)
        return [self._cut(slice(begin, end)) for begin, end in pairwise(edges.tolist())]

    def _cut(self, part: slice) -> Window:
        return Window(self.step[part], self.value[part], self.low[part], self.high[part], self.size[part])


def window_of(curve: Curve) -> Window:
    """Return a whole curve as a window, of 128 values at most.

    Neighbours are merged as `core.series.Series` does it: the window is the same to the last digits whether the curve
    keeps every point or as few as that.
    """
    step, value, low, high = curve.step, curve.value, curve.low, curve.high
    size = np.full(len(value), float(curve.points_per_bucket))
    if len(size):
        size[-1] = curve.count - curve.points_per_bucket * (len(size) - 1)  # it is still being filled
    if len(value) > MOST_VALUES:
        group = 2 ** ceil(log2(len(value) / MOST_VALUES))
        begins = np.arange(0, len(value), group)
        value, size = np.add.reduceat(value * size, begins), np.add.reduceat(size, begins)
        value, step = value / size, step[np.minimum(begins + group, len(step)) - 1]
        low, high = np.minimum.reduceat(low, begins), np.maximum.reduceat(high, begins)
    known = np.isfinite(value)
    return Window(step[known], value[known], low[known], high[known], size[known])


def rise(before: Window, after: Window) -> tuple[float, float]:
    """Return how much higher the mean of the second window is, and the standard error of that."""
    return after.mean - before.mean, float(np.hypot(before.standard_error, after.standard_error))
