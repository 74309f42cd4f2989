"""Our trainer against stock stable-baselines3 with the same hyperparameters. About three minutes."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from stable_baselines3 import DQN, PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_atari_env, make_vec_env
from stable_baselines3.common.vec_env import VecEnv, VecFrameStack

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.events import Event, ProgressEvent
from retroml_edu.envs import resolve_config
from retroml_edu.policies.spec import policy_spec
from retroml_edu.training.sb3.settings import algorithm_arguments
from retroml_edu.training.sb3.trainer import SB3Trainer
from tests.benchmarks.measuring import Comparison, Machine, Report, Scale, alternate


@dataclass(frozen=True)
class _Case:
    env_id: str
    algorithm: str
    steps: int


# Breakout without sticky actions: with them, stock stable-baselines3 plays another game.
CASES = (
    _Case("CartPole-v1", "PPO", 32_768),
    _Case("CartPole-v1", "DQN", 8_000),
    _Case("BreakoutNoFrameskip-v4", "PPO", 3_072),
)


def run(scale: Scale) -> list[Report]:
    """Measure every case."""
    machine = Machine()
    comparisons = []
    for case in CASES:
        config = resolve_config(
            ExperimentConfig(
                env_id=case.env_id,
                algorithm=case.algorithm,
                run_type="custom",
                total_timesteps=scale.steps(case.steps),
                seed=1,
            )
        )
        stock, ours = alternate(scale.pairs, machine, partial(_stock, config), partial(_ours, config))
        what = f"{case.algorithm} {case.env_id}, {config.n_envs} env, {config.total_timesteps:,} steps"
        comparisons.append(Comparison(what, "steps/s", stock, ours))
    return [
        Report(
            "Our trainer against stock stable-baselines3",
            machine,
            "stock stable-baselines3",
            "retroml_edu",
            comparisons,
            notes="From the first step to the last update, in one process, the same hyperparameters. Stock has its "
            "own environment wrappers and torch's usual number of threads.",
        )
    ]


def _ours(config: ExperimentConfig) -> float:
    marks: list[tuple[float, int]] = []

    def emit(event: Event) -> None:
        if isinstance(event, ProgressEvent):
            marks.append((time.perf_counter(), event.step))

    SB3Trainer().train(config, emit, Control())
    (began, _), (ended, step) = marks[0], marks[-1]
    return step / (ended - began)


class _Start(BaseCallback):
    """Notes when training starts, as our trainer's first event does."""

    began = 0.0

    def _on_training_start(self) -> None:
        self.began = time.perf_counter()

    def _on_step(self) -> bool:
        return True


def _stock(config: ExperimentConfig) -> float:
    venv = _stock_envs(config)
    spec = policy_spec(config, venv.observation_space, venv.action_space)
    algorithm: Any = {"PPO": PPO, "DQN": DQN}[config.algorithm]
    arguments = algorithm_arguments(config, spec)
    model = algorithm(spec.name, venv, seed=config.seed, device="cpu", **arguments)
    start = _Start()
    model.learn(config.total_timesteps, callback=start)
    speed = model.num_timesteps / (time.perf_counter() - start.began)
    venv.close()
    return float(speed)


def _stock_envs(config: ExperimentConfig) -> VecEnv:
    n_envs = config.n_envs or 1
    if "NoFrameskip" in config.env_id:
        return VecFrameStack(make_atari_env(config.env_id, n_envs, seed=config.seed), 4)
    return make_vec_env(config.env_id, n_envs, seed=config.seed)
