"""Bandits: many problems at once, and the strategies that learn which arm is best; Sutton and Barto (2018), chapter 2.

Every array has one row a problem, so a mean over two thousand of them costs little more than one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.bounds import between, whole
from retroml_edu.tabular.locked import locked

MOST_PULLS = 20_000_000
"""Of all problems together."""


@dataclass(frozen=True)
class Arms:
    """Problems whose arms pay by chance: Gaussian, around a mean of their own, or 0 and 1.

    Attributes:
        means: Shape (problems, arms); cannot be written to.
        binary: Whether a pull pays 1 with the mean as its probability, else 0; otherwise the mean plus Gaussian noise
            of standard deviation 1.
    """

    means: np.ndarray
    binary: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "means", locked(self.means, np.float64))
        if self.means.ndim != 2 or not self.means.size or not np.isfinite(self.means).all():
            raise TabularError("Means of arms are numbers, in an array of shape (problems, arms).")
        if self.binary:
            between("means", float(self.means.min()), 0, 1)
            between("means", float(self.means.max()), 0, 1)

    @property
    def best(self) -> np.ndarray:
        """Shape (problems,), the highest mean."""
        best: np.ndarray = self.means.max(axis=1)
        return best

    def pull(self, arm: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return what one arm of each problem pays, shape (problems,)."""
        mean = self.means[np.arange(len(arm)), arm]
        paid: np.ndarray = rng.random(len(arm)) < mean if self.binary else mean + rng.standard_normal(len(arm))
        return paid.astype(float)


def gaussian_arms(rng: np.random.Generator, problems: int, arms: int = 10) -> Arms:
    """Return the ten-armed testbed of Sutton and Barto (2018), section 2.3: means drawn from a standard normal."""
    return Arms(rng.standard_normal((problems, arms)))


class Strategy(Protocol):
    """Picks an arm of every problem, and learns from what it paid."""

    name: str

    def begin(self, problems: int, arms: int) -> None:
        """Forget everything."""

    def choose(self, rng: np.random.Generator) -> np.ndarray:
        """Return an arm for each problem, shape (problems,)."""

    def learn(self, arm: np.ndarray, reward: np.ndarray) -> None:
        """Take note of what was paid."""

    @property
    def estimates(self) -> np.ndarray:
        """What it holds each arm to be worth, or how much it prefers it; shape (problems, arms)."""


class _SampleMeans:
    """What action-value strategies share: the mean of what each arm has paid so far (equation 2.3)."""

    def __init__(self, start: float = 0.0, step_size: float = 0.0) -> None:
        self.start = start
        self.step_size = step_size
        self.begin(1, 1)

    def begin(self, problems: int, arms: int) -> None:
        """Forget everything."""
        self._each = np.arange(problems)
        self.pulls = np.zeros((problems, arms))
        self.estimates = np.full((problems, arms), self.start, dtype=float)

    def learn(self, arm: np.ndarray, reward: np.ndarray) -> None:
        """Move the estimate of the arm that was pulled towards what it paid (equations 2.3 and 2.5)."""
        at = self._each, arm
        self.pulls[at] += 1
        step_size = self.step_size or 1 / self.pulls[at]
        self.estimates[at] += step_size * (reward - self.estimates[at])


class EpsilonGreedy(_SampleMeans):
    """Takes the arm that looks best, and now and then any (section 2.2).

    Args:
        epsilon: How often any arm is taken, 0 to 1.
        start: First estimate of every arm; a high one makes it try them all (section 2.6).
        step_size: Constant weight of the newest reward; 0 for the mean of all.
    """

    def __init__(self, epsilon: float, start: float = 0.0, step_size: float = 0.0) -> None:
        between("epsilon", epsilon, 0, 1)
        self.epsilon = epsilon
        self.name = f"ε-greedy, ε = {epsilon:g}" if epsilon else "greedy"
        super().__init__(start, step_size)

    def choose(self, rng: np.random.Generator) -> np.ndarray:
        """Return an arm for each problem; equally good ones are drawn from."""
        chosen = _best(self.estimates, rng)
        explores = rng.random(len(chosen)) < self.epsilon
        chosen[explores] = rng.integers(self.estimates.shape[1], size=int(explores.sum()))
        return chosen


class UpperConfidenceBound(_SampleMeans):
    """Takes the arm that could be best, given how seldom it was tried (section 2.7, equation 2.10; Auer et al. 2002).

    Args:
        c: How much doubt counts, from 0.
    """

    def __init__(self, c: float) -> None:
        between("c", c, 0, np.inf)
        self.c = c
        self.name = f"UCB, c = {c:g}"
        super().__init__()

    def choose(self, rng: np.random.Generator) -> np.ndarray:
        """Return an arm for each problem; those never tried come first."""
        time = self.pulls.sum(axis=1, keepdims=True) + 1
        with np.errstate(divide="ignore", invalid="ignore"):
            doubt = np.where(self.pulls > 0, self.c * np.sqrt(np.log(time) / self.pulls), np.inf)
        return _best(self.estimates + doubt, rng)


