"""Steps of the compiled learners against the same steps written out in numpy, as the book has them."""

import numpy as np
import pytest

from retroml_edu.tabular.control import METHODS, TabularLearner
from retroml_edu.tabular.gridworld import GridWorld, cliff
from retroml_edu.tabular.learning_kernels import DRAWS

WORLDS = {
    "cliff": cliff().outcomes(),
    "slippery": GridWorld(("S..", ".#.", "..."), goals={(2, 2): 1.0}, step_reward=-0.1, slip=0.3).outcomes(),
}
ALPHA, GAMMA, EPSILON = 0.4, 0.95, 0.3


def choose(values, explores, which):
    if explores < EPSILON:
        return int(which * len(values))
    return np.flatnonzero(values == values.max())[int(which * (values == values.max()).sum())]


def target(method, table, q, after, following):
    if method == "SARSA":
        return q[0, after, following]
    if method == "Q-learning":
        return q[0, after].max()
    if method == "expected SARSA":
        return (1 - EPSILON) * q[0, after].max() + EPSILON * q[0, after].mean()
    return q[1 - table, after, q[table, after].argmax()]


def learned(world, method, draws):
    """Return the action values after as many steps as there are draws."""
    q = np.zeros((2 if method == "double Q-learning" else 1, *world.probability.shape[:2]))
    state, action = world.start, None
    for draw in draws:
        if action is None:
            action = choose(q.sum(axis=0)[state], draw[0], draw[1])
        outcome = min(int((draw[2] >= world.cumulative[state, action]).sum()), world.probability.shape[2] - 1)
        after, reward = world.following[state, action, outcome], world.reward[state, action, outcome]
        table, following, worth = int(draw[3] * len(q)), None, 0.0
        if not world.terminal[after]:
            if method == "SARSA":
                following = choose(q[0, after], draw[4], draw[5])
            worth = target(method, table, q, after, following)
        q[table, state, action] += ALPHA * (reward + GAMMA * worth - q[table, state, action])
        state, action = (world.start, None) if world.terminal[after] else (after, following)
    return q.mean(axis=0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_a_thousand_steps_are_those_of_the_book(world, method):
    agent = TabularLearner(world, method, alpha=ALPHA, gamma=GAMMA, epsilon=EPSILON, rng=np.random.default_rng(3))
    agent.advance(1_000)
    draws = np.random.default_rng(3).random((1_000, DRAWS))
    np.testing.assert_allclose(agent.action_values, learned(world, method, draws), rtol=1e-9)
