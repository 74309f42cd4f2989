"""A learner in a grid world, and what there is to be seen of it: its newest way, its episodes, what it would do now."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from retroml_edu.core.series import MovingMean
from retroml_edu.core.timeline import Timeline
from retroml_edu.tabular.control import MOST_STEPS, MethodName, TabularLearner
from retroml_edu.tabular.gridworld import GridWorld

WINDOW = 50
"""Episodes that a mean is taken over."""
MOST_KEPT = 1_000
"""Episodes of which all is known; of those before, the curve alone."""
_AT_ONCE = 100
"""Episodes whose steps are held together: one may take ten thousand."""
MOST_SHOWN = 400
"""Fields of a way: an agent that knows nothing yet may wander for thousands of steps."""


@dataclass(frozen=True, slots=True)
class Episodes:
    """The newest episodes that have ended.

    Attributes:
        returns: Shape (episodes,), undiscounted.
        steps: Shape (episodes,).
        falls: Shape (episodes,), how often the agent fell.
    """

    returns: np.ndarray
    steps: np.ndarray
    falls: np.ndarray


@dataclass(frozen=True, slots=True)
class GreedyWay:
    """The way that a learner would go if it took the best action everywhere.

    Attributes:
        states: That it passes through, fields that it falls over with them.
        steps: How many it takes.
        falls: How often it falls.
        arrives: Whether it comes to an end, and not back to where it was.
    """

    states: list[int]
    steps: int
    falls: int
    arrives: bool


class WatchedLearner:
    """Lets a learner make steps or play episodes, and keeps what a person looks at, however long it learns.

    Args:
        world: Where it acts.
        method: How it learns.
        alpha: Step size.
        epsilon: How often it takes any action.
        gamma: Discount.
        seed: Of all its draws.

    Attributes:
        method: How it learns.
        learner: The learner; its settings can be changed while it learns.
        steps: Steps made.

    Raises:
        TabularError: As `TabularLearner`.
    """

    def __init__(
        self, world: GridWorld, method: MethodName, *, alpha: float, epsilon: float, gamma: float = 1.0, seed: int = 0
    ) -> None:
        self.method = method
        self.steps = 0
        self._world = world.outcomes()
        self._fallen = world.fallen()
        rng = np.random.default_rng(seed)
        self.learner = TabularLearner(self._world, method, alpha=alpha, epsilon=epsilon, gamma=gamma, rng=rng)
        self._kept = np.empty((3, 0))
        self._curve = Timeline()
        self._mean = MovingMean(WINDOW)
        self._path = self._newest = np.empty((0, 4), dtype=np.int64)

    @property
    def n_episodes(self) -> int:
        """Episodes that have ended."""
        return self.learner.episodes

    @property
    def episodes(self) -> Episodes:
        """The newest episodes that have ended."""
        returns, steps, falls = self._kept
        return Episodes(returns, steps, falls)

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Return numbers of episodes, from 1, and the mean of the newest returns at each; some of them if many."""
        return self._curve.columns()

    @property
    def state(self) -> int:
        """Where it stands."""
        return self.learner.state

    @property
    def action_values(self) -> np.ndarray:
        """What it holds each action to be worth, shape (states, actions)."""
        return self.learner.action_values

    def go(self, steps: int) -> None:
        """Make so many steps."""
        self._take(*self._made(steps, None))

    def play(self, episodes: int) -> None:
        """Play to the end of so many episodes; one that goes on is the first."""
        for first in range(0, episodes, _AT_ONCE):
            some = min(_AT_ONCE, episodes - first)
            self._take(*self._made(some * MOST_STEPS, some))

    def way(self) -> list[int]:
        """Return the states of the episode that goes on, or of the last one if none does; the newest part of long ones.

        Where it fell, the field over which it fell is among them.
        """
        path = self._path if len(self._path) else self._newest
        return self._states(path[-MOST_SHOWN:])

    def greedy_way(self) -> GreedyWay:
        """Return the way that it would go by its values as they are; of several best actions it takes the first."""
        values, world = self.action_values, self._world
        state, passed, path = int(world.start), set(), []
        while state not in passed and not world.terminal[state]:
            passed.add(state)
            action = int(values[state].argmax())
            outcome = int(world.probability[state, action].argmax())
            after = int(world.following[state, action, outcome])
            path.append((state, action, after, outcome))
            state = after
        made = np.array(path, dtype=np.int64)
        falls = int((self._over(made) >= 0).sum())
        return GreedyWay(self._states(made), len(path), falls, bool(world.terminal[state]))

    def _made(self, steps: int, episodes: int | None) -> tuple[np.ndarray, np.ndarray]:
        made = self.learner.advance(steps, episodes=episodes)
        return made.path, made.returns

    def _take(self, path: np.ndarray, returns: np.ndarray) -> None:
        """Divide new steps into episodes and keep what is told of them."""
        self.steps += len(path)
        path = np.concatenate((self._path, path))
        over = self._over(path) >= 0
        ends = _ends_of(len(returns), np.flatnonzero(self._world.terminal[path[:, 2]]) + 1)
        fallen = np.concatenate(([0], np.cumsum(over)))
        ended = np.array([returns, np.diff(ends), np.diff(fallen[ends])])
        self._kept = np.concatenate((self._kept, ended), axis=1)[:, -MOST_KEPT:]
        for number, mean in enumerate(self._mean.extend(returns), self.n_episodes - len(returns) + 1):
            self._curve.add(number, mean)
        if len(returns):
            self._newest = path[ends[-2] : ends[-1]]
        self._path = path[ends[-1] :]

    def _over(self, path: np.ndarray) -> np.ndarray:
        fields: np.ndarray = self._fallen[path[:, 0], path[:, 1], path[:, 3]]
        return fields

    def _states(self, path: np.ndarray) -> list[int]:
        states = [int(state) for state in path[:1, 0]]
        for over, after in zip(self._over(path), path[:, 2], strict=True):
            states += [int(over), int(after)] if over >= 0 else [int(after)]
        return states


def _ends_of(episodes: int, arrivals: np.ndarray) -> np.ndarray:
    """Return where in a path the first episode begins and each one ends, shape (episodes + 1,).

    One that takes too many steps is cut off: no end of it is among the arrivals.
    """
    coming, ends = deque(arrivals.tolist()), [0]
    for _ in range(episodes):
        cut = ends[-1] + MOST_STEPS
        ends.append(coming.popleft() if coming and coming[0] <= cut else cut)
    return np.array(ends)
