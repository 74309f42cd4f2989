"""Learning from experience against exact values, and against what the book prints of the cliff and the random walk."""

from itertools import islice, pairwise

import numpy as np
import pytest

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.control import METHODS, TabularLearner, learning_curves
from retroml_edu.tabular.experience import Episode, Experience, gather_experience, random_episodes
from retroml_edu.tabular.gridworld import GridWorld, cliff
from retroml_edu.tabular.outcomes import Outcomes, random_walk
from retroml_edu.tabular.planning import value_iteration
from retroml_edu.tabular.prediction import NStepTD, TDLambda, errors_from, exact_values, value_errors

CLIFF = cliff().outcomes()
EPISODE = Episode(np.array([0, 1, 2]), np.array([0.0, 1.0]))


def learner(method="Q-learning", world=CLIFF, seed=0, **settings):
    given = {"alpha": 0.5, "epsilon": 0.1} | settings
    return TabularLearner(world, method, rng=np.random.default_rng(seed), **given)


def greedy_return(world, action_values, most=100):
    state, total = world.start, 0.0
    for _ in range(most):
        action = action_values[state].argmax()
        total, state = total + world.reward[state, action, 0], world.following[state, action, 0]
        if world.terminal[state]:
            return total
    return -np.inf


def test_on_the_cliff_sarsa_earns_more_and_q_learning_knows_the_shortest_way():
    # Sutton and Barto (2018), example 6.6: epsilon 0.1; about -25 against about -50 while they learn.
    curves = {
        method: learning_curves(
            CLIFF, method, runs=100, episodes=500, alpha=0.5, epsilon=0.1, rng=np.random.default_rng(0)
        )[:, 100:]
        for method in ("SARSA", "Q-learning")
    }
    assert -32 < curves["SARSA"].mean() < -20
    assert -60 < curves["Q-learning"].mean() < -40
    found = learner(seed=1)
    found.play(2_000)
    assert greedy_return(CLIFF, found.action_values) == -13
    safe = learner("SARSA", alpha=0.1, seed=1)
    safe.play(5_000)
    assert greedy_return(CLIFF, safe.action_values) in (-15, -17)  # away from the edge


def test_expected_sarsa_stands_large_steps_that_sarsa_does_not():
    # Figure 6.3 of the book: over 100 episodes, expected SARSA's best is better than SARSA's, and at 1 it still works.
    curves = {
        (method, alpha): learning_curves(
            CLIFF, method, runs=50, episodes=100, alpha=alpha, epsilon=0.1, rng=np.random.default_rng(2)
        ).mean()
        for method in ("SARSA", "expected SARSA", "Q-learning")
        for alpha in (0.3, 0.9)
    }
    assert curves["expected SARSA", 0.9] > curves["SARSA", 0.9] + 10
    assert curves["expected SARSA", 0.9] > curves["Q-learning", 0.9]


@pytest.mark.parametrize("method", METHODS)
def test_without_exploring_at_the_end_every_method_finds_the_best_values(method):
    world = GridWorld(("S..", ".#.", "..."), goals={(2, 2): 1.0}, slip=0.2).outcomes()
    agent = learner(method, world, alpha=0.1, epsilon=1.0, gamma=0.9)
    if method in ("SARSA", "expected SARSA"):  # on policy: they value what they do, so that has to become greedy
        for epsilon in np.linspace(1.0, 0.05, 20):
            agent.epsilon = epsilon
            agent.play(2_000)
    else:
        agent.play(20_000)
    agent.alpha = 0.005
    agent.play(20_000)
    best = list(value_iteration(world.mdp(), 0.9))[-1].values
    assert agent.action_values.max(axis=1)[~world.terminal] == pytest.approx(best[~world.terminal], abs=0.08)


def test_two_tables_do_not_overestimate():
    # Example 6.7 of the book in small: going left leads to many actions that pay -0.1 on average, and much by chance.
    rng = np.random.default_rng(0)
    outcomes, actions = 200, 10
    pays = rng.normal(-0.1, 1.0, outcomes)
    pays += -0.1 - pays.mean()
    probability = np.zeros((4, actions, outcomes))
    probability[:, :, 0] = 1.0
    probability[1] = 1.0 / outcomes
    following = np.full((4, actions, outcomes), 3)
    following[0, 0] = 1  # left; every other action ends the game
    reward = np.zeros((4, actions, outcomes))
    reward[1] = pays
    world = Outcomes(probability, following, reward, np.array([False, False, False, True]), 0)
    lefts = {}
    for method in ("Q-learning", "double Q-learning"):
        agents = [learner(method, world, seed=seed, alpha=0.1) for seed in range(300)]
        for agent in agents:
            agent.play(100)
        lefts[method] = np.mean([agent.action_values[0].argmax() == 0 for agent in agents])
    assert lefts["double Q-learning"] < lefts["Q-learning"] - 0.1


