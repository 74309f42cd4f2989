"""What learners share that make their steps in compiled code: steps on demand, from one sequence of draws."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from retroml_edu.tabular.bounds import whole

_DRAWN = 1_024


class Stepwise(ABC):
    """Makes steps, or plays episodes, by a kernel that is given the random numbers of each step.

    The same generator gives the same, however its steps are asked for: one by one or all at once.

    Args:
        rng: Where all draws come from.
        draws: Random numbers of a step.
        path: Shape (0, columns): what is told of a step, and of which type.
        ending: What is told of an episode that ends, as its type.
    """

    def __init__(self, rng: np.random.Generator, draws: int, path: np.ndarray, ending: type[np.generic]) -> None:
        self.episodes = 0
        """Episodes that have ended."""
        self._rng = rng
        self._draws = np.empty((0, draws))
        self._no_path = path
        self._ending = ending

    @abstractmethod
    def _check(self) -> None:
        """Refuse numbers that may be changed meanwhile."""

    @abstractmethod
    def _kernel(self, draws: np.ndarray, endings: np.ndarray, path: np.ndarray) -> tuple[int, int]:
        """Go on until there are no draws left or all endings are written; return the steps and the episodes."""

    def play(self, episodes: int) -> np.ndarray:
        """Play so many episodes to their ends and return what is told of each, shape (episodes,)."""
        whole("episodes", episodes, 0)
        endings = [np.empty(0, dtype=self._ending)]
        while episodes > 0:
            _, ended = self._learn(_DRAWN, episodes, self._no_path)
            endings.append(ended)
            episodes -= len(ended)
        return np.concatenate(endings)

    def _steps(self, steps: int, episodes: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Make so many steps, or fewer to so many endings; return what is told of each, and of episodes that ended."""
        paths, endings = [self._no_path], [np.empty(0, dtype=self._ending)]
        left = steps if episodes is None else episodes
        for name, value in (("steps", steps), ("episodes", left)):
            whole(name, value, 0)
        while steps > 0 and left > 0:
            path = np.empty((min(steps, _DRAWN), self._no_path.shape[1]), dtype=self._no_path.dtype)
            made, ended = self._learn(len(path), min(left, len(path)), path)
            paths.append(path[:made])
            endings.append(ended)
            steps -= made
            left -= len(ended)
        return np.concatenate(paths), np.concatenate(endings)

    def _learn(self, most_steps: int, most_episodes: int, path: np.ndarray) -> tuple[int, np.ndarray]:
        self._check()
        if not len(self._draws):
            self._draws = self._rng.random((_DRAWN, self._draws.shape[1]))
        draws = self._draws[:most_steps]
        endings = np.empty(min(most_episodes, len(draws)), dtype=self._ending)
        made, ended = self._kernel(draws, endings, path)
        self._draws = self._draws[made:]
        self.episodes += ended
        return made, endings[:ended]
