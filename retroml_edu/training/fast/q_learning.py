"""Kernels of DQN: playing compiled games, and one gradient step."""

from __future__ import annotations

import numpy as np

from retroml_edu.core.compilation import compiled
from retroml_edu.envs.compiled.games import step_env
from retroml_edu.training.fast.arrays import Bools, Doubles, Floats, Ints
from retroml_edu.training.fast.linear import FAST, NARROW
from retroml_edu.training.fast.network import backward, forward, units_of
from retroml_edu.training.fast.optimizers import adam, clip_gradient


@compiled("void(float32[::1], float32[::1], int64[::1], boolean, float32[:,::1], float32[::1], int64[::1])")
def choose_best(
    parameters: Floats, turned: Floats, shape: Ints, relu: bool, x: Floats, outputs: Floats, actions: Ints
) -> None:
    """Choose the action of highest value for each observation.

    Args:
        parameters: Of the Q-network, flat.
        turned: What `turn_weights` made of them.
        shape: Of the network.
        relu: Whether its non-linearity is ReLU; else tanh.
        x: Observations (n, ...).
        outputs: Room for `forward`.
        actions: Takes (n,).
    """
    n, width = x.shape[0], shape[shape.shape[0] - 1]
    forward(parameters, turned, 0, shape, relu, x, outputs)
    place = n * (units_of(shape) - width)
    for i in range(n):
        row = outputs[place + i * width : place + (i + 1) * width]
        best = 0
        for j in range(1, width):
            if row[j] > row[best]:
                best = j
        actions[i] = best


@compiled(
    "int64(float32[::1], float32[::1], int64[::1], boolean, int64[:,::1],"
    " int64, int64, float64[:,::1], int64[::1], float64[::1], float64[:,::1], int64[::1], float32[:,::1],"
    " float32[:,::1], int64, float32[:,:,::1], float32[:,:,::1], int64[:,:,::1], float32[:,::1], float32[:,::1],"
    " float32[:,::1], boolean[::1], float64[:,::1])"
)
def play(
    parameters: Floats,
    turned: Floats,
    shape: Ints,
    relu: bool,
    explored: Ints,
    kind: int,
    limit: int,
    states: Doubles,
    elapsed: Ints,
    episode_returns: Doubles,
    uniforms: Doubles,
    used: Ints,
    seen: Floats,
    last_seen: Floats,
    position: int,
    observations: Floats,
    next_observations: Floats,
    actions: Ints,
    rewards: Floats,
    ends: Floats,
    timeouts: Floats,
    begins: Bools,
    ended: Doubles,
) -> int:
    """Play on, and write what happens into a replay buffer.

    Args:
        parameters: See `choose_best`, as for the next three.
        turned: See `parameters`.
        shape: See `parameters`.
        relu: See `parameters`.
        explored: (steps, n), the actions that are tried whatever their value; -1 where the best is to be chosen.
        kind: See `step_env`, as for the next eight.
        limit: See `kind`.
        states: See `kind`.
        elapsed: See `kind`.
        episode_returns: See `kind`.
        uniforms: See `kind`.
        used: See `kind`.
        seen: See `kind`.
        last_seen: See `kind`.
        position: The buffer's row for the first step; all of them fit behind it.
        observations: The buffer, as for the next five: (rows, n, ...).
        next_observations: See `observations`.
        actions: See `observations`.
        rewards: See `observations`.
        ends: See `observations`.
        timeouts: See `observations`.
        begins: (n,), whether an episode begins with the next step; written.
        ended: Takes a row for each episode that ended: step (from 0), environment, return, length.

    Returns:
        How many episodes ended.
    """
    steps, n = explored.shape
    outputs = np.empty(n * units_of(shape), np.float32)
    best = np.empty(n, np.int64)
    count = 0
    for step in range(steps):
        t = position + step
        if explored[step, 0] < 0:
            choose_best(parameters, turned, shape, relu, seen, outputs, best)
        else:
            best[:] = explored[step]
        for i in range(n):
            observations[t, i] = seen[i]
            actions[t, i, 0] = best[i]
            reward, terminated, truncated, episode_return, length = step_env(
                kind,
                limit,
                i,
                np.float32(best[i]),
                states,
                elapsed,
                episode_returns,
                uniforms,
                used,
                seen,
                last_seen,
            )
            over = terminated or truncated
            rewards[t, i] = reward
            ends[t, i] = over
            timeouts[t, i] = truncated and not terminated
            next_observations[t, i] = last_seen[i] if over else seen[i]
            begins[i] = over
            if over:
                ended[count, 0] = step
                ended[count, 1] = i
                ended[count, 2] = episode_return
                ended[count, 3] = length
                count += 1
    return count


