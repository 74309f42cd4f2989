"""Planning on a board of one's own: sweeps, what is told of them, and that every change counts at once."""

import threading
from dataclasses import replace

import numpy as np
import pytest

from retroml_edu.kit import GridLab, two_goals
from retroml_edu.kit.grid_lab import way
from retroml_edu.kit.grid_plan import MOST_SWEEPS, PLANS, best_actions, make_plan
from retroml_edu.tabular import GridWorld, four_by_four, greedy_policy, random_mdp, uniform_policy, value_iteration


def shown(lab, name="values"):
    """Return what the page has been sent of the board's states."""
    return np.frombuffer(lab.board.shown[name], np.float32)


def test_a_sweep_shows_the_values_after_it_and_goes_back():
    lab = GridLab()
    sweeps = list(value_iteration(two_goals().mdp(), 0.9))
    for number in (0, 1, 7, 3):
        lab.player.to(number)
        np.testing.assert_allclose(shown(lab), sweeps[number].values, rtol=1e-6)
        np.testing.assert_allclose(lab.values, sweeps[number].values)
    assert lab.status.text.startswith("Sweep 3 of ")


def test_what_is_told_compares_the_arrows_with_the_best_ones():
    lab = GridLab()
    gamma, mdp = 0.9, two_goals().mdp()
    *_, last = value_iteration(mdp, gamma, theta=1e-12)
    best = greedy_policy(mdp.action_values(last.values, gamma), tolerance=1e-4) > 0
    wrong = [
        int(((sweep.policy > 0) & ~best & ~mdp.terminal[:, None]).any(axis=1).sum())
        for sweep in value_iteration(mdp, gamma)
    ]
    since = max(number for number, count in enumerate(wrong) if count) + 1
    assert lab.plan.best_since == since
    lab.player.to(since - 1)
    assert f"In {wrong[since - 1]} " in lab.status.text
    lab.player.to(since)
    assert f"best ones since sweep {since}." in lab.status.text
    lab.player.to(10_000)
    assert lab.status.text.endswith("Values have settled.")


def test_an_edit_counts_at_once_and_the_same_sweep_stays():
    lab = GridLab()
    lab.player.to(6)
    lab.board.edit([(2, 6)], "#")
    assert lab.player.position == 6
    world = two_goals().edited((2, 6), "#")
    np.testing.assert_allclose(shown(lab), list(value_iteration(world.mdp(), 0.9))[6].values, rtol=1e-6)
    lab.board.undo()
    np.testing.assert_allclose(shown(lab), list(value_iteration(two_goals().mdp(), 0.9))[6].values, rtol=1e-6)


def test_who_looks_at_the_end_stays_at_the_end():
    lab = GridLab()
    lab.player.to(10_000)
    lab.controls.set("gamma", 0.5)
    assert lab.player.position == lab.player.length == lab.plan.sweeps
    lab.controls.set("gamma", 0.95)
    assert lab.player.position == lab.plan.sweeps


def test_sliders_change_the_world_that_is_planned_in():
    lab = GridLab()
    lab.controls.set("slip", 0.0)
    lab.controls.set("step", -0.5)
    assert lab.world == replace(two_goals(), slip=0.0, step_reward=-0.5)
    lab.player.to(3)
    np.testing.assert_allclose(shown(lab), list(value_iteration(lab.world.mdp(), 0.9))[3].values, rtol=1e-6)


def test_what_is_only_drawn_otherwise_is_not_planned_anew():
    lab = GridLab()
    before = lab.plan
    lab.controls.set("four", True)
    assert lab.plan is before
    assert shown(lab, "action_values").size == 43 * 4
    lab.controls.set("over", "backups")
    lab.player.to(2)
    lines = {trace["name"].split(":")[0]: trace for trace in lab.plot.traces}
    np.testing.assert_allclose(lines["value iteration"]["x"], before.backups)
    np.testing.assert_allclose(lines["sweep on the board"]["x"], before.backups[2])


def test_the_way_from_the_start_follows_discount_and_slip():
    lab = GridLab()
    lab.player.to(10_000)
    lab.controls.set("way", True)
    fields = lab.world.fields

    def ends():
        return fields[lab.board.shown["path"][-1]]

    assert ends() == (2, 8)
    lab.controls.set("gamma", 0.85)
    assert ends() == (4, 1)
    lab.controls.set("slip", 0.0)
    straight = [fields[state] for state in lab.board.shown["path"]]
    assert straight == [(2, column) for column in range(9)]


