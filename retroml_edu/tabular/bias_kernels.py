"""The two states in which Q-learning takes luck for worth, compiled: many runs in one call."""

from __future__ import annotations

import numpy as np

from retroml_edu.core.compilation import compiled
from retroml_edu.tabular.learning_kernels import Flags, Floats, epsilon_greedy, worth_of

DRAWS = 6
"""Random numbers of an episode: in each of two states explore or not, which action, and which table learns."""
LEFT = 0


@compiled(
    "void(float64[:,::1], float64[:,:,::1], int64, int64, int64, float64, float64, boolean[:,::1], float64[:,::1])"
)
def play_left_or_right(
    pays: Floats,
    draws: Floats,
    method: int,
    tables: int,
    actions: int,
    alpha: float,
    epsilon: float,
    lefts: Flags,
    values: Floats,
) -> None:
    """Play runs of many episodes, each run from empty tables; Sutton and Barto (2018), example 6.7.

    Args:
        pays: Shape (runs, episodes), what an action of the second state pays, if one is taken.
        draws: Shape (runs, episodes, 6), from 0 to 1.
        method: One of `learning_kernels`.
        tables: Of action values: two for double Q-learning, else one.
        actions: Of the second state.
        alpha: Step size.
        epsilon: How often any action is taken.
        lefts: Shape (runs, episodes), whether it went left; written.
        values: Shape (runs, episodes), what left is held to be worth after each; written.
    """
    first, second = np.empty((tables, 2)), np.empty((tables, 1, actions))
    for run in range(len(pays)):
        first[:] = 0.0
        second[:] = 0.0
        for episode in range(pays.shape[1]):
            draw = draws[run, episode]
            # With one table its values are added to themselves, which leaves their order as it is.
            action = epsilon_greedy(first[0] + first[tables - 1], epsilon, draw[0], draw[1])
            table = int(draw[2] * tables)
            onward, worth = 0, 0.0  # right ends the episode
            if action == LEFT:
                onward = epsilon_greedy(second[0, 0] + second[tables - 1, 0], epsilon, draw[3], draw[4])
                worth = worth_of(second, method, table, 0, onward, epsilon)
            first[table, action] += alpha * (worth - first[table, action])
            if action == LEFT:
                table = int(draw[5] * tables)
                second[table, 0, onward] += alpha * (pays[run, episode] - second[table, 0, onward])
            lefts[run, episode] = action == LEFT
            values[run, episode] = (first[0, LEFT] + first[tables - 1, LEFT]) / 2
