"""Kernels of PPO and A2C: acting, advantages, and gradient steps.

Parameters are flat: actor, critic, and for actions that are numbers the logarithms of their standard deviations.
A choice among several is one number, its index; `continuous` tells the two kinds of action apart.
"""

from __future__ import annotations

import math

import numpy as np

from retroml_edu.core.compilation import compiled
from retroml_edu.training.fast.arrays import Floats, Ints
from retroml_edu.training.fast.network import forward, parameter_count, turn_weights, units_of

LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)


@compiled("float32(float32[::1])")
def normalize_logits(logits: Floats) -> np.float32:
    """Turn logits into logarithms of probabilities, in place, and return the entropy."""
    highest = logits[0]
    for j in range(1, logits.shape[0]):
        highest = max(highest, logits[j])
    total = np.float32(0.0)
    for j in range(logits.shape[0]):
        total += math.exp(logits[j] - highest)
    shift = highest + math.log(total)
    entropy = np.float32(0.0)
    for j in range(logits.shape[0]):
        logits[j] -= shift
        entropy -= math.exp(logits[j]) * logits[j]
    return entropy


@compiled("float32(float32[::1], float32[::1], float32[::1])")
def log_density(mean: Floats, log_std: Floats, action: Floats) -> np.float32:
    """Return the logarithm of independent normal densities at an action, each (numbers,)."""
    total = np.float32(0.0)
    for j in range(mean.shape[0]):
        std = math.exp(log_std[j])
        off = action[j] - mean[j]
        total += -(off * off) / (np.float32(2.0) * std * std) - log_std[j] - np.float32(LOG_ROOT_TWO_PI)
    return total


@compiled(
    "void(float32[::1], float32[::1], int64[::1], int64[::1], boolean, boolean, float32[:,::1], float32[:,::1],"
    " float32[::1], float32[:,::1], float32[::1], float32[::1])"
)
def choose(
    parameters: Floats,
    turned: Floats,
    actor: Ints,
    critic: Ints,
    relu: bool,
    continuous: bool,
    x: Floats,
    noise: Floats,
    outputs: Floats,
    actions: Floats,
    values: Floats,
    log_probs: Floats,
) -> None:
    """Draw an action for each observation, and judge the observation.

    Args:
        parameters: Flat.
        turned: What `turn_weights` made of actor and critic.
        actor: Shape of that network.
        critic: Likewise.
        relu: Whether their non-linearity is ReLU; else tanh.
        continuous: Whether actions are numbers.
        x: Observations (n, ...).
        noise: (n, numbers or choices): standard normal, or Gumbel for a choice (Maddison et al. 2014).
        outputs: Room for `forward`.
        actions: Takes (n, numbers), or (n, 1) for a choice.
        values: Takes (n,).
        log_probs: Takes (n,).
    """
    n = x.shape[0]
    to_critic = parameter_count(actor)
    forward(parameters, turned, to_critic, critic, relu, x, outputs)
    place = n * (units_of(critic) - 1)
    for i in range(n):
        values[i] = outputs[place + i]
    forward(parameters, turned, 0, actor, relu, x, outputs)
    width = actor[actor.shape[0] - 1]
    place = n * (units_of(actor) - width)
    log_std = parameters[to_critic + parameter_count(critic) :]
    for i in range(n):
        row = outputs[place + i * width : place + (i + 1) * width]
        if continuous:
            for j in range(width):
                actions[i, j] = row[j] + math.exp(log_std[j]) * noise[i, j]
            log_probs[i] = log_density(row, log_std, actions[i])
        else:
            normalize_logits(row)
            best = 0
            for j in range(1, width):
                if row[j] + noise[i, j] > row[best] + noise[i, best]:
                    best = j
            actions[i, 0] = best
            log_probs[i] = row[best]


@compiled(
    "void(float32[::1], float32[::1], int64[::1], int64[::1], boolean, float32[:,::1], float32[::1], float32[::1])"
)
def judge(
    parameters: Floats,
    turned: Floats,
    actor: Ints,
    critic: Ints,
    relu: bool,
    x: Floats,
    outputs: Floats,
    values: Floats,
) -> None:
    """Write the critic's value of each observation; arguments as in `choose`."""
    n = x.shape[0]
    forward(parameters, turned, parameter_count(actor), critic, relu, x, outputs)
    place = n * (units_of(critic) - 1)
    for i in range(n):
        values[i] = outputs[place + i]


@compiled("void(float32[::1], int64[::1], int64[::1], float32[::1])")
def turn_both(parameters: Floats, actor: Ints, critic: Ints, turned: Floats) -> None:
    """Prepare forward passes of both networks."""
    turn_weights(parameters, 0, actor, turned)
    turn_weights(parameters, parameter_count(actor), critic, turned)
