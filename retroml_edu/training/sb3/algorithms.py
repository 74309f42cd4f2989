"""PPO, A2C and DQN of stable-baselines3, whose updates can be stopped and whose draws are the run's."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from stable_baselines3 import A2C, DQN, PPO

from retroml_edu.core.metrics import EXPLORATION_RATE, LOSS
from retroml_edu.training.sb3.off_policy import SteppedOffPolicy
from retroml_edu.training.sb3.on_policy import SteppedOnPolicy


class RunPPO(SteppedOnPolicy, PPO):
    """Proximal policy optimisation (Schulman et al. 2017)."""

    def _guarded(self) -> AbstractContextManager[None]:
        """Return what stands around an update."""
        return self.guard.around(self, batches=self.n_epochs * -(-self.n_steps * self.n_envs // self.batch_size))

    def train(self) -> None:
        """Learn from the rollout."""
        with self._guarded():
            super().train()


class RunA2C(SteppedOnPolicy, A2C):
    """Advantage actor-critic (Mnih et al. 2016)."""

    def _guarded(self) -> AbstractContextManager[None]:
        """Return what stands around an update."""
        return self.guard.around(self, batches=1)

    def train(self) -> None:
        """Learn from the rollout."""
        with self._guarded():
            super().train()


class RunDQN(SteppedOffPolicy, DQN):
    """Deep Q-network (Mnih et al. 2015)."""

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Learn from the replay buffer."""
        with self.guard.around(self, batches=gradient_steps):
            self._learn(gradient_steps, batch_size)

    def _learn(self, gradient_steps: int, batch_size: int) -> None:
        super().train(gradient_steps, batch_size)

    def _measured_with(self, loss: float) -> dict[str, float]:
        """Return what is told of an update, for engines that measure the loss themselves."""
        return {
            LOSS: loss,
            EXPLORATION_RATE: self.exploration_rate,
            "train/learning_rate": float(self.policy.optimizer.param_groups[0]["lr"]),
            "train/updates": float(self._n_updates),
        }

    def predict(
        self,
        observation: np.ndarray | dict[str, np.ndarray],
        state: tuple[np.ndarray, ...] | None = None,
        episode_start: np.ndarray | None = None,  # noqa: ARG002 - part of what callers may give
        deterministic: bool = False,
    ) -> tuple[np.ndarray, tuple[np.ndarray, ...] | None]:
        """Choose actions ε-greedily; as in stable-baselines3, one draw decides for all environments."""
        if not deterministic and self.generators["actions"].random() < self.exploration_rate:
            actions: Any = [self.action_space.sample() for _ in range(self.n_envs)]
            return np.array(actions), state
        return self._best_actions(observation), state

    def _best_actions(self, observation: Any) -> np.ndarray:
        """Return the action of highest value for each environment."""
        return self.policy.predict(observation, deterministic=True)[0]
