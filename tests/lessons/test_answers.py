"""What instructors are told of a board or a sweep that has no chance in it is so."""

from dataclasses import replace

import numpy as np
import pytest

from retroml_edu.core.errors import DivergedError
from retroml_edu.kit import two_goals
from retroml_edu.kit.grid_plan import best_actions, make_plan
from retroml_edu.tabular import (
    LinearSarsa,
    Tiles,
    baird_growth,
    cliff,
    four_by_four,
    greedy_policy,
    policy_evaluation,
    uniform_policy,
    value_iteration,
)

UP, RIGHT, DOWN, LEFT = range(4)


def last_of(world, gamma, theta=1e-8):
    *_, last = value_iteration(world.mdp(), gamma, theta=theta)
    return last


def way(world, gamma):
    """Return the fields on the way from the start, if no move slips."""
    policy, following = last_of(world, gamma).policy, replace(world, slip=0.0).outcomes().following
    outcomes = world.outcomes()
    state, fields = outcomes.start, []
    while len(fields) < 50:
        fields.append(world.fields[state])
        if outcomes.terminal[state]:
            break
        state = following[state, policy[state].argmax(), 0]
    return fields


@pytest.mark.parametrize(("slip", "gamma", "ends"), [(0.2, 0.88, (2, 8)), (0.2, 0.87, (4, 1))])
def test_with_slip_the_way_changes_its_mind_between_088_and_087(slip, gamma, ends):
    assert way(replace(two_goals(), slip=slip), gamma)[-1] == ends


@pytest.mark.parametrize(("gamma", "ends"), [(0.79, (2, 8)), (0.78, (4, 1))])
def test_without_slip_it_does_so_where_five_moves_of_discount_are_worth_03(gamma, ends):
    assert way(replace(two_goals(), slip=0.0), gamma)[-1] == ends
    assert (gamma**5 > 0.3) is (ends == (2, 8))


def test_without_slip_the_way_runs_past_the_pits_and_with_it_through_row_1():
    still = way(replace(two_goals(), slip=0.0), 0.9)
    assert {row for row, _column in still} == {2}
    slippery = way(two_goals(), 0.9)
    assert [column for row, column in slippery if row == 1] == [3, 4, 5, 6, 7, 8]
    assert slippery[-1] == (2, 8)


def test_right_above_the_pits_arrows_point_up():
    world, policy = two_goals(), last_of(two_goals(), 0.9).policy
    assert [np.flatnonzero(policy[world.state((2, column))]).tolist() for column in (3, 4, 5)] == [[UP]] * 3


def test_where_living_hurts_three_arrows_point_into_a_pit():
    world = replace(two_goals(), step_reward=-0.5)
    policy = last_of(world, 0.9).policy
    steps = {UP: (-1, 0), RIGHT: (0, 1), DOWN: (1, 0), LEFT: (0, -1)}
    into = {
        place
        for state, place in enumerate(world.fields)
        if place not in world.goals
        for action in np.flatnonzero(policy[state])
        if world.goals.get(tuple(np.add(place, steps[action]).tolist()), 0) < 0
    }
    assert into == {(2, 3), (2, 4), (4, 5)}


def plan_of(world, gamma, method):
    mdp = world.mdp()
    return make_plan(mdp, gamma, method, best_actions(mdp, gamma))


def test_arrows_of_the_first_board_are_right_from_sweep_14_of_39_on():
    plan = plan_of(two_goals(), 0.9, "value iteration")
    assert (plan.best_since, plan.sweeps) == (14, 39)
    assert plan.residuals[14] == pytest.approx(0.02, abs=0.005)


def test_on_that_board_policy_iteration_needs_few_policies_and_more_backups_from_either_beginning():
    mdp, theta = two_goals().mdp(), 1e-6
    values_first = plan_of(two_goals(), 0.9, "value iteration")
    policies_first = plan_of(two_goals(), 0.9, "policy iteration")
    assert len(policies_first.improved) < 10
    assert policies_first.backups[-1] > values_first.backups[-1]

    states = int((~mdp.terminal).sum())
    values, backups, policy, better = np.zeros(mdp.n_states), 0, None, greedy_policy(mdp.rewards)
    while policy is None or not ((policy > 0) <= (better > 0)).all():
        policy = np.eye(4)[better.argmax(axis=1)]  # one action a state is the least work
        *_, last = policy_evaluation(mdp, policy, 0.9, theta=theta, start=values)
        values = last.values
        backups += (last.number + mdp.n_actions) * states
        better = greedy_policy(mdp.action_values(values, 0.9), tolerance=10 * theta)
    assert backups > values_first.backups[-1]


def test_arrows_of_example_4_1_are_best_from_the_third_sweep_on():
    mdp = four_by_four().mdp()
    best = best_actions(mdp, 1.0)
    wrong = []
    for sweep in policy_evaluation(mdp, uniform_policy(mdp), 1.0, theta=1e-3):
        greedy = greedy_policy(mdp.action_values(sweep.values, 1.0), tolerance=1e-9) > 0
        if (greedy & ~best & ~mdp.terminal[:, None]).any():
            wrong.append(sweep.number)
    assert wrong == [1, 2]


@pytest.mark.parametrize(("epsilon", "best_row"), [(0.005, 2), (0.01, 1), (0.1, 1), (0.2, 0)])
def test_which_way_along_the_cliff_is_worth_most_depends_on_exploring(epsilon, best_row):
    earned = {row: along_the_cliff(row, epsilon) for row in (0, 1, 2)}
    assert max(earned, key=earned.__getitem__) == best_row


def test_what_the_ways_along_the_cliff_are_worth_with_the_usual_exploring():
    assert along_the_cliff(2, 0.1) == pytest.approx(-52, abs=0.5)
    assert along_the_cliff(1, 0.1) == pytest.approx(-21, abs=0.5)


def along_the_cliff(row, epsilon):
    world = cliff()
    mdp, policy = world.mdp(), np.zeros((len(world.fields), 4))
    for state, (here, column) in enumerate(world.fields):
        policy[state, DOWN if column == 11 else RIGHT if here == row else UP if here > row else DOWN] = 1.0
    return mdp.values_of((1 - epsilon) * policy + epsilon / 4, gamma=1.0)[world.outcomes().start]


@pytest.mark.parametrize("alpha", [1e-5, 1e-3, 0.05])
def test_the_deadly_triad_begins_between_088_and_089_for_small_steps_at_15_of_17(alpha):
    assert baird_growth(alpha=alpha, gamma=0.88) < 1 < baird_growth(alpha=alpha, gamma=0.89)
    if alpha == 1e-5:
        assert baird_growth(alpha=alpha, gamma=15 / 17 - 1e-3) < 1 < baird_growth(alpha=alpha, gamma=15 / 17 + 1e-3)


def test_from_a_step_size_of_a_tenth_on_it_begins_just_below_088():
    assert baird_growth(alpha=0.1, gamma=0.87) < 1 < baird_growth(alpha=0.1, gamma=0.88)


@pytest.mark.parametrize("seed", range(20))
def test_a_car_with_a_step_size_of_two_and_a_half_diverges_within_ten_episodes(seed):
    car = LinearSarsa(Tiles(8, 8), alpha=2.5, rng=np.random.default_rng(seed))
    with pytest.raises(DivergedError, match="smaller one"):
        car.play(10)
