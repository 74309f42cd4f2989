"""Runs that did not reach their end: found again, or kept as they are."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from retroml_edu.core.errors import ConfigError, StorageError
from retroml_edu.core.events import Event, StateEvent
from retroml_edu.core.ids import utc_now
from retroml_edu.core.states import RunState
from retroml_edu.session.history import Run
from retroml_edu.session.run import TrainingRun
from retroml_edu.storage.checkpoints import list_checkpoints
from retroml_edu.storage.folder import RunFolder, list_run_folders
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.reader import newest_attempt, newest_line, read_events, run_state
from retroml_edu.storage.writer import RunWriter

NEWEST = 50
"""How many of the newest runs are looked at: older ones are history, and nobody waits for a long list."""
LEFT = frozenset({RunState.LOST, RunState.STOPPED, RunState.FAILED})
_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_ENDINGS = {
    RunState.LOST: "Its process ended without a word",
    RunState.STOPPED: "It was stopped",
    RunState.FAILED: "It failed",
}


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that was left before its end.

    Attributes:
        path: Its folder.
        title: Environment, algorithm and seed.
        state: ``lost``, ``stopped`` or ``failed``.
        step: Environment steps of which something is recorded.
        total_timesteps: Environment steps asked for; 0 if its config cannot be read.
        left_s: When something was last written, in seconds since the epoch.
        checkpoint_step: Step of the checkpoint from which it can be resumed; None without one.
    """

    path: Path
    title: str
    state: RunState
    step: int
    total_timesteps: int
    left_s: float
    checkpoint_step: int | None

    @property
    def run_id(self) -> str:
        """Name of the folder."""
        return self.path.name

    @property
    def what_happened(self) -> str:
        """What became of the run and what is possible, in a sentence."""
        where = f"after step {self.step:,}" if self.step else "before its first step"
        happened = f"{_ENDINGS[self.state]} {where}, {_ago(time.time() - self.left_s)}"
        if self.checkpoint_step is None:
            return f"{happened}; it can go on from its beginning."
        return f"{happened}; it can go on from step {self.checkpoint_step:,}."


def unfinished_runs(home: Path, states: Collection[RunState] = LEFT) -> list[Unfinished]:
    """Return the newest runs of a home that were left before their end, newest first.

    Those are the runs whose process went without a word, unless `keep` was told so, and those that were stopped or
    failed and have a checkpoint. Only the ends of files are read: it takes milliseconds.

    Args:
        home: Where runs live; it need not exist.
        states: Only runs in these states.

    Raises:
        StorageError: If the home cannot be read.
    """
    found = (_unfinished(folder, states) for folder in list_run_folders(home)[:NEWEST])
    return [run for run in found if run is not None]


def keep(run: Unfinished) -> None:
    """Write down that a run was lost: it stays as it is, can still be resumed, and is offered no more.

    Nothing happens to a run whose end is written down already.

    Raises:
        RunBusyError: If somebody goes on with it.
        StorageError: If the folder cannot be written.
    """
    folder = RunFolder(run.path)
    lease = Lease.acquire(folder)
    try:
        if not run_state(folder).is_final:  # while the run is ours, that is what the files say
            with closing(RunWriter(folder, max(1, newest_attempt(folder)))) as writer:
                writer.handle([StateEvent(RunState.LOST, run.step, "its process ended without a word", utc_now())])
    finally:
        lease.release()


def earlier_events(run: TrainingRun) -> list[Event]:
    """Return what a resumed run had reported before it was resumed and what still counts; its own bus has the rest."""
    return list(read_events(RunFolder(run.path), before_attempt=run.attempt))


def _unfinished(folder: RunFolder, states: Collection[RunState]) -> Unfinished | None:
    try:
        state = run_state(folder)
        if state not in states or _is_written_down(folder, state):
            return None
        left_s = _last_written_s(folder)
        checkpoints = list_checkpoints(folder)
        step = _newest_step(folder)
    except (OSError, StorageError):  # a folder that cannot be read is no offer
        return None
    try:
        title, total = Run(folder).title, Run(folder).config.total_timesteps
    except ConfigError:
        title, total, checkpoints = f"Run {folder.run_id}", 0, []
    newest = checkpoints[-1].step if checkpoints else None
    if state is not RunState.LOST and newest is None:
        return None
    return Unfinished(folder.path, title, state, max(step, newest or 0), total, left_s, newest)


def _is_written_down(folder: RunFolder, state: RunState) -> bool:
    if state is not RunState.LOST:
        return False
    line = newest_line(folder.events_log)
    return line is not None and isinstance(line.content, StateEvent) and line.content.state is RunState.LOST


def _last_written_s(folder: RunFolder) -> float:
    files = (folder.metrics_log, folder.events_log, folder.lease_file)  # the lease is written twice a second
    return max((file.stat().st_mtime for file in files if file.exists()), default=folder.path.stat().st_mtime)


def _newest_step(folder: RunFolder) -> int:
    line = newest_line(folder.metrics_log)
    # What an earlier attempt measured may lie beyond the checkpoint from which the newest one went on.
    return line.content.step if line is not None and line.attempt == newest_attempt(folder) else 0


def _ago(seconds: float) -> str:
    if seconds < -60:
        return "at a time that the clock has not reached again"
    for unit, length in _UNITS:
        count = int(seconds // length)
        if count >= 1:
            return f"{count:,} {unit}{'' if count == 1 else 's'} ago"
    return "just now"
