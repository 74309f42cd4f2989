"""One step of an optimiser on flat memory, in the arithmetic of torch's."""

from __future__ import annotations

import math

import numpy as np

from retroml_edu.core.compilation import compiled
from retroml_edu.training.fast.arrays import Floats
from retroml_edu.training.fast.linear import FAST

RMSPROP_DECAY = 0.99
"""As stable-baselines3's A2C has it."""


@compiled("float32(float32[::1], float64)", fastmath=FAST)
def clip_gradient(gradient: Floats, most: float) -> np.float32:
    """Shorten a gradient to this length if it is longer (Pascanu et al. 2013), and return how long it was."""
    total = np.float32(0.0)
    for i in range(gradient.shape[0]):
        total += gradient[i] * gradient[i]
    norm = np.float32(math.sqrt(total))
    scale = np.float32(most / (norm + 1e-6))
    if scale < 1:
        for i in range(gradient.shape[0]):
            gradient[i] *= scale
    return norm


@compiled("void(float32[::1], float32[::1], float32[::1], float32[::1], int64, float64, float64)", fastmath=FAST)
def adam(
    parameters: Floats, gradient: Floats, mean: Floats, square: Floats, step: int, learning_rate: float, epsilon: float
) -> None:
    """Adam (Kingma and Ba 2015) with its usual decays, 0.9 and 0.999.

    Args:
        parameters: Changed in place.
        gradient: Of the loss.
        mean: Running mean of gradients, changed in place.
        square: Running mean of their squares, changed in place.
        step: Number of this step, from 1.
        learning_rate: Size of steps.
        epsilon: Keeps the division from zero.
    """
    size = np.float32(learning_rate / (1.0 - 0.9**step))
    root = np.float32(math.sqrt(1.0 - 0.999**step))
    eps = np.float32(epsilon)
    for i in range(parameters.shape[0]):
        g = gradient[i]
        m = mean[i] + np.float32(0.1) * (g - mean[i])
        v = np.float32(0.999) * square[i] + np.float32(0.001) * g * g
        mean[i] = m
        square[i] = v
        parameters[i] -= size * m / (np.sqrt(v) / root + eps)


@compiled("void(float32[::1], float32[::1], float32[::1], float64, float64)", fastmath=FAST)
def rmsprop(parameters: Floats, gradient: Floats, square: Floats, learning_rate: float, epsilon: float) -> None:
    """RMSProp (Tieleman and Hinton 2012), epsilon outside the root as in torch.

    Args:
        parameters: Changed in place.
        gradient: Of the loss.
        square: Running mean of squared gradients, changed in place.
        learning_rate: Size of steps.
        epsilon: Keeps the division from zero.
    """
    size, eps = np.float32(learning_rate), np.float32(epsilon)
    decay = np.float32(RMSPROP_DECAY)
    rest = np.float32(1.0 - RMSPROP_DECAY)
    for i in range(parameters.shape[0]):
        g = gradient[i]
        v = decay * square[i] + rest * g * g
        square[i] = v
        parameters[i] -= size * g / (np.sqrt(v) + eps)


@compiled("void(float32[::1], float32[::1], float32[::1], float32[::1], int64, float64, float64, boolean)")
def take_step(
    parameters: Floats,
    gradient: Floats,
    mean: Floats,
    square: Floats,
    step: int,
    learning_rate: float,
    epsilon: float,
    is_adam: bool,
) -> None:
    """Make a step of Adam, or else of RMSProp; arguments as theirs."""
    if is_adam:
        adam(parameters, gradient, mean, square, step, learning_rate, epsilon)
    else:
        rmsprop(parameters, gradient, square, learning_rate, epsilon)