def test_however_its_steps_are_asked_for_it_learns_the_same():
    one, two, three = learner("SARSA"), learner("SARSA"), learner("SARSA")
    path = one.advance(3_000)
    steps = [two.advance(1) for _ in range(3_000)]
    np.testing.assert_array_equal(one.action_values, two.action_values)
    np.testing.assert_array_equal(path.path, np.concatenate([step.path for step in steps]))
    np.testing.assert_array_equal(path.returns, np.concatenate([step.returns for step in steps]))
    returns = three.play(len(path.returns))
    np.testing.assert_array_equal(path.returns, returns)
    assert three.episodes == one.episodes == len(returns)


def test_its_path_is_one_it_can_walk():
    agent = learner(epsilon=0.5)
    path = agent.advance(2_500).path
    for (state, action, after, outcome), (begin, *_) in pairwise(path):
        assert after == CLIFF.following[state, action, outcome]
        assert begin == (CLIFF.start if CLIFF.terminal[after] else after)
    assert agent.state == (CLIFF.start if CLIFF.terminal[path[-1, 2]] else path[-1, 2])


def test_it_can_be_stopped_where_an_episode_ends():
    one, two = learner(), learner()
    played = one.advance(10**6, episodes=20)
    assert len(played.returns) == 20
    assert CLIFF.terminal[played.path[-1, 2]]
    assert one.state == CLIFF.start
    np.testing.assert_array_equal(played.returns, two.play(20))
    assert len(one.advance(5, episodes=3).path) == 5


def test_an_episode_that_goes_in_circles_is_cut_off():
    trapped = GridWorld(("S#.",), goals={(0, 2): 1.0}).outcomes()
    assert list(learner(world=trapped).play(2)) == [0.0, 0.0]


@pytest.mark.parametrize(
    ("change", "message"), [({"alpha": 1.5}, "alpha=1.5"), ({"epsilon": -0.1}, "epsilon"), ({"gamma": 2.0}, "gamma=2")]
)
def test_numbers_out_of_bounds_are_refused(change, message):
    with pytest.raises(TabularError, match=message):
        learner(**change)
    agent = learner()
    for name, value in change.items():
        setattr(agent, name, value)
    with pytest.raises(TabularError, match=message):
        agent.advance(1)


WORLD = {
    "probability": np.ones((2, 1, 1)),
    "following": np.ones((2, 1, 1), dtype=np.int64),
    "reward": np.ones((2, 1, 1)),
    "terminal": np.array([False, True]),
    "start": 0,
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reward": np.ones((1, 1, 1))}, "one shape"),
        ({"following": np.ones((1, 1, 1), dtype=np.int64)}, "one shape"),
        ({"probability": np.ones((2, 1)), "following": np.ones((2, 1)), "reward": np.ones((2, 1))}, "one shape"),
        ({"terminal": np.array([False])}, "one shape"),
        ({"following": np.full((2, 1, 1), 2)}, "numbers 0 to 1"),
        ({"following": np.full((2, 1, 1), -1)}, "numbers 0 to 1"),
        ({"start": 2}, "numbers 0 to 1"),
        ({"start": 1}, "cannot start where it ends"),
        ({"probability": np.full((2, 1, 1), 0.5)}, "sum to 1"),
    ],
)
def test_what_is_no_world_is_refused_before_a_kernel_reads_it(change, message):
    assert learner(world=Outcomes(**WORLD)).play(1) == [1.0]
    with pytest.raises(TabularError, match=message):
        Outcomes(**WORLD | change)


def test_a_world_may_be_given_in_any_layout():
    parts = {name: np.asfortranarray(each) if name != "start" else each for name, each in WORLD.items()}
    parts["reward"] = np.broadcast_to(np.int32(1), (2, 1, 1))
    assert learner(world=Outcomes(**parts)).play(1) == [1.0]


