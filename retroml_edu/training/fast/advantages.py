"""Kernels of PPO and A2C: what is learned from a rollout."""

from __future__ import annotations

import math

import numpy as np

from retroml_edu.core.compilation import compiled
from retroml_edu.training.fast.arrays import Bools, Floats


@compiled(
    "void(float32[:,::1], float32[:,::1], float32[:,::1], float32[::1], boolean[::1], float64, float64,"
    " float32[:,::1], float32[:,::1])"
)
def estimate_advantages(
    rewards: Floats,
    values: Floats,
    starts: Floats,
    last_values: Floats,
    last_ends: Bools,
    gamma: float,
    gae_lambda: float,
    advantages: Floats,
    returns: Floats,
) -> None:
    """Generalised advantage estimation (Schulman et al. 2016), rounded as stable-baselines3's.

    Args:
        rewards: (steps, n)
        values: (steps, n)
        starts: (steps, n), 1 where an episode began with the step.
        last_values: (n,), of what came after the last step.
        last_ends: (n,), whether the last step ended an episode.
        gamma: Discount.
        gae_lambda: Between one step (0) and the whole episode (1).
        advantages: Takes (steps, n).
        returns: Takes (steps, n), what the critic is to learn.
    """
    steps, n = rewards.shape
    discount, mixed = np.float32(gamma), np.float32(gamma * gae_lambda)
    for i in range(n):
        running = np.float32(0.0)
        for t in range(steps - 1, -1, -1):
            if t == steps - 1:
                goes_on = np.float32(0.0) if last_ends[i] else np.float32(1.0)
                following = last_values[i]
            else:
                goes_on = np.float32(1.0) - starts[t + 1, i]
                following = values[t + 1, i]
            error = rewards[t, i] + discount * following * goes_on - values[t, i]
            running = error + mixed * goes_on * running
            advantages[t, i] = running
            returns[t, i] = running + values[t, i]


@compiled("float64(float32[:,::1], float32[:,::1])")
def explained_variance(values: Floats, returns: Floats) -> float:
    """Return the share of the returns' variance that the values explain; not-a-number for constant returns."""
    count = values.size
    mean_return, mean_error = 0.0, 0.0
    for t in range(values.shape[0]):
        for i in range(values.shape[1]):
            mean_return += returns[t, i]
            mean_error += returns[t, i] - values[t, i]
    mean_return /= count
    mean_error /= count
    of_returns, of_errors = 0.0, 0.0
    for t in range(values.shape[0]):
        for i in range(values.shape[1]):
            of_returns += (returns[t, i] - mean_return) ** 2
            of_errors += (returns[t, i] - values[t, i] - mean_error) ** 2
    return math.nan if of_returns == 0 else 1.0 - of_errors / of_returns
