"""Random walks in lessons: what each learner does with a step, errors under sliders, studies over step sizes."""

import json
import threading
from itertools import islice

import numpy as np
import pytest

from retroml_edu.kit import WalkBench, WalkErrors, WalkStudy
from retroml_edu.kit.walk_errors import STUDY_BLOCK, WALKS, Walk, error_curves, experience_of, study_blocks, study_of
from retroml_edu.kit.walk_replay import METHODS, Replay, learner_of
from retroml_edu.tabular import NStepTD, exact_values, random_episodes, random_walk


def replay(*methods, states=5, left=0.0, alpha=0.1, n=3, decay=0.8, seed=1):
    return Replay(states, left, 1.0, [learner_of(method, alpha, n, decay) for method in methods], seed=seed)


def said(bench):
    now = bench.row.now
    return [now["told"], *(learner["told"] for learner in now["learners"])]


@pytest.mark.parametrize("states", [5, 19])
def test_move_by_move_it_learns_what_the_compiled_learners_do(states):
    watched = replay(*METHODS, states=states, left=-1.0, seed=3)
    world = random_walk(states, -1.0, 1.0)
    tables = [np.zeros(states + 2) for _ in METHODS]
    for episode in islice(random_episodes(world, np.random.default_rng(3)), 12):
        while True:
            watched.move()
            if watched.ended:
                break
        for method, values in zip(METHODS, tables, strict=True):
            learner_of(method, 0.1, 3, 0.8)[1](values, episode)
        for learner, values in zip(watched.learners, tables, strict=True):
            np.testing.assert_allclose(learner.values, values, atol=1e-12)
        watched.move()


def test_after_the_first_episode_td_has_moved_one_value_and_monte_carlo_all_that_were_visited():
    watched = replay("TD(0)", "Monte Carlo")
    start = [learner.values.copy() for learner in watched.learners]
    moves = []
    while not watched.ended:
        watched.move()
        moves.append([len(learner.updates) for learner in watched.learners])
    td, monte_carlo = (np.flatnonzero(each.values != was) for each, was in zip(watched.learners, start, strict=True))
    assert list(td) == [watched.path[-2]]
    assert set(monte_carlo) == set(watched.path[:-1])
    assert all(by_td == 1 for by_td, _ in moves)
    assert [by_monte_carlo for _, by_monte_carlo in moves] == [0] * (len(moves) - 1) + [len(moves)]


def test_what_is_said_of_a_step_names_the_target():
    bench = WalkBench(second="n-step TD")
    assert said(bench) == ["Episode 1 begins in C.", *["has nothing to learn from yet."] * 2]
    bench.player.go(1)
    assert said(bench) == [
        "Episode 1, step 1: C → D, reward 0.",
        "leaves C at 0.500: that is its target, 0 + V(D) = 0.500.",
        "waits until 3 rewards are known.",
    ]
    bench.finish_episode()
    step, td, _ = said(bench)
    assert step.endswith("A → the left end, reward 0.")
    assert td == "moves A: 0.500 → 0.450, towards 0 + 0 (nothing follows an end)."
    bench.controls.set("second", "Monte Carlo")
    bench.player.go(1)
    assert said(bench)[2] == "waits for the end of the episode."
    bench.finish_episode()
    assert said(bench)[2] == "makes 11 updates, one a visit: A, B, C, D, E, towards the return 0."
    bench.controls.set("second", "TD(λ)")
    bench.player.go(2)
    assert said(bench)[2] == "moves nothing: the TD error is 0."
    bench.finish_episode()
    assert said(bench)[2] == "moves A, B, C, D, E: each by its trace, with one TD error."
    bench.finish_episode()
    assert said(bench)[0].startswith("Episode 2, step ")


def test_both_learners_see_the_same_episodes_again_from_the_beginning_and_others_where_they_are_asked_for():
    def paths(bench):
        found = []
        for _ in range(4):
            bench.finish_episode()
            found.append(tuple(bench.replay.path))
        return found

    bench = WalkBench()
    first = paths(bench)
    bench.player.begin()
    assert paths(bench) == first
    bench.controls.set("alpha", 0.5)
    assert bench.player.position == 0
    assert paths(bench) == first
    bench.more.press("new")
    assert paths(bench) != first
    assert WalkBench(seed=2).replay is not bench.replay
    assert bench.status.problem == ""


def test_what_is_drawn_is_what_is_learned():
    bench = WalkBench(alpha=1.0)
    bench.finish_episode()
    assert bench.row.walk["ends"] == [0.0, 1.0]
    assert bench.row.walk["names"] == ["A", "B", "C", "D", "E"]
    assert bench.row.walk["exact"] == pytest.approx(np.arange(1, 6) / 6, abs=1e-4)
    for drawn, learner in zip(bench.row.now["learners"], bench.replay.learners, strict=True):
        assert drawn["values"] == pytest.approx(learner.values[1:-1], abs=1e-4)
        assert {state for state, _, _ in drawn["moved"]} == {update.state for update in learner.updates}
    assert sum(bench.row.now["visits"]) == len(bench.replay.path)
    assert bench.row.now["place"] == bench.replay.path[-1]


