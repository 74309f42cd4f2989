"""How far runs that go on are: their figures, all of one moment, read on from where the last look ended."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from retroml_edu.core.events import EpisodeEvent, MetricEvent
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.core.recent import RecentEpisodes
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.reader import EventTail

MOST_BYTES = 8 * 2**20
"""Of the log, a look: half a second's work. Of a longer one the next looks read the rest."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Where a run stands, as `RunRow` has it."""

    steps: int
    episodes: int
    return_mean: float | None
    return_best: float | None
    training_time_s: float


class _Reading:
    """What has been read of a run's logs so far."""

    def __init__(self, folder: RunFolder) -> None:
        self.tail = EventTail(folder)
        self.games = RecentEpisodes(RETURN_WINDOW)
        self.step = 0
        self.elapsed_s = 0.0

    def go_on(self) -> None:
        events = self.tail.poll(MOST_BYTES)
        self.games.handle(events)
        for event in events:
            if isinstance(event, EpisodeEvent | MetricEvent):
                self.step = max(self.step, event.step)
                self.elapsed_s = max(self.elapsed_s, event.elapsed_s)


class Progress:
    """Follows the figures of a run.

    Args:
        folder: Of the run.

    Threads: one at a time.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._reading = _Reading(folder)
        self._attempt = 0

    def look(self) -> Figures:
        """Return the figures at the newest line that has been read: all of them are of that moment.

        Raises:
            OSError: If a log cannot be read.
        """
        self._reading.go_on()
        if 0 < self._attempt < self._reading.tail.attempt:  # what came after its checkpoint counts no longer
            self._reading = _Reading(self._folder)
            self._reading.go_on()
        self._attempt = self._reading.tail.attempt
        games = self._reading.games
        returns = [episode.episode_return for episode in games.newest]
        return Figures(
            self._reading.step,
            games.count,
            fmean(returns) if returns else None,
            games.best if returns else None,
            self._reading.elapsed_s,
        )
