"""Semi-gradient SARSA on the mountain car, compiled: a value is a sum of weighted features, given or learned."""

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
TILES, FOURIER, NETWORK = range(3)
DRAWS = 5
"""Random numbers that a step may need: where an episode begins, explore or not and which action; then the same for the
action that comes next."""
ACTION, EPISODE_STEPS, EPISODES, DIVERGED = range(4)
"""What a learner keeps from one call to the next: the action that comes (-1: a new episode), steps of this episode,
episodes that ended in this call, whether an error grew beyond all bounds."""


@compiled("int64(int64, int64, int64, float64[:,::1], float64, float64, int64[::1], float64[::1])")
def features(
    kind: int, count: int, side: int, inner: Floats, place: float, speed: float, which: Integers, height: Floats
) -> int:
    """Write how a state looks to the learner: the features that are not 0; return how many these are.

    Args:
        kind: Tiles (Sutton and Barto 2018, section 9.5.4), cosines (Konidaris et al. 2011) or a network's hidden units.
        count: Tilings; unused with others.
        side: Tiles along each side; with cosines the highest order; unused with a network.
        inner: Shape (hidden, 3), a network's weights of place, speed and 1; empty with others.
        place: From -1.2 to 0.6.
        speed: From -0.07 to 0.07.
        which: Written: numbers of the features that are not 0.
        height: Written: how much each of them is.
    """
    x = (place - LEFT_END) / (RIGHT_END - LEFT_END)
    y = (speed + TOP_SPEED) / (2 * TOP_SPEED)
    if kind == TILES:
        for tiling in range(count):
            # Each tiling is shifted by another part of a tile, and not along the diagonal, as the book advises.
            row = min(int(x * side + tiling / count), side)
            column = min(int(y * side + (3 * tiling % count) / count), side)
            which[tiling] = (tiling * (side + 1) + row) * (side + 1) + column
            height[tiling] = 1.0
        return count
    if kind == FOURIER:
        for i in range(side + 1):
            for j in range(side + 1):
                at = i * (side + 1) + j
                which[at] = at
                height[at] = math.cos(math.pi * (i * x + j * y))
        return (side + 1) * (side + 1)
    hidden = len(inner)
    for unit in range(hidden):
        which[unit] = unit
        # Both go in as -1 to 1: as they are, speeds are so small that no unit would tell them apart.
        total = inner[unit, 0] * (2 * x - 1) + inner[unit, 1] * (2 * y - 1) + inner[unit, 2]
        height[unit] = 1.0 - 2.0 / (math.exp(2.0 * total) + 1.0)  # tanh, in half the time of math.tanh
    which[hidden], height[hidden] = hidden, 1.0
    return hidden + 1


@compiled()
def weighted(weights: Floats, which: Integers, height: Floats, on: int) -> float:
    """Return the sum of weighted features: the value of a state and action."""
    total = 0.0
    for i in range(on):
        total += weights[which[i]] * height[i]
    return total


@compiled()
def choose(
    weights: Floats, which: Integers, height: Floats, on: int, epsilon: float, explores: float, drawn: float
) -> int:
    """Return any action with probability epsilon, else the best."""
    if explores < epsilon:
        return min(int(drawn * ACTIONS), ACTIONS - 1)
    best, highest = 0, -np.inf
    for action in range(ACTIONS):
        value = weighted(weights[action], which, height, on)
        if value > highest:
            best, highest = action, value
    return best


@compiled()
def improve(weights: Floats, inner: Floats, alphas: Floats, inner_alpha: float, action: int, error: float,
            which: Integers, height: Floats, on: int, place: float, speed: float) -> None:  # fmt: skip
    """Move all weights along the gradient of the value that was off by this error; a network's inner ones too."""
    x = 2 * (place - LEFT_END) / (RIGHT_END - LEFT_END) - 1
    y = speed / TOP_SPEED
    for unit in range(len(inner)):
        slope = weights[action, unit] * (1 - height[unit] * height[unit])
        inner[unit, 0] += inner_alpha * error * slope * x
        inner[unit, 1] += inner_alpha * error * slope * y
        inner[unit, 2] += inner_alpha * error * slope
    for i in range(on):
        weights[action, which[i]] += alphas[which[i]] * error * height[i]


