"""A reward for coming nearer to what a game rewards."""

from __future__ import annotations

from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np


class Progress(NamedTuple):
    """How far somebody has come, as the console's memory tells it.

    Attributes:
        name: What it is called in a sentence.
        byte: Address of what rises on the way.
        whole: By how much it rises on the whole way.
        worth: Reward of the whole way.
    """

    name: str
    byte: int
    whole: int
    worth: float


class RewardedProgress(gym.Wrapper[Any, Any, Any, Any]):
    """Rewards each part of a way as it is gone, and takes back what is lost.

    Beginning the way anew takes back the whole, so that nothing is to be had by going round in circles: over a game the
    rewards sum up to where it ends. (Ng, Harada and Russell 1999, with a discount of 1: this is the difference of a
    potential.) Returns are told without it.

    Args:
        env: A game of the emulator.
        progress: What is rewarded.
    """

    def __init__(self, env: gym.Env[Any, Any], progress: Progress) -> None:
        super().__init__(env)
        game: Any = env.unwrapped
        self._ale = game.ale
        self._byte = progress.byte
        self._worth = progress.worth / progress.whole
        self._before = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin where the game begins."""
        seen, info = self.env.reset(seed=seed, options=options)
        self._before = self._now()
        return seen, info

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Step the game, and add what the way was worth."""
        seen, reward, terminated, truncated, info = self.env.step(action)
        now = self._now()
        gone, self._before = now - self._before, now
        return seen, float(reward) + self._worth * gone, terminated, truncated, info

    def _now(self) -> int:
        return int(self._ale.getRAM()[self._byte])
