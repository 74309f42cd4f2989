"""When a run's exact state is stored, and what is said about it."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import Protocol

from retroml_edu.core.background import alongside
from retroml_edu.core.digest import ValuesDigest
from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import CheckpointEvent, CheckpointReason, EpisodeEvent, Event, log
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.core.settings import CheckpointSettings
from retroml_edu.core.snapshot import Snapshot

FIRST_S = 5.0
"""Seconds to the first checkpoint; each further one comes after twice as long, up to the interval of the config."""
MOST_SHARE = 0.02
"""Of a run's time in which checkpoints at intervals may be written: on a slow disk they are made less often."""


BEFORE_THE_RISE = "before the steepest rise"
"""Name of the checkpoint from which whoever checks the run trains again in any case."""


class Store(Protocol):
    """The checkpoints in the run folder."""

    def checkpoint_writer(
        self, snapshot: Snapshot, reason: CheckpointReason, values_digest: str
    ) -> Callable[[], CheckpointEvent]:
        """Return what puts a snapshot there, after all that has been reported by now; for any thread.

        It raises a `StorageError` if the snapshot cannot be written.
        """
        ...

    def name_checkpoint(self, step: int, name: str) -> None:
        """Give a checkpoint a name, which no other one has then.

        Raises:
            StorageError: If it is not there, or cannot be written.
        """
        ...

    def prune_checkpoints(self) -> None:
        """Remove those that are too many.

        Raises:
            StorageError: If the system refuses.
        """
        ...


class _Rise:
    """How steeply the return of the last games rose from one checkpoint to the next."""

    def __init__(self) -> None:
        self._returns: deque[float] = deque(maxlen=RETURN_WINDOW)
        self._before: tuple[int, float] | None = None
        self._most = -math.inf

    def add(self, event: Event) -> None:
        if isinstance(event, EpisodeEvent):
            self._returns.append(event.episode_return)

    @property
    def mean(self) -> float | None:
        """Of the last games; None before the first has ended."""
        return math.fsum(self._returns) / len(self._returns) if self._returns else None

    def steepest_from(self, step: int, mean: float | None) -> int | None:
        """Return the step of the last checkpoint if none rose as steeply as from there to this one."""
        before, self._before = self._before, None if mean is None else (step, mean)
        if before is None or mean is None or mean - before[1] <= self._most:
            return None
        self._most = mean - before[1]
        return before[0]


class Checkpointer:
    """Stores snapshots at intervals, on request, and where training begins anew or ends.

    Training goes on while one made on the way is written, unless there is a replay buffer, which is read where it is.
    A checkpoint that cannot be written is a line in the log, never the end of a run.

    Args:
        settings: How often.
        store: Where checkpoints go.
        values: Digest of what was reported so far.
        emit: Takes the `CheckpointEvent` of each, or the warning.
        stopping: Tells whether training ends because somebody asked for it.
        at_start: Whether the very first state is stored too: that of a run that goes on from another one.

    Threads: `request` may be called from anywhere, the rest by the trainer alone. `emit` is called from another thread,
    too.
    """

    def __init__(
        self,
        settings: CheckpointSettings,
        store: Store,
        values: ValuesDigest,
        emit: Callable[[Event], None],
        *,
        stopping: Callable[[], bool],
        at_start: bool = False,
    ) -> None:
        self._settings = settings
        self._store = store
        self._values = values
        self._emit = emit
        self._stopping = stopping
        self._reason: CheckpointReason | None = "start" if at_start else None
        self._requested = False
        self._interval_s = min(FIRST_S, settings.every_s)
        self._next_s = time.monotonic() + self._interval_s
        self._next_step: int | None = None
        self._problem = ""
        self._rise = _Rise()
        self._writing: Future[None] | None = None

    def note(self, event: Event) -> None:
        """Take notice of what the run reports."""
        self._rise.add(event)

    def request(self) -> None:
        """Ask for a checkpoint at the next step."""
        self._requested = True

    def due(self, step: int) -> bool:
        """Return whether a checkpoint is to be made at this step."""
        if self._requested:
            self._requested = False
            self._reason = "request"
        elif self._reason is None and self._interval_is_over(step):
            self._reason = "interval"
        return self._reason is not None

    def take(self, snapshot: Snapshot) -> None:
        """Store a snapshot; without one being due, it is the last of the run.

        It is there when this returns if it is the first or the last, or has a replay buffer.
        """
        reason = self._reason or ("stop" if self._stopping() else "end")
        # The state with which a run begins that goes on from another: without it, it could not be resumed.
        at_once = self._reason in (None, "start") or snapshot.replay is not None
        self._reason = None
        self.finish()
        self._next_s = math.inf  # known when this one is there
        write = self._store.checkpoint_writer(snapshot, reason, self._values.hex)
        store = partial(self._store_with, write, snapshot.step, self._rise.mean)
        if at_once:
            store()
        else:
            self._writing = alongside(store, "retroml-checkpoint")

    def finish(self) -> None:
        """Wait until the newest checkpoint is there."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def _store_with(self, write: Callable[[], CheckpointEvent], step: int, mean: float | None) -> None:
        began_s = time.monotonic()
        try:
            event = write()
            self._tidy_up(step, mean)
        except Exception as error:  # noqa: BLE001 - whatever it is, training can go on without this checkpoint
            if str(error) != self._problem:  # a full disk is told once, not every minute
                told = str(error) if isinstance(error, StorageError) else f"{type(error).__name__}: {error}"
                self._emit(log("warning", f"No checkpoint at step {step:,}: {told}", step=step))
            self._problem = str(error)
        else:
            self._problem = ""
            self._emit(event)
        ended_s = time.monotonic()
        self._interval_s = min(2 * self._interval_s, self._settings.every_s)
        self._next_s = ended_s + max(self._interval_s, (ended_s - began_s) / MOST_SHARE)

    def _tidy_up(self, step: int, mean: float | None) -> None:
        """Remove old checkpoints; one too many is no reason to warn anybody."""
        steepest = self._rise.steepest_from(step, mean)
        with suppress(StorageError):
            if steepest is not None:
                self._store.name_checkpoint(steepest, BEFORE_THE_RISE)
            self._store.prune_checkpoints()

    def _interval_is_over(self, step: int) -> bool:
        every = self._settings.every_steps
        if every is None:
            return time.monotonic() >= self._next_s
        if self._next_step is None or step < self._next_step:
            # The first step that is a multiple of the interval, wherever the run began.
            self._next_step = self._next_step or (step // every + 1) * every
            return False
        self._next_step = (step // every + 1) * every
        return True
