"""The mountain car learned with linear function approximation: tiles or Fourier features, and the surface of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular import car_kernels as kernels
from retroml_edu.tabular.bounds import between
from retroml_edu.tabular.stepwise import Stepwise

MOST_STEPS = 5_000
"""After which an episode is cut off: a car that has learned nothing can swing for very long."""
MOST_FEATURES = 20_000
_NO_PATH = np.empty((0, 2))


class Features(Protocol):
    """How place and speed of the car look to a linear learner."""

    kind: int
    count: int
    side: int

    @property
    def size(self) -> int:
        """How many features there are."""

    @property
    def scales(self) -> np.ndarray:
        """Shape (size,), by which the step size of each weight is multiplied."""


@dataclass(frozen=True)
class Tiles:
    """Tile coding: boards of tiles, each shifted by a part of a tile; one tile of each board is switched on.

    Sutton and Barto (2018), section 9.5.4. One tiling alone is state aggregation (section 9.3). The step size is shared
    among the tilings, so that 1 would correct a value at once.

    Attributes:
        tilings: How many boards; none divisible by 3, which would shift them along one side only. The book advises
            powers of two, from 8 here.
        side: Tiles along each side.
    """

    tilings: int = 8
    side: int = 8
    kind = kernels.TILES

    def __post_init__(self) -> None:
        _check("tilings", self.tilings, self.size)
        if self.tilings % 3 == 0:
            raise TabularError(
                f"tilings={self.tilings} is divisible by 3, so they would not be shifted along one side."
            )
        _check("side", self.side, self.size)

    @property
    def count(self) -> int:
        """Boards."""
        return self.tilings

    @property
    def size(self) -> int:
        """How many features there are; a shifted board has one more row and column."""
        return self.tilings * (self.side + 1) ** 2

    @property
    def scales(self) -> np.ndarray:
        """Shape (size,), one part each."""
        return np.full(self.size, 1 / self.tilings)


@dataclass(frozen=True)
class Fourier:
    """Cosines of up to some order in each direction; Konidaris, Osentoski and Thomas (2011).

    Their step sizes fall with their frequency, as that paper proposes.

    Attributes:
        order: Half waves along a side, at most.
    """

    order: int = 5
    kind = kernels.FOURIER
    count = 0

    def __post_init__(self) -> None:
        _check("order", self.order, self.size)

    @property
    def side(self) -> int:
        """Highest order."""
        return self.order

    @property
    def size(self) -> int:
        """How many features there are."""
        return (self.order + 1) ** 2

    @property
    def scales(self) -> np.ndarray:
        """Shape (size,), 1 over the length of each wave's direction."""
        i, j = np.divmod(np.arange(self.size), self.order + 1)
        return 1 / np.maximum(np.hypot(i, j), 1.0)


@dataclass(frozen=True, slots=True)
class Drive:
    """What the car did.

    Attributes:
        path: Shape (steps, 2): place and speed before each step.
        lengths: Shape (episodes,), steps of those that ended.
    """

    path: np.ndarray
    lengths: np.ndarray


class LinearSarsa(Stepwise):
    """Episodic semi-gradient SARSA on the mountain car: -1 a step until the hill is climbed (Moore 1990).

    Of each step its place and speed are told, of each episode its length.

    Args:
        features: How the car's state looks to it.
        alpha: Step size; with tiles up to 1. Can be changed while it learns, and so can the next two.
        epsilon: How often it takes any action, 0 to 1. Values begin at 0, above what any state is worth, so it tries
            everything out with 0 too.
        gamma: Discount, 0 to 1.
        rng: Where all its draws come from.
    """

    def __init__(
        self, features: Features, *, alpha: float, epsilon: float = 0.0, gamma: float = 1.0, rng: np.random.Generator
    ) -> None:
        super().__init__(rng, kernels.DRAWS, _NO_PATH, np.int64)
        self.alpha, self.epsilon, self.gamma = alpha, epsilon, gamma
        self._check()
        self._features = features
        self.weights = np.zeros((kernels.ACTIONS, features.size))
        """Shape (actions, features)."""
        self._car = np.zeros((1, 2))
        self._now = np.array([-1, 0, 0], dtype=np.int64)

    def advance(self, steps: int) -> Drive:
        """Make so many steps, through as many episodes as they take."""
        return Drive(*self._steps(steps))

    def values(self, points: int = 40) -> np.ndarray:
        """Return what it holds states to be worth, shape (points, points): places in rows, speeds in columns."""
        seen = np.empty(self._features.size)
        surface = np.empty((points, points))
        places = np.linspace(kernels.LEFT_END, kernels.RIGHT_END, points)
        speeds = np.linspace(-kernels.TOP_SPEED, kernels.TOP_SPEED, points)
        for row, place in enumerate(places):
            for column, speed in enumerate(speeds):
                kernels.features(
                    self._features.kind, self._features.count, self._features.side, float(place), float(speed), seen
                )
                surface[row, column] = (self.weights @ seen).max()
        return surface

    def _check(self) -> None:
        for name, most in (("alpha", np.inf), ("epsilon", 1.0), ("gamma", 1.0)):
            between(name, getattr(self, name), 0, most)

    def _kernel(self, draws: np.ndarray, endings: np.ndarray, path: np.ndarray) -> tuple[int, int]:
        self._now[2] = 0
        seen = self._features
        made = kernels.sarsa(
            self.weights,
            seen.kind,
            seen.count,
            seen.side,
            self.alpha * seen.scales,
            self.gamma,
            self.epsilon,
            MOST_STEPS,
            draws,
            self._car,
            self._now,
            endings,
            path,
        )
        return made, int(self._now[2])


def _check(name: str, value: int, size: int) -> None:
    if value < 1:
        raise TabularError(f"{name}={value} is too few: 1 is the least.")
    if size > MOST_FEATURES:
        raise TabularError(f"{name}={value} makes {size:,} features, more than {MOST_FEATURES:,}.")
