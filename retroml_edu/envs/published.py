"""Settings as RL Baselines3 Zoo publishes them, with the length of run that they are made for.

Raffin 2020, https://github.com/DLR-RM/rl-baselines3-zoo, files ``hyperparams/ppo.yml``, ``a2c.yml`` and ``dqn.yml``.
What a file leaves open is stable-baselines3's default.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from retroml_edu.core.hyperparameters import AlgorithmName


class Published(NamedTuple):
    """One entry of the zoo.

    Attributes:
        total_timesteps: Length of the run.
        n_envs: Environments side by side.
        normalize: Whether observations and rewards are scaled.
        settings: Hyperparameters that differ from stable-baselines3's defaults.
        differs: What could not be taken over, and why, as a clause; empty where it is the entry as it stands.
    """

    total_timesteps: int
    n_envs: int
    normalize: bool
    settings: Mapping[str, Any]
    differs: str = ""


_ROLLS_ON = "with 4 gradient steps an update, as many as there were new steps, which the file writes as -1"
_DQN_ACROBOT_AND_LANDER = Published(
    100_000,
    1,
    False,
    {
        "learning_rate": 6.3e-4,
        "batch_size": 128,
        "buffer_size": 50_000,
        "learning_starts": 0,
        "target_update_interval": 250,
        "train_freq": 4,
        "gradient_steps": 4,
        "exploration_fraction": 0.12,
        "exploration_final_eps": 0.1,
        "net_arch": (256, 256),
    },
    _ROLLS_ON,
)

PUBLISHED: dict[tuple[str, AlgorithmName], Published] = {
    ("CartPole-v1", "PPO"): Published(
        100_000,
        8,
        False,
        {
            "n_steps": 32,
            "batch_size": 256,
            "n_epochs": 20,
            "gamma": 0.98,
            "gae_lambda": 0.8,
            "learning_rate": 1e-3,
            "learning_rate_schedule": "linear",
            "clip_range": 0.2,
            "clip_range_schedule": "linear",
        },
    ),
    ("CartPole-v1", "A2C"): Published(500_000, 8, False, {}),
    ("CartPole-v1", "DQN"): Published(
        50_000,
        1,
        False,
        {
            "learning_rate": 2.3e-3,
            "batch_size": 64,
            "buffer_size": 100_000,
            "learning_starts": 1_000,
            "target_update_interval": 10,
            "train_freq": 256,
            "gradient_steps": 128,
            "exploration_fraction": 0.16,
            "exploration_final_eps": 0.04,
            "net_arch": (256, 256),
        },
    ),
    ("MountainCar-v0", "PPO"): Published(1_000_000, 16, True, {"n_steps": 16, "gae_lambda": 0.98, "n_epochs": 4}),
    ("MountainCar-v0", "A2C"): Published(1_000_000, 16, True, {}),
    ("MountainCar-v0", "DQN"): Published(
        120_000,
        1,
        False,
        {
            "learning_rate": 4e-3,
            "batch_size": 128,
            "buffer_size": 10_000,
            "learning_starts": 1_000,
            "gamma": 0.98,
            "target_update_interval": 600,
            "train_freq": 16,
            "gradient_steps": 8,
            "exploration_fraction": 0.2,
            "exploration_final_eps": 0.07,
            "net_arch": (256, 256),
        },
    ),
    ("Acrobot-v1", "PPO"): Published(1_000_000, 16, True, {"n_steps": 256, "gae_lambda": 0.94, "n_epochs": 4}),
    ("Acrobot-v1", "A2C"): Published(500_000, 16, True, {}),
    ("Acrobot-v1", "DQN"): _DQN_ACROBOT_AND_LANDER,
    ("LunarLander-v3", "PPO"): Published(
        1_000_000,
        16,
        False,
        {"n_steps": 1024, "gae_lambda": 0.98, "gamma": 0.999, "n_epochs": 4, "ent_coef": 0.01},
        "published for LunarLander-v2",
    ),
    ("LunarLander-v3", "A2C"): Published(
        200_000,
        8,
        False,
        {"gamma": 0.995, "learning_rate": 8.3e-4, "learning_rate_schedule": "linear", "ent_coef": 1e-5},
        "published for LunarLander-v2",
    ),
    ("LunarLander-v3", "DQN"): _DQN_ACROBOT_AND_LANDER._replace(
        differs=f"published for LunarLander-v2, {_ROLLS_ON}",
    ),
    ("BipedalWalker-v3", "PPO"): Published(5_000_000, 32, True, {"n_steps": 2048, "gamma": 0.999, "clip_range": 0.18}),
    ("BipedalWalker-v3", "A2C"): Published(
        5_000_000,
        16,
        True,
        {
            "n_steps": 8,
            "gae_lambda": 0.9,
            "vf_coef": 0.4,
            "learning_rate": 9.6e-4,
            "learning_rate_schedule": "linear",
        },
        "without the state-dependent exploration of the file, which is not built here",
    ),
}

PUBLISHED_ATARI: dict[AlgorithmName, Published] = {
    "PPO": Published(
        10_000_000,
        8,
        False,
        {
            "n_steps": 128,
            "batch_size": 256,
            "n_epochs": 4,
            "learning_rate": 2.5e-4,
            "learning_rate_schedule": "linear",
            "clip_range": 0.1,
            "clip_range_schedule": "linear",
            "ent_coef": 0.01,
        },
    ),
    "A2C": Published(10_000_000, 16, False, {"ent_coef": 0.01, "vf_coef": 0.25}),
    "DQN": Published(
        10_000_000,
        1,
        False,
        {
            "learning_rate": 1e-4,
            "batch_size": 32,
            "buffer_size": 100_000,
            "learning_starts": 100_000,
            "target_update_interval": 1_000,
            "train_freq": 4,
            "gradient_steps": 1,
            "exploration_fraction": 0.1,
            "exploration_final_eps": 0.01,
        },
        "with a replay buffer of 100,000 steps, for which the file has had several sizes",
    ),
}
