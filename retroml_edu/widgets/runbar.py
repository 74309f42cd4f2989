"""Train, Pause, Stop and how the run stands."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.errors import Problem
from retroml_edu.core.states import RunState
from retroml_edu.widgets.assets import script

READY = "ready"
MEASURING = "measuring"
PAUSING = "pausing"
"""A pause was asked for; the run has not heard it yet."""

_LABELS = {
    READY: "Ready",
    MEASURING: "Measuring this machine's speed…",
    RunState.CREATED: "Starting…",
    RunState.STARTING: "Starting…",
    RunState.RUNNING: "Training",
    PAUSING: "Pausing…",
    RunState.PAUSED: "Paused",
    RunState.STOPPING: "Stopping…",
    RunState.FINISHING: "Writing the results…",
    RunState.DONE: "Done",
    RunState.STOPPED: "Stopped",
    RunState.FAILED: "Failed",
    RunState.LOST: "Lost: its process ended without a word",
}
_ALLOWED = {
    MEASURING: ["stop"],
    RunState.CREATED: ["stop"],
    RunState.STARTING: ["stop"],
    RunState.RUNNING: ["pause", "stop"],
    PAUSING: ["stop"],
    RunState.PAUSED: ["resume", "stop"],
    RunState.STOPPING: [],
    RunState.FINISHING: ["stop"],
}
_LEFT = (RunState.STOPPED, RunState.FAILED, RunState.LOST)


class RunBar(anywidget.AnyWidget):
    """Buttons send ``{"action": "train" | "pause" | "resume" | "stop"}``; everything shown is written by code."""

    _esm = script("dom.js", "card.js", "runbar.js")
    state = traitlets.Unicode(READY).tag(sync=True)
    state_label = traitlets.Unicode(_LABELS[READY]).tag(sync=True)
    allowed = traitlets.List(default_value=["train"]).tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    deleted = traitlets.Bool(False).tag(sync=True)
    progress = traitlets.Float(0.0).tag(sync=True)
    progress_text = traitlets.Unicode("Choose what to learn, then press Train.").tag(sync=True)
    problems: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # The pump, the thread that starts a run and callbacks all write here, and hold_sync is for one thread alone.
        self._writing = threading.RLock()

    def show_state(self, state: str, *, resumable: bool = False) -> None:
        """Show where the run stands and which buttons that leaves.

        Args:
            state: A `RunState`, `READY`, `MEASURING` or `PAUSING`.
            resumable: Whether a run that was left before its end has a checkpoint to go on from.
        """
        with self._writing, self.hold_sync():
            self.state_label = _LABELS[state]
            self.allowed = _ALLOWED.get(state, ["train", "resume"] if resumable and state in _LEFT else ["train"])
            self.state = str(state)  # last: who waits for a state finds its words and buttons

    def show_title(self, title: str) -> None:
        """Show which run it is."""
        with self._writing:
            self.title = title

    def show_deleted(self, *, deleted: bool) -> None:
        """Show whether the run was deleted."""
        with self._writing:
            self.deleted = deleted

    def show_progress(self, progress: float, text: str) -> None:
        """Show how far the run is, from 0 to 1 and in words."""
        with self._writing, self.hold_sync():
            self.progress = progress
            self.progress_text = text

    def show_problems(self, problems: Iterable[Problem]) -> None:
        """Show what is wrong, under the buttons; an empty list clears the place."""
        with self._writing:
            self.problems = [_told(problem) for problem in problems]


def _told(problem: Problem) -> dict[str, str]:
    """Return a problem for the page: ``wrong`` is how much of ``text`` says what is wrong."""
    told = {"text": str(problem), "wrong": problem.message.rstrip(), "severity": problem.severity}
    if problem.original:
        told |= {"text": told["wrong"], "remedy": problem.remedy, "original": problem.original}
    return told | ({"topic": problem.topic} if problem.topic else {})