class ThompsonSampling(_SampleMeans):
    """Draws a world that fits what was seen, and takes the arm that is best in it (Thompson 1933).

    Args:
        binary: Whether arms pay 0 or 1: beliefs are Beta distributions then, and Gaussian otherwise, both from a prior
            that knows nothing but the scale of means.
    """

    def __init__(self, binary: bool = False) -> None:
        self.binary = binary
        self.name = "Thompson"
        super().__init__()

    def choose(self, rng: np.random.Generator) -> np.ndarray:
        """Return an arm for each problem."""
        if self.binary:
            wins = self.estimates * self.pulls
            if wins.min() < 0 or (wins > self.pulls + 1e-6).any():
                raise TabularError("These arms pay other things than 0 and 1: take ThompsonSampling(binary=False).")
            return _best(rng.beta(1 + wins, np.maximum(1 + self.pulls - wins, 0.5)), rng)
        # Prior: normal, mean 0, variance 1; noise of variance 1. The posterior's mean shrinks the sample's to 0.
        certainty = 1 + self.pulls
        mean = self.estimates * self.pulls / certainty
        return _best(mean + rng.standard_normal(mean.shape) / np.sqrt(certainty), rng)


class GradientBandit:
    """Prefers arms that paid more than the mean so far (section 2.8, equation 2.12).

    Args:
        step_size: How far one reward moves the preferences, above 0.
        baseline: Whether rewards are compared with their mean.
    """

    def __init__(self, step_size: float, baseline: bool = True) -> None:
        between("step_size", step_size, 0, np.inf)
        self.step_size = step_size
        self.baseline = baseline
        self.name = f"gradient, α = {step_size:g}" + ("" if baseline else ", no baseline")
        self.begin(1, 1)

    def begin(self, problems: int, arms: int) -> None:
        """Forget everything."""
        self._each = np.arange(problems)
        self._time = 0
        self._mean = np.zeros(problems)
        self.estimates = np.zeros((problems, arms))

    @property
    def probabilities(self) -> np.ndarray:
        """How likely each arm is taken: a softmax of the preferences (equation 2.11); shape (problems, arms)."""
        raised = np.exp(self.estimates - self.estimates.max(axis=1, keepdims=True))
        shared: np.ndarray = raised / raised.sum(axis=1, keepdims=True)
        return shared

    def choose(self, rng: np.random.Generator) -> np.ndarray:
        """Return an arm for each problem."""
        below = self.probabilities.cumsum(axis=1) < rng.random((len(self._each), 1))
        chosen: np.ndarray = np.minimum(below.sum(axis=1), self.estimates.shape[1] - 1)
        return chosen

    def learn(self, arm: np.ndarray, reward: np.ndarray) -> None:
        """Move all preferences: that of the arm by its surprise, the others the other way."""
        self._time += 1
        # The newest reward counts, as in the book's figures (the footnote to equation 2.12), not its equation.
        self._mean += (reward - self._mean) / self._time
        surprise = self.step_size * (reward - (self._mean if self.baseline else 0.0))
        self.estimates -= surprise[:, None] * self.probabilities
        self.estimates[self._each, arm] += surprise


@dataclass(frozen=True, slots=True)
class Pull:
    """One pull in every problem.

    Attributes:
        arm: Shape (problems,).
        reward: Shape (problems,).
    """

    arm: np.ndarray
    reward: np.ndarray


@dataclass(frozen=True, slots=True)
class BanditRun:
    """What a strategy did, over all problems; each of shape (steps, problems).

    Attributes:
        reward: What it was paid.
        regret: By how much the best arm's mean was higher than that of the arm it took.
        optimal: Whether it took a best arm.
    """

    reward: np.ndarray
    regret: np.ndarray
    optimal: np.ndarray


def pulls(strategy: Strategy, arms: Arms, rng: np.random.Generator) -> Iterator[Pull]:
    """Let a strategy play for ever, one pull of every problem at a time; it begins anew."""
    strategy.begin(*arms.means.shape)
    while True:
        arm = strategy.choose(rng)
        reward = arms.pull(arm, rng)
        strategy.learn(arm, reward)
        yield Pull(arm, reward)


def play_bandit(strategy: Strategy, arms: Arms, steps: int, rng: np.random.Generator) -> BanditRun:
    """Let a strategy play all problems for some steps.

    Raises:
        TabularError: If that would be more than twenty million pulls.
    """
    whole("steps", steps, 0)
    problems = len(arms.means)
    if steps * problems > MOST_PULLS:
        raise TabularError(f"{problems:,} problems of {steps:,} steps are more than {MOST_PULLS:,} pulls: take fewer.")
    rewards, regrets = np.empty((steps, problems)), np.empty((steps, problems))
    optimal = np.empty((steps, problems), dtype=bool)
    each, best = np.arange(problems), arms.best
    for step, pull in zip(range(steps), pulls(strategy, arms, rng), strict=False):
        mean = arms.means[each, pull.arm]
        rewards[step], regrets[step], optimal[step] = pull.reward, best - mean, mean == best
    return BanditRun(rewards, regrets, optimal)


def _best(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return which value of each row is the highest; of equal ones, any."""
    ties = values == values.max(axis=1, keepdims=True)
    chosen: np.ndarray = ties.argmax(axis=1)
    several = np.flatnonzero(ties.sum(axis=1) > 1)  # drawing for all rows would take most of the time
    if len(several):
        chosen[several] = (rng.random((len(several), values.shape[1])) * ties[several]).argmax(axis=1)
    return chosen
