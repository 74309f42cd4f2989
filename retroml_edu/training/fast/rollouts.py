"""The kernel that plays compiled games and collects what PPO and A2C learn from."""

from __future__ import annotations

import numpy as np

from retroml_edu.core.compilation import compiled
from retroml_edu.envs.compiled.games import step_env
from retroml_edu.training.fast.actor_critic import choose, judge
from retroml_edu.training.fast.arrays import Bools, Doubles, Floats, Ints
from retroml_edu.training.fast.network import units_of


@compiled(
    "int64(float32[::1], float32[::1], int64[::1], int64[::1], boolean, boolean, float32[::1], float32[::1], float64,"
    " float32[:,:,::1], int64, int64, float64[:,::1], int64[::1], float64[::1], float64[:,::1], int64[::1],"
    " float32[:,::1], float32[:,::1], int64, float32[:,:,::1], float32[:,:,::1], float32[:,::1], float32[:,::1],"
    " float32[:,::1], float32[:,::1], boolean[::1], float64[:,::1])"
)
def collect(
    parameters: Floats,
    turned: Floats,
    actor: Ints,
    critic: Ints,
    relu: bool,
    continuous: bool,
    low: Floats,
    high: Floats,
    gamma: float,
    noise: Floats,
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
    actions: Floats,
    rewards: Floats,
    starts: Floats,
    values: Floats,
    log_probs: Floats,
    begins: Bools,
    ended: Doubles,
) -> int:
    """Play on, and write what happens into a rollout.

    Args:
        parameters: See `choose`, as for the next five.
        turned: See `parameters`.
        actor: See `parameters`.
        critic: See `parameters`.
        relu: See `parameters`.
        continuous: See `parameters`.
        low: Least that the games take of each number; what was drawn is cut for them, and learned from uncut.
        high: Most of each.
        gamma: Discount.
        noise: (steps, n, ...), see `choose`; as many steps as are to be played.
        kind: See `step_env`, as for the next eight.
        limit: See `kind`.
        states: See `kind`.
        elapsed: See `kind`.
        episode_returns: See `kind`.
        uniforms: See `kind`.
        used: See `kind`.
        seen: See `kind`.
        last_seen: See `kind`.
        position: The rollout's first step that is free.
        observations: The rollout, as for the next five: (rollout steps, n, ...).
        actions: See `observations`.
        rewards: See `observations`.
        starts: See `observations`.
        values: See `observations`.
        log_probs: See `observations`.
        begins: (n,), whether an episode begins with the next step; changed.
        ended: Takes a row for each episode that ended: step (from 0), environment, return, length.

    Returns:
        How many episodes ended.
    """
    steps, n = noise.shape[0], noise.shape[1]
    outputs = np.empty(n * max(units_of(actor), units_of(critic)), np.float32)
    cut_off = np.empty(1, np.float32)
    count = 0
    for step in range(steps):
        t = position + step
        for i in range(n):
            starts[t, i] = begins[i]
            for j in range(seen.shape[1]):
                observations[t, i, j] = seen[i, j]
        choose(
            parameters,
            turned,
            actor,
            critic,
            relu,
            continuous,
            seen,
            noise[step],
            outputs,
            actions[t],
            values[t],
            log_probs[t],
        )
        for i in range(n):
            action = actions[t, i, 0]
            if continuous:
                action = min(max(action, low[0]), high[0])
            reward, terminated, truncated, episode_return, length = step_env(
                kind, limit, i, action, states, elapsed, episode_returns, uniforms, used, seen, last_seen
            )
            rewards[t, i] = reward
            begins[i] = terminated or truncated
            if begins[i]:
                ended[count, 0] = step
                ended[count, 1] = i
                ended[count, 2] = episode_return
                ended[count, 3] = length
                count += 1
                if truncated and not terminated:
                    # The time limit is not the game's end: what would have come still counts (Pardo et al. 2018).
                    judge(parameters, turned, actor, critic, relu, last_seen[i : i + 1], outputs, cut_off)
                    rewards[t, i] += np.float32(gamma) * cut_off[0]
    return count