@pytest.mark.parametrize(
    ("learn", "message"),
    [
        (lambda: NStepTD(0.1, n=0), "n=0"),
        (lambda: NStepTD(float("nan")), "alpha=nan"),
        (lambda: TDLambda(0.1, 1.5), "decay=1.5"),
        (lambda: NStepTD(0.1)(np.zeros(3, dtype=int), EPISODE), "float64"),
        (lambda: NStepTD(0.1)([0.0] * 3, EPISODE), "arrays of float64"),
        (lambda: NStepTD(0.1)(np.zeros(6)[::2], EPISODE), "array of their own"),
        (lambda: TDLambda(0.1, 0.5)(np.zeros(2), EPISODE), "the episode has others"),
        (lambda: NStepTD(0.1)(np.zeros(3), Episode(EPISODE.states, np.zeros(1))), "one state more"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(learn, message):
    with pytest.raises(TabularError, match=message):
        learn()


def test_two_steps_ahead_by_hand():
    values = np.array([0.0, 1.0, 2.0, 4.0])
    NStepTD(0.5, n=2, gamma=0.5)(values, Episode(np.array([0, 1, 2, 3]), np.array([1.0, 2.0, 3.0])))
    # First 1 + 0.5 * 2 + 0.25 * 2 = 2.5; then 2 + 0.5 * 3 = 3.5; then 3.
    np.testing.assert_allclose(values, [1.25, 2.25, 2.5, 4.0])


def test_an_n_beyond_the_episode_is_the_whole_episode():
    one, two = np.zeros(3), np.zeros(3)
    NStepTD(0.5, n=10**12)(one, EPISODE)
    NStepTD(0.5, n=None)(two, EPISODE)
    np.testing.assert_array_equal(one, two)


def test_sarsa_cut_off_goes_on_from_the_start_and_learns_from_what_follows():
    world = GridWorld(("S.", ".."), goals={(1, 1): 1.0}).outcomes()
    agent = learner("SARSA", world, epsilon=0.0, alpha=1.0)
    walls = GridWorld(("S#.",), goals={(0, 2): 1.0}, step_reward=-1.0).outcomes()
    stuck = learner("SARSA", walls, epsilon=0.0, alpha=0.5)
    assert list(stuck.play(2)) == [-10_000.0, -10_000.0]
    assert stuck.state == walls.start
    # Never at an end, it learns from the next value at the cut too: the sum goes on falling.
    assert stuck.action_values[0].min() < -100
    assert agent.play(1) == [1.0]


def test_an_unknown_method_is_refused_with_those_there_are():
    with pytest.raises(TabularError, match="SARSA, Q-learning"):
        learner("Sarsa")


def test_the_walk_s_exact_values_are_sixths():
    np.testing.assert_allclose(exact_values(random_walk())[1:-1], np.arange(1, 6) / 6)
    np.testing.assert_allclose(exact_values(random_walk(19, left=-1.0))[1:-1], np.arange(-9, 10) / 10, atol=1e-12)


def test_td_is_nearer_than_monte_carlo_on_the_random_walk():
    # Sutton and Barto (2018), example 6.2: 100 episodes, 100 runs, values begin at 0.5.
    td = [NStepTD(alpha) for alpha in (0.05, 0.1, 0.15)]
    monte_carlo = [NStepTD(alpha, n=None) for alpha in (0.01, 0.02, 0.03, 0.04)]
    found = value_errors(
        [*td, *monte_carlo], random_walk(), runs=100, n_episodes=100, start=0.5, rng=np.random.default_rng(0)
    )
    means = found.mean(axis=(1, 2))
    assert means[:3].min() < means[3:].min()
    assert 0.04 < means[0] < 0.14
    late = found[:, :, -10:].mean(axis=(1, 2))
    assert late[0] < late[2]  # a large step is quick and then restless


def test_some_steps_ahead_are_better_than_one_or_all_as_in_figure_7_2():
    best = {}
    for n in (1, 4, 64):
        learners = [NStepTD(alpha, n) for alpha in np.arange(0.05, 1.01, 0.05)]
        found = value_errors(
            learners, random_walk(19, left=-1.0), runs=60, n_episodes=10, start=0.0, rng=np.random.default_rng(0)
        )
        best[n] = np.nanmin(found.mean(axis=(1, 2)))
    assert best[4] < best[1] < best[64]
    assert best[4] == pytest.approx(0.25, abs=0.04)


def test_lambda_0_is_td_0_and_n_of_the_whole_episode_is_monte_carlo():
    rng = np.random.default_rng(0)
    for episode in islice(random_episodes(random_walk(19, left=-1.0), rng), 20):
        one, two = rng.random(21), np.empty(21)
        two[:] = one
        NStepTD(0.1, gamma=0.9)(one, episode)
        TDLambda(0.1, 0.0, gamma=0.9)(two, episode)
        np.testing.assert_allclose(one, two, rtol=1e-12)
        values = rng.random(21)
        expected = values.copy()
        gains = 0.0
        totals = []
        for reward in episode.rewards[::-1]:
            gains = reward + 0.9 * gains
            totals.insert(0, gains)
        for state, total in zip(episode.states, totals, strict=False):
            expected[state] += 0.1 * (total - expected[state])
        NStepTD(0.1, n=None, gamma=0.9)(values, episode)
        np.testing.assert_allclose(values, expected, rtol=1e-12)


def test_many_runs_at_once_are_the_episodes_that_come_one_after_another():
    for world in (random_walk(19, left=-1.0), cliff().outcomes()):
        together = gather_experience(world, runs=3, n_episodes=4, rng=np.random.default_rng(3))
        alone = random_episodes(world, np.random.default_rng(3))
        for run in range(3):
            episodes = list(together.episodes(run))
            assert len(episodes) == 4
            for episode, expected in zip(episodes, alone, strict=False):
                np.testing.assert_array_equal(episode.states, expected.states)
                np.testing.assert_array_equal(episode.rewards, expected.rewards)


def test_many_learners_at_once_err_as_each_by_itself():
    class Own(NStepTD):
        """One that is not the package's: it is asked episode by episode."""

    class OwnTraces(TDLambda):
        """Likewise."""

    every = [(0.1, 1), (0.2, None), (0.3, 4), (0.1, 4), (0.2, 1), (0.05, 10_000), (0.1, 2, 0.8), (0.1, 4, 0.8)]
    traces = [(0.1, 0.0), (0.1, 0.9, 0.7), (0.02, 1.0)]
    experience = gather_experience(random_walk(19, left=-1.0), runs=5, n_episodes=10, rng=np.random.default_rng(0))
    fast = errors_from(experience, [NStepTD(*each) for each in every] + [TDLambda(*each) for each in traces], start=0.1)
    slow = errors_from(experience, [Own(*each) for each in every] + [OwnTraces(*each) for each in traces], start=0.1)
    assert fast.shape == (11, 5, 10)
    np.testing.assert_allclose(fast, slow, rtol=1e-11)
    assert errors_from(experience, [], start=0.0).shape == (0, 5, 10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"states": np.array([1, 7])}, "numbers 0 to 6"),
        ({"states": np.array([-1, 0])}, "numbers 0 to 6"),
        ({"bounds": np.array([[0, 3]])}, "among its states"),
        ({"bounds": np.array([[-1, 2]])}, "among its states"),
        ({"bounds": np.array([[1, 2]])}, "two states or more"),
        ({"rewards": np.zeros(3)}, "as many rewards"),
        ({"bounds": np.array([0, 2])}, "as many rewards as states, and bounds"),
    ],
)
def test_what_is_no_experience_is_refused_before_a_kernel_reads_it(change, message):
    parts = {"states": np.array([1, 0]), "rewards": np.zeros(2), "bounds": np.array([[0, 2]])}
    assert Experience(random_walk(), **parts).n_episodes == 1
    with pytest.raises(TabularError, match=message):
        Experience(random_walk(), **parts | change)


