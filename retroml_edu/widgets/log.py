"""The event log."""

from __future__ import annotations

from collections.abc import Iterable

import anywidget
import traitlets

from retroml_edu.core.events import Event, LogEvent, StateEvent, VideoEvent
from retroml_edu.core.states import RunState
from retroml_edu.widgets.assets import STATIC
from retroml_edu.widgets.words import video_caption, video_label

MAX_LINES = 200

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


class EventLog(anywidget.AnyWidget):
    """What happened, with times, newest first, bounded."""

    _esm = STATIC / "log.js"
    lines: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)

    def add(self, events: Iterable[Event]) -> None:
        """Add the events that are worth a line."""
        new = [line for event in events if (line := _line(event)) is not None]
        if new:
            self.lines = [*self.lines, *new][-MAX_LINES:]

    def clear(self) -> None:
        """Forget all lines, for a new run."""
        self.lines = []


def _line(event: Event) -> dict[str, str] | None:
    if isinstance(event, LogEvent):
        return {"time": event.time_utc, "level": event.level, "text": event.message}
    if isinstance(event, StateEvent) and event.state in _STATES:
        level = "error" if event.state in (RunState.FAILED, RunState.LOST) else "info"
        where = f" at step {event.step:,}" if event.step else ""
        return {"time": event.time_utc, "level": level, "text": _STATES[event.state] + where}
    if isinstance(event, VideoEvent):
        text = f"Video recorded ({video_label(event)}): {video_caption(event)}"
        return {"time": event.time_utc, "level": "info", "text": text}
    return None