def test_no_way_is_drawn_where_all_arrows_are_as_good():
    lab = GridLab()
    lab.controls.set("way", True)
    assert not lab.board.shown.get("path"), "before the first sweep nothing leads on from the start"
    lab.player.to(10_000)
    assert len(lab.board.shown["path"]) > 3
    world = GridWorld(("S..",)).outcomes()
    assert way(world, np.array([[0, 1, 0, 0], [0.25] * 4, [1, 0, 0, 0]])) == [0, 1]


@pytest.mark.parametrize("method", PLANS)
def test_the_scale_of_colours_reaches_from_the_lowest_to_the_highest_value_of_all_sweeps(method):
    lab = GridLab(method=method)
    low, high = lab.board.shown["limits"]
    for position in range(0, lab.plan.sweeps, 3):
        lab.player.to(position)
        assert lab.board.shown["limits"] == [low, high]
        assert low - 1e-9 <= lab.values.min()
        assert lab.values.max() <= high + 1e-9


@pytest.mark.parametrize("method", PLANS)
def test_names_in_the_chart_are_short(method):
    lab = GridLab(four_by_four(), gamma=1.0, method=method)
    for over in ("sweeps", "backups"):
        lab.controls.set("over", over)
        names = [trace["name"] for trace in lab.plot.traces]
        assert max(map(len, names)) <= 32, names
        assert any(name.endswith(f" {over}") for name in names)


def test_a_way_that_goes_in_circles_ends_where_it_began_to():
    world = GridWorld(("S..",)).outcomes()
    assert way(world, np.eye(4)[[1, 3, 0]]) == [0, 1]


def test_a_world_in_which_rewards_add_up_for_ever_is_stopped_and_told():
    lab = GridLab(GridWorld(("S..",), rewards={(0, 2): 1.0}), gamma=0.9)
    lab.controls.set("gamma", 1.0)
    lab.player.to(10_000)
    assert lab.plan.sweeps == MOST_SWEEPS
    assert lab.status.text.endswith(f"Values still change: after {MOST_SWEEPS:,} it stops.")
    assert lab.status.problem == ""


@pytest.mark.parametrize("method", PLANS)
def test_example_4_1(method):
    lab = GridLab(four_by_four(), gamma=1.0, method=method)
    lab.player.to(10_000)
    if method == "evaluation of the random policy":
        rows = [[0, -14, -20, -22], [-14, -18, -20, -20], [-20, -20, -18, -14], [-22, -20, -14, 0]]
        assert lab.plan.best_since == 3  # figure 4.1
    else:
        rows = [[0, -1, -2, -3], [-1, -2, -3, -2], [-2, -3, -2, -1], [-3, -2, -1, 0]]
    np.testing.assert_allclose(lab.values.reshape(4, 4), rows, atol=0.01)
    assert not lab.plan.wrong[-1]


@pytest.mark.parametrize("method", PLANS)
def test_backups_are_counted_as_they_are_made(method):
    rng = np.random.default_rng(3)
    mdp = random_mdp(rng, 8, 3, 2)
    plan = make_plan(mdp, 0.8, method, best_actions(mdp, 0.8))
    assert plan.ended
    work, policy = 0, uniform_policy(mdp)
    for number in range(1, plan.sweeps + 1):
        work += (8 * 3) if method != "policy iteration" else int((policy > 0).sum())
        if number in plan.improved:
            work, policy = work + 8 * 3, plan.policies[number]
        assert plan.backups[number] == work


def test_an_improvement_belongs_to_the_sweep_that_settled():
    mdp = random_mdp(np.random.default_rng(5), 10, 3, 3)
    plan = make_plan(mdp, 0.9, "policy iteration", best_actions(mdp, 0.9))
    for number in plan.improved:
        assert plan.residuals[number] <= 1e-6
        assert not np.array_equal(plan.policies[number], plan.policies[number - 1])
    changes = [n for n in range(1, plan.sweeps + 1) if not np.array_equal(plan.policies[n], plan.policies[n - 1])]
    assert tuple(changes) == plan.improved
    assert plan.best_since == plan.improved[-1]


def test_best_actions_are_those_of_the_exact_values():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        mdp = random_mdp(rng, 12, 3, 3)
        *_, last = value_iteration(mdp, 0.95, theta=1e-12)
        right = greedy_policy(mdp.action_values(last.values, 0.95), tolerance=1e-4) > 0
        np.testing.assert_array_equal(best_actions(mdp, 0.95), right)


def test_edits_and_sweeps_from_two_threads_do_not_wait_for_each_other():
    lab = GridLab()

    def edits():
        for number in range(60):
            lab.board.edit([(0, 4)], "#."[number % 2])

    def sweeps():
        for number in range(300):
            lab.player.to(number % 40)

    threads = [threading.Thread(target=work, daemon=True) for work in (edits, sweeps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert lab.player.position <= lab.plan.sweeps
    assert lab.status.problem == ""
