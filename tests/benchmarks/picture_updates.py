"""What one mini-batch of PPO on pictures costs, and how far that is from what the processor can do."""

from __future__ import annotations

from concurrent.futures import Executor
from functools import partial
from statistics import median
from typing import Any
from unittest import mock

import torch
from stable_baselines3 import PPO
from torch.utils.flop_counter import FlopCounterMode

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.envs.vector import make_vector_env
from retroml_edu.policies.build import build_policy
from retroml_edu.training.pictures.on_policy import PicturePPO
from tests.benchmarks.apart import measured_in
from tests.benchmarks.cases import Case
from tests.benchmarks.contestants import train_ours, train_stock
from tests.benchmarks.floors import peak_speed
from tests.benchmarks.measuring import Comparison, Grid, Machine, Report, Scale, alternate, timed


def updates(scale: Scale, case: Case, ours: Executor, others: Executor) -> Report:
    """Compare the updates of PPO, by the mini-batch.

    Args:
        scale: How much is measured.
        case: Of PPO.
        ours: The process in which ours trains.
        others: That in which stable-baselines3 does.
    """
    machine = Machine()
    settings: Any = case.config(scale).hyperparameters
    rollouts = 1 if scale.quick else 2
    config = case.config(Scale(), steps=rollouts * settings.n_steps * case.n_envs)
    products: list[float] = []

    def ours_beside_the_product() -> float:
        # The processor is faster in some minutes than in others: both are measured in the same.
        products.append(measured_in(ours, product_of_all_threads))
        return float(measured_in(ours, batch_ms, config, ours=True))

    pair = alternate(
        scale.pairs, machine, partial(measured_in, others, batch_ms, config, ours=False), ours_beside_the_product
    )
    what = f"PPO, mini-batch of {settings.batch_size}"
    comparison = Comparison(what, "ms", *pair, smaller_is_better=True)
    operations = measured_in(ours, batch_operations, config)
    product = median(products)
    rows = []
    for name, values in (("stock", comparison.baseline), ("ours", comparison.ours)):
        speed = operations / median(values) * 1e3
        rows.append(
            [name, f"{operations / 1e9:.2f}", f"{speed / 1e9:.0f}", f"{product / 1e9:.0f}", f"{speed / product:.0%}"]
        )
    return Report(
        "Updates on pictures",
        machine,
        "stock",
        "ours",
        [comparison],
        grids=[Grid(("", "GFLOP a mini-batch", "GFLOP/s", "a large product, GFLOP/s", "share of that"), rows)],
        notes="The second update of a training, divided by its mini-batches, with torch's usual threads, each of the "
        "two in a process of its own. Operations are those of convolutions and matrix products, forward and backward, "
        "as torch counts them; a large product is torch's of 1,024 × 1,024 matrices with as many threads, between the "
        "others.",
    )


def batch_ms(config: ExperimentConfig, *, ours: bool) -> float:
    """Return the milliseconds of one mini-batch in the last update of a training."""
    settings: Any = config.hyperparameters
    kind: type[Any] = PicturePPO if ours else PPO
    seconds: list[float] = []
    with mock.patch.object(kind, "train", timed(kind.train, seconds)):
        (train_ours if ours else train_stock)(config)
    batches = settings.n_epochs * -(-settings.n_steps * (config.n_envs or 1) // settings.batch_size)
    return 1e3 * seconds[-1] / int(batches)


def batch_operations(config: ExperimentConfig) -> int:
    """Return the floating-point operations of a mini-batch's convolutions and matrix products, forward and backward."""
    settings: Any = config.hyperparameters
    venv = make_vector_env(config.env_id, 1, seed=1, fast=True)
    policy: Any = build_policy(config, venv.observation_space, venv.action_space)
    shape: Any = venv.observation_space.shape
    venv.close()
    pictures = torch.zeros(settings.batch_size, *shape, dtype=torch.uint8)
    with FlopCounterMode(display=False) as counter:
        values, log_probs, _ = policy.evaluate_actions(pictures, torch.zeros(settings.batch_size))
        torch.autograd.backward(values.sum() + log_probs.sum())
    return int(counter.get_total_flops())


def product_of_all_threads() -> float:
    """Return the floating-point operations a second of a large matrix product with torch's usual threads."""
    return peak_speed(threads=torch.get_num_threads())
