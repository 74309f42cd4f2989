"""The games that are compiled, and how an episode of each begins. Imports neither numba nor torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from gymnasium.envs.registration import EnvSpec as GymSpec

CART_POLE, MOUNTAIN_CAR, MOUNTAIN_CAR_CONTINUOUS, ACROBOT, PENDULUM = range(5)

N_STATE = 4
"""Columns of physical state that every game has; those that it does not need hold zero."""
SHORTEST = 4
"""No game ends in fewer steps from where it begins, whatever is done in it; only a time limit can cut it shorter."""
ENDLESS = 2**62
"""The time limit of a game that has none."""

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
_SPEED = 0.07
_PI = np.pi


@dataclass(frozen=True, slots=True)
class Game:
    """What the compiled form of an environment needs to know.

    Attributes:
        kind: One of the constants above; what `step_env` calls it.
        low: Lower bound of each number that a reset draws.
        high: Upper bound of each.
        observe: Takes states right after a reset, of shape (count, N_STATE), and returns what they are observed as,
            float32 of shape (count, n_observed).
        n_observed: Numbers in an observation.
        bounds: The largest magnitude of each number of the state between two steps.
        begins_rounded: Whether the state of a reset is rounded to float32.
    """

    kind: int
    low: tuple[float, ...]
    high: tuple[float, ...]
    observe: Callable[[Floats], Singles]
    n_observed: int
    bounds: tuple[float, float, float, float]
    begins_rounded: bool = False

    @property
    def n_start(self) -> int:
        """How many numbers a beginning has: the state, then the observation."""
        return N_STATE + self.n_observed

    def draw(self, generator: np.random.Generator, count: int) -> Floats:
        """Draw the next beginnings, with the very draws and roundings of as many resets in Gymnasium.

        Returns:
            Shape (count, n_start).
        """
        drawn = generator.uniform(self.low, self.high, (count, len(self.low)))
        starts = np.zeros((count, self.n_start))
        starts[:, : drawn.shape[1]] = drawn.astype(np.float32) if self.begins_rounded else drawn
        starts[:, N_STATE:] = self.observe(starts[:, :N_STATE])
        return starts


def _cart_pole(state: Floats) -> Singles:
    return state.astype(np.float32)


def _mountain_car(state: Floats) -> Singles:
    return state[:, :2].astype(np.float32)


def _acrobot(state: Floats) -> Singles:
    # Of this state, and of no later one, Gymnasium takes the sine in float32, for which numpy has a way of its own.
    first, second, turn_1, turn_2 = state.astype(np.float32).T
    return np.stack([np.cos(first), np.sin(first), np.cos(second), np.sin(second), turn_1, turn_2], 1)


def _pendulum(state: Floats) -> Singles:
    angle, turning = state[:, 0], state[:, 1]
    return np.stack([np.cos(angle), np.sin(angle), turning], 1).astype(np.float32)


_INF = float(np.finfo(np.float64).max)
_CAR_BOUNDS = (float(np.float32(1.2)), _SPEED + 1e-8, 0.0, 0.0)
_MODULE = "gymnasium.envs.classic_control"
_BY_ENTRY_POINT = {
    f"{_MODULE}.cartpole:CartPoleEnv": Game(
        CART_POLE, (-0.05,) * 4, (0.05,) * 4, _cart_pole, 4, (2.4, _INF, 12 * 2 * _PI / 360, _INF)
    ),
    f"{_MODULE}.mountain_car:MountainCarEnv": Game(MOUNTAIN_CAR, (-0.6,), (-0.4,), _mountain_car, 2, _CAR_BOUNDS),
    f"{_MODULE}.continuous_mountain_car:Continuous_MountainCarEnv": Game(
        MOUNTAIN_CAR_CONTINUOUS, (-0.6,), (-0.4,), _mountain_car, 2, _CAR_BOUNDS
    ),
    f"{_MODULE}.acrobot:AcrobotEnv": Game(
        ACROBOT, (-0.1,) * 4, (0.1,) * 4, _acrobot, 6, (_PI, _PI, 4 * _PI, 9 * _PI), begins_rounded=True
    ),
    # The third number is the last torque, which is drawn but not felt.
    f"{_MODULE}.pendulum:PendulumEnv": Game(PENDULUM, (-_PI, -1.0), (_PI, 1.0), _pendulum, 3, (_INF, 8.0, 2.0, 0.0)),
}


def compiled_game(gym_spec: GymSpec) -> Game | None:
    """Return the compiled form of an environment that is Gymnasium's own and unchanged; None for every other."""
    limit = gym_spec.max_episode_steps
    if gym_spec.kwargs or gym_spec.additional_wrappers or not isinstance(gym_spec.entry_point, str):
        return None
    if limit is not None and limit < 1:  # Gymnasium says what is wrong with it
        return None
    return _BY_ENTRY_POINT.get(gym_spec.entry_point)
