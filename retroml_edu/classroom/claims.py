"""What a lesson claims, measured: over seeds, with an interval, against a bound."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from numbers import Real
from typing import Any, Literal

import numpy as np

from retroml_edu.analysis.intervals import mean_interval
from retroml_edu.core.errors import ClaimError

Verdict = Literal["holds", "does not hold", "not contradicted", "not judged"]
FEWEST_SEEDS = 5
QUICK_SEEDS = 20
"""Of a quick look, where a claim does not name its own."""
DOUBT = 5.0
"""By how many times a quick look widens the interval before it calls a claim wrong."""
DOUBT_OF_SHARES = 2.0
"""The same where each seed is right or wrong: their interval has a width even where all seeds agree."""
FEWEST_TO_JUDGE = 5
"""Seeds of a quick look from which on it says anything of a claim."""
_heard: list[list[Measured]] = []


@dataclass(frozen=True, slots=True)
class Measured:
    """What came of a claim.

    Attributes:
        lesson: Which claims it.
        text: What is claimed.
        bound: What the figure has to be, in words, as ``above 0``.
        unit: Of the figure.
        mean: Of all seeds: the figure.
        low: Lower end of the 95 % interval of the mean.
        high: Upper end.
        seeds: How many were measured.
        of_seeds: How many a full measurement has.
        agreeing: Share of seeds whose own figure is within the bound. None for a bound with two sides: that says how
            large a mean is, near which no single seed has to be.
        verdict: ``holds``: the whole interval is within the bound. ``not contradicted``: a quick look, in which it is
            not, and which does not show the opposite either. ``not judged``: a quick look at too few seeds to say
            anything. ``does not hold``: everything else.
    """

    lesson: str
    text: str
    bound: str
    unit: str
    mean: float
    low: float
    high: float
    seeds: int
    of_seeds: int
    agreeing: float | None
    verdict: Verdict

    @property
    def is_quick(self) -> bool:
        """Whether fewer seeds were measured than a full measurement has."""
        return self.seeds < self.of_seeds

    @property
    def figure(self) -> str:
        """The mean with half the width of its interval, and the unit: ``0.31 ± 0.02 of pulls``.

        A share near 0 or 1 has an interval that is not even, and is told with both ends:
        ``0.97 (0.93 to 0.99) of the runs``.
        """
        half = (self.high - self.low) / 2
        if half == 0:
            return f"{self.mean:.4g} ± 0 {self.unit}".rstrip()
        digits = min(max(1 - math.floor(math.log10(half)), 0), 9)  # two of them are the interval's
        if abs(self.high - self.mean - half) > half / 100:
            digits = max(digits - 1, 2)
            mean, low, high = (f"{each:.{digits}f}" for each in (self.mean, self.low, self.high))
            return f"{mean} ({low} to {high}) {self.unit}".rstrip()
        return f"{self.mean:.{digits}f} ± {half:.{digits}f} {self.unit}".rstrip()

    @property
    def of_how_many(self) -> str:
        """The seeds: ``200``, or ``20 of 200`` in a quick look."""
        return f"{self.seeds} of {self.of_seeds}" if self.is_quick else str(self.seeds)


@dataclass(frozen=True)
class Claim:
    """A sentence about what happens, with a figure that shows it and a bound that the figure has to keep.

    A full measurement holds if the whole 95 % interval of the mean is within the bound. Where each seed says True or
    False, the mean is a share and has Wilson's interval: so 200 seeds that all agree show more than 98 %, not all.

    A quick look, for tests, measures the first few of the same seeds. Its interval is wider, and a claim that is true
    would often fail by that alone; so it fails only where the figures say the opposite: where the interval, widened to
    five times its width, lies wholly outside the bound. Of a claim that is true, however close to the bound, that
    happens to less than 1 of 10,000 looks at five seeds and to less than 1 of a million at ten, if figures are about
    normal. At fewer than five seeds it judges nothing: neither that the claim fails nor that it holds. Numbers of a
    quick look that cannot vary, such as the count of a rare event that none of its seeds has, can deceive it: give such
    a claim more quick seeds. The interval of a share is widened to twice its width, which keeps the same promise.

    Attributes:
        text: What is claimed.
        measure: Gives the figure of one seed, from the generator that it draws everything from: a number, or a bool.
        above: The mean is greater than this.
        below: The mean is smaller than this.
        between: The mean lies between these two. One of the three is given.
        seeds: How many; at least five, hundreds where a seed takes no time.
        quick: How many in a quick look; 20 or all, if None.
        unit: Of the figure, as it stands behind a number.
    """

    text: str
    measure: Callable[[np.random.Generator], float]
    above: float | None = None
    below: float | None = None
    between: tuple[float, float] | None = None
    seeds: int = 200
    quick: int | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ClaimError("A claim says something: give it a text.")
        if (
            sum(bound is not None for bound in (self.above, self.below, self.between)) != 1
            or not self._low < self._high
        ):
            raise ClaimError(
                f'"{self.text}": say what the figure has to be, with one of above=, below= and between=(low, high).'
            )
        if not 2 <= self._quick <= self.seeds or self.seeds < FEWEST_SEEDS:
            raise ClaimError(
                f'"{self.text}": a claim takes seeds={FEWEST_SEEDS} or more, and a quick look 2 or more of them; these '
                f"are seeds={self.seeds} and quick={self._quick}."
            )

    @property
    def bound(self) -> str:
        """What the figure has to be, in words."""
        if self.between is not None:
            return f"between {self._low:g} and {self._high:g}"
        return f"above {self._low:g}" if self.above is not None else f"below {self._high:g}"

    def measured(
        self, lesson: str, *, quick: bool = False, report: Callable[[int, int], None] = lambda _done, _of: None
    ) -> Measured:
        """Measure it, with the same seeds each time.

        Args:
            lesson: Which claims it; decides the seeds together with the text.
            quick: Whether a quick look is enough.
            report: Told after each seed how many are done, and of how many.

        Raises:
            ClaimError: If what is measured is no number.
        """
        seeds = self._quick if quick else self.seeds
        figures: list[bool | float] = []
        for rng in _generators(lesson, self.text, seeds):
            figures.append(self._figure(self.measure(rng)))
            report(len(figures), seeds)
        values = np.array(figures)  # of bool, if each of them is
        mean, low, high = (float(each) for each in mean_interval(values))
        agreeing = (values > self._low) & (values < self._high)
        measured = Measured(
            lesson,
            self.text,
            self.bound,
            self.unit,
            mean,
            low,
            high,
            seeds,
            self.seeds,
            None if self.between is not None else float(agreeing.mean()),
            self._verdict(mean, low, high, seeds, DOUBT_OF_SHARES if values.dtype == bool else DOUBT),
        )
        for listener in _heard:
            listener.append(measured)
        return measured

    @property
    def _low(self) -> float:
        low = self.between[0] if self.between is not None else self.above
        return -math.inf if low is None else low

    @property
    def _high(self) -> float:
        high = self.between[1] if self.between is not None else self.below
        return math.inf if high is None else high

    @property
    def _quick(self) -> int:
        return min(QUICK_SEEDS, self.seeds) if self.quick is None else self.quick

    def _verdict(self, mean: float, low: float, high: float, seeds: int, doubt: float) -> Verdict:
        if seeds < min(FEWEST_TO_JUDGE, self.seeds):
            return "not judged"
        if low > self._low and high < self._high:
            return "holds"
        if seeds == self.seeds:
            return "does not hold"
        least, most = mean - doubt * (mean - low), mean + doubt * (high - mean)
        outside = most <= self._low or least >= self._high
        return "does not hold" if outside else "not contradicted"

    def _figure(self, value: Any) -> bool | float:
        if isinstance(value, np.ndarray) and value.ndim == 0:
            value = value.item()
        if not isinstance(value, Real | np.bool_) or not math.isfinite(value):
            raise ClaimError(f'"{self.text}": each seed has to give one finite number, and one gave {value!r:.60}.')
        return bool(value) if isinstance(value, bool | np.bool_) else float(value)


@contextmanager
def recording() -> Iterator[Sequence[Measured]]:
    """Hear of every claim that is measured inside: what is given fills."""
    found: list[Measured] = []
    _heard.append(found)
    try:
        yield found
    finally:
        _heard[:] = [each for each in _heard if each is not found]


def _generators(lesson: str, text: str, seeds: int) -> list[np.random.Generator]:
    """Return generators that depend on what is claimed alone; of fewer seeds, the first."""
    seed = int.from_bytes(sha256(f"{lesson}\n{text}".encode()).digest()[:16])
    return [np.random.Generator(np.random.PCG64(each)) for each in np.random.SeedSequence(seed).spawn(seeds)]
