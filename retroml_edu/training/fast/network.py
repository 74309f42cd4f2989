"""A multi-layer perceptron on flat memory: outputs, and gradients by backpropagation (Rumelhart et al. 1986).

A network is told by `shape`, int64 (layers + 1,): how many numbers go in, how many units each layer has, and by the
place `at` in a flat array at which its parameters begin. Each layer has its weights there, (units out, units in) as in
torch, and its biases after them. All hidden layers have the same non-linearity, the last layer has none.
"""

from __future__ import annotations

import numpy as np

from retroml_edu.core.compilation import compiled
from retroml_edu.training.fast.arrays import Floats, Ints
from retroml_edu.training.fast.linear import (
    FAST,
    NARROW,
    add_product,
    add_product_of_rows,
    add_transpose,
    transpose,
)

_SATURATED = np.float32(9.0)


@compiled("void(float32[:,::1], float32[::1])", fastmath=FAST)
def tanh_with_bias(values: Floats, bias: Floats) -> None:
    """Replace values by ``tanh(values + bias)``.

    A ratio of polynomials in x², fitted to the relative error on [0, 9] (below 3e-8 before rounding); beyond, tanh is
    1 to single precision. The library's tanh cannot be computed for many numbers at once.
    """
    for i in range(values.shape[0]):
        row = values[i]
        for j in range(row.shape[0]):
            x = row[j] + bias[j]
            # Written so that a not-a-number stays one.
            x = min(x, _SATURATED)
            x = max(x, -_SATURATED)
            s = x * x
            above = np.float32(1.33546318e-08)
            above = above * s + np.float32(2.06090603e-05)
            above = above * s + np.float32(0.00349558679)
            above = above * s + np.float32(0.133810245)
            above = above * s + np.float32(1.0)
            below = np.float32(7.77654597e-07)
            below = below * s + np.float32(0.000328563262)
            below = below * s + np.float32(0.0258769771)
            below = below * s + np.float32(0.467143401)
            below = below * s + np.float32(1.0)
            row[j] = x * above / below


@compiled("void(float32[:,::1], float32[::1])")
def relu_with_bias(values: Floats, bias: Floats) -> None:
    """Replace values by ``max(values + bias, 0)``."""
    for i in range(values.shape[0]):
        row = values[i]
        for j in range(row.shape[0]):
            x = row[j] + bias[j]
            row[j] = np.float32(0.0) if x < 0 else x


@compiled("void(float32[:,::1], float32[:,::1], boolean)", fastmath=FAST)
def through_activation(gradient: Floats, output: Floats, relu: bool) -> None:
    """Turn the gradient by a layer's output into that by what went into its non-linearity."""
    for i in range(output.shape[0]):
        slope, seen = gradient[i], output[i]
        if relu:
            for j in range(seen.shape[0]):
                slope[j] = slope[j] if seen[j] > 0 else np.float32(0.0)
        else:
            for j in range(seen.shape[0]):
                slope[j] *= np.float32(1.0) - seen[j] * seen[j]


@compiled("int64(int64[::1])")
def parameter_count(shape: Ints) -> int:
    """Return how many parameters a network has."""
    count = 0
    for layer in range(shape.shape[0] - 1):
        count += shape[layer + 1] * (shape[layer] + 1)
    return count


@compiled("int64(int64[::1])")
def units_of(shape: Ints) -> int:
    """Return how many units all layers of a network have together."""
    units = 0
    for layer in range(1, shape.shape[0]):
        units += shape[layer]
    return units


@compiled("void(float32[::1], int64, int64[::1], float32[::1])")
def turn_weights(parameters: Floats, at: int, shape: Ints, turned: Floats) -> None:
    """Write each layer's weights as (units in, units out), at the same places: forward passes read them so."""
    for layer in range(shape.shape[0] - 1):
        k, m = shape[layer], shape[layer + 1]
        if m >= NARROW:
            transpose(parameters[at : at + k * m].reshape(m, k), turned[at : at + k * m].reshape(k, m))
        at += m * (k + 1)


