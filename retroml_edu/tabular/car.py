"""The mountain car learned with function approximation, linear or by a small network, and the surface of values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retroml_edu.core.errors import DivergedError, TabularError
from retroml_edu.tabular import car_kernels as kernels
from retroml_edu.tabular.bounds import between, whole
from retroml_edu.tabular.car_features import Fourier, Tiles
from retroml_edu.tabular.locked import shown
from retroml_edu.tabular.stepwise import Stepwise

MOST_STEPS = 5_000
"""After which an episode is cut off: a car that has learned nothing can swing for very long."""
MOST_ERROR = 1e6
"""At which nobody waits any longer: no value is worse than -5,000."""
MOST_HIDDEN = 1_000
MOST_POINTS = 1_000
"""Of a surface, along each side."""
_SPREAD = 3.0
_INNER = 0.1
_NO_PATH = np.empty((0, 2))
_NO_UNITS = np.empty((0, 3))


@dataclass(frozen=True, slots=True)
class Drive:
    """What the car did.

    Attributes:
        path: Shape (steps, 2): place and speed before each step.
        lengths: Shape (episodes,), steps of those that ended.
    """

    path: np.ndarray
    lengths: np.ndarray


def grid(points: int) -> tuple[np.ndarray, np.ndarray]:
    """Return so many places and speeds, evenly over all there are."""
    places = np.linspace(kernels.LEFT_END, kernels.RIGHT_END, points)
    return places, np.linspace(-kernels.TOP_SPEED, kernels.TOP_SPEED, points)


class CarSarsa(Stepwise):
    """Episodic semi-gradient SARSA on the mountain car: -1 a step until the hill is climbed (Moore 1990).

    Of each step its place and speed are told, of each episode its length. What is common to the learners below.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        weights: np.ndarray,
        inner: np.ndarray,
        scales: np.ndarray,
        alpha: float,
        epsilon: float,
        gamma: float,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(rng, kernels.DRAWS, _NO_PATH, np.int64)
        self.alpha, self.epsilon, self.gamma = alpha, epsilon, gamma
        self._check()
        self._shape, self._scales = shape, scales
        self._weights, self._inner = weights, inner
        self._car = np.zeros((1, 2))
        self._now = np.array([-1, 0, 0, 0], dtype=np.int64)

    @property
    def weights(self) -> np.ndarray:
        """Shape (actions, features), what is multiplied by the features; it changes by learning alone."""
        return shown(self._weights)

    @property
    def state(self) -> tuple[float, float]:
        """Place and speed of the car."""
        return float(self._car[0, 0]), float(self._car[0, 1])

    @property
    def episode_steps(self) -> int:
        """Steps of the present episode; 0 between two."""
        return 0 if self._now[kernels.ACTION] < 0 else int(self._now[kernels.EPISODE_STEPS])

    @property
    def has_diverged(self) -> bool:
        """Whether its values have grown beyond all bounds; it then makes no more steps."""
        return bool(self._now[kernels.DIVERGED])

    def advance(self, steps: int) -> Drive:
        """Make so many steps, through as many episodes as they take.

        Raises:
            DivergedError: If values grow beyond all bounds.
        """
        return Drive(*self._steps(steps))

    def values(self, points: int = 40) -> np.ndarray:
        """Return what it holds states to be worth, shape (points, points): places in rows, speeds in columns."""
        whole("points", points, 1, MOST_POINTS)
        surface = np.empty((points, points))
        kernels.surface(self._weights, self._inner, *self._shape, *grid(points), surface)
        return surface

    def _check(self) -> None:
        for name, most in (("alpha", np.inf), ("epsilon", 1.0), ("gamma", 1.0)):
            between(name, getattr(self, name), 0, most)

    def _kernel(self, draws: np.ndarray, endings: np.ndarray, path: np.ndarray) -> tuple[int, int]:
        self._now[kernels.EPISODES] = 0
        made = kernels.sarsa(
            self._weights,
            self._inner,
            *self._shape,
            self.alpha * self._scales,
            self.alpha * _INNER,
            self.gamma,
            self.epsilon,
            MOST_STEPS,
            MOST_ERROR,
            draws,
            self._car,
            self._now,
            endings,
            path,
        )
        if self.has_diverged:
            raise DivergedError(
                f"The values have grown beyond all bounds in episode {self.episodes + 1}: with this step size "
                f"({self.alpha:g}) each correction overshoots by more than it corrects. Begin anew with a smaller one."
            )
        return made, int(self._now[kernels.EPISODES])


class LinearSarsa(CarSarsa):
    """Semi-gradient SARSA on the mountain car, whose values are sums of weighted features.

    Sutton and Barto (2018), section 10.1.

    Args:
        features: How the car's state looks to it.
        alpha: Step size; with tiles up to 1. Can be changed while it learns, and so can the next two.
        epsilon: How often it takes any action, 0 to 1. Values begin at 0, above what any state is worth, so it tries
            everything out with 0 too.
        gamma: Discount, 0 to 1.
        rng: Where all its draws come from.

    Raises:
        TabularError: If features are none of these, or a number lies outside its bounds.
    """

    def __init__(
        self,
        features: Tiles | Fourier,
        *,
        alpha: float,
        epsilon: float = 0.0,
        gamma: float = 1.0,
        rng: np.random.Generator,
    ) -> None:
        if type(features) not in (Tiles, Fourier):  # kernels write as many features as these two say
            raise TabularError(f"Features are Tiles(...) or Fourier(...), not {features!r}.")
        shape = (features.kind, features.count, features.side)
        weights = np.zeros((kernels.ACTIONS, features.size))
        super().__init__(shape, weights, _NO_UNITS, features.scales, alpha, epsilon, gamma, rng)


class NetworkSarsa(CarSarsa):
    """Semi-gradient SARSA on the mountain car with a network of one hidden layer: it learns its features too.

    The hidden units are tanh of place and speed, both brought to -1 to 1. It learns from each step at once, from the
    newest weights: without a memory of steps and without weights kept for the targets, which deep Q-learning adds
    (Mnih et al. 2015).

    Args:
        hidden: Hidden units.
        alpha: Step size of the weights behind the hidden units; those before them have a tenth of it, since their
            gradient is multiplied by weights that grow to dozens. Can be changed while it learns, and so can the next
            two.
        epsilon: How often it takes any action, 0 to 1.
        gamma: Discount, 0 to 1.
        rng: Where all its draws come from, the first weights too.

    Attributes:
        weights: Shape (actions, hidden + 1), those behind the hidden units, 0 to begin with; the last are the biases.

    Raises:
        TabularError: If a number lies outside its bounds.
    """

    def __init__(
        self, hidden: int = 60, *, alpha: float, epsilon: float = 0.0, gamma: float = 1.0, rng: np.random.Generator
    ) -> None:
        whole("hidden", hidden, 1, MOST_HIDDEN)
        weights = np.zeros((kernels.ACTIONS, hidden + 1))
        inner = _SPREAD * rng.standard_normal((hidden, 3))
        super().__init__((kernels.NETWORK, 0, 0), weights, inner, np.ones(hidden + 1), alpha, epsilon, gamma, rng)

    @property
    def inner(self) -> np.ndarray:
        """Shape (hidden, 3), the weights before the hidden units: of place, speed and 1."""
        return shown(self._inner)
