"""What the fast forms reward in training beside what the game does, so that it is learned inside a lesson."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from retroml_edu.envs.atari.objects import freeway


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


class LessonReward(NamedTuple):
    """What is added to a game's own reward, cut to its sign.

    Attributes:
        life_cost: What an ended life takes off, the last one of a game too.
        progress: What is rewarded as it is gone.
    """

    life_cost: float = 0.0
    progress: Progress | None = None

    @property
    def words(self) -> str:
        """What it does, as part of a sentence."""
        said = [f"a lost life costs {self.life_cost:g} while it learns"] if self.life_cost else []
        if self.progress:
            brings = f"{self.progress.name} brings {self.progress.worth:g} bit by bit while it learns"
            said.append(f"{brings}, taken back as the next begins")
        return ", ".join(said)


LESSON_REWARDS: Mapping[str, LessonReward] = MappingProxyType(
    {
        # A lost ball does cost what it would have hit, but that is only seen as rewards missing.
        "Breakout": LessonReward(life_cost=1.0),
        # Nothing is learned before a first chicken is across by chance, which takes 43 steps up in a row.
        "Freeway": LessonReward(progress=Progress("the way across", freeway.CHICKEN, freeway.WAY, 0.5)),
    }
)
"""By game, where there are any: both are learned sooner so."""


class WithLessonReward(gym.Wrapper[Any, Any, Any, Any]):
    """Adds a lesson's reward in training. Returns are told without it.

    Beginning a way anew takes back all that it brought: undiscounted, the rewards of a game sum up to where it ends,
    and nothing is to be had by going to and fro. With a discount a little is, and less than by getting there. (It is
    the difference of a potential, as in Ng, Harada and Russell 1999, whose has the discount in it; an environment is
    told none.)

    Args:
        env: A game of the emulator, whose episodes are lives.
        reward: What is added.
    """

    def __init__(self, env: gym.Env[Any, Any], reward: LessonReward) -> None:
        super().__init__(env)
        game: Any = env.unwrapped
        self._ale = game.ale
        self._life_cost = reward.life_cost
        self._byte = reward.progress.byte if reward.progress else 0
        self._worth = reward.progress.worth / reward.progress.whole if reward.progress else 0.0
        self._before = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin where the game begins."""
        seen, info = self.env.reset(seed=seed, options=options)
        self._before = self._now()
        return seen, info

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Step the game, take off what an ended life costs, and add what the way was worth."""
        seen, reward, terminated, truncated, info = self.env.step(action)
        now = self._now()
        gone, self._before = now - self._before, now
        reward = float(reward) - self._life_cost * terminated + self._worth * gone
        return seen, reward, terminated, truncated, info

    def _now(self) -> int:
        return int(self._ale.getRAM()[self._byte])
