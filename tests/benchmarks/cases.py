"""What the engines are measured on: the same hyperparameters for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from retroml_edu.core.config import ExperimentConfig, PrecisionName
from retroml_edu.core.hyperparameters import HYPERPARAMETERS, AlgorithmName
from retroml_edu.envs import resolve_config
from tests.benchmarks.measuring import Scale

ZOO = "RL Zoo"
DEFAULTS = "defaults"
QUICKER = 16
"""What a quick trial is shortened by; to a rollout of every environment at least, which is never cut."""


@dataclass(frozen=True, eq=False)
class Case:
    """A training.

    Attributes:
        algorithm: Its name.
        env_id: What is played.
        settings_from: Whose settings they are, in words.
        n_envs: How many environments.
        steps: How many are measured.
        settings: What differs from stable-baselines3's defaults.
        wanted: How many times as fast as stock ours has to be at least, and is meant to be.
        precision: Of ours.
    """

    algorithm: AlgorithmName
    env_id: str
    settings_from: str
    n_envs: int
    steps: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    wanted: tuple[float, float] | None = None
    precision: PrecisionName = "float32"

    @property
    def name(self) -> str:
        """What it is, in a line."""
        envs = "1 env" if self.n_envs == 1 else f"{self.n_envs} envs"
        finely = "" if self.precision == "float32" else f", {self.precision}"
        return f"{self.algorithm} {self.env_id}, {self.settings_from}, {envs}{finely}"

    @property
    def few_steps(self) -> int:
        """How many are enough to see what it does: a quarter, or more where DQN collects before it learns."""
        return max(self.steps // 4, 2 * int(self.settings.get("learning_starts", 0)))

    def config(self, scale: Scale, *, steps: int | None = None, seed: int = 1) -> ExperimentConfig:
        """Return it as a config with every value resolved."""
        config = ExperimentConfig(
            env_id=self.env_id,
            algorithm=self.algorithm,
            run_type="custom",
            total_timesteps=scale.steps(steps or self.steps, QUICKER),
            seed=seed,
            n_envs=self.n_envs,
            normalize=False,
            hyperparameters={**HYPERPARAMETERS[self.algorithm]().model_dump(), **self.settings},
            device="cpu",
            video={"enabled": False},
            engine="fast",
            precision=self.precision,
        )
        return resolve_config(config)


CARTPOLE = Case("PPO", "CartPole-v1", DEFAULTS, 1, 32_768)
LANDER = Case("PPO", "LunarLander-v3", DEFAULTS, 8, 32_768, wanted=(2.5, 4))
CASES: Sequence[Case] = (
    CARTPOLE,
    Case(
        "PPO",
        "CartPole-v1",
        ZOO,
        8,
        32_768,
        {
            "n_steps": 32,
            "batch_size": 256,
            "gae_lambda": 0.8,
            "gamma": 0.98,
            "n_epochs": 20,
            "learning_rate": 1e-3,
            "learning_rate_schedule": "linear",
            "clip_range_schedule": "linear",
        },
        wanted=(3.5, 5),
    ),
    LANDER,
    Case("PPO", "BipedalWalker-v3", DEFAULTS, 8, 16_384, wanted=(2, 3)),
    Case(
        "PPO",
        "Pendulum-v1",
        ZOO,
        4,
        32_768,
        {"n_steps": 1024, "gamma": 0.9, "gae_lambda": 0.95, "learning_rate": 1e-3},
    ),
    Case("DQN", "CartPole-v1", DEFAULTS, 1, 16_384, wanted=(4, 8)),
    Case(
        "DQN",
        "CartPole-v1",
        ZOO,
        1,
        8_192,
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
    Case("A2C", "CartPole-v1", DEFAULTS, 1, 16_384, wanted=(4, 8)),
)
# Without sticky actions: with them, stock stable-baselines3 plays another game.
BREAKOUT = Case(
    "PPO",
    "BreakoutNoFrameskip-v4",
    ZOO,
    8,
    3_072,
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
    wanted=(1.9, 2.2),
)
BREAKOUT_A2C = Case(
    "A2C", "BreakoutNoFrameskip-v4", ZOO, 16, 3_200, {"ent_coef": 0.01, "vf_coef": 0.25}, wanted=(1.5, 2)
)
# Fewer steps in the replay buffer and before the first update than there, so that all of it is measured in seconds.
BREAKOUT_DQN = Case(
    "DQN",
    "BreakoutNoFrameskip-v4",
    ZOO,
    1,
    2_000,
    {
        "buffer_size": 5_000,
        "learning_starts": 500,
        "target_update_interval": 1_000,
        "exploration_fraction": 0.1,
        "exploration_final_eps": 0.01,
    },
    wanted=(1.8, 2.5),
)
