"""How fast a training could be at best: environments that are stepped and nothing else, and the processor's peak."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from gymnasium import spaces

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.envs.vector import is_compiled, make_vector_env
from retroml_edu.policies.threads import one_torch_thread

SIDE_BY_SIDE = 1_024
"""Compiled environments are timed this many at once, so that what is timed is not the call from Python."""
LARGE = 1_024
"""Side of the matrices whose product shows the peak."""
MIN_S = 0.2


def environment_speed(config: ExperimentConfig) -> float:
    """Return the steps a second of the fast engine's environments with random actions and no learning."""
    compiled = is_compiled(config.env_id)
    n_envs = SIDE_BY_SIDE if compiled else config.n_envs or 1
    venv = make_vector_env(config.env_id, n_envs, seed=config.seed, fast=True)
    venv.action_space.seed(config.seed)
    actions = [_actions(venv.action_space, n_envs) for _ in range(16)]
    venv.reset()
    steps, began = 0, time.perf_counter()
    while time.perf_counter() - began < 2 * MIN_S:
        for action in actions:
            venv.step(action)
        steps += len(actions)
    speed = steps * n_envs / (time.perf_counter() - began)
    venv.close()
    return speed


def _actions(space: spaces.Space[Any], n_envs: int) -> np.ndarray:
    return np.array([space.sample() for _ in range(n_envs)])


def product_speed(rows: int, inner: int, columns: int, *, threads: int = 1) -> float:
    """Return the floating-point operations a second of a matrix product by torch at its best.

    Args:
        rows: Of the left matrix.
        inner: Its columns, and the rows of the right one.
        columns: Of the right matrix.
        threads: Of torch: one, or as many as it has in this thread.
    """
    left, right = torch.ones(rows, inner), torch.ones(inner, columns)
    out = torch.empty(rows, columns)
    times = max(1, math.ceil(2e7 / (rows * inner * columns)))
    best_s = math.inf
    with one_torch_thread() if threads == 1 else nullcontext():
        began = time.perf_counter()
        while time.perf_counter() - began < MIN_S:
            started = time.perf_counter()
            for _ in range(times):
                torch.mm(left, right, out=out)
            best_s = min(best_s, (time.perf_counter() - started) / times)
    return 2 * rows * inner * columns / best_s


def peak_speed(*, threads: int = 1) -> float:
    """Return the floating-point operations a second of the largest of these products: the peak of one core, or more."""
    return product_speed(LARGE, LARGE, LARGE, threads=threads)


def update_operations(config: ExperimentConfig, updates: int, observed: int, heads: int) -> float:
    """Return the floating-point operations that the matrix products of a training's updates take.

    For each weight and row of a mini-batch a multiplication and an addition forward, as many for the gradient of the
    weight, and as many for that of its input, which the first layer does not need. DQN's target network adds a pass
    forward.

    Args:
        config: Fully resolved.
        updates: Mini-batches that were learned from.
        observed: Numbers that the network reads.
        heads: Numbers that the policy, or the value of actions, puts out.
    """
    settings: Any = config.hyperparameters
    actor = _weights((observed, *settings.net_arch, heads))
    first = observed * settings.net_arch[0]
    if config.algorithm == "DQN":
        return float(updates * settings.batch_size * (8 * actor - 2 * first))
    critic = _weights((observed, *settings.net_arch, 1))
    return float(updates * rows_of_a_batch(config) * (6 * (actor + critic) - 4 * first))


def rows_of_a_batch(config: ExperimentConfig) -> int:
    """Return how many steps a mini-batch has; A2C learns from its rollout as a whole."""
    settings: Any = config.hyperparameters
    return int(settings.n_steps * (config.n_envs or 1) if config.algorithm == "A2C" else settings.batch_size)


def _weights(shape: Sequence[int]) -> int:
    return sum(before * after for before, after in itertools.pairwise(shape))
