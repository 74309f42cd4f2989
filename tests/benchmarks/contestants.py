"""The same training twice: by plain stable-baselines3, as its documentation shows it, and by our trainer."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.env_util import make_atari_env, make_vec_env
from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv, VecFrameStack, VecNormalize

from retroml_edu.core.bus import EventBus
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.events import EpisodeEvent, Event, ProgressEvent
from retroml_edu.policies.spec import policy_spec
from retroml_edu.session.pump import Pump
from retroml_edu.training.sb3.settings import algorithm_arguments
from retroml_edu.training.sb3.trainer import SB3Trainer

StockVector = type[DummyVecEnv] | type[SubprocVecEnv]
PUMP_S = 0.25
"""A panel's pace."""


class Game(NamedTuple):
    """A game that has ended.

    Attributes:
        step: Steps that the run had made then.
        total: Its return.
    """

    step: int
    total: float


@dataclass
class Trained:
    """What came of a training.

    Attributes:
        steps: How many were made.
        seconds: From the first step to the end of the last update; environments and network are made before.
        games: In the order in which they ended.
        reached: Whether it ended because its goal was reached.
    """

    steps: int = 0
    seconds: float = 0.0
    games: list[Game] = field(default_factory=list)
    reached: bool = False

    @property
    def speed(self) -> float:
        """Steps a second."""
        return self.steps / self.seconds


class Goal:
    """A mean return of the last games; training may end when it is reached.

    Args:
        mean_return: To be reached.
        games: How many have to have it on average.
    """

    def __init__(self, mean_return: float, games: int = 100) -> None:
        self._wanted = mean_return * games
        self._last: deque[float] = deque(maxlen=games)

    def reached(self, total: float) -> bool:
        """Add a game's return; tell whether the goal is reached."""
        self._last.append(total)
        return len(self._last) == self._last.maxlen and sum(self._last) >= self._wanted


def train_ours(config: ExperimentConfig, goal: Goal | None = None) -> Trained:
    """Train by our trainer, whose events go to a bus that somebody drains, as in a run.

    Args:
        config: Fully resolved, engine included.
        goal: Where to stop, if it is reached.
    """
    bus, control, audience, done = EventBus(), Control(), _Audience(), Trained()
    bus.subscribe(audience)
    pump = Pump("benchmark", PUMP_S)
    pump.add(bus.drain)

    def emit(event: Event) -> None:
        bus.publish(event)
        if goal is not None and isinstance(event, EpisodeEvent) and goal.reached(event.episode_return):
            done.reached = True
            control.stop()

    pump.start()
    try:
        SB3Trainer().train(config, bus.publish if goal is None else emit, control)
    finally:
        pump.stop()
    began, ended = audience.progress[0], audience.progress[-1]
    done.steps, done.seconds, done.games = ended.step, ended.elapsed_s - began.elapsed_s, audience.games
    return done


class _Audience:
    """Keeps what a run's files and panel would show."""

    def __init__(self) -> None:
        self.progress: list[ProgressEvent] = []
        self.games: list[Game] = []

    def handle(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, EpisodeEvent):
                self.games.append(Game(event.step, event.episode_return))
            elif isinstance(event, ProgressEvent):
                self.progress.append(event)


def train_stock(
    config: ExperimentConfig,
    goal: Goal | None = None,
    *,
    threads: int | None = None,
    games: bool = False,
    vector: StockVector = DummyVecEnv,
) -> Trained:
    """Train by plain stable-baselines3 with the same hyperparameters and seed, each environment in a Monitor.

    Args:
        config: Fully resolved; its engine does not matter.
        goal: Where to stop, if it is reached.
        threads: Of torch; as many as it takes by itself, if left out.
        games: Whether games are noted, which takes a little time.
        vector: How environments stand side by side.
    """
    venv = _stock_environments(config, vector)
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        spec = policy_spec(config, venv.observation_space, venv.action_space)
        algorithm: Any = {"PPO": PPO, "A2C": A2C, "DQN": DQN}[config.algorithm]
        arguments = algorithm_arguments(config, spec)
        model = algorithm(spec.name, venv, seed=config.seed, device="cpu", **arguments)
        watch = _Watch(goal, games=games or goal is not None)
        model.learn(config.total_timesteps, callback=watch)
        seconds = time.perf_counter() - watch.began
    finally:
        torch.set_num_threads(before)
        venv.close()
    return Trained(model.num_timesteps, seconds, watch.games, watch.reached)


class _Watch(BaseCallback):
    """Notes when training starts, as our trainer's first event does, and the games if they are wanted."""

    def __init__(self, goal: Goal | None, *, games: bool) -> None:
        super().__init__()
        self.began = 0.0
        self.games: list[Game] = []
        self.reached = False
        self._goal = goal
        self._wants_games = games

    def _on_training_start(self) -> None:
        self.began = time.perf_counter()

    def _on_step(self) -> bool:
        if self._wants_games and self.locals["dones"].any():
            for info in self.locals["infos"]:
                if "episode" in info:
                    total = float(info["episode"]["r"])
                    self.games.append(Game(self.num_timesteps, total))
                    self.reached = self.reached or (self._goal is not None and self._goal.reached(total))
        return not self.reached


def stock_pictures(env_id: str, n_envs: int, seed: int, vector: StockVector = DummyVecEnv) -> VecEnv:
    """Return an Atari game as stable-baselines3's documentation makes it: its wrappers, four pictures deep."""
    # With the module's name: processes that SubprocVecEnv starts have not heard of the games.
    return VecFrameStack(make_atari_env(f"ale_py:{env_id}", n_envs, seed=seed, vec_env_cls=vector), 4)


def _stock_environments(config: ExperimentConfig, vector: StockVector) -> VecEnv:
    n_envs = config.n_envs or 1
    if "NoFrameskip" in config.env_id:
        return stock_pictures(config.env_id, n_envs, config.seed, vector)
    venv = make_vec_env(config.env_id, n_envs, seed=config.seed, vec_env_cls=vector)
    return VecNormalize(venv, gamma=config.hyperparameters.gamma) if config.normalize else venv
