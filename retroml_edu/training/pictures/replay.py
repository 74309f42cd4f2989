"""A replay buffer that holds each picture once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from stable_baselines3.common.vec_env import VecNormalize

from retroml_edu.core.errors import TrainingError
from retroml_edu.core.saved import misfit
from retroml_edu.training.pictures.sparse import SparsePictures
from retroml_edu.training.sb3.buffers import DrawnReplayBuffer


class PictureReplay(DrawnReplayBuffer):
    """Steps of the past, of which each keeps only what was new to see, a *frame*; the rest is put together on reading.

    What comes after a step is the frame of the next one, and a stack is the frames of the steps before, black where
    the episode had not begun. Where a time limit cut an episode off, what was seen last is kept aside; after any other
    end nothing can be gained, and the next observation is of no account.

    Args:
        buffer_size: How many steps can be drawn from, of all environments together.
        observation_space: Pictures, channels first.
        action_space: A list.
        device: The CPU.
        n_envs: How many environments make a step.
        stacked: Whether each channel is one picture, newest last, and the stack is black below when an episode begins.
            Otherwise an observation is one frame with all its channels.
        drawing: What any replay buffer of a run is given: `rng` and `poll`.

    Attributes:
        frames: What was new at each step, shape (rows, n_envs, height, width, channels of a frame); a stack of n has
            n - 1 rows more than can be drawn.
        ends: The frame that came last where a time limit cut an episode off, black elsewhere; of the same shape.
    """

    row: ClassVar[tuple[str, ...]] = ("frames", "ends", "actions", "rewards", "dones", "timeouts")

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Box,
        action_space: spaces.Space[Any],
        device: torch.device | str = "cpu",
        n_envs: int = 1,
        *,
        stacked: bool,
        optimize_memory_usage: bool = False,  # noqa: ARG002 - stable-baselines3 gives it to every buffer
        **drawing: Any,
    ) -> None:
        # The arrays that would hold whole pictures are not even made.
        super().__init__(n_envs, observation_space, action_space, device, n_envs, **drawing)
        del self.observations, self.next_observations
        channels, *sides = self.obs_shape
        self.buffer_size = max(buffer_size // n_envs, 1)
        self.before = channels - 1 if stacked else 0
        self._rows = self.buffer_size + self.before
        for name in ("actions", "rewards", "dones", "timeouts"):
            one: np.ndarray = getattr(self, name)
            setattr(self, name, np.zeros((self._rows, *one.shape[1:]), one.dtype))
        # Behind the rows lie the frame that follows the newest of them, and a black one.
        self._coming, self._black = self._rows, self._rows + 1
        frame = (*sides, 1 if stacked else channels)
        self._all_frames = np.zeros((self._rows + 2, n_envs, *frame), np.uint8)
        self._flat = torch.from_numpy(self._all_frames).view(-1, *frame)
        self.frames = self._all_frames[: self._rows]
        self.ends = SparsePictures((self._rows, n_envs, *frame))

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Return where rows lie in the arrays."""
        return rows % self._rows

    def expect(self, observations: np.ndarray) -> None:
        """Take note of what is seen after the newest row, shape (n_envs, channels, height, width)."""
        self._all_frames[self._coming] = self._newest(observations)

    def add(
        self,
        obs: np.ndarray,
        next_obs: np.ndarray,
        action: np.ndarray,
        reward: np.ndarray,
        done: np.ndarray,
        infos: Sequence[Mapping[str, Any]],
    ) -> None:
        """Add one step of all environments.

        Raises:
            TrainingError: If these are no stacks, and were said to be.
        """
        self._check_stacks(obs, next_obs)
        at = self.added % self._rows
        cut_off = np.array([info.get("TimeLimit.truncated", False) for info in infos])
        self.frames[at] = self._newest(obs)
        self.ends[[at]] = self._newest(next_obs)[None] * cut_off[None, :, None, None, None]
        self.actions[at] = action.reshape(self.n_envs, self.action_dim)
        self.rewards[at], self.dones[at], self.timeouts[at] = reward, done, cut_off
        self.expect(next_obs)
        self.advance(1)

    def _refuse_contradictions(self, places: np.ndarray) -> None:
        cut_off = (self.dones[places] > 0) & (self.timeouts[places] > 0)
        if (self.ends.seen(places) & ~cut_off).any():
            # Nobody would read them, and they would fill memory that nobody has counted.
            raise misfit("its replay buffer shows what came after an end")

    def _newest(self, observations: np.ndarray) -> np.ndarray:
        return np.moveaxis(observations[:, self.before :], 1, -1)

    def _check_stacks(self, obs: np.ndarray, next_obs: np.ndarray) -> None:
        begins = self.dones[(self.added - 1) % self._rows] > 0 if self.added else np.ones(self.n_envs, bool)
        if obs[begins, : self.before].any() or (self.before and not np.array_equal(next_obs[:, :-1], obs[:, 1:])):
            raise TrainingError(
                "The fast engine takes pictures of an Atari game for stacks that are black when an episode begins and "
                'grow by one picture a step, and these are not. Choose engine="sb3".'
            )

    def _samples_at(self, rows: np.ndarray, envs: np.ndarray, env: VecNormalize | None) -> ReplayBufferSamples:
        newest = self.added - 1 - (self.pos - 1 - rows) % self.buffer_size
        places = self.places(newest[:, None] + np.arange(-self.before, 2))
        at = places[:, self.before], envs
        ends, cut_off = self.dones[at] > 0, self.timeouts[at] > 0
        self._hide_what_was_before(places, newest, envs)
        places[newest + 1 == self.added, -1] = self._coming
        places[ends, -1] = self._black
        found = torch.from_numpy((places * self.n_envs + envs[:, None]).ravel())
        frames = self._flat.index_select(0, found).view(*places.shape, *self._flat.shape[1:])
        for index in np.flatnonzero(cut_off):
            frames[index, -1] = torch.from_numpy(self.ends.one(at[0][index], envs[index]))
        # Channels of a frame, if it has several, are put before height and width; no number is moved for it.
        channels = frames.permute(0, 1, 4, 2, 3)
        return ReplayBufferSamples(
            observations=channels[:, :-1].flatten(1, 2),
            actions=self.to_torch(self.actions[at]),
            next_observations=channels[:, 1:].flatten(1, 2),
            # A time limit is no end: the value of what would have come still counts (Pardo et al. 2018).
            dones=self.to_torch((ends & ~cut_off).astype(np.float32)[:, None]),
            rewards=self.to_torch(self._normalize_reward(self.rewards[at].reshape(-1, 1), env)),
        )

    def _hide_what_was_before(self, places: np.ndarray, newest: np.ndarray, envs: np.ndarray) -> None:
        """Put black where a frame of a stack is of another episode, or of none."""
        earlier = places[:, : self.before]
        hidden = (self.dones[earlier, envs[:, None]] > 0) | (newest[:, None] < np.arange(self.before, 0, -1))
        # An end hides all that was before it.
        earlier[np.logical_or.accumulate(hidden[:, ::-1], axis=1)[:, ::-1]] = self._black
