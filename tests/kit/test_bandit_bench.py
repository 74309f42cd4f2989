"""The bandit bench without a page: what a strategy does is what the algorithms do, and what is told of it is true."""

import numpy as np
import pytest

from retroml_edu.core.errors import LessonError
from retroml_edu.kit import bandit_many, bandit_one
from retroml_edu.kit.bandit_bench import MANY, ONE, BanditBench
from retroml_edu.kit.bandit_many import MOST_PINNED, OPTIMAL, REGRET
from retroml_edu.kit.bandit_play import (
    BLOCK,
    GRADIENT,
    GREEDY,
    HAND,
    METHODS,
    RIVAL_PLAYS,
    THOMPSON,
    UCB,
    Game,
    Rival,
    block_curves,
    finer,
    name_of,
    rivals,
    strategy_of,
)
from retroml_edu.tabular.bandits import EpsilonGreedy, ThompsonSampling, UpperConfidenceBound

SETTINGS = {"epsilon": 0.3, "start": 0.0, "step_size": 0.0, "c": 1.5, "alpha": 0.2, "baseline": True}


def played(strategy, pulls=60, seed=4):
    game = Game(seed)
    game.begin(strategy)
    for _ in range(pulls):
        yield game, game.arms(), game.step()


def test_ucb_pulls_the_highest_bound_that_was_drawn_and_says_what_it_is_made_of():
    for number, (game, before, arm) in enumerate(played(UpperConfidenceBound(1.5))):
        bounds = [each.upper for each in before]
        assert bounds[arm] == max(bounds)
        known = before[arm]
        if number < 10:
            assert known.pulls == 0
            assert "not tried yet" in game.why
        else:
            doubt = known.upper - known.estimate
            assert f"estimate {known.estimate:.2f} + doubt {doubt:.2f} = {known.upper:.2f}" in game.why


def test_thompson_pulls_the_highest_of_the_values_that_are_shown_as_drawn():
    for game, before, arm in played(ThompsonSampling()):
        drawn = [each.drawn for each in game.arms()]
        assert drawn[arm] == max(drawn)
        spread = before[arm].spread
        assert spread == pytest.approx(1 / np.sqrt(1 + before[arm].pulls))


def test_an_epsilon_greedy_player_says_that_it_explored_whatever_arm_came_of_it():
    explored, fell_on_the_best = 0, 0
    for game, before, arm in played(EpsilonGreedy(0.3), pulls=1_000):
        estimates = [each.estimate for each in before]
        if estimates[arm] < max(estimates):
            assert game.why == "explored: drawn from all arms, whatever their estimates"
        elif game.why.startswith("explored"):
            assert game.why.endswith(", and it fell on one that looked best")
            fell_on_the_best += 1
        else:
            assert "looked" in game.why
        explored += game.why.startswith("explored")
    assert 250 < explored < 350
    assert 10 < fell_on_the_best < 60


@pytest.mark.parametrize(("epsilon", "word"), [(0.0, "looked"), (1.0, "explored")])
def test_a_player_who_never_explores_and_one_who_always_does_say_so(epsilon, word):
    assert all(word in game.why.split(",")[0] for game, _before, _arm in played(EpsilonGreedy(epsilon), pulls=100))


@pytest.mark.parametrize("method", METHODS)
def test_a_game_is_the_same_for_the_same_seed_and_its_numbers_fit_together(method):
    games = []
    for _ in range(2):
        *_others, (game, _before, _arm) = played(strategy_of(method, SETTINGS), pulls=50)
        games.append(game)
    one, two = games
    assert (one.taken, one.paid) == (two.taken, two.paid)
    arms = one.arms()
    assert [each.pulls for each in arms] == np.bincount(one.taken, minlength=10).tolist()
    assert one.regret == pytest.approx(sum(one.means.max() - one.means[arm] for arm in one.taken))
    if method in (GREEDY, UCB):
        for number, each in enumerate(arms):
            if each.pulls:
                own = [paid for arm, paid in zip(one.taken, one.paid, strict=True) if arm == number]
                assert each.estimate == pytest.approx(np.mean(own))
    if method == GRADIENT:
        assert sum(each.chance for each in arms) == pytest.approx(1)


def test_by_hand_an_arm_that_was_not_pulled_has_no_estimate_and_a_strategy_learns_from_a_hand():
    game = Game(1)
    game.begin(None)
    game.pull(3)
    assert [each.estimate is None for each in game.arms()] == [number != 3 for number in range(10)]
    assert game.arms()[3].estimate == game.paid[0]
    with pytest.raises(LessonError, match="Nobody plays here but you"):
        game.step()
    with pytest.raises(LessonError, match="There are 10 arms"):
        game.pull(10)
    helped = Game(1)
    helped.begin(EpsilonGreedy(0.0))
    helped.pull(3)
    assert helped.arms()[3].estimate == pytest.approx(helped.paid[0])


