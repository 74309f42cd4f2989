"""Fills in what a person left open in a configuration."""

from __future__ import annotations

from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.envs.registry import get_env, tuned_defaults

WARM_UP_SHARE = 10
"""Warm-up that nobody set takes at most this part of a run: one tenth."""


def resolve_config(config: ExperimentConfig) -> ExperimentConfig:
    """Return the configuration with every value that training needs.

    What was set stays. What was not comes from the tuned defaults of the environment, bent where it would clash with
    what was set or with a short run: the mini-batch to the rollout, DQN's warm-up to a tenth of the run, the last ε to
    the first. So does the length, where the environment is made for lessons. The device is resolved where training
    starts.

    Raises:
        UnknownNameError: If no environment goes by the id.
        EnvironmentUnusableError: If the environment cannot be learned in.
        ConfigError: If what was set clashes with itself.
    """
    tuned = tuned_defaults(config.env_id, config.algorithm)
    if "run_type" not in config.model_fields_set:
        config = config.changed(**_length(config))
    n_envs = tuned.n_envs if config.n_envs is None else config.n_envs
    normalize = tuned.normalize if config.normalize is None else config.normalize
    given = {name: getattr(config.hyperparameters, name) for name in config.hyperparameters.model_fields_set}
    settings = {**tuned.hyperparameters, **given}
    if config.algorithm == "PPO":
        _fit_batch(settings, given, n_envs)
    elif config.algorithm == "DQN":
        _fit_exploration(settings, given, config.total_timesteps)
    return config.changed(n_envs=n_envs, normalize=normalize, hyperparameters=settings)


def _length(config: ExperimentConfig) -> dict[str, Any]:
    lesson = get_env(config.env_id).lesson_steps
    return {"run_type": config.run_type} if lesson is None else {"run_type": "custom", "total_timesteps": lesson}


def _fit_batch(settings: dict[str, Any], given: dict[str, Any], n_envs: int) -> None:
    if "batch_size" not in given:
        settings["batch_size"] = max(2, min(settings["batch_size"], settings["n_steps"] * n_envs))


def _fit_exploration(settings: dict[str, Any], given: dict[str, Any], total_timesteps: int) -> None:
    if "learning_starts" not in given:
        settings["learning_starts"] = min(settings["learning_starts"], total_timesteps // WARM_UP_SHARE)
    if "exploration_final_eps" not in given:
        settings["exploration_final_eps"] = min(settings["exploration_final_eps"], settings["exploration_initial_eps"])
