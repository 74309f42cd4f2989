"""The strategies of `bandits.py`, compiled: one problem after another, for averages over thousands of them."""

from __future__ import annotations

from math import exp, log, sqrt

import numpy as np
import numpy.typing as npt

from retroml_edu.core.compilation import compiled, read_only
from retroml_edu.tabular.learning_kernels import epsilon_greedy

Floats = npt.NDArray[np.float64]
Draws = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

EPSILON_GREEDY, UCB, THOMPSON, GRADIENT = range(4)


@compiled()
def softmax(preferences: Floats, probabilities: Floats) -> None:
    """Write how likely each arm is taken (Sutton and Barto 2018, equation 2.11)."""
    highest = preferences.max()
    total = 0.0
    for arm in range(len(preferences)):
        probabilities[arm] = exp(preferences[arm] - highest)
        total += probabilities[arm]
    for arm in range(len(preferences)):
        probabilities[arm] /= total


@compiled()
def drawn_from(probabilities: Floats, draw: float) -> int:
    """Return an arm, given how likely each is and a number from 0 to 1."""
    below = probabilities[0]
    arm = 0
    while arm < len(probabilities) - 1 and below < draw:
        arm += 1
        below += probabilities[arm]
    return arm


@compiled()
def upper_bounds(worth: Floats, pulls: Floats, c: float, time: int, score: Floats) -> None:
    """Write what each arm could be worth, given how seldom it was tried (equation 2.10)."""
    logarithm = log(time)
    for arm in range(len(worth)):
        score[arm] = worth[arm] + c * sqrt(logarithm / pulls[arm]) if pulls[arm] > 0 else np.inf


@compiled()
def drawn_worlds(worth: Floats, pulls: Floats, draws: Draws, score: Floats) -> None:
    """Write what each arm is worth in a world drawn from what is believed (Thompson 1933)."""
    for arm in range(len(worth)):
        certainty = 1.0 + pulls[arm]
        score[arm] = worth[arm] * pulls[arm] / certainty + draws[arm] / sqrt(certainty)


@compiled()
def prefer(preferences: Floats, probabilities: Floats, arm: int, surprise: float) -> None:
    """Move the preference of an arm by a surprise, the others the other way (equation 2.12)."""
    for other in range(len(preferences)):
        preferences[other] -= surprise * probabilities[other]
    preferences[arm] += surprise


@compiled(
    f"void({read_only('float64', 2)}, int64, float64, float64, float64, float32[:,:,::1], float32[:,::1], "
    "float32[:,:,::1], float64[:,::1], float64[:,::1], float64[:,::1], int64[:,::1], float64[:,::1])"
)
def play(
    means: Floats,
    method: int,
    parameter: float,
    start: float,
    step_size: float,
    chances: Draws,
    noise: Draws,
    beliefs: Draws,
    rewards: Floats,
    regrets: Floats,
    optimal: Floats,
    path: Integers,
    paid: Floats,
) -> None:
    """Play every problem; all that is written is a mean over a stretch of pulls, of equal length each.

    Args:
        means: Shape (problems, arms), of Gaussian arms with standard deviation 1.
        method: One of the four.
        parameter: Epsilon; c; nothing; whether there is a baseline (1 or 0).
        start: First estimate of every arm.
        step_size: Constant step size; 0 for the sample mean. A gradient bandit has no other.
        chances: Shape (problems, steps, 2), from 0 to 1: explore or not (a gradient bandit: which arm), and which.
        noise: Shape (problems, steps), standard normal: of the reward.
        beliefs: Shape (problems, steps, arms), standard normal, for Thompson sampling; else (problems, 0, 0).
        rewards: Shape (problems, stretches); written: mean reward.
        regrets: Likewise: sum of all regrets until its end.
        optimal: Likewise: share of pulls of a best arm.
        path: Shape (problems, steps or 0): which arm was pulled, written where there is room.
        paid: Shape (problems, steps or 0): what it paid, likewise.
    """
    problems, arms = means.shape
    steps, stretches = chances.shape[1], rewards.shape[1]
    length = steps // stretches
    worth, pulls, score = np.empty(arms), np.empty(arms), np.empty(arms)
    for problem in range(problems):
        best = means[problem].max()
        worth[:] = start
        pulls[:] = 0.0
        score[:] = start
        regret = mean_reward = 0.0
        for stretch in range(stretches):
            total = best_pulls = 0.0
            for step in range(stretch * length, (stretch + 1) * length):
                explores, which = chances[problem, step, 0], chances[problem, step, 1]
                if method == GRADIENT:
                    softmax(worth, score)
                    arm = drawn_from(score, explores)
                elif method == EPSILON_GREEDY:
                    arm = epsilon_greedy(worth, parameter, explores, which)
                else:
                    if method == UCB:
                        upper_bounds(worth, pulls, parameter, step + 1, score)
                    else:
                        drawn_worlds(worth, pulls, beliefs[problem, step], score)
                    arm = epsilon_greedy(score, 0.0, 1.0, which)
                reward = means[problem, arm] + noise[problem, step]
                pulls[arm] += 1.0
                mean_reward += (reward - mean_reward) / (step + 1.0)
                if method == GRADIENT:
                    prefer(worth, score, arm, step_size * (reward - parameter * mean_reward))
                else:
                    worth[arm] += (step_size if step_size > 0 else 1.0 / pulls[arm]) * (reward - worth[arm])
                total += reward
                regret += best - means[problem, arm]
                if means[problem, arm] == best:
                    best_pulls += 1.0
                if step < path.shape[1]:
                    path[problem, step], paid[problem, step] = arm, reward
            rewards[problem, stretch] = total / length
            regrets[problem, stretch] = regret
            optimal[problem, stretch] = best_pulls / length
