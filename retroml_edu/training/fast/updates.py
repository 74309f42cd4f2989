"""Kernels of PPO and A2C: gradient steps.

A mini-batch is told by the numbers of its steps, environment by environment: number b is step ``b % steps`` of
environment ``b // steps``.
"""

from __future__ import annotations

import math

import numpy as np

from retroml_edu.core.compilation import compiled
from retroml_edu.training.fast.actor_critic import LOG_ROOT_TWO_PI, log_density, normalize_logits, turn_both
from retroml_edu.training.fast.arrays import Doubles, Floats, Ints
from retroml_edu.training.fast.linear import FAST, NARROW
from retroml_edu.training.fast.network import backward, forward, parameter_count, units_of
from retroml_edu.training.fast.optimizers import clip_gradient, take_step

# What `learn` adds up over mini-batches, and how many entries that takes. Of each, the mean of a mini-batch counts.
POLICY_LOSS, VALUE_LOSS, ENTROPY, CLIP_FRACTION, KL, LAST_LOSS, BATCHES, STEPS = range(8)
TOTALS = 8

_TOGETHER = 64
"""Steps of a mini-batch that go through the networks together: what is computed of them stays in the fastest cache."""


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
        clipped: See `learn`.
        clip_range: See `learn`.
        totals: See `learn`.
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

    The other arguments are those of `learn`, but for `some` numbers of a mini-batch of n, and their advantages.
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

    The other arguments are those of `learn`, but for `some` numbers of a mini-batch of n, and their advantages.
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

    The other arguments are those of `learn`, but for `some` numbers of a mini-batch of n.
    """
    steps = returns.shape[0]
    for b in range(values.shape[0]):
        off = values[b] - returns[some[b] % steps, some[b] // steps]
        totals[VALUE_LOSS] += off * off / n
        slope[b] = np.float32(2.0 * vf_coef / n) * off


@compiled(
    "boolean(float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], int64[::1], int64[::1], boolean,"
    " boolean, float32[:,:,::1], float32[:,:,::1], float32[:,::1], float32[:,::1], float32[:,::1], int64[::1], int64,"
    " int64, boolean, float64, boolean, float64, float64, float64, float64, float64, float64, boolean, float64[::1])"
)
def learn(
    parameters: Floats,
    turned: Floats,
    gradient: Floats,
    mean: Floats,
    square: Floats,
    actor: Ints,
    critic: Ints,
    relu: bool,
    continuous: bool,
    observations: Floats,
    actions: Floats,
    old_log_probs: Floats,
    advantages: Floats,
    returns: Floats,
    order: Ints,
    epoch_size: int,
    batch_size: int,
    clipped: bool,
    clip_range: float,
    standardized: bool,
    ent_coef: float,
    vf_coef: float,
    max_grad_norm: float,
    learning_rate: float,
    epsilon: float,
    most_kl: float,
    is_adam: bool,
    totals: Doubles,
) -> bool:
    """Make one gradient step for each mini-batch.

    Args:
        parameters: Flat; changed in place, as are `mean` and `square`, the optimiser's moments.
        turned: Overwritten.
        gradient: Overwritten.
        mean: See `parameters`.
        square: See `parameters`.
        actor: Shape of that network.
        critic: Likewise.
        relu: Whether their non-linearity is ReLU; else tanh.
        continuous: Whether actions are numbers.
        observations: (steps, n, ...)
        actions: (steps, n, numbers), or (steps, n, 1) for a choice.
        old_log_probs: (steps, n), when the actions were drawn.
        advantages: (steps, n)
        returns: (steps, n)
        order: Numbers of the steps to learn from, epoch after epoch.
        epoch_size: How many of them are an epoch.
        batch_size: How many are a mini-batch; the last of an epoch may be smaller.
        clipped: PPO's clipped objective (Schulman et al. 2017, equation 7); else the policy gradient of A2C.
        clip_range: How far the ratio of probabilities may count.
        standardized: Whether the advantages of each mini-batch are rescaled.
        ent_coef: Weight of the entropy.
        vf_coef: Weight of the critic's squared error.
        max_grad_norm: Longest gradient.
        learning_rate: Size of steps.
        epsilon: Of the optimiser.
        most_kl: Stop before a step once the policy has gone so far; infinity never.
        is_adam: Adam; else RMSProp.
        totals: Sums over mini-batches are added, as named above; ``totals[STEPS]`` counts the optimiser's steps.

    Returns:
        Whether all steps were made.
    """
    steps, size = observations.shape[0], observations.shape[2]
    heads = actor[actor.shape[0] - 1]
    to_critic = parameter_count(actor)
    to_log_std = to_critic + parameter_count(critic)
    of_actor, of_critic = units_of(actor), units_of(critic)
    room = min(batch_size, order.shape[0], _TOGETHER)
    space = max(room, NARROW) * max(NARROW, actor.max(), critic.max())
    all_x = np.empty((room, size), np.float32)
    all_advantages = np.empty(min(batch_size, order.shape[0]), np.float32)
    outputs = np.empty(room * max(of_actor, of_critic), np.float32)
    slope, other, spare = np.empty(space, np.float32), np.empty(space, np.float32), np.empty(space, np.float32)
    log_std, by_log_std = parameters[to_log_std:], gradient[to_log_std:]
    first = 0
    while first < order.shape[0]:
        epoch_ends = min((first // epoch_size + 1) * epoch_size, order.shape[0])
        batch = order[first : min(first + batch_size, epoch_ends)]
        n = batch.shape[0]
        first += n
        advantage = all_advantages[:n]
        for b in range(n):
            advantage[b] = advantages[batch[b] % steps, batch[b] // steps]
        if standardized and n > 1:
            standardize(advantage)
        turn_both(parameters, actor, critic, turned)
        gradient[:] = 0
        before = totals.copy()
        for begin in range(0, n, _TOGETHER):
            some = batch[begin : begin + _TOGETHER]
            count = some.shape[0]
            x = all_x[:count]
            for b in range(count):
                x[b] = observations[some[b] % steps, some[b] // steps]

            forward(parameters, turned, 0, actor, relu, x, outputs)
            chosen_by = outputs[count * (of_actor - heads) : count * of_actor].reshape(count, heads)
            by_chosen = slope[: count * heads].reshape(count, heads)
            judged = advantage[begin : begin + count]
            if continuous:
                slope_of_numbers(
                    chosen_by,
                    log_std,
                    actions,
                    old_log_probs,
                    judged,
                    some,
                    n,
                    clipped,
                    clip_range,
                    ent_coef,
                    totals,
                    by_chosen,
                    by_log_std,
                )
            else:
                slope_of_choices(
                    chosen_by,
                    actions,
                    old_log_probs,
                    judged,
                    some,
                    n,
                    clipped,
                    clip_range,
                    ent_coef,
                    totals,
                    by_chosen,
                )
            backward(parameters, 0, actor, relu, x, outputs, slope, other, spare, gradient)

            forward(parameters, turned, to_critic, critic, relu, x, outputs)
            values = outputs[count * (of_critic - 1) : count * of_critic]
            slope_of_values(values, returns, some, n, vf_coef, totals, slope)
            backward(parameters, to_critic, critic, relu, x, outputs, slope, other, spare, gradient)

        totals[BATCHES] += 1
        made = totals - before
        totals[LAST_LOSS] = made[POLICY_LOSS] - ent_coef * made[ENTROPY] + vf_coef * made[VALUE_LOSS]
        if made[KL] > most_kl:
            return False
        totals[STEPS] += 1
        clip_gradient(gradient, max_grad_norm)
        take_step(parameters, gradient, mean, square, int(totals[STEPS]), learning_rate, epsilon, is_adam)
    return True
