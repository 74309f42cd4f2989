"""Learners side by side: what they do, what is said of them, and what turning a slider does."""

import sys
from collections import deque
from itertools import pairwise

import numpy as np
import pytest

from retroml_edu.core.errors import LessonError, TabularError, UnknownNameError
from retroml_edu.kit.side_by_side import MOST_POINTS, SideBySide, told
from retroml_edu.kit.watched_learner import MOST_KEPT, MOST_SHOWN, WINDOW, WatchedLearner
from retroml_edu.tabular import GridWorld, TabularLearner, cliff

CLIFF = cliff()
TRAP = GridWorld(("S#.",), goals={(0, 2): 1.0}, step_reward=-1.0)


def watched(method="Q-learning", world=CLIFF, **given):
    return WatchedLearner(world, method, **{"alpha": 0.5, "epsilon": 0.1} | given)


def greedy(piece):
    return [learner.greedy_way() for learner in piece.learners]


def test_it_learns_what_a_learner_by_itself_learns_however_it_is_asked():
    plain = TabularLearner(CLIFF.outcomes(), "SARSA", alpha=0.5, epsilon=0.1, rng=np.random.default_rng(3))
    returns = plain.play(60)
    one, two = watched("SARSA", seed=3), watched("SARSA", seed=3)
    one.play(60)
    while two.n_episodes < 60:
        two.go(7)
    for learner in (one, two):
        np.testing.assert_array_equal(learner.episodes.returns[:60], returns)
    np.testing.assert_array_equal(one.action_values, plain.action_values)


def test_many_episodes_are_learned_a_hundred_at_a_time_and_come_out_the_same():
    at_once, one_by_one = watched("SARSA"), watched("SARSA")
    longest = []
    made = at_once._made
    at_once._made = lambda steps, episodes: longest.append(episodes) or made(steps, episodes)
    at_once.play(250)
    for _ in range(250):
        one_by_one.play(1)
    assert longest == [100, 100, 50]  # what is held of their steps is bounded
    np.testing.assert_array_equal(at_once.episodes.steps, one_by_one.episodes.steps)
    assert (at_once.steps, at_once.way()) == (one_by_one.steps, one_by_one.way())


def test_steps_and_falls_of_an_episode_make_its_return():
    learner = watched(epsilon=0.3)
    for count in (3, 1, 200):
        learner.play(count)
        learner.go(11)
    episodes = learner.episodes
    assert len(episodes.returns) == learner.n_episodes >= 204
    assert episodes.falls.sum() > 20
    np.testing.assert_array_equal(episodes.returns, -episodes.steps - 99 * episodes.falls)
    assert learner.steps >= episodes.steps.sum()


def test_falls_are_told_from_steps_back_to_the_start_where_moves_slip():
    world = GridWorld(("...", "S..", "..."), {(1, 2): 0.0}, {(2, 0): -7.0}, -1.0, 0.4, frozenset({(2, 0)}))
    learner = watched(world=world, epsilon=0.5)
    learner.play(300)
    episodes = learner.episodes
    np.testing.assert_array_equal(episodes.returns, -episodes.steps + 1 - 6 * episodes.falls)


def test_the_newest_way_is_one_over_the_board_and_shows_where_it_fell():
    learner = watched()
    learner.play(1)
    for _ in range(40):
        way = learner.way()
        places = [CLIFF.fields[state] for state in way]
        falls = 0
        for (row, column), (next_row, next_column) in pairwise(places):
            if (row, column) in CLIFF.falls:
                assert (next_row, next_column) == CLIFF.start
                falls += 1
            else:
                assert abs(row - next_row) + abs(column - next_column) <= 1
        assert len(way) <= 2 * MOST_SHOWN
        if learner.state == CLIFF.state(CLIFF.start) and places[-1] in CLIFF.goals:
            assert falls == learner.episodes.falls[-1] or len(way) > MOST_SHOWN
        learner.play(1)
    learner.go(3)
    assert learner.way()[-1] == learner.state
    assert len(learner.way()) >= 4


def test_an_episode_without_an_end_is_cut_off_and_told():
    learner = watched(world=TRAP, alpha=0.1, gamma=0.5)
    learner.go(25_000)
    assert list(learner.episodes.steps) == [10_000, 10_000]
    assert list(learner.episodes.returns) == [-10_000, -10_000]
    way = learner.greedy_way()
    assert not way.arrives
    assert "in circles" in told(learner, way)[-1]
    learner.play(1)
    assert list(learner.episodes.steps) == [10_000] * 3


