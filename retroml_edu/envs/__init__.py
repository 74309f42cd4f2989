"""Environments: the registry, what fits which algorithm, tuned defaults, and how an environment is made.

Vector environments live in `retroml_edu.envs.vector`, apart, because they bring in stable-baselines3 and torch.
"""

from __future__ import annotations

from retroml_edu.envs.make import make_env
from retroml_edu.envs.registry import check_env, get_env, goal_return, list_envs, tuned_defaults
from retroml_edu.envs.resolve import resolve_config
from retroml_edu.envs.specs import EnvSpec, TunedDefaults

__all__ = [
    "EnvSpec",
    "TunedDefaults",
    "check_env",
    "get_env",
    "goal_return",
    "list_envs",
    "make_env",
    "resolve_config",
    "tuned_defaults",
]
