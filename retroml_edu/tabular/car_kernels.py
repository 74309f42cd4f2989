"""Semi-gradient SARSA on the mountain car, compiled: a value is a sum of weighted features."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from retroml_edu.core.compilation import compiled
from retroml_edu.envs.compiled.dynamics import step_mountain_car

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

LEFT_END, RIGHT_END, TOP_SPEED = -1.2, 0.6, 0.07
ACTIONS = 3
TILES, FOURIER = range(2)
DRAWS = 5
"""Random numbers that a step may need: where an episode begins, explore or not and which action; then the same for the
action that comes next."""


@compiled("void(int64, int64, int64, float64, float64, float64[::1])")
def features(kind: int, count: int, side: int, place: float, speed: float, out: Floats) -> None:
    """Write how a state looks to the learner.

    Args:
        kind: Tiles (Sutton and Barto 2018, section 9.5.4) or cosines (Konidaris et al. 2011).
        count: Tilings; unused with cosines.
        side: Tiles along each side; with cosines the highest order.
        place: From -1.2 to 0.6.
        speed: From -0.07 to 0.07.
        out: Written; as long as `car.n_features` says.
    """
    x = (place - LEFT_END) / (RIGHT_END - LEFT_END)
    y = (speed + TOP_SPEED) / (2 * TOP_SPEED)
    if kind == TILES:
        out[:] = 0.0
        for tiling in range(count):
            # Each tiling is shifted by another part of a tile, and not along the diagonal, as the book advises.
            row = int(x * side + (tiling % count) / count)
            column = int(y * side + (3 * tiling % count) / count)
            out[(tiling * (side + 1) + min(row, side)) * (side + 1) + min(column, side)] = 1.0
        return
    for i in range(side + 1):
        for j in range(side + 1):
            out[i * (side + 1) + j] = math.cos(math.pi * (i * x + j * y))


@compiled()
def weighted(weights: Floats, seen: Floats) -> float:
    """Return the sum of weighted features: the value of a state and action."""
    total = 0.0
    for i in range(len(seen)):
        total += weights[i] * seen[i]
    return total


@compiled()
def choose(weights: Floats, seen: Floats, epsilon: float, explores: float, which: float) -> int:
    """Return any action with probability epsilon, else the best."""
    if explores < epsilon:
        return min(int(which * ACTIONS), ACTIONS - 1)
    best, highest = 0, -np.inf
    for action in range(ACTIONS):
        value = weighted(weights[action], seen)
        if value > highest:
            best, highest = action, value
    return best


@compiled(
    "int64(float64[:,::1], int64, int64, int64, float64[::1], float64, float64, int64, float64[:,::1], float64[:,::1], "
    "int64[::1], int64[::1], float64[:,::1])"
)
def sarsa(
    weights: Floats,
    kind: int,
    count: int,
    side: int,
    alphas: Floats,
    gamma: float,
    epsilon: float,
    most_steps: int,
    draws: Floats,
    car: Floats,
    now: Integers,
    lengths: Integers,
    path: Floats,
) -> int:
    """Drive and learn until there are no draws left or all episodes are over; return how many steps were made.

    Episodic semi-gradient SARSA: Sutton and Barto (2018), section 10.1. The reward is -1 a step.

    Args:
        weights: Shape (actions, features); changed.
        kind: As `features` has it; so the next two.
        count: Likewise.
        side: Likewise.
        alphas: Shape (features,), step size of each weight.
        gamma: Discount.
        epsilon: How often any action is taken.
        most_steps: After which an episode is cut off.
        draws: Shape (steps, 5), from 0 to 1.
        car: Shape (1, 2), place and speed; changed.
        now: Shape (3,): action (-1: a new episode), steps of this episode, episodes so far; changed.
        lengths: Shape (episodes,), written as episodes end.
        path: Shape (steps or 0, 2), place and speed before each step, written where there is room.
    """
    seen, following = np.empty(weights.shape[1]), np.empty(weights.shape[1])
    for step in range(len(draws)):
        if now[2] >= len(lengths):
            return step
        if now[0] < 0:
            car[0, 0], car[0, 1] = -0.6 + 0.2 * draws[step, 0], 0.0
            features(kind, count, side, car[0, 0], car[0, 1], seen)
            now[0] = choose(weights, seen, epsilon, draws[step, 1], draws[step, 2])
            now[1] = 0
        else:
            features(kind, count, side, car[0, 0], car[0, 1], seen)
        action = now[0]
        if step < path.shape[0]:
            path[step, 0], path[step, 1] = car[0, 0], car[0, 1]
        reward, arrived = step_mountain_car(car, 0, np.float32(action))
        target = reward
        now[1] += 1
        if not arrived:
            features(kind, count, side, car[0, 0], car[0, 1], following)
            now[0] = choose(weights, following, epsilon, draws[step, 3], draws[step, 4])
            target += gamma * weighted(weights[now[0]], following)
        if arrived or now[1] >= most_steps:
            now[0] = -1
            lengths[now[2]] = now[1]
            now[2] += 1
        error = target - weighted(weights[action], seen)
        for i in range(len(seen)):
            weights[action, i] += alphas[i] * error * seen[i]
    return len(draws)
