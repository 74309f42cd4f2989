"""How a strategy does on average over many bandit problems: compiled, for a figure that answers a slider."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.bandits import (
    MOST_PULLS,
    Arms,
    EpsilonGreedy,
    GradientBandit,
    Strategy,
    ThompsonSampling,
    UpperConfidenceBound,
    play_bandit,
)
from retroml_edu.tabular.bounds import whole

STRETCHES = 200
"""Points of a curve at most."""
_AT_ONCE = 250_000
"""Pulls whose random numbers are drawn together: enough to be quick, few enough to stay in memory."""


@dataclass(frozen=True, slots=True)
class BanditCurves:
    """What a strategy did in each problem, over stretches of pulls of equal length.

    Attributes:
        pull: Shape (stretches,), the last pull of each, counted from 1.
        reward: Shape (problems, stretches), mean reward of a pull.
        optimal: Likewise, share of pulls that took a best arm.
        regret: Likewise, sum of all regrets until the end of the stretch.
    """

    pull: np.ndarray
    reward: np.ndarray
    optimal: np.ndarray
    regret: np.ndarray


def bandit_curves(strategy: Strategy, arms: Arms, steps: int, rng: np.random.Generator) -> BanditCurves:
    """Let a strategy play every problem for some steps; the fast way to what `play_bandit` finds out.

    The four strategies of this package run compiled on Gaussian arms, from a stream of random numbers of their own:
    single runs differ from those of `play_bandit`, their distribution does not. With the same generator two
    strategies get the same luck: a reward differs only where the arm does. Any other strategy is played step by step.

    Args:
        strategy: Begins anew.
        arms: The problems.
        steps: Pulls in each.
        rng: Where all chance comes from.

    Raises:
        TabularError: If that would be more than twenty million pulls, or none.
    """
    problems = len(arms.means)
    whole("steps", steps, 1)
    if steps > MOST_PULLS // problems:
        raise TabularError(f"{problems:,} problems of {steps:,} steps: take {MOST_PULLS:,} pulls together at most.")
    stretches = max(count for count in range(1, min(steps, STRETCHES) + 1) if steps % count == 0)
    pull = np.arange(1, stretches + 1) * (steps // stretches)
    compiled = _parameters(strategy)
    if compiled is None or arms.binary:
        run = play_bandit(strategy, arms, steps, rng)
        shape = stretches, steps // stretches, problems
        reward, optimal = (each.reshape(shape).mean(axis=1).T for each in (run.reward, run.optimal.astype(float)))
        return BanditCurves(pull, reward, optimal, run.regret.cumsum(axis=0)[pull - 1].T)
    reward, optimal, regret = (np.empty((problems, stretches)) for _ in range(3))
    block = max(1, _AT_ONCE // steps)
    for first in range(0, problems, block):
        part = slice(first, first + block)
        _play_block(arms.means[part], compiled, steps, rng, (reward[part], regret[part], optimal[part]))
    return BanditCurves(pull, reward, optimal, regret)


def _parameters(strategy: Strategy) -> tuple[int, float, float, float] | None:
    """Return which of the compiled methods a strategy is, with its parameters; None for another one."""
    if type(strategy) is EpsilonGreedy:
        return 0, strategy.epsilon, strategy.start, strategy.step_size
    if type(strategy) is UpperConfidenceBound:
        return 1, strategy.c, strategy.start, strategy.step_size
    if type(strategy) is ThompsonSampling:
        return 2, 0.0, strategy.start, strategy.step_size
    if type(strategy) is GradientBandit:
        return 3, float(strategy.baseline), 0.0, strategy.step_size
    return None


def _play_block(
    means: np.ndarray,
    parameters: tuple[int, float, float, float],
    steps: int,
    rng: np.random.Generator,
    found: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    from retroml_edu.tabular import bandit_kernels as kernels  # compiled when it is first asked for

    problems, arms = means.shape
    chances = rng.random((problems, steps, 2), dtype=np.float32)
    noise = rng.standard_normal((problems, steps), dtype=np.float32)
    own = rng.spawn(1)[0]  # what one strategy draws besides must not change the luck of the next block
    shape = (problems, steps, arms) if parameters[0] == kernels.THOMPSON else (problems, 0, 0)
    beliefs = own.standard_normal(shape, dtype=np.float32)
    nowhere = np.empty((problems, 0), dtype=np.int64), np.empty((problems, 0))
    kernels.play(means, *parameters, chances, noise, beliefs, *found, *nowhere)