def test_another_walk_brings_its_rewards_and_they_can_be_turned():
    bench = WalkBench()
    bench.controls.set("walk", "19 states")
    assert bench.controls.values["left"] == -1.0
    assert bench.row.walk["ends"] == [-1.0, 1.0]
    assert bench.row.walk["names"][-1] == "19"
    bench.controls.set("right", -0.5)
    assert bench.row.walk["ends"] == [-1.0, -0.5]
    assert (bench.row.walk["low"], bench.row.walk["high"]) == (-1.0, 0.0)
    bench.controls.set("left", -0.5)
    bench.player.go(500)
    assert bench.replay.errors() == pytest.approx(
        [0.0, 0.0], abs=1e-12
    )  # where both ends pay the same, the beginning is true already
    assert WalkBench(19).row.walk["ends"] == [-1.0, 1.0]
    assert WalkBench(19, left=0.0).row.walk["ends"] == [0.0, 1.0]


def test_numbers_that_mean_nothing_to_the_chosen_methods_are_not_offered():
    bench = WalkBench()
    assert bench.controls.unavailable == ["decay", "n"]
    bench.controls.set("second", "TD(λ)")
    assert bench.controls.unavailable == ["n"]
    errors = WalkErrors(method="n-step TD", runs=10)
    assert errors.controls.unavailable == ["clear", "decay"]


def test_a_screen_reader_is_told_of_single_moves_and_not_while_it_plays(page_of):
    bench = WalkBench()
    bench.player.go(1)
    assert bench.row.now["live"]
    bench.player.playing = True
    bench.player.go(1)
    assert not bench.row.now["live"]


def test_a_request_for_more_moves_than_can_be_waited_for_goes_as_far_as_it_can(page_of, monkeypatch):
    monkeypatch.setattr("retroml_edu.kit.walk_bench.MOST_MOVES", 50)
    bench = WalkBench()
    page_of(bench.player).tell(action="to", position=10**9)
    assert bench.player.position == 50
    bench.player.go(20)
    assert bench.player.position == 70


def test_error_curves_are_those_of_the_learners_and_begin_before_the_first_episode():
    walk = Walk(5, -0.5, 1.0)
    [found] = error_curves(walk, [NStepTD(0.1)], runs=3, n_episodes=4, seed=5)
    exact = exact_values(random_walk(5, -0.5, 1.0))[1:-1]
    for run in range(3):
        values = np.full(7, walk.start)
        values[[0, 6]] = 0.0
        expected = [np.sqrt(np.mean((values[1:-1] - exact) ** 2))]
        for episode in experience_of(walk, 3, 4, 5).episodes(run):
            NStepTD(0.1)(values, episode)
            expected.append(np.sqrt(np.mean((values[1:-1] - exact) ** 2)))
        np.testing.assert_allclose(found[run], expected, rtol=1e-12)


def test_a_curve_is_pinned_beside_the_next_and_cleared():
    errors = WalkErrors(runs=20)
    errors.controls.press("pin")
    errors.controls.press("pin")
    errors.controls.set("method", "Monte Carlo")
    assert errors.pinned == ["TD(0), α = 0.1"]
    axis = errors.plot.figure["layout"]["yaxis"]["range"]
    names = [trace["name"] for trace in errors.plot.traces if "name" in trace]
    assert names == ["TD(0), α = 0.1", "Monte Carlo, α = 0.1"]
    assert "Monte Carlo, α = 0.1: error 0." in errors.status.text
    for alpha in np.linspace(0.2, 0.9, 8):
        errors.controls.set("alpha", float(alpha))
        errors.controls.press("pin")
    assert len(errors.pinned) == 5
    assert errors.plot.figure["layout"]["yaxis"]["range"][1] > axis[1]  # the axis stays until a curve leaves it
    assert errors.pinned[-1] == "Monte Carlo, α = 0.9"
    errors.controls.set("walk", "19 states")
    assert errors.pinned == []  # errors of two walks are not compared
    assert len(errors.plot.traces[-1]["x"]) == 51
    errors.controls.press("pin")
    errors.controls.press("clear")
    assert errors.pinned == []
    assert errors.status.problem == ""


def test_a_learner_that_runs_away_is_drawn_as_far_as_it_can_be_seen():
    errors = WalkErrors(19, method="TD(λ)", alpha=1.0, runs=10)
    errors.controls.set("decay", 1.0)
    errors.controls.press("pin")
    errors.controls.set("method", "TD(0)")
    assert all(np.isfinite(trace["y"]).all() and len(trace["y"]) for trace in errors.plot.traces)
    assert np.isfinite(errors.plot.figure["layout"]["yaxis"]["range"]).all()
    assert "95 % interval" in errors.status.text
    errors.controls.set("method", "TD(λ)")
    assert "runs away" in errors.status.text
    assert errors.status.problem == ""