@compiled("void(float32[::1], float32[::1], int64, int64[::1], boolean, float32[:,::1], float32[::1])", fastmath=FAST)
def forward(parameters: Floats, turned: Floats, at: int, shape: Ints, relu: bool, x: Floats, outputs: Floats) -> None:
    """Compute the outputs of all layers.

    Args:
        parameters: Flat.
        turned: What `turn_weights` made of them.
        at: Where the network begins.
        shape: Its shape.
        relu: Whether its non-linearity is ReLU; else tanh.
        x: (n, shape[0])
        outputs: Takes one layer after the other, (n, units) each.
    """
    n = x.shape[0]
    layers = shape.shape[0] - 1
    source = x
    place = 0
    for layer in range(layers):
        k, m = shape[layer], shape[layer + 1]
        bias = parameters[at + k * m : at + k * m + m]
        out = outputs[place : place + n * m].reshape(n, m)
        out[:] = 0
        if m >= NARROW:
            add_product(source, turned[at : at + k * m].reshape(k, m), out)
        else:
            add_product_of_rows(source, parameters[at : at + k * m].reshape(m, k), out)
        if layer == layers - 1:
            for i in range(n):
                row = out[i]
                for j in range(m):
                    row[j] += bias[j]
        elif relu:
            relu_with_bias(out, bias)
        else:
            tanh_with_bias(out, bias)
        source = out
        place += n * m
        at += m * (k + 1)


@compiled(
    "void(float32[::1], int64, int64[::1], boolean, float32[:,::1], float32[::1], float32[::1], float32[::1],"
    " float32[::1], float32[::1])",
    fastmath=FAST,
)
def backward(
    parameters: Floats,
    at: int,
    shape: Ints,
    relu: bool,
    x: Floats,
    outputs: Floats,
    slope: Floats,
    other: Floats,
    turned: Floats,
    gradient: Floats,
) -> None:
    """Add the gradient by all parameters of a network at their places.

    Args:
        parameters: Flat.
        at: Where the network begins.
        shape: Its shape.
        relu: Whether its non-linearity is ReLU; else tanh.
        x: (n, shape[0])
        outputs: What `forward` computed.
        slope: Begins with the gradient by the last layer's output, (n, shape[-1]); overwritten, as are the next two.
            All three need room for n, or `NARROW`, times the widest layer or observation.
        other: See `slope`.
        turned: See `slope`.
        gradient: Flat, as `parameters`.
    """
    n = x.shape[0]
    layers = shape.shape[0] - 1
    end, place = at, 0
    for layer in range(layers):
        end += shape[layer + 1] * (shape[layer] + 1)
        place += n * shape[layer + 1]
    place -= n * shape[layers]
    for layer in range(layers - 1, -1, -1):
        k, m = shape[layer], shape[layer + 1]
        end -= m * (k + 1)
        by_output = slope[: n * m].reshape(n, m)
        source = x
        if layer:
            place -= n * k
            source = outputs[place : place + n * k].reshape(n, k)
        by_bias = gradient[end + k * m : end + k * m + m]
        for i in range(n):
            row = by_output[i]
            for j in range(m):
                by_bias[j] += row[j]
        by_weights = gradient[end : end + k * m].reshape(m, k)
        if k < NARROW <= m:
            # Rows this short do not fill the registers; those of the turned product do.
            source_turned = turned[: k * n].reshape(k, n)
            transpose(source, source_turned)
            by_weights_turned = other[: k * m].reshape(k, m)
            by_weights_turned[:] = 0
            add_product(source_turned, by_output, by_weights_turned)
            add_transpose(by_weights_turned, by_weights)
        else:
            by_output_turned = turned[: m * n].reshape(m, n)
            transpose(by_output, by_output_turned)
            add_product(by_output_turned, source, by_weights)
        if layer:
            by_source = other[: n * k].reshape(n, k)
            by_source[:] = 0
            add_product(by_output, parameters[end : end + k * m].reshape(m, k), by_source)
            through_activation(by_source, source, relu)
            slope, other = other, slope
