"""The exact state of a run at a step boundary: what a trainer hands out, and starts from again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from retroml_edu.core.weights import Arrays


class ReplayRows(Protocol):
    """The rows of a replay buffer, numbered in the order in which they were added, from 0.

    A row is one step of all environments. Rows never change once they are added, so that whoever stores them writes
    only those that are new.
    """

    @property
    def added(self) -> int:
        """Rows that were ever added."""
        ...

    @property
    def kept(self) -> int:
        """How many of the newest are still there: rows ``added - kept`` to ``added``."""
        ...

    def rows(self, first: int, last: int) -> Mapping[str, np.ndarray]:
        """Return rows ``first`` to ``last`` (without) as arrays of shape (last - first, n_envs, ...), copied."""
        ...


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that decides how a run goes on.

    It is taken between two steps of all environments, before an update that may be due: the same run has one
    snapshot a step.

    Attributes:
        step: Environment steps taken so far, summed over all environments.
        facts: Counters, generator states, positions: JSON values only, which stay as they are while training goes on.
        arrays: Parameters (``policy/...``), moments of the optimiser, rollout, environments: copies, by names with
            slashes.
        replay: Rows of the replay buffer, read from the buffer itself: valid until training goes on. None for
            algorithms without one.
    """

    step: int
    facts: Mapping[str, Any]
    arrays: Arrays
    replay: ReplayRows | None = None

    def with_new_schedules(self) -> Snapshot:
        """Return the same state with schedules that begin anew here, and fall to the end of the run that goes on.

        Without this, schedules go on where they would be had the run been as long from its beginning.
        """
        return replace(self, facts={**self.facts, "schedule_origin": self.step})


class SnapshotSink(Protocol):
    """Keeps snapshots. Called in the trainer's thread."""

    def due(self, step: int) -> bool:
        """Return whether a snapshot is wanted at this step; asked at every step, so it must be quick."""
        ...

    def take(self, snapshot: Snapshot) -> None:
        """Keep a snapshot. Must not raise because of a disk that is full: training goes on."""
        ...
