"""DQN: collect a few steps into the replay buffer, learn from a draw of the past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm

from retroml_edu.core.saved import SavedState
from retroml_edu.training.sb3.buffers import DrawnDictReplayBuffer, DrawnReplayBuffer
from retroml_edu.training.sb3.stepped import EndedEpisode, Stepped, ended_episodes


class SteppedOffPolicy(Stepped, OffPolicyAlgorithm):
    """`OffPolicyAlgorithm.learn` and `collect_rollouts` of stable-baselines3 2.9, step by step.

    What runs here never use is left out: state-dependent exploration, noise on actions, its callbacks and its log.
    """

    replay_buffer: DrawnReplayBuffer | DrawnDictReplayBuffer
    exploration_rate: float
    collected: int = 0
    """Steps since the last update, counted once for all environments."""
    saved_counters: ClassVar[tuple[str, ...]] = ("num_timesteps", "_n_updates", "_episode_num", "_n_calls", "collected")

    @property
    def update_due(self) -> bool:
        """Whether enough steps were collected."""
        wanted: Any = self.train_freq
        return bool(self.collected >= wanted.frequency)

    @property
    def between_rollouts(self) -> bool:
        """Whether no step was collected since the last update."""
        return self.collected == 0

    def step(self) -> Sequence[EndedEpisode]:
        """Step all environments once, and put that into the replay buffer."""
        actions, stored = self._sample_action(self.learning_starts, None, self.n_envs)
        observations, rewards, dones, infos = self.env.step(actions)
        self.num_timesteps += self.n_envs
        self.collected += 1
        new: Any = observations
        self._store_transition(self.replay_buffer, stored, new, rewards, dones, infos)
        self._update_current_progress_remaining(self.num_timesteps, self._total_timesteps)
        self._on_step()
        self._episode_num += int(np.count_nonzero(dones))
        return ended_episodes(self.num_timesteps, infos)

    def update(self) -> None:
        """Learn from the past, if there is enough of it, and begin to collect anew."""
        if self.num_timesteps > self.learning_starts:
            self.train(batch_size=self.batch_size, gradient_steps=self.gradient_steps)
        self.collected = 0

    def capture_memory(self) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return where the replay buffer goes on and how much is explored; its rows go out by themselves."""
        buffer = self.replay_buffer
        facts = {
            "position": buffer.pos,
            "capacity": buffer.buffer_size,
            "exploration_rate": float(self.exploration_rate),
        }
        return facts, {}

    def restore_memory(self, saved: SavedState) -> None:
        """Take up how much is explored."""
        self.exploration_rate = saved.group("memory").number("exploration_rate")
        self.logger.record("rollout/exploration_rate", self.exploration_rate)  # where an update's metrics find it
