"""A step of any game, for the kernels that play: the episode's account, its end, and the beginning of the next."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from retroml_edu.core.compilation import compiled
from retroml_edu.envs.compiled.dynamics import (
    step_acrobot,
    step_cart_pole,
    step_mountain_car,
    step_mountain_car_continuous,
    step_pendulum,
)
from retroml_edu.envs.compiled.kinds import ACROBOT, CART_POLE, MOUNTAIN_CAR, MOUNTAIN_CAR_CONTINUOUS, N_STATE

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Wholes = npt.NDArray[np.int64]
Switches = npt.NDArray[np.bool_]


@compiled("void(int64, int64, float64[:, ::1], float32[:, ::1])")
def observe(kind: int, i: int, states: Floats, observations: Singles) -> None:
    """Write what the state of an environment is observed as, some step after its reset."""
    if kind == CART_POLE:
        for j in range(4):
            observations[i, j] = states[i, j]
    elif kind in (MOUNTAIN_CAR, MOUNTAIN_CAR_CONTINUOUS):
        for j in range(2):
            observations[i, j] = states[i, j]
    elif kind == ACROBOT:
        observations[i, 0], observations[i, 1] = math.cos(states[i, 0]), math.sin(states[i, 0])
        observations[i, 2], observations[i, 3] = math.cos(states[i, 1]), math.sin(states[i, 1])
        observations[i, 4], observations[i, 5] = states[i, 2], states[i, 3]
    else:
        observations[i, 0], observations[i, 1] = math.cos(states[i, 0]), math.sin(states[i, 0])
        observations[i, 2] = states[i, 1]


@compiled("void(int64, float64[:, ::1], int64[::1], float64[::1], float64[:, ::1], int64[::1], float32[:, ::1])")
def begin(
    i: int,
    states: Floats,
    elapsed: Wholes,
    returns: Floats,
    starts: Floats,
    used: Wholes,
    observations: Singles,
) -> None:
    """Begin a new episode in an environment, with its next beginning."""
    first = used[i]
    n_observed = observations.shape[1]
    for j in range(N_STATE):
        states[i, j] = starts[i, first + j]
    for j in range(n_observed):
        observations[i, j] = starts[i, first + N_STATE + j]
    used[i] = first + N_STATE + n_observed
    elapsed[i] = 0
    returns[i] = 0.0


@compiled(
    "Tuple((float64, boolean, boolean, float64, int64))(int64, int64, int64, float32, float64[:, ::1], int64[::1], "
    "float64[::1], float64[:, ::1], int64[::1], float32[:, ::1], float32[:, ::1])"
)
def step_env(
    kind: int,
    limit: int,
    i: int,
    action: np.float32,
    states: Floats,
    elapsed: Wholes,
    returns: Floats,
    starts: Floats,
    used: Wholes,
    observations: Singles,
    last_observations: Singles,
) -> tuple[float, bool, bool, float, int]:
    """Step environment `i`, and begin its next episode where this one ends.

    Made for kernels that step: it allocates nothing, and rows of different `i` may be stepped by different threads.

    Args:
        kind: Which game, a constant of `kinds`.
        limit: Steps after which an episode is cut off.
        i: Row of the arrays.
        action: The force, or the number of the action.
        states: Shape (n_envs, 4), the physics.
        elapsed: Shape (n_envs,), steps since the reset.
        returns: Shape (n_envs,), rewards since the reset.
        starts: Shape (n_envs, m), drawn beforehand: a whole number of beginnings of `Game.n_start` numbers each. There
            has to be one left.
        used: Shape (n_envs,), how many of these numbers are used up.
        observations: Shape (n_envs, n_observed); row `i` becomes what the environment shows now.
        last_observations: Likewise; where the episode ended, row `i` becomes the last that it showed.

    Returns:
        Reward; terminated and truncated, both as Gymnasium has them, and both True where the end and the limit fall
        together; return and length of the episode so far, this step included.
    """
    if kind == CART_POLE:
        reward, terminated = step_cart_pole(states, i, action)
    elif kind == MOUNTAIN_CAR:
        reward, terminated = step_mountain_car(states, i, action)
    elif kind == MOUNTAIN_CAR_CONTINUOUS:
        reward, terminated = step_mountain_car_continuous(states, i, action, elapsed[i] == 0)
    elif kind == ACROBOT:
        reward, terminated = step_acrobot(states, i, action)
    else:
        reward, terminated = step_pendulum(states, i, action)
    episode_return, episode_length = returns[i] + reward, elapsed[i] + 1
    truncated = episode_length >= limit
    if terminated or truncated:
        observe(kind, i, states, last_observations)
        begin(i, states, elapsed, returns, starts, used, observations)
    else:
        observe(kind, i, states, observations)
        returns[i], elapsed[i] = episode_return, episode_length
    return reward, terminated, truncated, episode_return, episode_length


@compiled(
    "int64(int64, int64, float64[:, ::1], int64[::1], float64[::1], float64[:, ::1], int64[::1], float32[:, ::1], "
    "float32[:, ::1], float32[::1], float32[::1], boolean[::1], boolean[::1], float64[::1], int64[::1])"
)
def step_all(
    kind: int,
    limit: int,
    states: Floats,
    elapsed: Wholes,
    returns: Floats,
    starts: Floats,
    used: Wholes,
    observations: Singles,
    last_observations: Singles,
    actions: Singles,
    rewards: Singles,
    dones: Switches,
    cut_off: Switches,
    episode_returns: Floats,
    episode_lengths: Wholes,
) -> int:
    """Step every environment once.

    The arguments are those of `step_env`, and arrays of shape (n_envs,): the actions, and five to fill with what it
    returns: ``dones`` where an episode ended either way, ``cut_off`` where it did by the time limit alone.

    Returns:
        How many episodes ended.
    """
    n_done = 0
    for i in range(actions.size):
        reward, terminated, truncated, episode_returns[i], episode_lengths[i] = step_env(
            kind, limit, i, actions[i], states, elapsed, returns, starts, used, observations, last_observations
        )
        rewards[i] = reward
        dones[i] = terminated or truncated
        cut_off[i] = truncated and not terminated
        n_done += dones[i]
    return n_done
