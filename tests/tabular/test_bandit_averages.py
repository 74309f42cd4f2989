"""The compiled bandits against the readable ones: pull by pull where they are compiled, on average elsewhere."""

import numpy as np
import pytest

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular import bandit_kernels as kernels
from retroml_edu.tabular.bandit_averages import STRETCHES, bandit_curves
from retroml_edu.tabular.bandits import (
    Arms,
    EpsilonGreedy,
    GradientBandit,
    ThompsonSampling,
    UpperConfidenceBound,
    gaussian_arms,
    play_bandit,
)

PROBLEMS, STEPS, ARMS = 20, 300, 10


def best_of(score):
    return score >= score.max(axis=1, keepdims=True) - 1e-9


def may_take(strategy, step, chances, beliefs):
    """Return which arms the readable strategy could take, given the compiled one's luck; shape (problems, arms)."""
    if isinstance(strategy, EpsilonGreedy):
        explores = chances[:, step, :1] < strategy.epsilon
        any_arm = (chances[:, step, 1:] * ARMS).astype(int) == np.arange(ARMS)
        return np.where(explores, any_arm, best_of(strategy.estimates))
    if isinstance(strategy, UpperConfidenceBound):
        with np.errstate(divide="ignore", invalid="ignore"):
            doubt = strategy.c * np.sqrt(np.log(step + 1) / strategy.pulls)
        return best_of(strategy.estimates + np.where(strategy.pulls > 0, doubt, np.inf))
    if isinstance(strategy, ThompsonSampling):
        certainty = 1 + strategy.pulls
        return best_of(strategy.estimates * strategy.pulls / certainty + beliefs[:, step] / np.sqrt(certainty))
    upper = strategy.probabilities.cumsum(axis=1)
    draw = chances[:, step, :1]
    return (draw <= upper + 1e-9) & (draw >= upper - strategy.probabilities - 1e-9)


@pytest.mark.parametrize(
    ("strategy", "parameters"),
    [
        (EpsilonGreedy(0.2), (kernels.EPSILON_GREEDY, 0.2, 0.0, 0.0)),
        (EpsilonGreedy(0.0, start=5.0, step_size=0.1), (kernels.EPSILON_GREEDY, 0.0, 5.0, 0.1)),
        (UpperConfidenceBound(2.0), (kernels.UCB, 2.0, 0.0, 0.0)),
        (ThompsonSampling(), (kernels.THOMPSON, 0.0, 0.0, 0.0)),
        (GradientBandit(0.3), (kernels.GRADIENT, 1.0, 0.0, 0.3)),
        (GradientBandit(0.3, baseline=False), (kernels.GRADIENT, 0.0, 0.0, 0.3)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_pull_is_one_that_the_readable_strategy_makes_with_the_same_luck(strategy, parameters):
    rng = np.random.default_rng(5)
    means = gaussian_arms(rng, PROBLEMS, ARMS).means
    chances = rng.random((PROBLEMS, STEPS, 2), dtype=np.float32)
    noise = rng.standard_normal((PROBLEMS, STEPS), dtype=np.float32)
    beliefs = rng.standard_normal((PROBLEMS, STEPS, ARMS), dtype=np.float32)
    reward, regret, optimal = (np.empty((PROBLEMS, 10)) for _ in range(3))
    path, paid = np.empty((PROBLEMS, STEPS), dtype=np.int64), np.empty((PROBLEMS, STEPS))
    kernels.play(means, *parameters, chances, noise, beliefs, reward, regret, optimal, path, paid)

    each = np.arange(PROBLEMS)
    strategy.begin(PROBLEMS, ARMS)
    for step in range(STEPS):
        arm = path[:, step]
        assert may_take(strategy, step, chances, beliefs)[each, arm].all(), step
        np.testing.assert_allclose(paid[:, step], means[each, arm] + noise[:, step])
        strategy.learn(arm, paid[:, step])
    taken = np.take_along_axis(means, path, axis=1)
    lost = means.max(axis=1, keepdims=True) - taken
    np.testing.assert_allclose(reward, paid.reshape(PROBLEMS, 10, -1).mean(axis=2))
    np.testing.assert_allclose(regret, lost.cumsum(axis=1)[:, STEPS // 10 - 1 :: STEPS // 10], atol=1e-9)
    np.testing.assert_allclose(optimal, (lost == 0).reshape(PROBLEMS, 10, -1).mean(axis=2))


def test_the_public_way_is_the_compiled_one_and_says_which_pulls_its_points_are():
    arms = gaussian_arms(np.random.default_rng(0), 300)
    found = bandit_curves(EpsilonGreedy(0.1), arms, 1_000, np.random.default_rng(1))
    assert found.pull.tolist() == list(range(5, 1_001, 5))
    assert found.reward.shape == found.optimal.shape == found.regret.shape == (300, STRETCHES)
    run = play_bandit(EpsilonGreedy(0.1), arms, 1_000, np.random.default_rng(1))
    apart = found.regret[:, -1] - run.regret.sum(axis=0)  # each problem twice, by other luck
    assert abs(apart.mean()) < 4 * apart.std() / np.sqrt(300)


def test_strategies_share_their_luck():
    """So that a curve moves by what a slider does, not by chance."""
    arms = gaussian_arms(np.random.default_rng(0), 700)
    always = [
        bandit_curves(strategy, Arms(np.zeros_like(arms.means)), 500, np.random.default_rng(1)).reward
        for strategy in (EpsilonGreedy(0.1), ThompsonSampling(), GradientBandit(0.1))
    ]
    np.testing.assert_array_equal(always[0], always[1])
    np.testing.assert_array_equal(always[0], always[2])


@pytest.mark.parametrize("binary", [False, True])
def test_what_is_not_compiled_is_played_step_by_step(binary):
    class Own(EpsilonGreedy):
        """A strategy of a student's own."""

    arms = Arms(np.random.default_rng(0).random((50, 4)), binary=binary)
    strategy = ThompsonSampling(binary=True) if binary else Own(0.1)
    found = bandit_curves(strategy, arms, 450, np.random.default_rng(1))
    run = play_bandit(strategy, arms, 450, np.random.default_rng(1))
    assert found.pull.tolist() == list(range(3, 451, 3))
    np.testing.assert_allclose(found.regret[:, -1], run.regret.sum(axis=0))
    np.testing.assert_allclose(found.reward[:, 0], run.reward[:3].mean(axis=0))
    np.testing.assert_allclose(found.optimal[:, -1], run.optimal[-3:].mean(axis=0))


@pytest.mark.parametrize(
    ("steps", "message"), [(0, "1 is the least"), (2.5, "no whole number"), (1_000_000, "pulls together at most")]
)
def test_no_pulls_and_too_many_are_refused(steps, message):
    with pytest.raises(TabularError, match=message):
        bandit_curves(EpsilonGreedy(0.1), gaussian_arms(np.random.default_rng(0), 50), steps, np.random.default_rng(1))
