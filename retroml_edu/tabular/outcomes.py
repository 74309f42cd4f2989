"""What can follow a state and an action, one by one: the world that a learner acts in, and plans are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.bounds import whole
from retroml_edu.tabular.locked import locked
from retroml_edu.tabular.mdp import MDP


@dataclass(frozen=True)
class Outcomes:
    """A world to act in: from each state and action up to so many outcomes, one of which happens.

    Its arrays are its own, laid out as compiled kernels read them, and cannot be written to.

    Attributes:
        probability: Shape (states, actions, outcomes); each row sums to 1, what cannot happen has 0.
        following: Shape (states, actions, outcomes), number of the next state.
        reward: Shape (states, actions, outcomes).
        terminal: Shape (states,), where an episode ends.
        start: Number of the state where episodes start.

    Raises:
        TabularError: If shapes do not fit, a state is none, probabilities are none, or an episode would end where it
            starts.
    """

    probability: np.ndarray
    following: np.ndarray
    reward: np.ndarray
    terminal: np.ndarray
    start: int

    def __post_init__(self) -> None:
        kinds = {"probability": np.float64, "following": np.int64, "reward": np.float64, "terminal": np.bool_}
        for name, kind in kinds.items():
            object.__setattr__(self, name, locked(getattr(self, name), kind))
        shape = self.probability.shape
        states = shape[0] if len(shape) == 3 and self.probability.size else 0
        # Kernels look at no bounds: what is wrong here would read memory that is not theirs.
        if not states or self.following.shape != shape or self.reward.shape != shape or len(self.terminal) != states:
            raise TabularError(
                "Probability, following and reward of a world have one shape (states, actions, outcomes), and terminal "
                f"has (states,); these have {shape}, {self.following.shape}, {self.reward.shape} and "
                f"{self.terminal.shape}."
            )
        whole("start", self.start, 0)
        if not (self.following.min() >= 0 and self.following.max() < states and 0 <= self.start < states):
            raise TabularError(f"States of this world have the numbers 0 to {states - 1}.")
        if self.terminal[self.start]:
            raise TabularError("An episode cannot start where it ends.")
        self.mdp()  # which looks at the probabilities

    def __reduce__(self) -> tuple[Any, ...]:
        # What is copied or unpickled is looked at and locked like the first: numpy's own copies can be written to.
        return type(self), (self.probability, self.following, self.reward, self.terminal, self.start)

    @property
    def cumulative(self) -> np.ndarray:
        """Shape (states, actions, outcomes), for the choice of one by a number from 0 to 1."""
        summed: np.ndarray = self.probability.cumsum(axis=2)
        return summed

    def mdp(self) -> MDP:
        """Return the decision process, with the rewards to be expected."""
        states, actions, outcomes = self.probability.shape
        transitions = np.zeros((states, actions, states))
        each = np.ogrid[:states, :actions]
        for k in range(outcomes):
            np.add.at(transitions, (each[0], each[1], self.following[:, :, k]), self.probability[:, :, k])
        return MDP(transitions, (self.probability * self.reward).sum(axis=2), self.terminal)


def parts_of(world: Outcomes) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
    """Return what kernels are told of a world: cumulative, following, reward, terminal, start.

    Raises:
        TabularError: If it is no world, whose numbers have been looked at.
    """
    if not isinstance(world, Outcomes):
        raise TabularError(f"A world to act in is made by outcomes() or random_walk(), and this is {type(world)!r}.")
    return world.cumulative, world.following, world.reward, world.terminal, int(world.start)


def random_walk(states: int = 5, left: float = 0.0, right: float = 1.0) -> Outcomes:
    """Return a walk between two ends, to either side by chance, from the middle; the reward is that of the end.

    Sutton and Barto (2018), example 6.2 (5 states) and section 7.1 (19 states, -1 at the left end).

    Args:
        states: Between the ends; odd, so that there is a middle.
        left: Reward for reaching the left end, state 0.
        right: Reward for reaching the right end, the last state.
    """
    if states < 1 or states % 2 == 0:
        raise TabularError(f"A walk of {states} states has no middle to start from: take an odd number.")
    number = np.arange(states + 2)
    following = np.clip(np.stack((number - 1, number + 1), axis=1), 0, states + 1)[:, None, :]
    reward = np.where(following == 0, left, np.where(following == states + 1, right, 0.0))
    terminal = (number == 0) | (number == states + 1)
    return Outcomes(np.full(following.shape, 0.5), following, reward, terminal, (states + 1) // 2)
