"""What prediction comes to if the same episodes are learned from again and again, until nothing changes any more.

Sutton and Barto (2018), section 6.3: Monte Carlo then ends at the mean of the returns that were seen, TD(0) at the
values of the Markov process that fits the episodes best.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retroml_edu.core.errors import TabularError
from retroml_edu.tabular.experience import Episode


def batch_monte_carlo(episodes: Sequence[Episode], states: int, start: float = 0.0) -> np.ndarray:
    """Return the mean of the returns seen from each state, after each episode.

    Args:
        episodes: In their order; discount 1, every visit counts.
        states: How many there are.
        start: Value of a state that was not seen yet.

    Returns:
        Shape (episodes, states): row k is what all episodes up to k come to.
    """
    totals, visits = np.zeros((len(episodes), states)), np.zeros((len(episodes), states))
    for k, episode in enumerate(episodes):
        returns = episode.rewards[::-1].cumsum()[::-1]
        np.add.at(totals[k], _checked(episode, states)[:-1], returns)
        np.add.at(visits[k], episode.states[:-1], 1.0)
    totals, visits = totals.cumsum(axis=0), visits.cumsum(axis=0)
    means: np.ndarray = np.where(visits > 0, totals / np.maximum(visits, 1), start)
    means[:, _ends(episodes, states)] = 0.0
    return means


def batch_td(episodes: Sequence[Episode], states: int, start: float = 0.0) -> np.ndarray:
    """Return the values at which batch TD(0) ends, after each episode: those of the process that fits what was seen.

    From each state it goes on as often to each next one as it was seen to, with the mean reward that was seen: the
    certainty-equivalence estimate. Its values solve linear equations. Arguments and result as `batch_monte_carlo`.
    """
    moves = np.zeros((len(episodes), states, states))
    gains = np.zeros((len(episodes), states))
    for k, episode in enumerate(episodes):
        begin, after = _checked(episode, states)[:-1], episode.states[1:]
        np.add.at(moves[k], (begin, after), 1.0)
        np.add.at(gains[k], begin, episode.rewards)
    moves, gains = moves.cumsum(axis=0), gains.cumsum(axis=0)
    visits = moves.sum(axis=2)
    ends = _ends(episodes, states)
    # Rows of states that were not seen, or that end an episode, say what they are worth; the others how they go on.
    known = (visits > 0) & ~ends
    equations = np.eye(states) * np.where(known, visits, 1.0)[:, :, None] - moves * known[:, :, None]
    worth = np.where(known, gains, np.where(ends, 0.0, start))
    solved: np.ndarray = np.linalg.solve(equations, worth[:, :, None])[:, :, 0]
    return solved


def _ends(episodes: Sequence[Episode], states: int) -> np.ndarray:
    ends = np.zeros(states, dtype=bool)
    ends[[episode.states[-1] for episode in episodes]] = True
    return ends


def _checked(episode: Episode, states: int) -> np.ndarray:
    if episode.states.min() < 0 or episode.states.max() >= states:
        raise TabularError(f"There are the states 0 to {states - 1}, and the episode has others.")
    return episode.states
