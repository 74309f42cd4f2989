"""The event log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.events import CheckpointEvent, Event, LogEvent, StateEvent, VideoEvent
from retroml_edu.core.states import RunState
from retroml_edu.widgets.assets import STATIC
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


class EventLog(anywidget.AnyWidget):
    """What happened, with times, newest first, bounded.

    Its button sends ``{"action": "checkpoint"}``.
    """

    _esm = STATIC / "log.js"
    lines: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)
    can_checkpoint = traitlets.Bool(False).tag(sync=True)

    def __init__(self, checkpoint: Callable[[], object] = lambda: None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._checkpoint = checkpoint
        self.on_msg(self._asked)

    def add(self, events: Iterable[Event]) -> None:
        """Add the events that are worth a line. Of the checkpoints made at intervals the newest is enough."""
        lines = list(self.lines)
        for event in events:
            line = _line(event)
            if line is None:
                continue
            if line.get("kind") == _ROUTINE:
                lines = [item for item in lines if item.get("kind") != _ROUTINE]
            lines.append(line)
        if lines != self.lines:
            self.lines = lines[-MAX_LINES:]

    def clear(self) -> None:
        """Forget all lines, for a new run."""
        self.lines = []

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("action") == "checkpoint":
            self._checkpoint()


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
    if isinstance(event, CheckpointEvent):
        text = f"Checkpoint at step {event.step:,} ({event.duration_s:.2f} s)"
        kind = _ROUTINE if event.reason == "interval" else event.reason
        return {"time": event.time_utc, "level": "info", "text": text, "kind": kind}
    return None