def test_a_learner_that_runs_away_move_by_move_still_has_numbers():
    bench = WalkBench(19, first="TD(λ)", alpha=1.0)
    bench.controls.set("decay", 1.0)
    bench.player.go(3_000)
    bench.finish_episode()
    assert json.dumps(bench.row.now, allow_nan=False)
    assert any("runs away" in each for each in said(bench))
    assert bench.status.problem == ""


def test_ends_of_one_s_own_reach_the_curves():
    def mean(**ends):
        return WalkErrors(runs=20, **ends).plot.traces[-1]["y"]

    np.testing.assert_allclose(mean(left=-1.0), 2 * mean(), rtol=1e-5)
    np.testing.assert_allclose(mean(left=1.0), 0.0, atol=1e-12)


def test_the_error_that_is_told_is_the_mean_over_episodes_without_what_was_before_the_first():
    curve = error_curves(WALKS["5 states"], [NStepTD(0.1)], runs=20, n_episodes=100)[0]
    assert f"error {curve[:, 1:].mean():.3f} on average over 100 episodes" in WalkErrors(runs=20).status.text
    assert f"{curve.mean():.3f}" != f"{curve[:, 1:].mean():.3f}"


def test_a_study_is_the_mean_of_what_each_learner_errs():
    blocks = study_blocks(WALKS["19 states"], "n", runs=2 * STUDY_BLOCK + 3, n_episodes=3)
    found = study_of("n", np.concatenate(list(blocks), axis=1))
    i, j = found.names.index("n = 4"), 12
    learner = NStepTD(float(found.alphas[j]), 4)
    runs = 2 * STUDY_BLOCK + 3
    expected = error_curves(WALKS["19 states"], [learner], runs=runs, n_episodes=3)[0][:, 1:]
    assert found.mean[i, j] == pytest.approx(expected.mean())
    assert found.low[i, j] < found.mean[i, j] < found.high[i, j]
    name, alpha, error = found.best()
    assert error == found.mean[found.names.index(name), list(found.alphas).index(alpha)] == found.mean.min()


def test_a_study_draws_every_line_as_far_as_it_can_be_seen():
    bench = WalkStudy(runs=20)
    assert bench.wait(60)
    names = [trace["name"] for trace in bench.plot.traces if "name" in trace]
    assert names == ["n = 1", "n = 2", "n = 4", "n = 8", "n = 32", "Monte Carlo", "lowest point"]
    assert bench.status.text.startswith("Lowest: n = ")
    bench.controls.set("over", "λ")
    assert bench.wait(60)
    assert bench.found.names[-1] == "λ = 1"
    assert all(np.isfinite(trace["y"]).all() for trace in bench.plot.traces)  # λ = 1 runs away with large steps
    assert bench.status.text.startswith("Lowest: λ = ")
    bench.controls.set("walk", "5 states")
    bench.controls.set("episodes", 50)
    assert bench.wait(60)
    assert "first 50 episodes" in bench.status.text
    assert bench.status.problem == ""


def test_a_study_says_at_once_that_it_measures_and_draws_the_first_runs_before_all(monkeypatch):
    bench = WalkStudy(runs=20)
    assert bench.wait(60)
    seen, go_on = [], threading.Event()

    def slowly(*args, **settings):
        for block in study_blocks(*args, **settings):
            seen.append((bench.status.text, len(bench.plot.traces), bench.plot.figure["layout"]["annotations"]))
            assert go_on.wait(60)
            yield block

    monkeypatch.setattr("retroml_edu.kit.walk_charts.study_blocks", slowly)
    bench.controls.set("episodes", 3)
    assert bench.status.text == "Measuring 20 runs of the first 3 episodes …"
    assert {trace["opacity"] for trace in bench.plot.traces} == {0.2}  # what was found before stands back
    assert [note["text"] for note in bench.plot.figure["layout"]["annotations"]] == ["Measuring …"]
    go_on.set()
    assert bench.wait(60)
    assert "; 10 of 20 runs so far. " in seen[1][0]
    assert seen[1][2] == []
    assert "; 20 runs. " in bench.status.text
    assert all("opacity" not in trace for trace in bench.plot.traces)


def test_a_study_that_is_no_longer_wanted_is_left(monkeypatch):
    bench = WalkStudy(runs=20)
    assert bench.wait(60)
    begun, go_on, measured = threading.Event(), threading.Event(), []

    def slowly(*args, n_episodes, **settings):
        for block in study_blocks(*args, n_episodes=n_episodes, **settings):
            measured.append(n_episodes)
            begun.set()
            assert go_on.wait(60)
            yield block

    monkeypatch.setattr("retroml_edu.kit.walk_charts.study_blocks", slowly)
    bench.controls.set("episodes", 3)
    assert begun.wait(60)
    bench.controls.set("episodes", 4)
    go_on.set()
    assert bench.wait(60)
    assert measured == [3, 4, 4]
    assert "first 4 episodes" in bench.status.text


def test_where_nothing_is_to_be_learned_a_study_says_so_without_an_error():
    bench = WalkStudy(left=1.0, runs=5)
    assert bench.wait(60)
    assert bench.status.problem == ""
    assert "error 0.000" in bench.status.text