def test_rivals_play_this_very_problem_with_as_many_pulls():
    game = Game(2)
    game.begin(None)
    for _ in range(30):
        game.pull(int(game.means.argmax()))
    found = rivals(game, [strategy_of(method, SETTINGS) for method in METHODS])
    assert [each.name for each in found] == [name_of(strategy_of(method, SETTINGS)) for method in METHODS]
    for each in found:
        assert each.low < each.mean < each.high
        assert each.mean < game.means.max()
        assert each.beaten > 0.5  # who knows the best arm beats most
    with pytest.raises(LessonError, match="Pull some arms first"):
        rivals(Game(2), [EpsilonGreedy(0.1)])


@pytest.mark.parametrize(
    ("beaten", "told"),
    [
        ((0.0, 0.0), "You earned more than 0% of the 1000 plays by each strategy."),
        ((0.9, 0.2), "You earned more than 90% of 1000 plays by a, and more than 20% of those by b."),
    ],
)
def test_who_is_beaten_is_told_once_where_all_are_alike_and_no_mean_stands_at_the_edge(monkeypatch, beaten, told):
    found = [Rival(name, 1.0, 0.5, 1.5, share) for name, share in zip("ab", beaten, strict=True)]
    monkeypatch.setattr(bandit_one, "rivals", lambda *_: found)
    bench = BanditBench(method="by hand", seed=2)
    bench.pull(1)
    bench.reveal()
    assert told.replace("1000", str(RIVAL_PLAYS)) in bench.status.text
    plot = bench.box.children[-2].children[-1]
    low, high = plot.figure["layout"]["xaxis"]["range"]
    drawn = np.concatenate([np.asarray(trace["x"]) for trace in plot.traces])
    assert low < min(0.5, drawn.min())
    assert drawn.max() < high


@pytest.mark.parametrize("seed", range(8))
def test_no_outline_is_cut_off(seed):
    bench = BanditBench(method="Thompson sampling", seed=seed)
    bench.set("truth", True)
    bench.player.to(3)
    state = bench.box.children[-2].children[0].state
    assert state["low"] <= bench.game.means.min() - 2.6
    assert state["high"] >= bench.game.means.max() + 2.6
    for arm in state["arms"]:
        assert state["low"] <= arm["estimate"] - 2.6 * arm["spread"]
        assert arm["estimate"] + 2.6 * arm["spread"] <= state["high"]


def test_fewer_problems_than_asked_for_are_told_and_the_axis_has_room_for_its_last_number():
    bench = BanditBench("many")
    bench.set("pulls", "5,000")
    assert "With 5,000 pulls 800 problems are the most." in bench.status.text
    low, high = bench.box.children[-2].children[-1].figure["layout"]["xaxis"]["range"]
    assert (low, high > 5_000) == (0, True)
    bench.set("problems", 400)
    assert "are the most" not in bench.status.text


def test_the_truth_does_not_reach_the_page_before_it_is_shown(page_of):
    bench = BanditBench(method=HAND, seed=3)
    arms = bench.box.children[2].children[0]
    assert {each["mean"] for each in arms.state["arms"]} == {0.0}
    assert arms.state["best"] == -1
    page_of(arms).tell(action="pull", arm=4)
    assert bench.game.taken == [4]
    assert arms.state["now"] == 4
    assert "Pull 1: arm 5, your choice. It paid" in arms.state["told"].replace("−", "-")
    assert "regret" not in bench.status.text
    found = bench.reveal()
    assert len(found) == len(METHODS)
    assert [each["mean"] for each in arms.state["arms"]] == bench.game.means.tolist()
    assert f"of {RIVAL_PLAYS} plays" in bench.status.text
    assert "regret so far" in bench.status.text


def test_what_a_page_sends_amiss_is_told_and_another_pull_is_taken(page_of):
    bench = BanditBench(method=HAND)
    arms = bench.box.children[2].children[0]
    page = page_of(arms)
    page.tell(action="pull", arm=99)
    assert "There are 10 arms" in bench.status.problem
    page.tell(action="pull", arm="2")
    page.tell(action="pull", arm=2)
    assert bench.status.problem == ""
    assert bench.game.taken == [2]
    assert page.heard == [{"kind": "done"}] * 3


def test_a_slider_or_a_seed_begins_anew_and_the_player_follows_pulls_by_hand():
    bench = BanditBench(seed=1)
    bench.player.go(20)
    assert bench.game.count == bench.player.position == 20
    bench.pull(1)
    assert bench.player.position == 21
    bench.set("epsilon", 0.5)
    assert bench.game.count == bench.player.position == 0
    assert bench.game.strategy.epsilon == 0.5
    means = bench.game.means
    bench.player.go(3)
    bench.set("seed", 2)
    assert bench.game.count == 0
    assert not np.array_equal(bench.game.means, means)


def test_looking_at_many_problems_and_back_leaves_the_one_as_it_was():
    bench = BanditBench()
    bench.player.go(12)
    bench.set("view", MANY)
    bench.set("view", ONE)
    assert bench.game.count == 12
    bench.set("view", MANY)
    bench.set("epsilon", 0.4)
    bench.set("view", ONE)
    assert (bench.game.count, bench.game.strategy.epsilon) == (0, 0.4)


