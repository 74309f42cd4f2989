"""The life of a run."""

from __future__ import annotations

from enum import StrEnum


class RunState(StrEnum):
    """Where a run stands. The last four states are final: they never change again."""

    CREATED = "created"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPING = "stopping"
    FINISHING = "finishing"
    """Training has ended; the last video and the model are being written."""
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    LOST = "lost"
    """The process that owned the run ended without a word (killed, power cut); found out by a reader."""

    @property
    def is_final(self) -> bool:
        """Whether the run has ended for good."""
        return self in _FINAL

    def may_become(self, other: RunState) -> bool:
        """Return whether a run in this state may enter the other one."""
        return other in _NEXT[self]


_FINAL = frozenset({RunState.DONE, RunState.STOPPED, RunState.FAILED, RunState.LOST})
_ALWAYS = frozenset({RunState.FAILED, RunState.LOST})
_NEXT: dict[RunState, frozenset[RunState]] = {
    RunState.CREATED: frozenset({RunState.STARTING, RunState.STOPPED}) | _ALWAYS,
    RunState.STARTING: frozenset({RunState.RUNNING, RunState.STOPPING}) | _ALWAYS,
    RunState.RUNNING: frozenset({RunState.PAUSED, RunState.STOPPING, RunState.FINISHING}) | _ALWAYS,
    RunState.PAUSED: frozenset({RunState.RUNNING, RunState.STOPPING}) | _ALWAYS,
    RunState.STOPPING: frozenset({RunState.FINISHING, RunState.STOPPED}) | _ALWAYS,
    RunState.FINISHING: frozenset({RunState.DONE, RunState.STOPPED}) | _ALWAYS,
} | {state: frozenset() for state in _FINAL}
