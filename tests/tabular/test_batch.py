"""Batch methods against the book's example 6.4, and against learning from the same episodes until nothing changes."""

from itertools import islice

import numpy as np
import pytest

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.batch import batch_monte_carlo, batch_td
from retroml_edu.tabular.experience import Episode, random_episodes
from retroml_edu.tabular.outcomes import random_walk


def episode(states, rewards):
    return Episode(np.array(states), np.array(rewards, dtype=float))


A, B, END = range(3)
PREDICTOR = [episode([A, B, END], [0, 0]), *[episode([B, END], [1])] * 6, episode([B, END], [0])]


def test_you_are_the_predictor():
    # Sutton and Barto (2018), example 6.4: V(B) is 3/4 for both; A was seen once, with return 0, and led to B.
    np.testing.assert_allclose(batch_td(PREDICTOR, 3)[-1], [0.75, 0.75, 0.0])
    np.testing.assert_allclose(batch_monte_carlo(PREDICTOR, 3)[-1], [0.0, 0.75, 0.0])


def test_both_are_where_repeated_learning_ends():
    episodes = list(islice(random_episodes(random_walk(), np.random.default_rng(4)), 12))
    td, monte_carlo = np.full(7, 0.5), np.full(7, 0.5)
    td[[0, 6]] = monte_carlo[[0, 6]] = 0.0
    for _ in range(4_000):
        moved = np.zeros((2, 7))
        for each in episodes:
            returns = each.rewards[::-1].cumsum()[::-1]
            for i, state in enumerate(each.states[:-1]):
                moved[0, state] += each.rewards[i] + td[each.states[i + 1]] - td[state]
                moved[1, state] += returns[i] - monte_carlo[state]
        td += 0.005 * moved[0]
        monte_carlo += 0.005 * moved[1]
    np.testing.assert_allclose(batch_td(episodes, 7, 0.5)[-1], td, atol=1e-6)
    np.testing.assert_allclose(batch_monte_carlo(episodes, 7, 0.5)[-1], monte_carlo, atol=1e-6)


def test_a_row_is_what_the_episodes_so_far_come_to():
    episodes = list(islice(random_episodes(random_walk(), np.random.default_rng(1)), 10))
    for method in (batch_td, batch_monte_carlo):
        rows = method(episodes, 7, 0.5)
        assert rows.shape == (10, 7)
        for k in (1, 4):
            np.testing.assert_allclose(rows[k - 1], method(episodes[:k], 7, 0.5)[-1] * (rows[k - 1] != 0), atol=1e-12)


def test_what_was_never_seen_keeps_its_value():
    short = [episode([3, 4, 5, 6], [0, 0, 1])]
    for method in (batch_td, batch_monte_carlo):
        np.testing.assert_allclose(method(short, 7, 0.5)[0], [0.5, 0.5, 0.5, 1.0, 1.0, 1.0, 0.0])


def test_states_that_are_none_are_refused():
    with pytest.raises(TabularError, match="states 0 to 2"):
        batch_td([episode([0, 3], [1])], 3)
