"""From a config to the arguments of stable-baselines3's constructors, in its own types."""

from __future__ import annotations

from typing import Any

from stable_baselines3.common.utils import LinearSchedule

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.hyperparameters import DQNHyperparameters, Schedule
from retroml_edu.policies.spec import PolicySpec
from retroml_edu.training.memory import replay_capacity

_OURS = {"learning_rate_schedule", "clip_range_schedule", "net_arch", "activation"}
"""Hyperparameters that stable-baselines3 takes in another form."""


def algorithm_arguments(config: ExperimentConfig, spec: PolicySpec) -> dict[str, Any]:
    """Return the hyperparameters as stable-baselines3 takes them."""
    settings: Any = config.hyperparameters
    arguments: dict[str, Any] = settings.model_dump(exclude=_OURS)
    arguments["learning_rate"] = _schedule(settings.learning_rate, settings.learning_rate_schedule)
    if "clip_range" in arguments:
        arguments["clip_range"] = _schedule(settings.clip_range, settings.clip_range_schedule)
    if isinstance(settings, DQNHyperparameters):
        arguments["buffer_size"] = replay_capacity(config)
        # The same refreshes, without the warning that an interval shorter than one step of all environments gets.
        arguments["target_update_interval"] = max(settings.target_update_interval, config.n_envs or 1)
    arguments["policy_kwargs"] = dict(spec.policy_kwargs)
    return arguments


def _schedule(value: float, schedule: Schedule) -> float | LinearSchedule:
    return LinearSchedule(value, 0.0, 1.0) if schedule == "linear" else value