def test_q_learning_takes_the_edge_and_sarsa_a_longer_way():
    piece = SideBySide()
    piece.go(500)
    sarsa, q_learning = greedy(piece)
    assert (q_learning.steps, q_learning.falls, q_learning.arrives) == (13, 0, True)
    assert sarsa.arrives
    assert sarsa.steps > 13
    assert "13 steps to the goal" in piece.cards[1].sentences[-1]
    assert piece.cards[0].sentences[1].startswith(f"Last {WINDOW}: mean return")
    assert [card.heading for card in piece.cards] == ["SARSA", "Q-learning"]


def test_a_board_stays_where_it_is_while_there_is_more_to_say_above_it():
    piece = SideBySide()
    before = [len(card.sentences) for card in piece.cards]
    for count in (1, 1, 300):
        piece.go(count)
        assert [len(card.sentences) for card in piece.cards] == before
        assert all(sentence for card in piece.cards for sentence in card.sentences)


def test_epsilon_turned_to_0_acts_from_the_next_episode_on_and_is_marked():
    piece = SideBySide(seed=1)
    piece.go(400)
    before = greedy(piece)
    for value in (0.05, 0.02, 0.0):  # a slider that is drawn along
        piece.controls.set("epsilon", value)
    assert piece.status.text == "ε = 0 from episode 401 on."
    notes = piece.plot.figure["layout"]["annotations"]
    assert [(note["x"], note["text"]) for note in notes] == [(400, "ε = 0")]
    piece.go(50)
    for learner, way in zip(piece.learners, before, strict=True):
        assert (learner.episodes.returns[-20:] == -way.steps).all()
        assert learner.greedy_way().states == way.states  # what is not tried is not corrected
    assert greedy(piece)[0].steps > 13


@pytest.mark.parametrize(("name", "value"), [("alpha", 0.25), ("gamma", 0.9)])
def test_step_size_and_discount_act_too(name, value):
    piece = SideBySide()
    piece.go(2)
    piece.controls.set(name, value)
    assert [getattr(learner.learner, name) for learner in piece.learners] == [value, value]
    assert piece.plot.figure["layout"]["annotations"][0]["text"] == f"{'α' if name == 'alpha' else 'γ'} = {value}"


def test_it_goes_step_by_step_or_by_episodes_and_the_player_counts_what_it_goes_by():
    piece = SideBySide()
    piece.go(5, "step")
    assert (piece.player.unit, piece.player.position) == ("step", 5)
    assert [learner.steps for learner in piece.learners] == [5, 5]
    assert piece.cards[0].sentences[0] == "No episode has ended yet."
    assert piece.boards[0].shown["agent"] == piece.learners[0].state
    piece.go(3, "episode")
    assert (piece.player.unit, piece.player.position) == ("episode", 3)
    assert [learner.n_episodes for learner in piece.learners] == [3, 3]
    piece.controls.set("by", "step")
    assert piece.player.position == max(learner.steps for learner in piece.learners) > 5


def test_the_boards_show_what_they_are_asked_to():
    piece = SideBySide()
    piece.go(300)
    for board, learner in zip(piece.boards, piece.learners, strict=True):
        values = np.frombuffer(board.shown["action_values"], dtype=np.float32).reshape(-1, 4)
        np.testing.assert_allclose(values, learner.action_values, rtol=1e-5)
        assert board.shown["path"] == learner.way()
        assert board.shown["plan"] == learner.greedy_way().states
    assert piece.boards[0].shown["limits"] == piece.boards[1].shown["limits"]
    piece.controls.set("show", "best value, arrow")
    piece.controls.set("greedy", False)
    shown = piece.boards[1].shown
    np.testing.assert_allclose(
        np.frombuffer(shown["values"], dtype=np.float32), piece.learners[1].action_values.max(axis=1), rtol=1e-5
    )
    assert {"plan", "action_values", "backups"}.isdisjoint(shown)  # what it learned was not backed up


def test_the_chart_has_a_line_for_each_of_the_newest_means():
    piece = SideBySide("SARSA", "Q-learning", "expected SARSA")
    piece.go(1_200)
    lines = [trace for trace in piece.plot.traces if trace["mode"] == "lines"]
    assert [trace["name"] for trace in lines] == piece.methods
    for trace, learner in zip(lines, piece.learners, strict=True):
        assert len(trace["x"]) <= 500
        assert trace["x"][-1] == 1_200
        assert trace["y"][-1] == pytest.approx(learner.episodes.returns[-WINDOW:].mean(), rel=1e-5)
    low, high = piece.plot.figure["layout"]["yaxis"]["range"]
    assert low < min(trace["y"][-1] for trace in lines) < high


def test_the_chart_has_the_mean_of_the_newest_at_each_episode():
    piece = SideBySide()
    piece.go(400)
    for trace, learner in zip(piece.plot.traces, piece.learners, strict=True):
        returns = learner.episodes.returns
        means = [returns[max(0, end - WINDOW) : end].mean() for end in range(1, 401)]
        np.testing.assert_array_equal(trace["x"], np.arange(1, 401))
        np.testing.assert_allclose(trace["y"], means, rtol=1e-6)


