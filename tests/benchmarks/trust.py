"""What it costs that runs can be trusted: checkpoints, the digest, determinism; ratios of the run without them."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.digest import ValuesDigest
from retroml_edu.core.events import CheckpointEvent, Event, ProgressEvent
from retroml_edu.core.settings import CheckpointSettings
from retroml_edu.core.training import Emit, Start, TrainedModel, Trainer
from retroml_edu.envs import resolve_config
from retroml_edu.session.checkpointer import Checkpointer
from retroml_edu.session.session import Session
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.reader import read_events
from retroml_edu.training import trainer_for
from retroml_edu.training.sb3.view import ModelView
from tests.benchmarks.measuring import Comparison, Machine, Report, Sample, Scale, alternate, timed

NONE = {"enabled": False}
OFTEN = {"every_s": 5.0}


@dataclass(frozen=True)
class _Case:
    """A run of about ten seconds, so that one with a checkpoint every five seconds makes some."""

    env_id: str
    algorithm: str
    steps: int
    checkpoint_every: int

    @property
    def name(self) -> str:
        return f"{self.algorithm} {self.env_id}"

    def config(self, scale: Scale, **settings: Any) -> ExperimentConfig:
        config = ExperimentConfig(
            env_id=self.env_id,
            algorithm=self.algorithm,
            run_type="custom",
            total_timesteps=scale.steps(self.steps),
            seed=1,
            video={"enabled": False},
            **settings,
        )
        return resolve_config(config)


CARTPOLE = _Case("CartPole-v1", "PPO", 600_000, 60_000)
BREAKOUT = _Case("ALE/Breakout-v5", "PPO", 3_072, 512)
DQN = _Case("CartPole-v1", "DQN", 400_000, 40_000)


def run(scale: Scale) -> list[Report]:
    """Measure everything."""
    return [_ratios(scale), _checkpoints(scale)]


def _ratios(scale: Scale) -> Report:
    machine = Machine()
    comparisons = []

    def compare(what: str, baseline: Callable[[], float], ours: Callable[[], float]) -> None:
        without, with_it = alternate(scale.pairs, machine, baseline, ours)
        comparisons.append(Comparison(what, "steps/s", without, with_it))

    for case in (CARTPOLE, BREAKOUT):
        without = partial(_speed, case.config(scale, checkpoints=NONE))
        often = partial(_speed, case.config(scale, checkpoints=OFTEN))
        compare(f"{case.name}: checkpoints as they are by default", without, partial(_speed, case.config(scale)))
        compare(f"{case.name}: a checkpoint every 5 s", without, often)
        compare(f"{case.name}: the digest of values", partial(_speed, without.args[0], digest=False), without)
        exactly = case.config(scale, checkpoints=NONE, deterministic=True)
        compare(f"{case.name}: deterministic", without, partial(_speed, exactly))
    return Report(
        "The cost of trust",
        machine,
        "without",
        "with",
        comparisons,
        notes="Training in a session, from the first step to the last update, with all files. Runs take about ten "
        "seconds: by default they make two checkpoints, after five seconds and at the end.",
    )


def _checkpoints(scale: Scale) -> Report:
    machine = Machine()
    samples = []
    for case in (CARTPOLE, BREAKOUT, DQN):
        machine.calibrate()
        made = checkpoints_of(case.config(scale, checkpoints={"every_steps": case.checkpoint_every}))
        config = case.config(scale)
        what = f"{case.name}, {config.n_envs} env"
        samples.append(Sample(f"{what}: training waits", "ms", [(one.copied_s + one.taken_s) * 1e3 for one in made]))
        samples.append(Sample(f"{what}: on the disk after", "ms", [one.written_s * 1e3 for one in made]))
        samples.append(Sample(f"{what}: size", "KiB", [one.size_bytes / 1024 for one in made]))
    every_s = CheckpointSettings().every_s
    slowest_s = max(value / 1e3 for sample in samples if sample.what.endswith("waits") for value in sample.values)
    return Report(
        "Checkpoints",
        machine,
        samples=samples,
        notes="Training waits while everything is copied; it is written while training goes on, but for the last one "
        f"of a run and for a replay buffer. By default one is made every {every_s:g} s: the longest wait would be "
        f"{slowest_s / every_s:.2%} of the time. Size is what each adds to the disk; of a replay buffer, what is new.",
    )


@dataclass(frozen=True)
class Made:
    """A checkpoint.

    Attributes:
        copied_s: Seconds until everything that decides how the run goes on was copied.
        taken_s: Seconds that training waited from there on.
        written_s: Seconds that writing it took.
        size_bytes: What it added to the disk.
    """

    copied_s: float
    taken_s: float
    written_s: float
    size_bytes: int


def checkpoints_of(config: ExperimentConfig) -> list[Made]:
    """Return every checkpoint of a run."""
    copied: list[float] = []
    taken: list[float] = []
    with (
        _home() as home,
        mock.patch.object(ModelView, "snapshot", timed(ModelView.snapshot, copied)),
        mock.patch.object(Checkpointer, "take", timed(Checkpointer.take, taken)),
    ):
        result = Session(home).start(config).wait()
        events = list(read_events(RunFolder(Path(result.path))))
    written = [(event.duration_s, event.size_bytes) for event in events if isinstance(event, CheckpointEvent)]
    return [Made(*waited, *told) for *waited, told in zip(copied, taken, written, strict=True)]


def _speed(config: ExperimentConfig, *, digest: bool = True) -> float:
    """Return the steps a second of a run in a session."""
    marks: list[tuple[float, int]] = []
    # No Mock: calling one takes longer than the digest.
    patched = nullcontext() if digest else mock.patch.object(ValuesDigest, "add", lambda self, event: None)  # noqa: PT008
    with _home() as home, patched:
        session = Session(home, trainer_for=lambda config: _Timed(trainer_for(config), marks))
        session.start(config).wait()
    (began_s, first), (ended_s, last) = marks[0], marks[-1]
    return (last - first) / (ended_s - began_s)


class _Timed:
    """A trainer whose progress is noted with the time."""

    def __init__(self, trainer: Trainer, marks: list[tuple[float, int]]) -> None:
        self._trainer = trainer
        self._marks = marks

    def train(self, config: ExperimentConfig, emit: Emit, control: Control, start: Start | None = None) -> TrainedModel:
        """Train."""

        def take(event: Event) -> None:
            if isinstance(event, ProgressEvent):
                self._marks.append((time.perf_counter(), event.step))
            emit(event)

        return self._trainer.train(config, take, control, start)


@contextmanager
def _home() -> Iterator[str]:
    home = tempfile.mkdtemp(prefix="retroml-trust-")
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)
