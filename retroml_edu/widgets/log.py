"""The event log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import traitlets

from retroml_edu.core.events import LEFT_BY_ITS_PROCESS, CheckpointEvent, Event, LogEvent, StateEvent, VideoEvent
from retroml_edu.core.states import RunState
from retroml_edu.widgets.assets import script
from retroml_edu.widgets.streamed import Streamed
from retroml_edu.widgets.words import video_caption, video_label

MAX_LINES = 200
_ROUTINE = "routine"

_STATES = {
    RunState.STARTING: "Starting",
    RunState.RUNNING: "Training",
    RunState.PAUSED: "Paused",
    RunState.STOPPING: "Stop was asked for",
    RunState.FINISHING: "Training has ended; writing the results",
    RunState.DONE: "Done",
    RunState.STOPPED: "Stopped",
    RunState.FAILED: "Failed",
    RunState.LOST: "The run's process ended without a word",
}


class EventLog(Streamed):
    """What happened, with times, newest first in the page, bounded.

    Its button sends ``{"action": "checkpoint"}``.

    Attributes:
        lines: Oldest first, each with ``number``, ``time``, ``level``, ``text`` and, of checkpoints, ``kind``.
    """

    _esm = script("card.js", "streamed.js", "log.js")
    can_checkpoint = traitlets.Bool(False).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        self.lines: list[dict[str, Any]] = []
        self._written = 0
        super().__init__(**kwargs)

    def add(self, events: Iterable[Event]) -> None:
        """Add the events that are worth a line. Of the checkpoints made at intervals the newest is enough."""
        with self._writing:
            lines = list(self.lines)
            for event in events:
                line = _line(event)
                if line is None:
                    continue
                if line.get("kind") == _ROUTINE:
                    lines = [item for item in lines if item.get("kind") != _ROUTINE]
                self._written += 1
                lines.append({"number": self._written, **line})
            lines = lines[-MAX_LINES:]
            before = {line["number"] for line in self.lines}
            gone = before.difference(line["number"] for line in lines)
            new = [line for line in lines if line["number"] not in before]
            self.lines = lines
            if new:
                self._send_change({"gone": sorted(gone), "lines": new})

    def clear(self) -> None:
        """Forget all lines, for a new run."""
        with self._writing:
            self.lines = []
            self._send_whole()

    def _content(self) -> tuple[Mapping[str, Any], Sequence[bytes]]:
        return {"lines": self.lines}, []


def _line(event: Event) -> dict[str, str] | None:
    if isinstance(event, LogEvent):
        return {"time": event.time_utc, "level": event.level, "text": event.message}
    if isinstance(event, StateEvent) and event.state in _STATES:
        level = "error" if event.state in (RunState.FAILED, RunState.LOST) else "info"
        where = f" at step {event.step:,}" if event.step else ""
        why = f": {event.detail}" if event.detail == LEFT_BY_ITS_PROCESS else ""
        return {"time": event.time_utc, "level": level, "text": _STATES[event.state] + where + why}
    if isinstance(event, VideoEvent):
        text = f"Video recorded ({video_label(event)}): {video_caption(event)}"
        return {"time": event.time_utc, "level": "info", "text": text}
    if isinstance(event, CheckpointEvent):
        text = f"Checkpoint at step {event.step:,} ({event.duration_s:.2f} s)"
        kind = _ROUTINE if event.reason == "interval" else event.reason
        return {"time": event.time_utc, "level": "info", "text": text, "kind": kind}
    return None
