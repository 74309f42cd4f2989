"""Learning what states are worth, from the same episodes: Monte Carlo, TD(0), n-step TD and TD(lambda)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular import learning_kernels as kernels
from retroml_edu.tabular import prediction_kernels
from retroml_edu.tabular.bounds import between, whole
from retroml_edu.tabular.experience import MOST_STEPS, Episode, Experience, gather_experience
from retroml_edu.tabular.mdp import uniform_policy
from retroml_edu.tabular.outcomes import Outcomes


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
        if self.n is not None:
            whole("n", self.n, 1)

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


def exact_values(world: Outcomes, gamma: float = 1.0) -> np.ndarray:
    """Return what states are worth if every action is equally likely, from the linear equations; shape (states,)."""
    mdp = world.mdp()
    return mdp.values_of(uniform_policy(mdp), gamma)


def value_errors(
    learners: Sequence[Learns], world: Outcomes, *, runs: int, n_episodes: int, start: float, rng: np.random.Generator
) -> np.ndarray:
    """Return how far off learners are after each episode, all of them from the same episodes, which are played for it.

    Args:
        learners: See `errors_from`.
        world: Where episodes come from.
        runs: How often they begin anew.
        n_episodes: Of each run.
        start: Value to begin with.
        rng: Where episodes are drawn from.

    Returns:
        Shape (learners, runs, n_episodes), root of the mean squared error over the states that are not terminal.
    """
    experience = gather_experience(world, runs=runs, n_episodes=n_episodes, rng=rng)
    return errors_from(experience, learners, start=start)


def errors_from(experience: Experience, learners: Sequence[Learns], *, start: float) -> np.ndarray:
    """Return how far off learners are after each episode of an experience.

    Args:
        experience: What they learn from.
        learners: Who learns. If all of them are `NStepTD` and `TDLambda` of the package, they learn in one compiled
            loop, thousands of runs a second; learners of your own learn one episode after another.
        start: Value to begin with.

    Returns:
        Shape (learners, runs, episodes), root of the mean squared error over the states that are not terminal, against
        the exact values with discount 1.
    """
    world = experience.world
    true, found = exact_values(world), np.empty((len(learners), experience.runs, experience.n_episodes))
    if not all(type(learner) in (NStepTD, TDLambda) for learner in learners):
        _one_by_one(experience, learners, start, true, found)
        return found
    settings = np.array([_settings(learner) for learner in learners]).reshape(-1, 4)
    order = np.lexsort((settings[:, 2], settings[:, 0]))  # those of equal n side by side
    learned, rows = np.empty_like(found), settings[order]
    prediction_kernels.errors_of_all(
        experience.states,
        experience.rewards,
        experience.bounds,
        rows[:, 0].astype(np.int64),
        np.ascontiguousarray(rows[:, 1:]),
        true,
        world.terminal,
        start,
        learned,
    )
    found[order] = learned
    return found


def _settings(learner: Any) -> tuple[float, float, float, float]:
    """Return n (0 for TD(lambda)), step size, discount and lambda."""
    if isinstance(learner, TDLambda):
        return 0, learner.alpha, learner.gamma, learner.decay
    return min(learner.n or MOST_STEPS, MOST_STEPS), learner.alpha, learner.gamma, 0.0


def _one_by_one(
    experience: Experience, learners: Sequence[Learns], start: float, true: np.ndarray, found: np.ndarray
) -> None:
    on = ~experience.world.terminal
    for run in range(experience.runs):
        tables = [np.where(on, start, 0.0) for _ in learners]
        for number, episode in enumerate(experience.episodes(run)):
            for i, (learn, values) in enumerate(zip(learners, tables, strict=True)):
                learn(values, episode)
                found[i, run, number] = np.sqrt(np.mean((values[on] - true[on]) ** 2))
