"""The newest games of a run, each as it was."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from retroml_edu.core.curves import Points
from retroml_edu.core.events import EpisodeEvent, Event
from retroml_edu.core.metrics import LENGTH, RETURN, RETURN_WINDOW

SHOWN_EPISODES = 100


@dataclass(frozen=True, slots=True)
class Episode:
    """One whole game.

    Attributes:
        number: 1 for the first of the run.
        episode_return: Sum of its raw rewards.
        length: Steps.
    """

    number: int
    episode_return: float
    length: int


class RecentEpisodes:
    """A sink that keeps the newest games, and of all that came before their number and the best return.

    Args:
        capacity: How many it keeps.

    Threads: not safe; its owner locks.
    """

    def __init__(self, capacity: int = SHOWN_EPISODES) -> None:
        self.count = 0
        self.best = float("-inf")
        self._newest: deque[Episode] = deque(maxlen=capacity)

    def handle(self, events: Sequence[Event]) -> None:
        """Add the games that have ended."""
        for event in events:
            if isinstance(event, EpisodeEvent):
                self._add(event.episode_return, event.length)

    def extend(self, points: Points) -> None:
        """Add what a run has measured, at once."""
        if RETURN not in points.columns:
            return
        returns, lengths = points.columns[RETURN][1], points.columns[LENGTH][1]
        before = max(0, len(returns) - (self._newest.maxlen or 0))
        if before:
            self.count += before
            self.best = max(self.best, float(returns[:before].max()))
        for value, length in zip(returns[before:], lengths[before:], strict=True):
            self._add(float(value), int(length))

    @property
    def newest(self) -> list[Episode]:
        """The games that are kept, oldest first."""
        return list(self._newest)

    @property
    def mean_length(self) -> float:
        """Mean length of the last `RETURN_WINDOW` games; NaN before the first has ended."""
        window = self.newest[-RETURN_WINDOW:]
        return fmean(episode.length for episode in window) if window else float("nan")

    def _add(self, episode_return: float, length: int) -> None:
        self.count += 1
        self.best = max(self.best, episode_return)
        self._newest.append(Episode(self.count, episode_return, length))
