"""PPO and A2C: collect a rollout, learn from it, throw it away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.utils import obs_as_tensor
from torch import Tensor

from retroml_edu.core.saved import SavedState
from retroml_edu.training.sb3.buffers import DrawnDictRolloutBuffer, DrawnRolloutBuffer
from retroml_edu.training.sb3.stepped import EndedEpisode, Infos, Stepped, ended_episodes


class Chosen(NamedTuple):
    """What the environments are to do.

    Attributes:
        actions: One an environment.
        values: What the critic expects, shape (n_envs,) or (n_envs, 1).
        log_probs: Of the actions, shape (n_envs,).
    """

    actions: np.ndarray
    values: Tensor
    log_probs: Tensor


class SteppedOnPolicy(Stepped, OnPolicyAlgorithm):
    """`OnPolicyAlgorithm.learn` and `collect_rollouts` of stable-baselines3 2.9, step by step.

    What runs here never use is left out: state-dependent exploration, squashed actions, its callbacks and its log.
    """

    rollout_buffer: DrawnRolloutBuffer | DrawnDictRolloutBuffer
    saved_counters: ClassVar[tuple[str, ...]] = ("num_timesteps", "_n_updates")

    @property
    def update_due(self) -> bool:
        """Whether the rollout is complete."""
        return bool(self.rollout_buffer.full)

    @property
    def between_rollouts(self) -> bool:
        """Whether the rollout is empty."""
        return self.rollout_buffer.pos == 0

    def step(self) -> Sequence[EndedEpisode]:
        """Step all environments once, and put that into the rollout."""
        last: Any = self._last_obs
        actions, values, log_probs = self._choose(last)
        played = actions
        if isinstance(self.action_space, spaces.Box):
            # A normal distribution has no bounds; what is learned from is what was drawn.
            played = np.clip(actions, self.action_space.low, self.action_space.high)
        observations, rewards, dones, infos = self.env.step(played)
        self.num_timesteps += self.n_envs
        if isinstance(self.action_space, spaces.Discrete):
            actions = actions.reshape(-1, 1)
        if dones.any():
            self._add_what_a_time_limit_cut_off(rewards, dones, infos)
        starts: Any = self._last_episode_starts
        self.rollout_buffer.add(last, actions, rewards, starts, values, log_probs)
        self._last_obs = observations  # type: ignore[assignment]  # VecEnv names more kinds
        self._last_episode_starts = dones
        return ended_episodes(self.num_timesteps, infos)

    def update(self) -> None:
        """Learn from the rollout, and begin another."""
        dones: Any = self._last_episode_starts
        values = self._judge(self._last_obs)
        self.rollout_buffer.compute_returns_and_advantage(last_values=values, dones=dones)
        self._update_current_progress_remaining(self.num_timesteps, self._total_timesteps)
        with self.rollout_buffer.by_environment():
            self.train()
        self.rollout_buffer.reset()

    def capture_memory(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the rollout so far, and where episodes began."""
        arrays = {f"rollout/{name}": part for name, part in self.rollout_buffer.collected().items()}
        arrays["episode_starts"] = np.array(self._last_episode_starts)
        return {"position": self.rollout_buffer.pos}, arrays

    def restore_memory(self, saved: SavedState) -> None:
        """Take up a rollout."""
        self._last_episode_starts = saved.array("episode_starts", (self.n_envs,), bool).copy()
        position = saved.group("memory").whole("position", most=self.n_steps)
        self.rollout_buffer.take_up(saved, position)

    def _add_what_a_time_limit_cut_off(self, rewards: np.ndarray, dones: np.ndarray, infos: Infos) -> None:
        """Add the value of what would have come to rewards at a time limit (Pardo et al. 2018)."""
        for index, done in enumerate(dones):
            info = infos[index]
            last = info.get("terminal_observation")
            if done and last is not None and info.get("TimeLimit.truncated", False):
                rewards[index] += self.gamma * self._value_of_one(last)

    def _choose(self, observations: Any) -> Chosen:
        """Draw an action for each environment."""
        with torch.no_grad():
            actions, values, log_probs = self.policy(obs_as_tensor(observations, self.device))
        return Chosen(actions.cpu().numpy(), values, log_probs)

    def _judge(self, observations: Any) -> Tensor:
        """Return what the critic expects of each environment."""
        with torch.no_grad():
            return self.policy.predict_values(obs_as_tensor(observations, self.device))

    def _value_of_one(self, last: Any) -> Any:
        observation: Any = self.policy.obs_to_tensor(last)[0]
        with torch.no_grad():
            return self.policy.predict_values(observation)[0]