def test_no_experience_and_too_much_of_it_are_refused(monkeypatch):
    with pytest.raises(TabularError, match="runs=0 is too few"):
        gather_experience(random_walk(), runs=0, n_episodes=5, rng=np.random.default_rng(0))
    trapped = GridWorld(("S#.",), goals={(0, 2): 1.0}).outcomes()
    with pytest.raises(TabularError, match="no end can be reached"):
        gather_experience(trapped, runs=1, n_episodes=1, rng=np.random.default_rng(0))
    monkeypatch.setattr("retroml_edu.tabular.experience.MOST_TOGETHER", 1_000)
    with pytest.raises(TabularError, match="take fewer"):
        gather_experience(random_walk(), runs=100, n_episodes=100, rng=np.random.default_rng(0))


def test_traces_reach_back():
    values = np.zeros(4)
    TDLambda(0.5, 0.5)(values, Episode(np.array([0, 1, 2, 3]), np.array([0.0, 0.0, 1.0])))
    np.testing.assert_allclose(values, [0.125, 0.25, 0.5, 0.0])


def test_episodes_end_where_they_end_and_start_in_the_middle():
    world = random_walk()
    for episode in islice(random_episodes(world, np.random.default_rng(0)), 100):
        assert episode.states[0] == 3
        assert episode.states[-1] in (0, 6)
        assert not world.terminal[episode.states[:-1]].any()
        assert episode.rewards.sum() == (episode.states[-1] == 6)
        assert len(episode.rewards) == len(episode.states) - 1


def test_a_world_without_a_way_out_is_told():
    trapped = GridWorld(("S#.",), goals={(0, 2): 1.0}).outcomes()
    with pytest.raises(TabularError, match="no end can be reached"):
        next(random_episodes(trapped, np.random.default_rng(0)))


def test_a_walk_without_a_middle_is_refused():
    with pytest.raises(TabularError, match="odd number"):
        random_walk(4)
