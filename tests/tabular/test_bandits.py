"""Bandits against what Sutton and Barto (2018), chapter 2, print of the ten-armed testbed."""

from itertools import islice

import numpy as np
import pytest

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.bandits import (
    Arms,
    EpsilonGreedy,
    GradientBandit,
    ThompsonSampling,
    UpperConfidenceBound,
    gaussian_arms,
    play_bandit,
    pulls,
)

PROBLEMS, STEPS = 2_000, 1_000


def tried(strategy, arms=None, steps=STEPS):
    arms = gaussian_arms(np.random.default_rng(0), PROBLEMS) if arms is None else arms
    return play_bandit(strategy, arms, steps, np.random.default_rng(1))


def late(found):
    return found[-100:].mean()


@pytest.fixture(scope="module")
def exploring():
    return {epsilon: tried(EpsilonGreedy(epsilon)) for epsilon in (0.0, 0.01, 0.1)}


def test_exploring_pays_as_in_figure_2_2(exploring):
    greedy, little, more = (exploring[epsilon] for epsilon in (0.0, 0.01, 0.1))
    assert 0.95 < late(greedy.reward) < 1.15  # "about 1"
    assert late(greedy.reward) < late(little.reward) < late(more.reward)
    assert 0.25 < late(greedy.optimal) < 0.45  # "only about one-third of the tasks"
    assert 0.75 < late(more.optimal) < 0.85
    assert late(greedy.optimal) < late(little.optimal) < late(more.optimal)


def test_the_best_arm_is_worth_about_1_54():
    assert gaussian_arms(np.random.default_rng(0), 20_000).best.mean() == pytest.approx(1.54, abs=0.02)


def test_optimistic_values_explore_at_first_and_win_later_as_in_figure_2_3():
    hopeful = tried(EpsilonGreedy(0.0, start=5.0, step_size=0.1))
    realistic = tried(EpsilonGreedy(0.1, step_size=0.1))
    assert hopeful.optimal[10:50].mean() < realistic.optimal[10:50].mean() + 0.1
    assert late(hopeful.optimal) > late(realistic.optimal)


def test_doubt_beats_chance_as_in_figure_2_4(exploring):
    doubting = tried(UpperConfidenceBound(2.0))
    assert doubting.reward[50:].mean() > exploring[0.1].reward[50:].mean()
    first = gaussian_arms(np.random.default_rng(3), 50)
    chosen = [pull.arm for pull in islice(pulls(UpperConfidenceBound(2.0), first, np.random.default_rng(4)), 10)]
    assert all(len(set(arms)) == 10 for arms in np.transpose(chosen))  # each arm once before any twice


def test_a_baseline_matters_where_all_arms_pay_much_as_in_figure_2_5():
    arms = Arms(gaussian_arms(np.random.default_rng(0), PROBLEMS).means + 4.0)
    with_baseline = {alpha: late(tried(GradientBandit(alpha), arms).optimal) for alpha in (0.1, 0.4)}
    without = {alpha: late(tried(GradientBandit(alpha, baseline=False), arms).optimal) for alpha in (0.1, 0.4)}
    assert with_baseline[0.1] > 0.7
    assert all(with_baseline[alpha] > without[alpha] + 0.15 for alpha in (0.1, 0.4))
    assert with_baseline[0.1] > with_baseline[0.4]


def test_a_gradient_bandit_s_probabilities_sum_to_one():
    strategy = GradientBandit(0.1)
    list(islice(pulls(strategy, gaussian_arms(np.random.default_rng(0), 7), np.random.default_rng(1)), 20))
    np.testing.assert_allclose(strategy.probabilities.sum(axis=1), 1.0)
    np.testing.assert_allclose(strategy.estimates.sum(axis=1), 0.0, atol=1e-12)  # what one gains the others lose


@pytest.mark.parametrize("binary", [False, True])
def test_thompson_s_regret_flattens(binary):
    rng = np.random.default_rng(0)
    arms = Arms(rng.random((500, 10)), binary=True) if binary else gaussian_arms(rng, 500)
    found = tried(ThompsonSampling(binary), arms, 2_000)
    hundreds = found.regret.mean(axis=1).reshape(20, 100).sum(axis=1)
    assert hundreds[-1] < 0.2 * hundreds[0]
    always = tried(EpsilonGreedy(0.1), arms, 2_000)
    assert found.regret.sum() < always.regret.sum()


def test_regret_is_what_the_best_arm_would_have_paid_more():
    arms = Arms(np.array([[0.0, 1.0]]))
    found = tried(EpsilonGreedy(1.0), arms, 4_000)
    assert set(np.unique(found.regret)) == {0.0, 1.0}
    np.testing.assert_array_equal(found.optimal, found.regret == 0)
    assert found.regret.mean() == pytest.approx(0.5, abs=0.03)
    assert found.reward.mean() == pytest.approx(0.5, abs=0.05)


def test_the_same_generators_give_the_same_run():
    one, two = (tried(UpperConfidenceBound(1.0), steps=50) for _ in range(2))
    np.testing.assert_array_equal(one.reward, two.reward)


def test_ties_are_drawn_from():
    first = next(pulls(EpsilonGreedy(0.0), gaussian_arms(np.random.default_rng(0), 5_000), np.random.default_rng(1)))
    assert np.bincount(first.arm, minlength=10) == pytest.approx([500] * 10, abs=100)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: EpsilonGreedy(1.5), "epsilon=1.5 does not lie between 0 and 1"),
        (lambda: UpperConfidenceBound(-1.0), "c=-1"),
        (lambda: Arms(np.zeros(3)), "shape"),
        (lambda: Arms(np.array([[1.5]]), binary=True), "means=1.5"),
        (lambda: tried(ThompsonSampling(binary=True), steps=50), "pay other things"),
        (lambda: GradientBandit(float("nan")), "step_size=nan"),
        (lambda: tried(EpsilonGreedy(0.1), steps=1_000_000), "take fewer"),
    ],
)
def test_what_makes_no_sense_is_refused(make, message):
    with pytest.raises(TabularError, match=message):
        make()
