"""DQN on pictures."""

from __future__ import annotations

import math
from functools import partial
from statistics import fmean
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from stable_baselines3.common.utils import update_learning_rate
from torch.autograd.graph import increment_version
from torch.nn import functional

from retroml_edu.core.config import PrecisionName
from retroml_edu.core.metrics import LOSS
from retroml_edu.core.saved import SavedState
from retroml_edu.training.pictures.halves import Halves, Slope
from retroml_edu.training.pictures.layout import lay_out
from retroml_edu.training.pictures.q_network import PictureQNetwork
from retroml_edu.training.pictures.replay import PictureReplay
from retroml_edu.training.sb3.algorithms import RunDQN


class PictureDQN(RunDQN):
    """Deep Q-network (Mnih et al. 2015), as stable-baselines3 learns it, with less work around the same mathematics.

    Args:
        *arguments: What stable-baselines3 takes.
        precision: See `PictureFeatures`.
        **settings: Likewise.
    """

    replay_buffer: PictureReplay

    def __init__(self, *arguments: Any, precision: PrecisionName, **settings: Any) -> None:
        self._precision = precision
        super().__init__(*arguments, **settings)

    def _setup_model(self) -> None:
        super()._setup_model()
        lay_out(self.policy)
        self._values = PictureQNetwork(self.q_net, self._precision)
        self._target_values = PictureQNetwork(self.q_net_target, self._precision)
        self._parameters = list(self.q_net.parameters())
        self._in_halves = Halves()
        self._loss = self._steepness = 0.0
        self._was_finite = False

    @property
    def finite(self) -> bool:
        """Whether all parameters are numbers.

        They are looked at after the first update, and stay numbers while gradients are, which costs nothing to know.
        """
        self._was_finite = math.isfinite(self._steepness) and (self._was_finite or super().finite)
        return self._was_finite

    @property
    def measured(self) -> dict[str, float]:
        """What the last update measured."""
        return self._measured_with(self._loss)

    def restore_memory(self, saved: SavedState) -> None:
        """Take up how much is explored, and what is seen after the last step of the replay buffer."""
        super().restore_memory(saved)
        last: Any = self._last_obs
        self.replay_buffer.expect(last)

    def _on_step(self) -> None:
        super()._on_step()
        if self._n_calls % max(self.target_update_interval // self.n_envs, 1) == 0:
            # stable-baselines3 has overwritten them, and torch has not seen it.
            increment_version(self.q_net_target.parameters())

    def _best_actions(self, observation: Any) -> np.ndarray:
        with torch.inference_mode():
            best: np.ndarray = self._values(torch.from_numpy(observation)).argmax(dim=1).numpy()
        return best

    def _learn(self, gradient_steps: int, batch_size: int) -> None:
        optimizer = self.policy.optimizer
        update_learning_rate(optimizer, float(self.lr_schedule(self._current_progress_remaining)))
        losses, self._steepness = [], 0.0
        for _ in range(gradient_steps):
            batch = self.replay_buffer.sample(batch_size, env=self._vec_normalize_env)
            slope = self._in_halves(partial(self._part, batch), batch_size)
            self._steepness += slope.descend(optimizer, self._parameters, self.max_grad_norm)
            losses.append(slope.told[LOSS])
        self._loss = fmean(losses)
        self._n_updates += gradient_steps

    def _part(self, batch: ReplayBufferSamples, which: slice) -> Slope:
        """Return what a part of a mini-batch adds to its slope; called by two threads at once."""
        with torch.no_grad():
            best = self._target_values(batch.next_observations[which]).amax(dim=1, keepdim=True)
            targets = batch.rewards[which] + (1 - batch.dones[which]) * self.gamma * best
        values = self._values(batch.observations[which]).gather(1, batch.actions[which].long())
        # How far the values of what was done are from what came of it.
        loss = functional.smooth_l1_loss(values, targets, reduction="sum") / len(batch.rewards)
        return Slope(torch.autograd.grad(loss, self._parameters), {LOSS: loss.item()})
