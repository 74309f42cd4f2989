"""Decision processes, and planning in them, against exact solutions."""

from itertools import pairwise, product

import numpy as np
import pytest

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.gridworld import four_by_four
from retroml_edu.tabular.mdp import MDP, greedy_policy, random_mdp, uniform_policy
from retroml_edu.tabular.planning import policy_evaluation, policy_iteration, value_iteration

SEEDS = range(20)


def last(sweeps):
    return list(sweeps)[-1]


def best_by_trying_all(mdp, gamma):
    policies = (np.eye(mdp.n_actions)[list(chosen)] for chosen in product(range(mdp.n_actions), repeat=mdp.n_states))
    return np.max([mdp.values_of(policy, gamma) for policy in policies], axis=0)


@pytest.mark.parametrize("seed", SEEDS)
def test_evaluation_ends_at_the_solution_of_the_linear_equations(seed):
    rng = np.random.default_rng(seed)
    mdp = random_mdp(rng, 12, 3, 4)
    policy = rng.dirichlet(np.ones(3), size=12)
    exact = mdp.values_of(policy, 0.9)
    np.testing.assert_allclose(exact, (policy * mdp.action_values(exact, 0.9)).sum(axis=1), atol=1e-10)
    np.testing.assert_allclose(last(policy_evaluation(mdp, policy, 0.9, theta=1e-10)).values, exact, atol=1e-8)


@pytest.mark.parametrize("seed", SEEDS)
def test_planning_finds_the_best_of_all_policies(seed):
    mdp = random_mdp(np.random.default_rng(seed), 5, 3, 2)
    best = best_by_trying_all(mdp, 0.8)
    np.testing.assert_allclose(last(value_iteration(mdp, 0.8, theta=1e-12)).values, best, atol=1e-10)
    iterated = last(policy_iteration(mdp, 0.8, theta=1e-12))
    np.testing.assert_allclose(iterated.values, best, atol=1e-9)
    np.testing.assert_allclose(mdp.values_of(iterated.policy, 0.8), best, atol=1e-9)


def test_the_residual_shrinks_by_the_discount_and_bounds_the_error():
    mdp = random_mdp(np.random.default_rng(0), 30, 4, 5)
    sweeps = list(value_iteration(mdp, 0.9, theta=1e-6))
    assert [sweep.number for sweep in sweeps] == list(range(len(sweeps)))
    for before, after in pairwise(sweeps[1:]):
        assert after.residual <= 0.9 * before.residual + 1e-12
    exact = last(value_iteration(mdp, 0.9, theta=1e-13)).values
    for sweep in sweeps[1:]:
        assert np.abs(sweep.values - exact).max() <= sweep.residual * 0.9 / (1 - 0.9) + 1e-9


def test_the_book_s_four_by_four_board():
    # Sutton and Barto (2018), figure 4.1: the uniform policy, undiscounted.
    mdp = four_by_four().mdp()
    values = last(policy_evaluation(mdp, uniform_policy(mdp), 1.0, theta=1e-10)).values
    expected = [0, -14, -20, -22, -14, -18, -20, -20, -20, -20, -18, -14, -22, -20, -14, 0]
    np.testing.assert_allclose(values, expected, atol=1e-6)
    second = list(policy_evaluation(mdp, uniform_policy(mdp), 1.0))[1].values
    np.testing.assert_allclose(second[:4], [0, -1.75, -2, -2])
    best = last(policy_iteration(mdp, 1.0)).values
    np.testing.assert_allclose(best.reshape(4, 4)[0], [0, -1, -2, -3])


def test_policy_iteration_tells_when_it_improved_and_keeps_the_policy_between():
    sweeps = list(policy_iteration(four_by_four().mdp(), 1.0))
    improved = [sweep for sweep in sweeps if sweep.improved]
    assert 1 <= len(improved) < len(sweeps) / 2
    for before, after in pairwise(sweeps):
        assert after.improved or np.array_equal(before.policy, after.policy)


def test_planning_begins_where_it_is_told():
    mdp = random_mdp(np.random.default_rng(1), 6, 2, 3)
    solved = last(value_iteration(mdp, 0.9, theta=1e-10)).values
    assert len(list(value_iteration(mdp, 0.9, theta=1e-8, start=solved))) == 2


def test_a_discount_near_one_takes_long_and_comes_to_an_end():
    mdp = random_mdp(np.random.default_rng(3), 5, 2, 2)
    values = last(value_iteration(mdp, 0.999)).values
    assert last(policy_iteration(mdp, 0.999)).values == pytest.approx(values, abs=1e-3)


@pytest.mark.parametrize("gamma", [-0.1, 1.1, float("nan")])
def test_what_is_no_discount_is_refused(gamma):
    mdp = four_by_four().mdp()
    for plan in (lambda: last(value_iteration(mdp, gamma)), lambda: mdp.values_of(uniform_policy(mdp), gamma)):
        with pytest.raises(TabularError, match="gamma"):
            plan()


def test_what_is_no_policy_is_refused():
    mdp = four_by_four().mdp()
    with pytest.raises(TabularError, match="A policy has a probability"):
        mdp.values_of(np.zeros((16, 4)), 0.9)


def test_equally_good_actions_share():
    np.testing.assert_allclose(greedy_policy(np.array([[1.0, 2.0, 2.0]])), [[0.0, 0.5, 0.5]])


def test_without_discount_and_end_there_is_no_value():
    mdp = random_mdp(np.random.default_rng(0), 4, 2, 2)
    with pytest.raises(TabularError, match="Lower the discount"):
        mdp.values_of(uniform_policy(mdp), 1.0)
    rising = MDP(np.ones((1, 1, 1)), np.ones((1, 1)), np.array([False]))
    with pytest.raises(TabularError, match="rewards add up without end"):
        last(value_iteration(rising, 1.0))
    with pytest.raises(TabularError, match="rewards add up without end"):
        last(policy_evaluation(rising, uniform_policy(rising), 1.0))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"transitions": np.full((2, 1, 2), 0.6)}, "sum to 1"),
        ({"transitions": np.array([[[1.5, -0.5]], [[1.0, 0.0]]])}, "0 or more"),
        ({"transitions": np.ones((2, 2, 2)) / 2}, "Shapes do not fit"),
        ({"terminal": np.zeros(3, dtype=bool)}, "Shapes do not fit"),
        ({"rewards": np.array([[0.0], [np.nan]])}, "no number"),
        ({"rewards": np.zeros(2)}, "shape"),
        ({"terminal": np.array([0, 1])}, "True or False"),
    ],
)
def test_what_is_no_decision_process_is_refused(change, message):
    parts = {"transitions": np.ones((2, 1, 2)) / 2, "rewards": np.zeros((2, 1)), "terminal": np.zeros(2, dtype=bool)}
    MDP(**parts)
    with pytest.raises(TabularError, match=message):
        MDP(**parts | change)
