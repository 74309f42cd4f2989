"""A line of a lesson's figure: numbers over numbers, with an interval where there is one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from retroml_edu.analysis.intervals import mean_interval
from retroml_edu.core.errors import LessonError


class Line:
    """One line of a figure.

    Args:
        name: What it is, as the legend says it.
        x: Shape (n,).
        y: Shape (n,).
        low: Shape (n,), lower end of an interval around it; None without one.
        high: Shape (n,), its upper end.

    Raises:
        LessonError: If the shapes do not fit together, or one end of the interval is missing.
    """

    def __init__(
        self, name: str, x: ArrayLike, y: ArrayLike, low: ArrayLike | None = None, high: ArrayLike | None = None
    ) -> None:
        if (low is None) != (high is None):
            raise LessonError(f'The line "{name}" has one end of an interval and not the other: give low and high.')
        self.name = name
        self.x = np.asarray(x, dtype=np.float64)
        if self.x.ndim != 1 or not self.x.size:
            raise LessonError(f'The line "{name}": x is a row of numbers, not of the shape {self.x.shape}.')
        self.y = self._column("y", y)
        self.low = None if low is None else self._column("low", low)
        self.high = None if high is None else self._column("high", high)

    @classmethod
    def of_runs(cls, name: str, x: ArrayLike, runs: ArrayLike) -> Line:
        """Return the mean of several runs, with the 95 % interval of that mean (see `mean_interval`).

        Args:
            name: What it is.
            x: Shape (n,).
            runs: Shape (runs, n): two runs or more. Numbers; or bool, whose mean is a share.

        Raises:
            LessonError: If there are fewer runs, or their shape is another.
        """
        values = np.asarray(runs)
        if values.dtype != bool:
            values = values.astype(np.float64)
        if values.ndim != 2 or values.shape[0] < 2 or values.shape[1] != np.size(x):
            raise LessonError(
                f'The line "{name}" is made of runs of the shape (runs, {np.size(x)}), two or more; '
                f"these have the shape {values.shape}."
            )
        return cls(name, x, *mean_interval(values, axis=0))

    def _column(self, column: str, values: ArrayLike) -> np.ndarray:
        array = np.asarray(values, dtype=np.float64)
        if array.shape != self.x.shape:
            raise LessonError(
                f'The line "{self.name}": {column} has the shape {array.shape}, and x {self.x.shape}: '
                "give one number for each of x."
            )
        return array
