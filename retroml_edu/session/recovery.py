"""Runs that did not reach their end: found again, or kept as they are."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from retroml_edu.core.errors import ConfigError, StorageError
from retroml_edu.core.events import LEFT_BY_ITS_PROCESS, Event, StateEvent
from retroml_edu.core.ids import utc_now
from retroml_edu.core.states import RunState
from retroml_edu.session.history import Run
from retroml_edu.session.run import TrainingRun
from retroml_edu.storage.checkpoints import list_checkpoints
from retroml_edu.storage.folder import RunFolder, list_run_folders
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.manifest import follow_in_manifest
from retroml_edu.storage.reader import newest_attempt, newest_line, newest_state, read_events, run_state
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
        cut_short: Whether nobody wanted its end: its process went without a word, or ended and stopped it.
    """

    path: Path
    title: str
    state: RunState
    step: int
    total_timesteps: int
    left_s: float
    checkpoint_step: int | None
    cut_short: bool

    @property
    def run_id(self) -> str:
        """Name of the folder."""
        return self.path.name

    @property
    def what_happened(self) -> str:
        """What became of the run and what is possible, in a sentence."""
        where = f"after step {self.step:,}" if self.step else "before its first step"
        left = self.cut_short and self.state is RunState.STOPPED
        ending = "Its kernel or script ended" if left else _ENDINGS[self.state]
        happened = f"{ending} {where}, {_ago(time.time() - self.left_s)}"
        if self.checkpoint_step is None:
            return f"{happened}; it can go on from its beginning."
        return f"{happened}; it can go on from step {self.checkpoint_step:,}."


def unfinished_runs(home: Path, *, cut_short: bool = False) -> list[Unfinished]:
    """Return the newest runs of a home that were left before their end, newest first.

    Those are the runs that were cut short, unless `keep` was told so of a lost one, and those that were stopped or
    failed and have a checkpoint. Only the ends of files are read: it takes milliseconds.

    Args:
        home: Where runs live; it need not exist.
        cut_short: Only runs whose end nobody wanted.

    Raises:
        StorageError: If the home cannot be read.
    """
    found = (_unfinished(folder) for folder in list_run_folders(home)[:NEWEST])
    return [run for run in found if run is not None and (run.cut_short or not cut_short)]


def keep(run: Unfinished) -> None:
    """Write down that a run's end is wanted now: it stays as it is, can still be resumed, and is no longer cut short.

    Nothing happens to a run that somebody has stopped, or that failed.

    Raises:
        RunBusyError: If somebody goes on with it.
        StorageError: If the folder cannot be written.
    """
    folder = RunFolder(run.path)
    lease = Lease.acquire(folder)
    try:
        newest = newest_state(folder)
        if not run_state(folder).is_final:  # while the run is ours, that is what the files say
            _write_down(folder, StateEvent(RunState.LOST, run.step, "its process ended without a word", utc_now()))
        elif newest is not None and _left_by_its_process(newest):
            _write_down(folder, replace(newest, detail=""))
            follow_in_manifest(folder, folder.events_log.name)
    finally:
        lease.release()


def earlier_events(run: TrainingRun) -> list[Event]:
    """Return what a resumed run had reported before it was resumed and what still counts; its own bus has the rest."""
    return list(read_events(RunFolder(run.path), before_attempt=run.attempt))


def _write_down(folder: RunFolder, ending: StateEvent) -> None:
    with closing(RunWriter(folder, max(1, newest_attempt(folder)))) as writer:
        writer.handle([ending])


def _left_by_its_process(ending: StateEvent) -> bool:
    return ending.state is RunState.STOPPED and ending.detail == LEFT_BY_ITS_PROCESS


def _unfinished(folder: RunFolder) -> Unfinished | None:
    try:
        state, newest_told = run_state(folder), newest_state(folder)
        if state not in LEFT or (newest_told is not None and newest_told.state is RunState.LOST):  # kept
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
    cut_short = state is RunState.LOST or (newest_told is not None and _left_by_its_process(newest_told))
    if not cut_short and newest is None:
        return None
    return Unfinished(folder.path, title, state, max(step, newest or 0), total, left_s, newest, cut_short)


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
