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
from retroml_edu.training.fast.optimizers import adam, clip_gradient, rmsprop

# What `learn` adds up over mini-batches, and how many entries that takes. Of each, the mean of a mini-batch counts.
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
    "void(float32[:,::1], float32[:,:,::1], float32[:,::1], float32[::1], int64[::1], boolean, float64, float64,"
    " float64[::1], float32[:,::1])"
)
def slope_of_choices(
    logits: Floats,
    actions: Floats,
    old_log_probs: Floats,
    advantages: Floats,
    batch: Ints,
    clipped: bool,
    clip_range: float,
    ent_coef: float,
    totals: Doubles,
    slope: Floats,
) -> None:
    """Write the gradient of the loss by the logits, both (n, choices); the logits become log-probabilities.

    The other arguments are those of `learn`, but for the mini-batch's numbers and advantages, (n,).
    """
    n, width = logits.shape
    steps = actions.shape[0]
    push = np.float32(ent_coef / n)
    for b in range(n):
        t, i = batch[b] % steps, batch[b] // steps
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
    "void(float32[:,::1], float32[::1], float32[:,:,::1], float32[:,::1], float32[::1], int64[::1], boolean, float64,"
    " float64, float64[::1], float32[:,::1], float32[::1])"
)
def slope_of_numbers(
    means: Floats,
    log_std: Floats,
    actions: Floats,
    old_log_probs: Floats,
    advantages: Floats,
    batch: Ints,
    clipped: bool,
    clip_range: float,
    ent_coef: float,
    totals: Doubles,
    slope: Floats,
    by_log_std: Floats,
) -> None:
    """Write the gradients of the loss by the means, (n, numbers), and by the logarithms of the standard deviations.

    The other arguments are those of `learn`, but for the mini-batch's numbers and advantages, (n,).
    """
    n, width = means.shape
    steps = actions.shape[0]
    for j in range(width):
        totals[ENTROPY] += 0.5 + LOG_ROOT_TWO_PI + log_std[j]
        by_log_std[j] = np.float32(-ent_coef)
    for b in range(n):
        t, i = batch[b] % steps, batch[b] // steps
        row, action = means[b], actions[t, i]
        log_prob = log_density(row, log_std, action)
        pull = pull_on_log_prob(advantages[b], log_prob, old_log_probs[t, i], n, clipped, clip_range, totals)
        for j in range(width):
            precision = np.float32(math.exp(np.float32(-2.0) * log_std[j]))
            off = action[j] - row[j]
            slope[b, j] = pull * off * precision
            by_log_std[j] += pull * (off * off * precision - np.float32(1.0))


@compiled("void(float32[::1], float32[:,::1], int64[::1], float64, float64[::1], float32[::1])")
def slope_of_values(
    values: Floats, returns: Floats, batch: Ints, vf_coef: float, totals: Doubles, slope: Floats
) -> None:
    """Write the gradient of the loss by the critic's values, both (n,)."""
    n, steps = values.shape[0], returns.shape[0]
    for b in range(n):
        off = values[b] - returns[batch[b] % steps, batch[b] // steps]
        totals[VALUE_LOSS] += off * off / n
        slope[b] = np.float32(2.0 * vf_coef / n) * off


@compiled(
    "boolean(float32[::1], float32[::1], float32[::1], float32[::1], float32[::1], int64[::1], int64[::1], boolean,"
    " boolean, float32[:,:,::1], float32[:,:,::1], float32[:,::1], float32[:,::1], float32[:,::1], int64[::1], int64,"
    " boolean, float64, boolean, float64, float64, float64, float64, float64, float64, boolean, float64[::1])"
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
        order: The steps to learn from, in mini-batches one after the other; numbered environment by environment.
        batch_size: Their size; the last may be smaller.
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
    room = min(batch_size, order.shape[0])
    space = max(room, NARROW) * max(NARROW, actor.max(), critic.max())
    all_x = np.empty((room, size), np.float32)
    all_advantages = np.empty(room, np.float32)
    outputs = np.empty(room * max(of_actor, of_critic), np.float32)
    slope, other, spare = np.empty(space, np.float32), np.empty(space, np.float32), np.empty(space, np.float32)
    for first in range(0, order.shape[0], batch_size):
        batch = order[first : first + batch_size]
        n = batch.shape[0]
        x, advantage = all_x[:n], all_advantages[:n]
        for b in range(n):
            t, i = batch[b] % steps, batch[b] // steps
            x[b] = observations[t, i]
            advantage[b] = advantages[t, i]
        if standardized and n > 1:
            standardize(advantage)
        turn_both(parameters, actor, critic, turned)
        before = totals.copy()

        forward(parameters, turned, 0, actor, relu, x, outputs)
        chosen_by = outputs[n * (of_actor - heads) : n * of_actor].reshape(n, heads)
        by_chosen = slope[: n * heads].reshape(n, heads)
        if continuous:
            slope_of_numbers(
                chosen_by,
                parameters[to_log_std:],
                actions,
                old_log_probs,
                advantage,
                batch,
                clipped,
                clip_range,
                ent_coef,
                totals,
                by_chosen,
                gradient[to_log_std:],
            )
        else:
            slope_of_choices(
                chosen_by,
                actions,
                old_log_probs,
                advantage,
                batch,
                clipped,
                clip_range,
                ent_coef,
                totals,
                by_chosen,
            )
        backward(parameters, 0, actor, relu, x, outputs, slope, other, spare, gradient)

        forward(parameters, turned, to_critic, critic, relu, x, outputs)
        slope_of_values(outputs[n * (of_critic - 1) : n * of_critic], returns, batch, vf_coef, totals, slope)
        backward(parameters, to_critic, critic, relu, x, outputs, slope, other, spare, gradient)

        totals[BATCHES] += 1
        made = totals - before
        totals[LAST_LOSS] = made[POLICY_LOSS] - ent_coef * made[ENTROPY] + vf_coef * made[VALUE_LOSS]
        if made[KL] > most_kl:
            return False
        totals[STEPS] += 1
        clip_gradient(gradient, max_grad_norm)
        if is_adam:
            adam(parameters, gradient, mean, square, int(totals[STEPS]), learning_rate, epsilon)
        else:
            rmsprop(parameters, gradient, square, learning_rate, epsilon)
    return True
