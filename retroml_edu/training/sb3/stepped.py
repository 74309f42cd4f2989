"""Training one step of all environments at a time, so that a run can be left and gone on with after every one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from retroml_edu.core.saved import SavedState
from retroml_edu.training.sb3.metrics import update_metrics
from retroml_edu.training.sb3.update import UpdateGuard, all_finite

Infos = Sequence[Mapping[str, Any]]


class EndedEpisode(NamedTuple):
    """A whole game that has ended.

    Attributes:
        step: Steps that the run had made then.
        env_index: In which environment.
        episode_return: Undiscounted sum of raw rewards.
        length: In steps of that environment.
    """

    step: int
    env_index: int
    episode_return: float
    length: int


def ended_episodes(step: int, infos: Infos) -> list[EndedEpisode]:
    """Return the games that ended with a step, from what environments tell."""
    found = [(index, info["episode"]) for index, info in enumerate(infos) if "episode" in info]
    return [EndedEpisode(step, index, float(game["r"]), int(game["l"])) for index, game in found]


class Stepped(BaseAlgorithm, ABC):
    """An algorithm of stable-baselines3 whose loop is taken apart: an update that is due, then one step.

    Whether an update is due is part of what `capture` saves: it is made at the beginning of the next round, so that
    every step has one boundary, at which all of it is accounted for.

    Attributes:
        guard: Stands around every update.
        generators: Everything that the learner draws from.
        schedule_origin: Step at which the schedules began; they end at the last step.
    """

    env: VecEnv
    guard: UpdateGuard
    generators: Mapping[str, np.random.Generator]
    schedule_origin: int
    saved_counters: ClassVar[tuple[str, ...]]
    """Attributes that count something."""

    @property
    @abstractmethod
    def update_due(self) -> bool:
        """Whether the next thing to do is an update."""

    @property
    @abstractmethod
    def between_rollouts(self) -> bool:
        """Whether nothing has been collected since the last update: only there does a run end."""

    @property
    def finite(self) -> bool:
        """Whether all parameters are numbers."""
        return all_finite(self)

    @property
    def measured(self) -> Mapping[str, float]:
        """What the last update measured, by the metric catalogue's names."""
        return update_metrics(self)

    @abstractmethod
    def update(self) -> None:
        """Learn from what was collected."""

    @abstractmethod
    def step(self) -> Sequence[EndedEpisode]:
        """Step all environments, account for it, and return the games that ended."""

    @abstractmethod
    def capture_memory(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return facts and copied arrays of what was collected and not yet learned from."""

    @abstractmethod
    def restore_memory(self, saved: SavedState) -> None:
        """Take up what `capture_memory` returned."""

    def learn_stepwise(self, total_timesteps: int, boundary: Callable[[Sequence[EndedEpisode]], None]) -> None:
        """Train to the end of the rollout in which the last step falls.

        Args:
            total_timesteps: Length of the run.
            boundary: Called before the first step, and after each `step` with the games that ended in it.
        """
        self.schedule_over(total_timesteps)
        if self._last_obs is None:
            self.reset_environments()
        self.policy.set_training_mode(False)
        boundary(())
        while True:
            if self.update_due:
                self.update()
                self.policy.set_training_mode(False)
            if self.between_rollouts and self.num_timesteps >= total_timesteps:
                break
            boundary(self.step())

    def reset_environments(self) -> None:
        """Begin an episode in every environment."""
        self._last_obs = self.env.reset()  # type: ignore[assignment]  # VecEnv names more kinds
        self._last_episode_starts = np.ones(self.n_envs, dtype=bool)
        if self._vec_normalize_env is not None:
            self._last_original_obs = self._vec_normalize_env.get_original_obs()

    def schedule_over(self, total_timesteps: int) -> None:
        """Let the schedules end at this step."""
        self._total_timesteps = total_timesteps
        self._update_current_progress_remaining(self.num_timesteps, total_timesteps)

    def _update_current_progress_remaining(self, num_timesteps: int, total_timesteps: int) -> None:
        begun = self.schedule_origin
        super()._update_current_progress_remaining(num_timesteps - begun, max(total_timesteps - begun, 1))
