"""A rollout whose pictures lie in memory as convolutions read them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from retroml_edu.training.sb3.buffers import DrawnRolloutBuffer


class PictureRollout(DrawnRolloutBuffer):
    """A rollout buffer with channels last; to who adds and reads pictures they still have channels first."""

    _pictures: Tensor

    def reset(self) -> None:
        """Begin another rollout, in the same memory."""
        if hasattr(self, "_pictures"):
            self.pos, self.full, self.generator_ready = 0, False, False
            return
        super().reset()
        channels, height, width = self.obs_shape
        stored = np.zeros((self.buffer_size, self.n_envs, height, width, channels), np.uint8)
        self.observations = np.moveaxis(stored, -1, 2)
        self._pictures = torch.from_numpy(stored).view(-1, height, width, channels)

    def _observed(self, at: tuple[np.ndarray, np.ndarray]) -> Any:
        steps, envs = at
        return Picked(self._pictures, torch.from_numpy(steps * self.n_envs + envs))


class Picked(NamedTuple):
    """Pictures of a mini-batch, which whoever computes with a part of them takes out by itself.

    Attributes:
        pictures: Those of the whole rollout, uint8 of shape (n_steps * n_envs, height, width, channels).
        chosen: Which of them, int64 of shape (batch_size,).
    """

    pictures: Tensor
    chosen: Tensor

    def part(self, which: slice) -> Tensor:
        """Return some of them, uint8 of shape (n, channels, height, width) with channels last."""
        return self.pictures.index_select(0, self.chosen[which]).permute(0, 3, 1, 2)
