"""Which lines of a run count no longer, because a later attempt started again from before them."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass

from retroml_edu.core.events import CheckpointEvent, EpisodeEvent, Event, MetricEvent, VideoEvent
from retroml_edu.storage.lines import AttemptStart


@dataclass(frozen=True, slots=True)
class _Gap:
    """Measurements on lines between `after` and `before` are superseded by a start from the checkpoint at `step`."""

    after: int
    before: int
    step: int


class Superseded:
    """The stretches of lines that attempts superseded.

    An attempt that starts again supersedes the metrics and episodes after the last valid line of its checkpoint, the
    videos there that show a later step, and all checkpoints but its own, which is told once it is written. States and
    log sentences are history: they always count. A start may itself lie in a stretch that a later one supersedes; then
    it has no effect, so that the lines that count are always those of one unbroken line of descent.

    The cost of a line grows with the logarithm of the number of attempts.
    """

    def __init__(self) -> None:
        self._starts: list[tuple[int, AttemptStart]] = []
        self._gaps: list[_Gap] | None = []

    def add(self, seq: int, start: AttemptStart) -> None:
        """Note that an attempt started on this line."""
        self._starts.append((seq, start))
        self._gaps = None

    def covers(self, seq: int, event: Event) -> bool:
        """Return whether an event on this line counts no longer."""
        gaps = self._gaps
        if gaps is None:
            gaps = self._gaps = self._found()
        if not gaps:
            return False
        at = bisect_left(gaps, seq, key=_before)
        # The first stretch that ends at this line or later; a line that ends it is the start itself.
        if at == len(gaps) or not gaps[at].after < seq < gaps[at].before:
            return False
        if isinstance(event, VideoEvent):
            return event.step > gaps[at].step
        if isinstance(event, CheckpointEvent):
            return event.step != gaps[at].step
        return isinstance(event, MetricEvent | EpisodeEvent)

    def _found(self) -> list[_Gap]:
        """Go back from the newest start to the line that it descends from, and from there to the start before it."""
        gaps: list[_Gap] = []
        valid_through: float = math.inf
        for seq, start in sorted(self._starts, key=lambda item: item[0], reverse=True):
            if seq <= valid_through:
                gaps.append(_Gap(start.last_valid_seq, seq, start.step))
                valid_through = min(start.last_valid_seq, seq)
        return gaps[::-1]


def _before(gap: _Gap) -> int:
    return gap.before
