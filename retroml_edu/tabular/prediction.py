"""Learning what states are worth, from the same episodes: Monte Carlo, TD(0), n-step TD and TD(lambda)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular import learning_kernels as kernels
from retroml_edu.tabular.bounds import between
from retroml_edu.tabular.mdp import uniform_policy
from retroml_edu.tabular.outcomes import Outcomes

MOST_STEPS = 100_000
"""Of an episode."""
_DRAWN = 256


@dataclass(frozen=True, slots=True)
class Episode:
    """What happened.

    Attributes:
        states: Shape (steps + 1,), int64, the last one terminal.
        rewards: Shape (steps,), float64.
    """

    states: np.ndarray
    rewards: np.ndarray


class Learns(Protocol):
    """Learns values from an episode: changes them in place."""

    def __call__(self, values: np.ndarray, episode: Episode) -> None:
        """Learn."""


@dataclass(frozen=True)
class NStepTD:
    """n-step TD (Sutton and Barto 2018, section 7.1); `n` 1 is TD(0), None is Monte Carlo with a constant step size.

    Attributes:
        alpha: Step size.
        n: Rewards that are looked at before a value is moved.
        gamma: Discount.
    """

    alpha: float
    n: int | None = 1
    gamma: float = 1.0

    def __post_init__(self) -> None:
        _check(self.alpha, self.gamma)
        if self.n is not None and self.n < 1:
            raise TabularError(f"n={self.n} rewards are too few: 1 is the least.")

    def __call__(self, values: np.ndarray, episode: Episode) -> None:
        """Learn from an episode."""
        _fits(values, episode)
        length = len(episode.rewards)
        n = length if self.n is None else min(self.n, length)
        kernels.n_step_td(values, episode.states, episode.rewards, self.alpha, self.gamma, n)


@dataclass(frozen=True)
class TDLambda:
    """TD(lambda) with accumulating traces (Sutton and Barto 2018, section 12.2).

    Attributes:
        alpha: Step size.
        decay: Lambda, 0 to 1.
        gamma: Discount.
    """

    alpha: float
    decay: float
    gamma: float = 1.0

    def __post_init__(self) -> None:
        _check(self.alpha, self.gamma)
        between("decay", self.decay, 0, 1)

    def __call__(self, values: np.ndarray, episode: Episode) -> None:
        """Learn from an episode."""
        _fits(values, episode)
        traces = np.empty(len(values))
        kernels.td_lambda(values, traces, episode.states, episode.rewards, self.alpha, self.gamma, self.decay)


def _check(alpha: float, gamma: float) -> None:
    between("alpha", alpha, 0, 1)
    between("gamma", gamma, 0, 1)


def _fits(values: np.ndarray, episode: Episode) -> None:
    """Refuse what a kernel cannot read, or would read beyond its bounds."""
    kinds: Sequence[tuple[Any, Any]] = ((values, np.float64), (episode.states, np.int64), (episode.rewards, np.float64))
    if not all(isinstance(each, np.ndarray) and each.dtype == kind and each.ndim == 1 for each, kind in kinds):
        raise TabularError("Values and rewards are arrays of float64, states one of int64, each of one dimension.")
    if not (values.flags.c_contiguous and values.flags.writeable):
        raise TabularError("Values are changed in place: they have to be an array of their own, not a part of another.")
    if len(episode.states) != len(episode.rewards) + 1:
        raise TabularError("An episode has one state more than rewards: the one that it ends in.")
    if episode.states.min() < 0 or episode.states.max() >= len(values):
        raise TabularError(f"There are values for the states 0 to {len(values) - 1}, and the episode has others.")


def random_episodes(world: Outcomes, rng: np.random.Generator) -> Iterator[Episode]:
    """Play episodes for ever, every action equally likely.

    Raises:
        TabularError: If an episode does not end within 100,000 steps.
    """
    cumulative = world.cumulative
    while True:
        draws = rng.random((_DRAWN, 2))
        while True:
            states, rewards = np.empty(len(draws) + 1, dtype=np.int64), np.empty(len(draws))
            length = kernels.wander(
                cumulative, world.following, world.reward, world.terminal, int(world.start), draws, states, rewards
            )
            if length:
                break
            if len(draws) >= MOST_STEPS:
                raise TabularError(f"An episode has not ended after {len(draws):,} steps: no end can be reached.")
            draws = np.concatenate((draws, rng.random(draws.shape)))
        yield Episode(states[: length + 1].copy(), rewards[:length].copy())


def exact_values(world: Outcomes, gamma: float = 1.0) -> np.ndarray:
    """Return what states are worth if every action is equally likely, from the linear equations; shape (states,)."""
    mdp = world.mdp()
    return mdp.values_of(uniform_policy(mdp), gamma)


def value_errors(
    learners: Sequence[Learns], world: Outcomes, *, runs: int, n_episodes: int, start: float, rng: np.random.Generator
) -> np.ndarray:
    """Return how far off learners are after each episode, all of them from the same episodes.

    Args:
        learners: Who learns; discount 1.
        world: Where episodes come from.
        runs: How often they begin anew.
        n_episodes: Of each run.
        start: Value to begin with.
        rng: Where episodes are drawn from.

    Returns:
        Shape (learners, runs, n_episodes), root of the mean squared error over the states that are not terminal.
    """
    true, on = exact_values(world), ~world.terminal
    found = np.empty((len(learners), runs, n_episodes))
    source = random_episodes(world, rng)
    for run in range(runs):
        tables = [np.where(world.terminal, 0.0, start) for _ in learners]
        for number in range(n_episodes):
            episode = next(source)
            for i, (learn, values) in enumerate(zip(learners, tables, strict=True)):
                learn(values, episode)
                found[i, run, number] = np.sqrt(np.mean((values[on] - true[on]) ** 2))
    return found