@compiled(
    "int64(float64[:,::1], float64[:,::1], int64, int64, int64, float64[::1], float64, float64, float64, int64, "
    "float64, float64[:,::1], float64[:,::1], int64[::1], int64[::1], float64[:,::1])"
)
def sarsa(
    weights: Floats,
    inner: Floats,
    kind: int,
    count: int,
    side: int,
    alphas: Floats,
    inner_alpha: float,
    gamma: float,
    epsilon: float,
    most_steps: int,
    most_error: float,
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
        inner: As `features` has it; changed.
        kind: As `features` has it; so the next two.
        count: Likewise.
        side: Likewise.
        alphas: Shape (features,), step size of each weight.
        inner_alpha: Step size of `inner`.
        gamma: Discount.
        epsilon: How often any action is taken.
        most_steps: After which an episode is cut off.
        most_error: At which the learner is said to diverge, and stops.
        draws: Shape (steps, 5), from 0 to 1.
        car: Shape (1, 2), place and speed; changed.
        now: Shape (4,), see `ACTION` and those after it; changed.
        lengths: Shape (episodes,), written as episodes end.
        path: Shape (steps or 0, 2), place and speed before each step, written where there is room.
    """
    room = weights.shape[1]
    which, height = np.empty(room, dtype=np.int64), np.empty(room)
    next_which, next_height = np.empty(room, dtype=np.int64), np.empty(room)
    for step in range(len(draws)):
        if now[EPISODES] >= len(lengths) or now[DIVERGED]:
            return step
        begins = now[ACTION] < 0
        if begins:
            car[0, 0], car[0, 1] = -0.6 + 0.2 * draws[step, 0], 0.0
            now[EPISODE_STEPS] = 0
        place, speed = car[0, 0], car[0, 1]
        on = features(kind, count, side, inner, place, speed, which, height)
        if begins:
            now[ACTION] = choose(weights, which, height, on, epsilon, draws[step, 1], draws[step, 2])
        action = now[ACTION]
        if step < path.shape[0]:
            path[step, 0], path[step, 1] = place, speed
        target, arrived = step_mountain_car(car, 0, np.float32(action))
        now[EPISODE_STEPS] += 1
        if not arrived:
            next_on = features(kind, count, side, inner, car[0, 0], car[0, 1], next_which, next_height)
            now[ACTION] = choose(weights, next_which, next_height, next_on, epsilon, draws[step, 3], draws[step, 4])
            target += gamma * weighted(weights[now[ACTION]], next_which, next_height, next_on)
        if arrived or now[EPISODE_STEPS] >= most_steps:
            now[ACTION] = -1
            lengths[now[EPISODES]] = now[EPISODE_STEPS]
            now[EPISODES] += 1
        error = target - weighted(weights[action], which, height, on)
        if not abs(error) < most_error:
            now[DIVERGED] = 1
            return step + 1
        improve(weights, inner, alphas, inner_alpha, action, error, which, height, on, place, speed)
    return len(draws)


@compiled("void(float64[:,::1], float64[:,::1], int64, int64, int64, float64[::1], float64[::1], float64[:,::1])")
def surface(
    weights: Floats, inner: Floats, kind: int, count: int, side: int, places: Floats, speeds: Floats, values: Floats
) -> None:
    """Write what states are held to be worth, shape (places, speeds): the value of the best action in each."""
    which, height = np.empty(weights.shape[1], dtype=np.int64), np.empty(weights.shape[1])
    for row in range(len(places)):
        for column in range(len(speeds)):
            on = features(kind, count, side, inner, places[row], speeds[column], which, height)
            best = -np.inf
            for action in range(ACTIONS):
                best = max(best, weighted(weights[action], which, height, on))
            values[row, column] = best
