"""Reading a run's events back: the whole story, or what is new."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from retroml_edu.core.events import Event, MetricEvent, StateEvent
from retroml_edu.core.states import RunState
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.jsonl import LineTail, last_lines, whole_lines
from retroml_edu.storage.lease import lease_state
from retroml_edu.storage.lines import AttemptStart, Line, decode
from retroml_edu.storage.superseded import Superseded

MAX_METRICS = 500
"""Most metrics a run may have; lines with further ones count as damaged."""


class _Lines:
    """Decodes lines, counts the damaged ones, and leaves out those that a later attempt superseded."""

    def __init__(self) -> None:
        self.damaged = 0
        self.attempt = 0
        self._superseded = Superseded()
        self._metrics: set[str] = set()

    def decoded(self, lines: Iterable[bytes]) -> Iterator[Line]:
        for text in lines:
            try:
                line = decode(text)
                self._bound(line)
            except ValueError:
                self.damaged += 1
                continue
            self.attempt = max(self.attempt, line.attempt)
            if isinstance(line.content, AttemptStart):
                self._superseded.add(line.seq, line.content)
            yield line

    def _bound(self, line: Line) -> None:
        # Each metric becomes a curve and a column: the file, which may be a stranger's, must not decide how many.
        if isinstance(line.content, MetricEvent):
            metrics = self._metrics | line.content.values.keys()
            if len(metrics) > MAX_METRICS:
                raise ValueError("too many metrics")
            self._metrics = metrics

    def events(self, lines: Iterable[Line]) -> Iterator[Event]:
        for line in lines:
            if not isinstance(line.content, AttemptStart) and not self._superseded.covers(line.seq, line.content):
                yield line.content


class EventReader(Iterator[Event]):
    """The events of a run in their order; what is damaged is skipped and counted."""

    def __init__(self, folder: RunFolder, before_attempt: int | None = None) -> None:
        self._lines = _Lines()
        self._before_attempt = math.inf if before_attempt is None else before_attempt
        self._events = self._read(folder)

    @property
    def damaged(self) -> int:
        """Damaged lines met so far: the whole count, once everything is read."""
        return self._lines.damaged

    def __next__(self) -> Event:
        return next(self._events)

    def _read(self, folder: RunFolder) -> Iterator[Event]:
        # Read first and whole: it is small, and it says which lines of the other file are superseded.
        story = list(self._lines.decoded(whole_lines(folder.events_log)))
        metrics = self._lines.decoded(whole_lines(folder.metrics_log))
        lines = heapq.merge(story, metrics, key=_seq)
        yield from self._lines.events(line for line in lines if line.attempt < self._before_attempt)


def read_events(folder: RunFolder, *, before_attempt: int | None = None) -> EventReader:
    """Return an iterator over the events of a run; files that are missing hold none.

    Args:
        folder: Of the run.
        before_attempt: Only what earlier attempts than this one wrote, and still counts.
    """
    return EventReader(folder, before_attempt)


class EventTail:
    """Follows a run that another process writes.

    The events of one poll are in order, and a state never comes before the metrics that led to it. What was given
    out before a further attempt superseded it cannot be taken back: who sees `attempt` rise reads anew.

    Args:
        folder: Its files need not exist yet.
        metrics_from: How many bytes of metrics.jsonl have been read already, in another way.

    Threads: one at a time.
    """

    def __init__(self, folder: RunFolder, metrics_from: int = 0) -> None:
        self._lines = _Lines()
        self._story = LineTail(folder.events_log)
        self._metrics = LineTail(folder.metrics_log, metrics_from)

    @property
    def damaged(self) -> int:
        """Damaged lines met so far."""
        return self._lines.damaged

    @property
    def attempt(self) -> int:
        """The newest attempt met so far."""
        return self._lines.attempt

    @property
    def read_share(self) -> float:
        """How much of metrics.jsonl has been read, from 0 to 1; less than 1 where a bound left some of it."""
        return self._metrics.read_share

    def poll(self, most_bytes: int | None = None) -> list[Event]:
        """Return what was written since the last call.

        Args:
            most_bytes: How much of metrics.jsonl to read, about; the next call reads on.

        Raises:
            OSError: If a file cannot be read.
        """
        # The writer appends metrics first, so the story is read first.
        lines = list(self._lines.decoded(self._story.read()))
        lines += self._lines.decoded(self._metrics.read(most_bytes))
        return list(self._lines.events(sorted(lines, key=_seq)))


def run_state(folder: RunFolder) -> RunState:
    """Return where a run stands: its last state, or ``lost`` if its owner went without a final one."""
    lease = lease_state(folder)  # first: an owner that goes leaves its final state before it gives the lease back
    newest = newest_state(folder)
    state = RunState.CREATED if newest is None else newest.state
    not_yet_owned = state is RunState.CREATED and lease == "none"
    return state if state.is_final or lease == "alive" or not_yet_owned else RunState.LOST


def newest_state(folder: RunFolder) -> StateEvent | None:
    """Return the last state that a run has written down; None if it has started (again) and entered none yet."""
    for text in last_lines(folder.events_log):
        try:
            content = decode(text).content
        except ValueError:
            continue
        if isinstance(content, StateEvent):
            return content
        if isinstance(content, AttemptStart):
            break
    return None


def newest_attempt(folder: RunFolder) -> int:
    """Return the number of the newest attempt that has written a line; 0 if there are no lines."""
    newest = (newest_line(folder.events_log), newest_line(folder.metrics_log))
    return max((line.attempt for line in newest if line is not None), default=0)


def newest_line(log: Path) -> Line | None:
    """Return the last line of a file that is whole and undamaged; None if there is none."""
    last: Line | None = None
    for text in last_lines(log):
        with suppress(ValueError):
            return decode(text)
    for text in whole_lines(log):  # nothing readable near the end
        with suppress(ValueError):
            last = decode(text)
    return last


def _seq(line: Line) -> int:
    return line.seq