def size_of(kept, seen=None):
    """Return how many bytes an object holds on to, arrays by what they are views of."""
    seen = set() if seen is None else seen
    if id(kept) in seen:
        return 0
    seen.add(id(kept))
    if isinstance(kept, np.ndarray):
        return kept.nbytes if kept.base is None else size_of(kept.base, seen)
    if isinstance(kept, dict):
        inner = kept.values()
    elif isinstance(kept, list | tuple | set | deque):
        inner = kept
    else:
        inner = vars(kept).values() if hasattr(kept, "__dict__") and not isinstance(kept, type) else ()
    return sys.getsizeof(kept) + sum(size_of(each, seen) for each in inner)


def test_what_is_kept_and_sent_of_a_long_run_is_bounded():
    one_step_away = GridWorld(("S.",), goals={(0, 1): 1.0}, step_reward=-1.0)
    piece = SideBySide(world=one_step_away, epsilon=0.0)
    sizes = []
    for count in (10_000, 190_000):
        for learner in piece.learners:
            learner.play(count)
        piece.go(1)  # a tick: it draws what there is
        sent = sum(len(column) for column in piece.plot.figure["columns"])
        sizes.append((sum(map(size_of, piece.learners)), sent))
    (kept, sent), (kept_later, sent_later) = sizes
    assert kept_later < 1.5 * kept
    assert kept_later < 2 * 2**20
    assert sent_later == sent <= 2 * 2 * MOST_POINTS * 4
    for trace, learner in zip(piece.plot.traces, piece.learners, strict=True):
        assert (trace["x"][0], trace["x"][-1]) == (1, learner.n_episodes) == (1, 200_000)
        assert np.ptp(np.diff(trace["x"])[:-1]) <= 64  # from the first to the newest, evenly
        assert len(learner.episodes.returns) == MOST_KEPT
    assert "Episode 200,000:" in piece.cards[0].sentences[0]


@pytest.mark.parametrize(("name", "value"), [("seed", 7), ("slip", 0.1), ("method1", "double Q-learning")])
def test_another_seed_world_or_method_begins_anew(name, value):
    piece = SideBySide()
    piece.go(20)
    before = [learner.episodes.returns[:20].copy() for learner in piece.learners]
    piece.controls.set("epsilon", 0.2)
    piece.setup.set(name, value)
    assert piece.player.position == 0
    assert [learner.n_episodes for learner in piece.learners] == [0, 0]
    assert not piece.plot.figure["layout"]["annotations"]
    assert [learner.learner.epsilon for learner in piece.learners] == [0.2, 0.2]
    piece.controls.set("epsilon", 0.1)
    piece.go(20)
    assert any(
        (learner.episodes.returns[:20] != old).any() for learner, old in zip(piece.learners, before, strict=True)
    )


def test_from_the_beginning_it_does_the_same_again():
    piece = SideBySide()
    piece.go(30)
    first = [learner.episodes.returns.copy() for learner in piece.learners]
    piece.player.begin()
    assert piece.status.text == "Nothing is learned yet: all values are 0."
    piece.go(30)
    for learner, returns in zip(piece.learners, first, strict=True):
        np.testing.assert_array_equal(learner.episodes.returns, returns)


def test_another_world_can_be_given():
    world = GridWorld(("S..", ".#.", "..."), goals={(2, 2): 1.0}, step_reward=-0.1, slip=0.2)
    piece = SideBySide("expected SARSA", "double Q-learning", world=world, alpha=0.1, gamma=0.9)
    piece.go(300)
    assert piece.world == world
    assert all(way.arrives for way in greedy(piece))
    assert piece.boards[0].shown["limits"][1] > 0


def test_a_page_that_sends_nonsense_is_told_so(page_of):
    piece = SideBySide()
    page = page_of(piece.player)
    page.tell(action="go", steps=4)
    assert page.heard[-1] == {"kind": "shown", "position": 4, "stopped": False, "view": None}
    piece.learners[0].learner.alpha = 2.0  # as no slider can
    page.tell(action="go", steps=1)
    assert "alpha=2" in piece.status.problem


@pytest.mark.parametrize(
    ("methods", "error", "message"),
    [
        (("SARSA",), LessonError, "Two or three"),
        (("SARSA", "Q learning"), UnknownNameError, "Q-learning"),
    ],
)
def test_who_cannot_stand_side_by_side_is_refused(methods, error, message):
    with pytest.raises(error, match=message):
        SideBySide(*methods)


def test_settings_out_of_bounds_are_refused():
    with pytest.raises((LessonError, TabularError), match="epsilon"):
        SideBySide(epsilon=2.0)
