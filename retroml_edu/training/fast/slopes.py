"""Kernels of PPO and A2C: the loss, and its gradient by what the networks give.

A mini-batch is told by the numbers of its steps, environment by environment: number b is step ``b % steps`` of
environment ``b // steps``.
"""

from __future__ import annotations

import math

import numpy as np

from retroml_edu.core.compilation import compiled
from retroml_edu.training.fast.actor_critic import LOG_ROOT_TWO_PI, log_density, normalize_logits
from retroml_edu.training.fast.arrays import Doubles, Floats, Ints
from retroml_edu.training.fast.linear import FAST

# What `updates.learn` adds up over mini-batches, of each its mean, and how many entries that takes.
POLICY_LOSS, VALUE_LOSS, ENTROPY, CLIP_FRACTION, KL, LAST_LOSS, BATCHES, STEPS = range(8)
TOTALS = 8


@compiled("void(float32[::1])", fastmath=FAST)
def standardize(values: Floats) -> None:
    """Shift and scale values to mean 0 and standard deviation 1."""
    n = values.shape[0]
    mean = np.float32(0.0)
    for i in range(n):
        mean += values[i]
    mean /= np.float32(n)
    square = np.float32(0.0)
    for i in range(n):
        square += (values[i] - mean) * (values[i] - mean)
    scale = np.float32(math.sqrt(square / np.float32(n - 1))) + np.float32(1e-8)
    for i in range(n):
        values[i] = (values[i] - mean) / scale


@compiled("float32(float32, float32, float32, int64, boolean, float64, float64[::1])")
def pull_on_log_prob(
    advantage: np.float32,
    log_prob: np.float32,
    old_log_prob: np.float32,
    n: int,
    clipped: bool,
    clip_range: float,
    totals: Doubles,
) -> np.float32:
    """Return the gradient of the policy's loss by the logarithm of one action's probability, and add up the loss.

    Args:
        advantage: Of the action.
        log_prob: As the policy has it now.
        old_log_prob: When the action was drawn.
        n: Size of the mini-batch.
        clipped: See `updates.learn`.
        clip_range: See `updates.learn`.
        totals: See `updates.learn`.
    """
    if not clipped:
        totals[POLICY_LOSS] -= advantage * log_prob / n
        return -advantage / np.float32(n)
    log_ratio = log_prob - old_log_prob
    ratio = np.float32(math.exp(log_ratio))
    inside = min(max(ratio, np.float32(1.0 - clip_range)), np.float32(1.0 + clip_range))
    plain, cut = advantage * ratio, advantage * inside
    totals[POLICY_LOSS] -= min(plain, cut) / n
    totals[KL] += ((ratio - np.float32(1.0)) - log_ratio) / n
    if abs(ratio - np.float32(1.0)) > clip_range:
        totals[CLIP_FRACTION] += 1.0 / n
    return -plain / np.float32(n) if plain <= cut else np.float32(0.0)


@compiled(
    "void(float32[:,::1], float32[:,:,::1], float32[:,::1], float32[::1], int64[::1], int64, boolean, float64,"
    " float64, float64[::1], float32[:,::1])"
)
def slope_of_choices(
    logits: Floats,
    actions: Floats,
    old_log_probs: Floats,
    advantages: Floats,
    some: Ints,
    n: int,
    clipped: bool,
    clip_range: float,
    ent_coef: float,
    totals: Doubles,
    slope: Floats,
) -> None:
    """Write the gradient of the loss by the logits, both (some, choices); the logits become log-probabilities.

    The other arguments are those of `updates.learn`, but for `some` numbers of a mini-batch of n, and their advantages.
    """
    count, width = logits.shape
    steps = actions.shape[0]
    push = np.float32(ent_coef / n)
    for b in range(count):
        t, i = some[b] % steps, some[b] // steps
        row = logits[b]
        entropy = normalize_logits(row)
        totals[ENTROPY] += entropy / n
        chosen = int(actions[t, i, 0])
        pull = pull_on_log_prob(advantages[b], row[chosen], old_log_probs[t, i], n, clipped, clip_range, totals)
        for j in range(width):
            p = np.float32(math.exp(row[j]))
            slope[b, j] = push * p * (row[j] + entropy) - pull * p
        slope[b, chosen] += pull


@compiled(
    "void(float32[:,::1], float32[::1], float32[:,:,::1], float32[:,::1], float32[::1], int64[::1], int64, boolean,"
    " float64, float64, float64[::1], float32[:,::1], float32[::1])"
)
def slope_of_numbers(
    means: Floats,
    log_std: Floats,
    actions: Floats,
    old_log_probs: Floats,
    advantages: Floats,
    some: Ints,
    n: int,
    clipped: bool,
    clip_range: float,
    ent_coef: float,
    totals: Doubles,
    slope: Floats,
    by_log_std: Floats,
) -> None:
    """Write the gradients of the loss by the means, (some, numbers), and by the logarithms of the standard deviations.

    The other arguments are those of `updates.learn`, but for `some` numbers of a mini-batch of n, and their advantages.
    """
    count, width = means.shape
    steps = actions.shape[0]
    for j in range(width):
        totals[ENTROPY] += (0.5 + LOG_ROOT_TWO_PI + log_std[j]) * count / n
        by_log_std[j] -= np.float32(ent_coef * count / n)
    for b in range(count):
        t, i = some[b] % steps, some[b] // steps
        row, action = means[b], actions[t, i]
        log_prob = log_density(row, log_std, action)
        pull = pull_on_log_prob(advantages[b], log_prob, old_log_probs[t, i], n, clipped, clip_range, totals)
        for j in range(width):
            precision = np.float32(math.exp(np.float32(-2.0) * log_std[j]))
            off = action[j] - row[j]
            slope[b, j] = pull * off * precision
            by_log_std[j] += pull * (off * off * precision - np.float32(1.0))


@compiled("void(float32[::1], float32[:,::1], int64[::1], int64, float64, float64[::1], float32[::1])")
def slope_of_values(
    values: Floats, returns: Floats, some: Ints, n: int, vf_coef: float, totals: Doubles, slope: Floats
) -> None:
    """Write the gradient of the loss by the critic's values, both (some,).

    The other arguments are those of `updates.learn`, but for `some` numbers of a mini-batch of n.
    """
    steps = returns.shape[0]
    for b in range(values.shape[0]):
        off = values[b] - returns[some[b] % steps, some[b] // steps]
        totals[VALUE_LOSS] += off * off / n
        slope[b] = np.float32(2.0 * vf_coef / n) * off
