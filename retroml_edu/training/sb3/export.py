"""A model in stable-baselines3's own format, for those who do not have retroml_edu."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import BinaryIO

import cloudpickle
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.base_class import BaseAlgorithm

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.policies import small_pictures
from retroml_edu.policies.spec import PolicySpec
from retroml_edu.training.sb3.settings import algorithm_arguments

_STOCK: Mapping[AlgorithmName, type[PPO | A2C | DQN]] = {"PPO": PPO, "A2C": A2C, "DQN": DQN}

_PROGRESS = (
    "num_timesteps",
    "_total_timesteps",
    "_current_progress_remaining",
    "_n_updates",
    "_episode_num",
    "n_envs",
)
_PICKLING = threading.Lock()
_KERNEL_CHOICES = {"fused", "foreach"}
"""Settings of an optimiser that say how it computes: that is for whoever loads it to choose, as in plain models."""


def exporter(model: BaseAlgorithm, config: ExperimentConfig, spec: PolicySpec) -> Callable[[BinaryIO], None]:
    """Return a function that writes the model to an open file as ``model.zip`` for plain stable-baselines3.

    What it writes needs no module of ours: the stock algorithm and policy on the same spaces, with parameters, state of
    the optimiser, schedules and counters. The network of small pictures comes along as code, which opens with the same
    version of Python only (3.11, say). Statistics of normalisation are not part of that format.
    """
    # Loading sets everything else up anew from these. They are taken now, so that buffers and environments can go.
    progress = {name: getattr(model, name) for name in _PROGRESS}
    policy = model.policy
    for group in policy.optimizer.param_groups:
        group.update((name, None) for name in _KERNEL_CHOICES & group.keys())

    def export(file: BinaryIO) -> None:
        stock: BaseAlgorithm = _STOCK[config.algorithm](
            spec.name,
            None,  # type: ignore[arg-type]  # stable-baselines3 itself loads models without an environment
            _init_setup_model=False,
            device="cpu",
            **algorithm_arguments(config, spec),
        )
        vars(stock).update(
            progress,
            policy=policy,
            observation_space=spec.observation_space,
            action_space=spec.action_space,
        )
        with _defined_in_the_file(small_pictures):
            stock.save(file)  # type: ignore[arg-type]  # any binary file will do

    return export


@contextmanager
def _defined_in_the_file(module: ModuleType) -> Iterator[None]:
    """Let what is pickled carry a module's classes along, for those who cannot import it."""
    with _PICKLING:  # what is carried along is one list for the whole process
        cloudpickle.register_pickle_by_value(module)
        try:
            yield
        finally:
            cloudpickle.unregister_pickle_by_value(module)
