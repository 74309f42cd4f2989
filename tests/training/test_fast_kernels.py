"""The kernels against torch and stable-baselines3, each by itself."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.common.buffers import RolloutBuffer
from torch import nn

from retroml_edu.training.fast import linear, network, optimizers
from retroml_edu.training.fast.advantages import estimate_advantages, explained_variance
from retroml_edu.training.fast.networks import layers_of, shape_of, values_of
from retroml_edu.training.fast.parameters import FlatParameters
from retroml_edu.training.fast.slopes import standardize

SINGLE = 2e-6
"""Relative to the largest entry: some roundings of single precision, in another order than torch's."""


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def close(found, wanted, tolerance=SINGLE):
    return np.abs(found - wanted).max(initial=0.0) <= tolerance * max(np.abs(wanted).max(initial=0.0), 1.0)


@pytest.mark.parametrize("n", [1, 3, 4, 9, 64])
@pytest.mark.parametrize("k", [1, 2, 7, 8, 33])
@pytest.mark.parametrize("m", [1, 5, 16, 40])
def test_products(n, k, m):
    left, right, start = numbers(n, k), numbers(k, m, seed=1), numbers(n, m, seed=2)
    wanted = start + left.astype(float) @ right.astype(float)
    out = start.copy()
    linear.add_product(left, right, out)
    assert close(out, wanted, 1e-6 * k)
    out = start.copy()
    linear.add_product_of_rows(left, np.ascontiguousarray(right.T), out)
    assert close(out, wanted, 1e-6 * k)


def test_tanh_is_right_to_single_precision_wherever_it_is_asked_for():
    x = np.concatenate([np.linspace(-12, 12, 200_001), 10.0 ** np.arange(-30, 30), [np.inf, -np.inf]])
    x = x.astype(np.float32).reshape(-1, 1)
    values = x.copy()
    network.tanh_with_bias(values, np.zeros(1, np.float32))
    wanted = np.tanh(x.astype(float))
    assert np.abs(values - wanted).max() < 4e-7
    small = (np.abs(x) < 0.5) & (np.abs(x) > 1e-30)
    assert np.abs(values[small] / wanted[small] - 1).max() < 4e-7


@pytest.mark.parametrize("activation", [network.tanh_with_bias, network.relu_with_bias])
def test_not_a_number_stays_one(activation):
    values = np.full((4, 20), np.nan, np.float32)
    activation(values, np.zeros(20, np.float32))
    assert np.isnan(values).all()


@pytest.mark.parametrize("hidden", [(), (7,), (64, 64), (5, 33, 16), (40, 3, 20, 17)])
@pytest.mark.parametrize("activation", [nn.Tanh, nn.ReLU])
@pytest.mark.parametrize(("inputs", "outputs", "n"), [(4, 2, 64), (24, 1, 5), (128, 18, 1)])
def test_a_network_and_its_gradient_as_in_torch(hidden, activation, inputs, outputs, n):
    torch.manual_seed(0)
    widths = [inputs, *hidden, outputs]
    parts = []
    for before, after in pairwise(widths):
        parts += [nn.Linear(before, after), activation()]
    chain = nn.Sequential(*parts[:-1])
    layers = layers_of(chain)
    flat, shape = FlatParameters(values_of(layers)), shape_of(layers)
    x, slope_out = numbers(n, inputs), numbers(n, outputs, seed=1)
    wanted = chain(torch.from_numpy(x))
    wanted.backward(torch.from_numpy(slope_out))

    turned, gradient = np.zeros_like(flat.values), np.zeros_like(flat.values)
    seen = np.zeros(n * network.units_of(shape), np.float32)
    network.turn_weights(flat.values, 0, shape, turned)
    network.forward(flat.values, turned, 0, shape, activation is nn.ReLU, x, seen)
    assert close(seen[-n * outputs :].reshape(n, outputs), wanted.detach().numpy(), 1e-5)
    space = max(n, linear.NARROW) * max(*widths, linear.NARROW)
    slope, other, spare = (np.zeros(space, np.float32) for _ in range(3))
    slope[: n * outputs] = slope_out.ravel()
    network.backward(flat.values, 0, shape, activation is nn.ReLU, x, seen, slope, other, spare, gradient)
    expected = np.concatenate([value.grad.numpy().ravel() for value in values_of(layers)])
    assert close(gradient, expected, 1e-5)


@pytest.mark.parametrize("kind", ["adam", "rmsprop"])
def test_an_optimiser_makes_torchs_steps(kind):
    value = nn.Parameter(torch.from_numpy(numbers(500)))
    flat = FlatParameters([nn.Parameter(value.detach().clone())])
    optimizer = (
        torch.optim.Adam([value], lr=3e-3, eps=1e-5)
        if kind == "adam"
        else torch.optim.RMSprop([value], lr=3e-3, alpha=0.99, eps=1e-5)
    )
    mean, square = np.zeros(500, np.float32), np.zeros(500, np.float32)
    for step in range(1, 30):
        value.grad = torch.from_numpy(numbers(500, seed=step) * (10 if step % 3 else 0.01))
        gradient = value.grad.numpy().copy()
        norm = torch.nn.utils.clip_grad_norm_([value], 0.5)
        assert optimizers.clip_gradient(gradient, 0.5) == pytest.approx(float(norm), rel=1e-6)
        optimizer.step()
        if kind == "adam":
            optimizers.adam(flat.values, gradient, mean, square, step, 3e-3, 1e-5)
        else:
            optimizers.rmsprop(flat.values, gradient, square, 3e-3, 1e-5)
    assert close(flat.values, value.detach().numpy())


@pytest.mark.parametrize(("steps", "n"), [(1, 1), (16, 3)])
def test_advantages_are_stable_baselines3s_to_the_last_bit(steps, n):
    rng = np.random.default_rng(4)
    buffer = RolloutBuffer(
        steps, spaces.Box(-1, 1, (2,)), spaces.Discrete(2), device="cpu", gae_lambda=0.9, gamma=0.97, n_envs=n
    )
    buffer.rewards[:] = rng.standard_normal((steps, n))
    buffer.values[:] = rng.standard_normal((steps, n))
    buffer.episode_starts[:] = rng.random((steps, n)) < 0.3
    last_values, ends = rng.standard_normal(n).astype(np.float32), rng.random(n) < 0.5
    buffer.compute_returns_and_advantage(torch.from_numpy(last_values), ends)
    advantages, returns = np.zeros((steps, n), np.float32), np.zeros((steps, n), np.float32)
    estimate_advantages(
        buffer.rewards, buffer.values, buffer.episode_starts, last_values, ends, 0.97, 0.9, advantages, returns
    )
    assert np.array_equal(advantages, buffer.advantages)
    assert np.array_equal(returns, buffer.returns)


def test_the_share_of_variance_that_is_explained():
    returns = numbers(50, 2)
    values = returns + 0.5 * numbers(50, 2, seed=1)
    assert explained_variance(values, returns) == pytest.approx(
        1 - np.var(returns - values) / np.var(returns), rel=1e-5
    )
    assert math.isnan(explained_variance(values, np.ones_like(values)))


def test_advantages_are_rescaled_as_torch_does():
    values = numbers(37) * 5 + 3
    wanted = torch.from_numpy(values.copy())
    wanted = (wanted - wanted.mean()) / (wanted.std() + 1e-8)
    standardize(values)
    assert close(values, wanted.numpy())
