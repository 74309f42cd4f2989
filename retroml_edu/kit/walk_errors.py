"""How far off learners are on the random walk: over episodes, and over step sizes; means of many runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from retroml_edu.analysis.intervals import mean_interval
from retroml_edu.kit.walk_replay import Learner
from retroml_edu.tabular import Experience, NStepTD, TDLambda, errors_from, gather_experience, random_walk

ALPHAS = np.linspace(0, 1, 33) ** 1.5
"""Step sizes of a study: close together where they are small, as Monte Carlo needs them."""
STUDY_BLOCK = 10
"""Runs of a study that are measured at once: at 50 episodes each they take half a second."""
N_OF_STUDY = (1, 2, 4, 8, 32, None)
DECAYS_OF_STUDY = (0.0, 0.4, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk, and how it is learned about.

    Attributes:
        states: Between the ends.
        left: Reward of the left end.
        right: Reward of the right end.
    """

    states: int = 5
    left: float = 0.0
    right: float = 1.0

    @property
    def start(self) -> float:
        """Value that all states begin with: the middle of the two rewards."""
        return (self.left + self.right) / 2


WALKS = {"5 states": Walk(), "19 states": Walk(19, -1.0, 1.0)}
"""The two of the book: example 6.2 and section 7.1."""


@lru_cache(maxsize=4)
def experience_of(walk: Walk, runs: int, n_episodes: int, seed: int) -> Experience:
    """Return the episodes that every learner learns from; drawn once, so that a slider changes the learner alone."""
    world, rng = random_walk(walk.states, walk.left, walk.right), np.random.default_rng(seed)
    return gather_experience(world, runs=runs, n_episodes=n_episodes, rng=rng)


def error_curves(walk: Walk, learners: Sequence[Learner], *, runs: int, n_episodes: int, seed: int = 0) -> np.ndarray:
    """Return the error of each learner after each episode, and before the first, of each run.

    Returns:
        Shape (learners, runs, n_episodes + 1).
    """
    experience = experience_of(walk, runs, n_episodes, seed)
    after = errors_from(experience, learners, start=walk.start)
    world = random_walk(walk.states, walk.left, walk.right)
    exact = np.linspace(walk.left, walk.right, len(world.terminal))[1:-1]
    before = np.sqrt(np.mean((walk.start - exact) ** 2))
    return np.concatenate((np.full((*after.shape[:2], 1), before), after), axis=2)


@dataclass(frozen=True)
class Study:
    """The error over the first episodes, by step size.

    Attributes:
        names: Of the lines.
        alphas: Shape (step sizes,).
        mean: Shape (lines, step sizes).
        low: Likewise, of the 95 % interval.
        high: Likewise.
    """

    names: Sequence[str]
    alphas: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def best(self) -> tuple[str, float, float]:
        """Return the line, the step size and the error of the lowest point."""
        i, j = divmod(int(np.nanargmin(self.mean)), len(self.alphas))
        return self.names[i], float(self.alphas[j]), float(self.mean[i, j])


def study_blocks(walk: Walk, over: str, *, runs: int, n_episodes: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield the mean error over the first episodes of n-step TD or TD(lambda) by step size, some runs at a time.

    Sutton and Barto (2018), figures 7.2 and 12.6.

    Args:
        walk: Where.
        over: ``n`` or ``λ``.
        runs: How many.
        n_episodes: The first of each run.
        seed: Which episodes.

    Yields:
        Shape (lines * step sizes, runs of the block).
    """
    if over == "n":
        learners: list[Learner] = [NStepTD(float(alpha), n) for n in N_OF_STUDY for alpha in ALPHAS]
    else:
        learners = [TDLambda(float(alpha), decay) for decay in DECAYS_OF_STUDY for alpha in ALPHAS]
    experience = experience_of(walk, runs, n_episodes, seed)
    for first in range(0, runs, STUDY_BLOCK):
        block = replace(experience, bounds=experience.bounds[first : first + STUDY_BLOCK])
        yield errors_from(block, learners, start=walk.start).mean(axis=2)


def study_of(over: str, found: np.ndarray) -> Study:
    """Return the means and intervals of what `study_blocks` has found, blocks joined along the runs."""
    if over == "n":
        names = [f"n = {n}" if n else "Monte Carlo" for n in N_OF_STUDY]
    else:
        names = [f"λ = {decay:g}" for decay in DECAYS_OF_STUDY]
    with np.errstate(over="ignore", invalid="ignore"):  # large steps with traces run away
        mean, low, high = mean_interval(found, axis=1)
    shape = (len(names), len(ALPHAS))
    return Study(names, ALPHAS, mean.reshape(shape), low.reshape(shape), high.reshape(shape))
