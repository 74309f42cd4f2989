"""Compiled kernels look at no bounds: what they read cannot be changed once it has been checked."""

import copy
import pickle

import numpy as np
import pytest

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.bandit_averages import bandit_curves
from retroml_edu.tabular.bandits import Arms, EpsilonGreedy, play_bandit
from retroml_edu.tabular.bias import maximization_bias
from retroml_edu.tabular.car import LinearSarsa, NetworkSarsa
from retroml_edu.tabular.car_features import Fourier, Tiles
from retroml_edu.tabular.control import TabularLearner, learning_curves
from retroml_edu.tabular.experience import Episode, Experience, gather_experience, random_episodes
from retroml_edu.tabular.gridworld import cliff
from retroml_edu.tabular.outcomes import Outcomes, random_walk
from retroml_edu.tabular.prediction import NStepTD, TDLambda

WALK = random_walk()
COPIES = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": lambda each: pickle.loads(pickle.dumps(each))}


def rng():
    return np.random.default_rng(0)


def experience():
    return Experience(WALK, np.array([3, 4, 3, 2]), np.zeros(4), np.array([[0, 4]]))


def car():
    return LinearSarsa(Tiles(), alpha=0.5, rng=rng())


def network():
    return NetworkSarsa(5, alpha=0.01, rng=rng())


def learner(world=WALK):
    return TabularLearner(world, "SARSA", alpha=0.5, epsilon=0.1, rng=rng())


ARRAYS = [
    *((lambda: WALK, name) for name in ("probability", "following", "reward", "terminal")),
    *((experience, name) for name in ("states", "rewards", "bounds")),
    (lambda: Arms(np.zeros((1, 2))), "means"),
    (car, "weights"),
    (network, "weights"),
    (network, "inner"),
]


@pytest.mark.parametrize(("make", "name"), ARRAYS)
def test_nobody_can_write_to_what_a_kernel_reads(make, name):
    owner = make()
    with pytest.raises(ValueError, match="read-only"):
        getattr(owner, name)[...] = 1


@pytest.mark.parametrize(("make", "name"), ARRAYS)
def test_nobody_can_put_another_array_in_its_place(make, name):
    owner = make()
    with pytest.raises(AttributeError, match=name):
        setattr(owner, name, np.zeros(1))


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize(("owner", "name"), [(WALK, "following"), (experience(), "states")])
def test_a_copy_is_locked_too(owner, name, copied):
    again = getattr(copied(owner), name)
    np.testing.assert_array_equal(again, getattr(owner, name))
    with pytest.raises(ValueError, match="read-only"):
        again[...] = 1


def test_who_gave_the_arrays_cannot_change_them_either():
    states, rewards, bounds = np.array([3, 4, 3, 2]), np.zeros(4), np.array([[0, 4]])
    made = Experience(WALK, states, rewards, bounds)
    states[:], bounds[:] = 10**9, 10**9
    np.testing.assert_array_equal(made.states, [3, 4, 3, 2])
    np.testing.assert_array_equal(made.bounds, [[0, 4]])
    means = np.zeros((1, 2))
    arms = Arms(means)
    means[:] = np.nan
    assert not arms.means.any()


@pytest.mark.parametrize("learn", [NStepTD(0.5), NStepTD(0.5, n=None), TDLambda(0.5, 0.5)])
def test_locked_episodes_are_learned_from(learn):
    (episode,) = experience().episodes(0)
    one, two = np.arange(7.0), np.arange(7.0)
    learn(one, episode)
    learn(two, Episode(episode.states.copy(), episode.rewards.copy()))
    np.testing.assert_array_equal(one, two)
    assert (one != np.arange(7.0)).any()


def test_weights_that_are_shown_are_those_it_learns():
    agent = network()
    shown = agent.weights
    agent.advance(10)
    assert shown.any()
    np.testing.assert_array_equal(shown, agent.weights)


class Wide(Tiles):
    """Says that it has fewer features than are written."""

    size = 1


@pytest.mark.parametrize("features", [Wide(), Tiles, None])
def test_features_that_kernels_do_not_know_are_refused(features):
    with pytest.raises(TabularError, match=r"Features are Tiles\(...\) or Fourier\(...\), not "):
        LinearSarsa(features, alpha=0.5, rng=rng())


ACTED_IN = {
    "learner": learner,
    "experience": lambda world: gather_experience(world, runs=1, n_episodes=1, rng=rng()),
    "episodes": lambda world: next(random_episodes(world, rng())),
}


@pytest.mark.parametrize("act", ACTED_IN.values(), ids=ACTED_IN)
def test_a_board_is_no_world_yet(act):
    with pytest.raises(TabularError, match=r"made by outcomes\(\) or random_walk\(\)"):
        act(cliff())


TWO_ARMS = Arms(np.zeros((1, 2)))
COUNTED = {
    "n": lambda n: NStepTD(0.5, n=n),
    "steps": lambda n: learner().advance(n),
    "episodes at most": lambda n: learner().advance(5, episodes=n),
    "episodes": lambda n: learner().play(n),
    "steps of a car": lambda n: car().advance(n),
    "points": lambda n: car().values(n),
    "runs of an experience": lambda n: gather_experience(WALK, runs=n, n_episodes=1, rng=rng()),
    "episodes of an experience": lambda n: gather_experience(WALK, runs=1, n_episodes=n, rng=rng()),
    "runs": lambda n: learning_curves(WALK, "SARSA", runs=n, episodes=1, alpha=0.5, epsilon=0.1, rng=rng()),
    "runs of bias": lambda n: maximization_bias("SARSA", runs=n, rng=rng()),
    "episodes of bias": lambda n: maximization_bias("SARSA", runs=1, episodes=n, rng=rng()),
    "actions": lambda n: maximization_bias("SARSA", runs=1, actions=n, rng=rng()),
    "pulls": lambda n: play_bandit(EpsilonGreedy(0.1), TWO_ARMS, n, rng()),
    "pulls of curves": lambda n: bandit_curves(EpsilonGreedy(0.1), TWO_ARMS, n, rng()),
    "tilings": lambda n: Tiles(tilings=n),
    "order": Fourier,
    "hidden": lambda n: NetworkSarsa(n, alpha=0.1, rng=rng()),
    "start": lambda n: Outcomes(WALK.probability, WALK.following, WALK.reward, WALK.terminal, n),
}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 2.5, "3"])
@pytest.mark.parametrize("act", COUNTED.values(), ids=COUNTED)
def test_what_is_counted_is_a_whole_number(act, number):
    with pytest.raises(TabularError, match="is no whole number"):
        act(number)


REFUSED = {
    "steps=-1 is too few": lambda: learner().advance(-1),
    "episodes=-1 is too few": lambda: learner().play(-1),
    "points=0 is too few": lambda: car().values(0),
    "points=1000000 is too many: 1,000 is the most": lambda: car().values(10**6),
    "take fewer": lambda: gather_experience(WALK, runs=10**6, n_episodes=10**6, rng=rng()),
    "Means of arms": lambda: Arms(np.zeros((2, 0))),
    "one shape": lambda: Outcomes(*(np.ones((2, 0, 1)),) * 3, np.array([False, True]), 0),
    "bounds of shape": lambda: Experience(WALK, np.array([3]), np.zeros(1), np.zeros((1, 0))),
}


@pytest.mark.parametrize(("message", "act"), REFUSED.items(), ids=REFUSED)
def test_nothing_and_too_much_are_refused(message, act):
    with pytest.raises(TabularError, match=message):
        act()
