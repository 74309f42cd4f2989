"""The kernel with which PPO and A2C learn."""

from __future__ import annotations

import numpy as np

from retroml_edu.core.compilation import compiled
from retroml_edu.training.fast.actor_critic import turn_both
from retroml_edu.training.fast.arrays import Doubles, Floats, Ints
from retroml_edu.training.fast.linear import NARROW
from retroml_edu.training.fast.network import backward, forward, parameter_count, units_of
from retroml_edu.training.fast.optimizers import clip_gradient, take_step
from retroml_edu.training.fast.slopes import (
    BATCHES,
    ENTROPY,
    KL,
    LAST_LOSS,
    POLICY_LOSS,
    STEPS,
    VALUE_LOSS,
    slope_of_choices,
    slope_of_numbers,
    slope_of_values,
    standardize,
)

_TOGETHER = 64
"""Steps of a mini-batch that go through the networks together: what is computed of them stays in the fastest cache."""


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
        totals: Sums over mini-batches are added, as `slopes` names them; one counts the optimiser's steps.

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