def test_only_the_controls_that_mean_something_are_there():
    bench = BanditBench(method=UCB)
    with pytest.raises(LessonError, match='no control "epsilon"'):
        bench.set("epsilon", 0.2)
    assert bench.settings[UCB] in bench.box.children
    assert bench.settings[GREEDY] not in bench.box.children
    bench.set("method", THOMPSON)
    assert not set(bench.settings.values()) & set(bench.box.children)
    with pytest.raises(LessonError, match="The bench shows"):
        BanditBench("both")
    with pytest.raises(LessonError, match="There is no strategy"):
        strategy_of("luck", SETTINGS)


def test_averages_answer_with_few_problems_and_become_those_of_all():
    bench = BanditBench("many", method=UCB)
    assert bench.wait()
    assert bench.curves.reward.shape[0] == 2_000
    first = block_curves(UpperConfidenceBound(2.0), 1_000, 1, 0)
    np.testing.assert_array_equal(bench.curves.regret[:BLOCK], first.regret)
    assert "95 % intervals over 2,000 problems, seed 1" in bench.status.text
    mean = bench.curves.reward.mean()
    assert f"mean reward {mean:.2f} [" in bench.status.text
    band, curve = bench._average.plot.traces
    np.testing.assert_allclose(curve["y"], bench.curves.optimal.mean(axis=0), rtol=1e-5)
    assert (band["y"][:200] >= curve["y"] - 1e-6).all()


def test_what_is_no_longer_wanted_is_not_drawn():
    bench = BanditBench("many")
    for epsilon in (0.2, 0.3, 0.4):
        bench.set("epsilon", epsilon)
    assert bench.wait()
    last = block_curves(EpsilonGreedy(0.4), 1_000, 1, 3)
    np.testing.assert_array_equal(bench.curves.regret[3 * BLOCK : 4 * BLOCK], last.regret)


def test_averages_that_come_late_are_not_told_in_the_other_view(monkeypatch):
    bench = BanditBench("many")
    assert bench.wait()

    def left_meanwhile(*args):
        bench.set("view", ONE)
        return finer(*args)

    monkeypatch.setattr(bandit_many, "finer", left_meanwhile)
    bench.set("epsilon", 0.3)
    assert bench.wait()
    assert (bench.view, bench.status.text) == (ONE, "")


def test_averages_that_fail_are_told_and_the_next_are_computed(monkeypatch):
    bench = BanditBench("many")
    assert bench.wait()

    def broken(*_):
        raise ValueError("no room")

    with monkeypatch.context() as patched:
        patched.setattr(bandit_many, "finer", broken)
        bench.set("epsilon", 0.3)
        assert bench.wait()
    assert bench.status.problem == "ValueError: no room"
    bench.set("epsilon", 0.4)
    assert bench.wait()
    assert (len(bench.curves.reward), bench.status.problem) == (2_000, "")


def test_pinned_curves_stay_and_follow_pulls_seed_and_problems():
    bench = BanditBench("many")
    bench.wait()
    bench.pin()
    bench.set("epsilon", 0.02)
    bench.wait()
    names = [trace["name"] for trace in bench._average.plot.traces if "name" in trace]
    assert names == ["ε-greedy, ε = 0.1 (pinned)", "ε-greedy, ε = 0.02"]
    bench.set("seed", 5)
    bench.set("pulls", "200")
    bench.set("problems", 600)
    bench.wait()
    pinned = bench.pinned["ε-greedy, ε = 0.1"]
    assert pinned.regret.shape == (600, 200)
    np.testing.assert_array_equal(pinned.regret[BLOCK : 2 * BLOCK], block_curves(EpsilonGreedy(0.1), 200, 5, 1).regret)
    measured = bench.curves
    bench.set("measure", REGRET)
    assert bench.curves is measured  # drawn anew, not played anew
    bench._average.controls.press("clear")
    assert bench.pinned == {}


def test_no_more_curves_are_pinned_than_can_be_told_apart_and_none_twice():
    bench = BanditBench("many")
    bench.set("pulls", "200")
    for number in range(MOST_PINNED):
        bench.set("epsilon", number / 10)
        bench.pin()
        bench.pin()
    assert len(bench.pinned) == MOST_PINNED
    bench.set("epsilon", 0.9)
    bench._average.controls.press("pin")
    assert "Remove them to pin others" in bench.status.problem
    bench.wait()


def test_a_hand_is_not_averaged():
    bench = BanditBench("many", method=HAND)
    assert bench.curves is None
    assert "Choose a strategy" in bench.status.text
    with pytest.raises(LessonError, match="no curve"):
        bench.pin()
    bench.set("method", THOMPSON)
    bench.wait()
    assert bench.curves is not None
    assert bench._average.controls.values["measure"] == OPTIMAL


def test_names_tell_settings_apart():
    assert name_of(EpsilonGreedy(0.0, start=5.0, step_size=0.1)) == "greedy, start 5, step 0.1"
    assert name_of(EpsilonGreedy(0.1)) == "ε-greedy, ε = 0.1"
