"""A policy as it is before its first update."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.policies.initialization import DrawnFrom
from retroml_edu.policies.spec import policy_spec


def build_policy(
    config: ExperimentConfig, observation_space: spaces.Space[Any], action_space: spaces.Space[Any]
) -> BasePolicy:
    """Make the policy that a run starts from, on the CPU.

    The weights are those that stable-baselines3 starts from with the same seed.

    Args:
        config: Decides network and seed.
        observation_space: As the environment has it.
        action_space: As the environment has it.

    Raises:
        TrainingError: If the algorithm cannot choose such actions.

    Threads: safe; no global generator is read or written.
    """
    spec = policy_spec(config, observation_space, action_space)
    learning_rate = config.hyperparameters.learning_rate
    with DrawnFrom(config.seed):
        policy: BasePolicy = spec.policy_class(
            spec.observation_space, spec.action_space, lambda _: learning_rate, **spec.policy_kwargs
        )
    policy.set_training_mode(False)
    return policy