@compiled(
    "void(float32[:,:,::1], float32[:,:,::1], int64[:,:,::1], float32[:,::1], float32[:,::1], float32[:,::1],"
    " int64[::1], int64[::1], float32[:,::1], float32[:,::1], int64[::1], float32[::1], float32[::1])"
)
def gather(
    observations: Floats,
    next_observations: Floats,
    actions: Ints,
    rewards: Floats,
    ends: Floats,
    timeouts: Floats,
    rows: Ints,
    envs: Ints,
    x: Floats,
    next_x: Floats,
    chosen: Ints,
    reward: Floats,
    goes_on: Floats,
) -> None:
    """Copy some steps out of a replay buffer.

    Args:
        observations: The buffer, as for the next five: (rows, n, ...).
        next_observations: See `observations`.
        actions: See `observations`.
        rewards: See `observations`.
        ends: See `observations`.
        timeouts: See `observations`.
        rows: Which steps, (batch,).
        envs: Of which environments, (batch,).
        x: Takes (batch, ...), as the next one.
        next_x: See `x`.
        chosen: Takes (batch,), as the next two.
        reward: See `chosen`.
        goes_on: See `chosen`; 0 where the game ended, and not by a time limit.
    """
    for b in range(rows.shape[0]):
        t, i = rows[b], envs[b]
        for j in range(x.shape[1]):
            x[b, j] = observations[t, i, j]
            next_x[b, j] = next_observations[t, i, j]
        chosen[b] = actions[t, i, 0]
        reward[b] = rewards[t, i]
        goes_on[b] = np.float32(1.0) - ends[t, i] * (np.float32(1.0) - timeouts[t, i])


@compiled(
    "float64(float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], float32[::1],"
    " int64[::1], boolean, float32[:,::1], float32[:,::1], int64[::1], float32[::1], float32[::1], float64, float64,"
    " float64, float64, int64)",
    fastmath=FAST,
)
def learn(
    parameters: Floats,
    turned: Floats,
    target: Floats,
    target_turned: Floats,
    gradient: Floats,
    mean: Floats,
    square: Floats,
    shape: Ints,
    relu: bool,
    x: Floats,
    next_x: Floats,
    actions: Ints,
    rewards: Floats,
    goes_on: Floats,
    gamma: float,
    max_grad_norm: float,
    learning_rate: float,
    epsilon: float,
    step: int,
) -> float:
    """Make one gradient step on the Huber loss of the temporal difference (Mnih et al. 2015), and return the loss.

    Args:
        parameters: Of the Q-network, flat; changed in place, as are `mean` and `square`, Adam's moments.
        turned: What `turn_weights` makes of `parameters`; kept so.
        target: Parameters of the target network.
        target_turned: Likewise turned.
        gradient: Overwritten.
        mean: See `parameters`.
        square: See `parameters`.
        shape: Of both networks.
        relu: Whether their non-linearity is ReLU; else tanh.
        x: (batch, ...)
        next_x: (batch, ...)
        actions: (batch,)
        rewards: (batch,)
        goes_on: (batch,), see `gather`.
        gamma: Discount.
        max_grad_norm: Longest gradient.
        learning_rate: Size of the step.
        epsilon: Adam's.
        step: Number of this step, from 1.
    """
    n, width = x.shape[0], shape[shape.shape[0] - 1]
    place = n * (units_of(shape) - width)
    outputs = np.empty(place + n * width, np.float32)
    space = max(n, NARROW) * max(NARROW, shape.max())
    slope, other, spare = np.empty(space, np.float32), np.empty(space, np.float32), np.empty(space, np.float32)
    wanted = np.empty(n, np.float32)
    forward(target, target_turned, 0, shape, relu, next_x, outputs)
    for b in range(n):
        highest = outputs[place + b * width]
        for j in range(1, width):
            highest = max(highest, outputs[place + b * width + j])
        wanted[b] = rewards[b] + goes_on[b] * np.float32(gamma) * highest
    forward(parameters, turned, 0, shape, relu, x, outputs)
    loss = 0.0
    slope[: n * width] = 0
    for b in range(n):
        at = b * width + actions[b]
        off = outputs[place + at] - wanted[b]
        far = abs(off)
        loss += np.float32(0.5) * off * off if far < 1 else far - np.float32(0.5)
        slope[at] = min(max(off, np.float32(-1.0)), np.float32(1.0)) / np.float32(n)
    gradient[:] = 0
    backward(parameters, 0, shape, relu, x, outputs, slope, other, spare, gradient)
    clip_gradient(gradient, max_grad_norm)
    adam(parameters, gradient, mean, square, step, learning_rate, epsilon)
    return float(loss / n)
