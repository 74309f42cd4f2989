"""Runs in processes of their own, which can be killed at any moment and tell how far they were.

Where the system can, each process is forked from one that has imported everything, so that it starts at once.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from enum import IntEnum
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent
from retroml_edu.core.states import RunState
from retroml_edu.core.training import Emit, Start, TrainedModel, Trainer
from retroml_edu.session.archive import RunArchive
from retroml_edu.session.session import Session

MOST_VALUES = 200_000
ATTEMPT_TIMEOUT_S = 240.0
_PRELOADED = (
    __name__,
    "alembic.command",
    "gymnasium.envs.box2d",
    "retroml_edu.session.videos",
    "retroml_edu.training.sb3.trainer",
    "safetensors",
    "torch._dynamo",  # which the first optimiser imports
)
_PHASE, _STORED, _REPORTED, _TIMES = 0, 1, 2, 3


class Phase(IntEnum):
    """What a process is doing."""

    STARTING = 0
    TRAINING = 1
    STORING = 2
    ENDING = 3


class Witness:
    """What a process says of itself: in memory that a file is mapped into, so that it outlives a kill.

    Args:
        path: The file; made where it is missing.
    """

    def __init__(self, path: Path) -> None:
        mode = "r+" if path.exists() else "w+"
        self._memory = np.memmap(path, np.float64, mode, shape=(_TIMES + MOST_VALUES,))

    @property
    def phase(self) -> Phase:
        """What the process is, or was, doing."""
        return Phase(int(self._memory[_PHASE]))

    @phase.setter
    def phase(self, phase: Phase) -> None:
        self._memory[_PHASE] = phase

    @property
    def stored(self) -> int:
        """Checkpoints that it has begun to write."""
        return int(self._memory[_STORED])

    @property
    def reported_s(self) -> np.ndarray:
        """When each value was reported, on the system's steady clock: games that ended, and updates."""
        return np.array(self._memory[_TIMES : _TIMES + int(self._memory[_REPORTED])])

    def store_begins(self) -> None:
        """Note that a checkpoint is begun."""
        self._memory[_STORED] += 1
        self.phase = Phase.STORING

    def take(self, event: Event) -> None:
        """Note that an event is about to be reported."""
        if self.phase is Phase.STARTING:
            self.phase = Phase.TRAINING
        if isinstance(event, MetricEvent | EpisodeEvent):
            reported = int(self._memory[_REPORTED])
            self._memory[_TIMES + reported] = time.monotonic()
            self._memory[_REPORTED] = reported + 1


class _Watched:
    """A trainer whose events are noted."""

    def __init__(self, trainer: Trainer, witness: Witness) -> None:
        self._trainer = trainer
        self._witness = witness

    def train(self, config: ExperimentConfig, emit: Emit, control: Control, start: Start | None = None) -> TrainedModel:
        def take(event: Event) -> None:
            self._witness.take(event)
            emit(event)

        model = self._trainer.train(config, take, control, start)
        self._witness.phase = Phase.ENDING
        return model


def launch(home: Path, config: ExperimentConfig, run_id: str | None, witness: Path, said: Path) -> BaseProcess:
    """Start a process that begins a run, or resumes one.

    Args:
        home: Where its folder lies.
        config: Of a new run.
        run_id: The run to resume; None for a new one.
        witness: File for the `Witness`, made anew.
        said: File for what went wrong.
    """
    witness.unlink(missing_ok=True)
    Witness(witness)
    process = _context().Process(
        target=_live, args=(str(home), config.to_json_dict(), run_id, str(witness), str(said)), daemon=True
    )
    process.start()
    return process


def _context() -> Any:
    # Not fork itself: torch and the store have threads, and a fork copies their locks as they happen to stand.
    way = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
    context: Any = multiprocessing.get_context(way)
    if way == "forkserver":
        context.set_forkserver_preload(list(_PRELOADED))
    return context


def _live(home: str, config: dict[str, Any], run_id: str | None, witness_file: str, said: str) -> None:
    """Train to the end, unless killed; the work of the process."""
    witness = Witness(Path(witness_file))
    _note_checkpoints(witness)

    def trainer_for(config: ExperimentConfig) -> Trainer:
        from retroml_edu.training import trainer_for as chosen

        return _Watched(chosen(config), witness)

    try:
        session = Session(home, trainer_for=trainer_for)
        run = session.start(ExperimentConfig(**config)) if run_id is None else session.resume(run_id)
        result = run.wait(ATTEMPT_TIMEOUT_S)
        problem = "" if result.state is RunState.DONE else f"{result.state}: {result.error}"
    except Exception as error:  # noqa: BLE001 - the process's edge
        problem = f"{type(error).__name__}: {error}"
    if problem:
        Path(said).write_text(problem, "utf-8")
    sys.stdout.flush()
    os._exit(bool(problem))  # what Python does at its end is tested elsewhere, and takes its time


def _note_checkpoints(witness: Witness) -> None:
    writer_of: Callable[..., Callable[[], Any]] = RunArchive.checkpoint_writer

    def noted(archive: RunArchive, *arguments: Any) -> Callable[[], Any]:
        write = writer_of(archive, *arguments)

        def write_noted() -> Any:
            before = witness.phase
            witness.store_begins()
            try:
                return write()
            finally:
                witness.phase = before

        return write_noted

    RunArchive.checkpoint_writer = noted  # type: ignore[method-assign]
