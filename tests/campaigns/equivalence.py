"""Are two groups of numbers equal but for a margin? Two one-sided tests, not a failed test of difference."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MARGIN = 1.0
"""What would not matter, in standard deviations of the first group."""
Floats = npt.NDArray[np.float64]
CONFIDENCE = 0.90
"""Two one-sided tests at 5 % are an interval of 90 % that lies within the margin (Schuirmann 1987)."""


@dataclass(frozen=True)
class Equivalence:
    """What the test found.

    Attributes:
        difference: Mean of the second group less that of the first.
        low: Lower end of its interval.
        high: Upper end.
        margin: What would not matter.
    """

    difference: float
    low: float
    high: float
    margin: float

    @property
    def shown(self) -> bool:
        """Whether the groups are the same but for the margin, with an error of 5 % at most."""
        return -self.margin < self.low and self.high < self.margin


def equivalence(first: Floats, second: Floats, *, least_margin: float = 0.0) -> Equivalence:
    """Test whether two groups have the same mean, but for a margin of `MARGIN` standard deviations within the first.

    Welch's interval, which lets the groups differ in size and in spread.

    Args:
        first: Its spread sets the margin.
        second: What is compared with it.
        least_margin: The margin where the first group hardly spreads.

    Raises:
        ValueError: If a group has fewer than two numbers.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError(f"{len(first)} and {len(second)} numbers have no spread: take more seeds")
    parts = np.array([first.var(ddof=1) / len(first), second.var(ddof=1) / len(second)])
    error = float(np.sqrt(parts.sum()))
    freedom = parts.sum() ** 2 / (parts[0] ** 2 / (len(first) - 1) + parts[1] ** 2 / (len(second) - 1))
    reach = student_quantile((1 + CONFIDENCE) / 2, float(freedom)) * error
    difference = float(second.mean() - first.mean())
    return Equivalence(
        difference, difference - reach, difference + reach, max(MARGIN * float(first.std(ddof=1)), least_margin)
    )


def student_quantile(probability: float, freedom: float) -> float:
    """Return a quantile above one half of Student's t distribution, to three digits, by adding up its density."""
    t = np.linspace(0.0, 60.0, 600_001)
    density = (1 + t**2 / freedom) ** (-(freedom + 1) / 2)
    mass = np.cumsum(density)
    return float(np.interp((probability - 0.5) * 2 * mass[-1], mass, t))
