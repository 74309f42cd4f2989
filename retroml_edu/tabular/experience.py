"""Episodes to learn from: one after another, or many runs of them that several learners share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular import learning_kernels, prediction_kernels
from retroml_edu.tabular.bounds import whole
from retroml_edu.tabular.locked import locked
from retroml_edu.tabular.outcomes import Outcomes, parts_of

MOST_STEPS = 100_000
"""Of an episode."""
MOST_TOGETHER = 20_000_000
"""Steps of all runs together: some 300 MB."""
_DRAWN = 256
_DRAWN_AT_ONCE = 16_384


@dataclass(frozen=True, slots=True)
class Episode:
    """What happened.

    Attributes:
        states: Shape (steps + 1,), int64, the last one terminal.
        rewards: Shape (steps,), float64.
    """

    states: np.ndarray
    rewards: np.ndarray


@dataclass(frozen=True, eq=False)
class Experience:
    """Many runs of episodes, drawn once: whoever learns from them learns from the same.

    Its arrays are its own and cannot be written to.

    Attributes:
        world: Where they come from.
        states: Shape (entries,), int64: the states of all episodes, end to end, each with the one that it ends in.
        rewards: Shape (entries,), float64: the reward after each state; 0 beside the one that an episode ends in.
        bounds: Shape (runs, episodes + 1), int64: where in those each episode of a run begins, and the last one ends.

    Raises:
        TabularError: If states are none of the world, or bounds lie outside them.
    """

    world: Outcomes
    states: np.ndarray
    rewards: np.ndarray
    bounds: np.ndarray

    def __post_init__(self) -> None:
        for name, kind in {"states": np.int64, "rewards": np.float64, "bounds": np.int64}.items():
            object.__setattr__(self, name, locked(getattr(self, name), kind))
        # Kernels look at no bounds: what is wrong here would read memory that is not theirs.
        shapes_fit = self.states.shape == self.rewards.shape and self.states.ndim == 1
        if not shapes_fit or self.bounds.ndim != 2 or not self.bounds.shape[1]:
            raise TabularError("An experience has as many rewards as states, and bounds of shape (runs, episodes + 1).")
        inside = self.bounds.min(initial=0) >= 0 and self.bounds.max(initial=0) <= len(self.states)
        if not inside or (np.diff(self.bounds, axis=1) < 2).any():
            raise TabularError("An episode of an experience has two states or more, all of them among its states.")
        if not 0 <= self.states.min(initial=0) <= self.states.max(initial=0) < len(self.world.terminal):
            raise TabularError(f"States of this world have the numbers 0 to {len(self.world.terminal) - 1}.")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.world, self.states, self.rewards, self.bounds)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.bounds)

    @property
    def n_episodes(self) -> int:
        """How many episodes each has."""
        return int(self.bounds.shape[1]) - 1

    def episodes(self, run: int) -> Iterator[Episode]:
        """Return the episodes of a run, in their order."""
        for begin, end in zip(self.bounds[run], self.bounds[run, 1:], strict=False):
            yield Episode(self.states[begin:end], self.rewards[begin : end - 1])


def random_episodes(world: Outcomes, rng: np.random.Generator) -> Iterator[Episode]:
    """Play episodes for ever, every action equally likely: two draws a step, which action and which outcome.

    Raises:
        TabularError: If an episode does not end within 100,000 steps.
    """
    parts = parts_of(world)
    draws = rng.random((_DRAWN, 2))
    while True:
        while True:
            states, rewards = np.empty(len(draws) + 1, dtype=np.int64), np.empty(len(draws))
            length = learning_kernels.wander(*parts, draws, states, rewards)
            if length:
                break
            if len(draws) >= MOST_STEPS:
                raise _endless(len(draws))
            draws = np.concatenate((draws, rng.random((max(len(draws), _DRAWN), 2))))
        draws = draws[length:]
        yield Episode(states[: length + 1].copy(), rewards[:length].copy())


def gather_experience(world: Outcomes, *, runs: int, n_episodes: int, rng: np.random.Generator) -> Experience:
    """Play many runs of episodes, every action equally likely: those that `random_episodes` would play, but at once.

    Args:
        world: Where.
        runs: How many.
        n_episodes: Of each.
        rng: Where draws come from.

    Raises:
        TabularError: If there would be none, too many steps together, or an episode that does not end.
    """
    whole("runs", runs, 1)
    whole("n_episodes", n_episodes, 1)
    if runs * n_episodes > MOST_TOGETHER:  # each has a step at least
        raise _too_many(runs, n_episodes)
    parts = parts_of(world)
    now = np.array([world.start, 0, 0], dtype=np.int64)
    ends = np.zeros(runs * n_episodes, dtype=np.int64)
    states, rewards, total = [], [], 0
    while now[2] < len(ends):
        draws = rng.random((_DRAWN_AT_ONCE, 2))
        passed, gains = np.empty(2 * len(draws), dtype=np.int64), np.empty(2 * len(draws))
        done = int(now[2])
        written = prediction_kernels.wander_on(*parts, MOST_STEPS, draws, now, passed, gains, ends)
        if written < 0:
            raise _endless(MOST_STEPS)
        ends[done : now[2]] += total
        total += written
        if total > MOST_TOGETHER:
            raise _too_many(runs, n_episodes)
        states.append(passed[:written])
        rewards.append(gains[:written])
    lasts = ends.reshape(runs, n_episodes)
    firsts = np.concatenate(([0], lasts[:-1, -1]))
    bounds = np.column_stack((firsts, lasts))
    return Experience(world, np.concatenate(states), np.concatenate(rewards), bounds)


def _too_many(runs: int, n_episodes: int) -> TabularError:
    return TabularError(f"{runs:,} runs of {n_episodes:,} episodes have more than {MOST_TOGETHER:,} steps: take fewer.")


def _endless(steps: int) -> TabularError:
    return TabularError(f"An episode has not ended after {steps:,} steps: no end can be reached.")
