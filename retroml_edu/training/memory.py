"""Whether DQN's replay buffer fits into memory, found out before it is filled."""

from __future__ import annotations

from typing import Any

import psutil
from gymnasium import spaces

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.container import memory_limit
from retroml_edu.core.errors import Problem
from retroml_edu.core.hyperparameters import DQNHyperparameters
from retroml_edu.envs import get_env
from retroml_edu.envs.spaces import is_picture, observation_bytes

HEADROOM = 0.9
"""Share of the free memory that the buffer may take."""

_BYTES_BESIDE_OBSERVATIONS = 8 + 3 * 4
"""An action (int64), and reward, end and time limit (float32 each)."""


def replay_capacity(config: ExperimentConfig) -> int:
    """Return how many steps the replay buffer has to hold; 0 for algorithms that have none.

    No more than the run has: a buffer that is never full draws alike, whatever its size.
    """
    settings = config.hyperparameters
    if not isinstance(settings, DQNHyperparameters):
        return 0
    n_envs = config.n_envs or 1
    # stable-baselines3 goes on to the end of the round of steps in which the total is reached.
    longest = config.total_timesteps + settings.train_freq * n_envs
    return max(min(settings.buffer_size, longest) // n_envs, 1) * n_envs


def replay_buffer_bytes(config: ExperimentConfig, observation_space: spaces.Space[Any]) -> int:
    """Return how much memory the replay buffer takes when the run ends; 0 for algorithms that have none.

    Args:
        config: Resolved.
        observation_space: As the environment has it.
    """
    return replay_capacity(config) * _bytes_per_step(config, observation_space)


def shows_stacks(env_id: str) -> bool:
    """Return whether pictures of an environment are stacks, of which one channel is new at each step.

    All that `AtariGame` shows are. Of others it is not known; most show what is new in full.
    """
    return get_env(env_id).family == "atari"


def replay_buffer_problem(config: ExperimentConfig, observation_space: spaces.Space[Any]) -> Problem | None:
    """Return what is wrong if the replay buffer does not fit into the memory that is free now.

    Args:
        config: Resolved.
        observation_space: As the environment has it.
    """
    needed, usable = replay_buffer_bytes(config, observation_space), int(available_memory_bytes() * HEADROOM)
    if needed <= usable:
        return None
    fitting = usable // _bytes_per_step(config, observation_space)
    fitting -= fitting % 1_000 if fitting >= 1_000 else 0
    return Problem(
        "hyperparameters.buffer_size",
        f"The replay buffer would hold {replay_capacity(config):,} steps, which take {_gigabytes(needed)}, and "
        f"{_gigabytes(usable)} of memory can be used.",
        f"Lower 'Replay buffer' to {fitting:,}, or train for fewer steps.",
    )


def available_memory_bytes() -> int:
    """Return how much memory this process can still take, within a container's limit if there is one."""
    available = int(psutil.virtual_memory().available)
    container = memory_limit()
    return available if container is None else max(min(available, container.limit_bytes - container.used_bytes), 0)


def _bytes_per_step(config: ExperimentConfig, observation_space: spaces.Space[Any]) -> int:
    return _bytes_seen(config, observation_space) + _BYTES_BESIDE_OBSERVATIONS


def _bytes_seen(config: ExperimentConfig, space: spaces.Space[Any]) -> int:
    """Return what is kept of a step's observation and the next: by the fast engine, of pictures, what is new alone."""
    if config.engine != "fast" or not is_picture(space):
        return 2 * observation_bytes(space)
    channels = space.shape[0] if shows_stacks(config.env_id) and space.shape else 1
    return observation_bytes(space) // channels


def _gigabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1e9:.1f} GB"
