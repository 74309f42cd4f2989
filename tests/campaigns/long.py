"""A very long run of a scripted trainer through everything that is real: does anything grow with its length?"""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import numpy as np
import psutil

from retroml_edu.core.control import Control
from retroml_edu.core.events import CheckpointEvent, EpisodeEvent, Event, MetricEvent, ProgressEvent
from retroml_edu.core.training import Emit, Start, TrainedModel
from retroml_edu.session.session import Session
from retroml_edu.training.scripted import ScriptedTrainer
from retroml_edu.widgets.run_view import RunView, RunWidgets
from tests.campaigns.outcome import Outcome, Request
from tests.campaigns.runs import short_config

STEPS = 5_000_000
POINTS = 10
N_ENVS = 8
CHECKPOINTS = 200
TIMEOUT_S = 1_800.0
SETTLED = 0.3
"""Share of the run after which caches are full and memory may no longer grow."""
MOST_MIB = 20.0
"""More memory than that, from there to the end, is growth and not noise."""
MOST_TIMES = 2.0
"""By how much the last ticks and checkpoints may take longer than those at that point."""
ENOUGH_STEPS = 1_000_000
"""In a shorter run there are too few of them to say so, and caches still fill."""


@dataclass
class _Point:
    """What was measured at one moment of the run, and since the one before."""

    steps: int = 0
    memory_mib: float = 0.0
    handles: int = 0
    tick_ms: list[float] = field(default_factory=list)
    checkpoint_ms: list[float] = field(default_factory=list)
    games: int = 0
    updates: int = 0


class _Meter:
    """A panel's view of the run, with a clock around it; measures the process at every tenth of the run."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._process = psutil.Process()
        self._view = RunView(RunWidgets.of(short_config("CartPole-v1", "PPO", total)))
        self.points: list[_Point] = []
        self._now = _Point()

    def begin(self, run_id: str, path: Path, total: int) -> None:
        """Show the run."""
        config = short_config("CartPole-v1", "PPO", total)
        self._view.show_run(run_id, config, path)

    def handle(self, events: Sequence[Event]) -> None:
        """Take a batch, as a panel does."""
        began_s = time.perf_counter()
        self._view.handle(events)
        self._now.tick_ms.append((time.perf_counter() - began_s) * 1e3)
        for event in events:
            if isinstance(event, CheckpointEvent):
                self._now.checkpoint_ms.append(event.duration_s * 1e3)
            self._now.games += isinstance(event, EpisodeEvent)
            self._now.updates += isinstance(event, MetricEvent)
            if isinstance(event, ProgressEvent):
                self._now.steps = event.step
        if self._now.steps * POINTS >= (len(self.points) + 1) * self._total and self._now.checkpoint_ms:
            self._measure()

    def _measure(self) -> None:
        gc.collect()
        self._now.memory_mib = self._process.memory_info().rss / 2**20
        count = getattr(self._process, "num_handles", None) or self._process.num_fds  # Windows, and the others
        self._now.handles = count()
        self.points.append(self._now)
        self._now = _Point(games=self._now.games, updates=self._now.updates)


class _Paced:
    """The scripted trainer, no faster than a panel follows: what waits in a queue would look like growth."""

    def __init__(self) -> None:
        self._trainer = ScriptedTrainer()

    def train(self, config: object, emit: Emit, control: Control, start: Start | None = None) -> TrainedModel:
        count = 0

        def take(event: Event) -> None:
            nonlocal count
            emit(event)
            count += 1
            if count % 2_000 == 0:
                time.sleep(0.01)  # lets the pumps have the interpreter

        return self._trainer.train(config, take, control, start)  # type: ignore[arg-type]


def run(request: Request) -> Outcome:
    """Train long; `count` is the number of steps."""
    total = request.count or STEPS
    meter = _Meter(total)
    session = Session(request.place / "runs", trainer_for=lambda config: _Paced())
    config = short_config(
        "CartPole-v1",
        "PPO",
        total,
        seed=request.seed,
        n_envs=N_ENVS,
        checkpoints={"every_steps": max(1, total // CHECKPOINTS), "keep": 3},
    )
    began_s = time.monotonic()
    run = session.start(config)
    meter.begin(run.run_id, run.path, total)
    run.follow(meter, name="meter")
    result = run.wait(TIMEOUT_S)
    took_s = time.monotonic() - began_s
    outcome = _outcome(meter.points, total)
    if not result.success:
        outcome.failures.append(f"the run is {result.state}: {result.error}")
    left = psutil.Process().memory_info().rss / 2**20
    outcome.notes.append(
        f"{total:,} steps of a scripted trainer on CartPole in {N_ENVS} environments, through bus, store, panel and "
        f"checkpoints, in {took_s:.0f} s. After the end, with all exports written, memory is {left:.0f} MiB; the "
        f"folder takes {sum(file.stat().st_size for file in run.path.rglob('*') if file.is_file()) / 2**20:.0f} MiB."
    )
    if request.picture is not None:
        _draw(meter.points, request.picture)
    return outcome


def _outcome(points: Sequence[_Point], total: int) -> Outcome:
    outcome = Outcome(
        "Growth over a long run", ("steps", "games", "updates", "memory", "tick", "checkpoint", "open files"), []
    )
    for point in points:
        outcome.rows.append(
            (
                f"{point.steps:,}",
                f"{point.games:,}",
                f"{point.updates:,}",
                f"{point.memory_mib:.1f} MiB",
                f"{median(point.tick_ms):.2f} ms",
                f"{median(point.checkpoint_ms):.1f} ms",
                str(point.handles),
            )
        )
    settled = [point for point in points if point.steps >= SETTLED * total]
    if len(settled) < 3:
        outcome.failures.append(f"only {len(points)} of {POINTS} points were measured: the run was too short")
        return outcome
    first, last = settled[0], settled[-1]
    slope = np.polyfit([point.steps / 1e6 for point in settled], [point.memory_mib for point in settled], 1)[0]
    outcome.notes.append(
        f"Straight line through memory from {first.steps:,} steps on: {slope:+.2f} MiB a million steps. From there to "
        f"the end the quickest tick takes {_times(first.tick_ms, last.tick_ms):.2f} times as long, the quickest "
        f"checkpoint {_times(first.checkpoint_ms, last.checkpoint_ms):.2f} times, "
        f"and {last.handles - first.handles:+d} more files are open."
    )
    if total >= ENOUGH_STEPS and slope * (last.steps - first.steps) / 1e6 > MOST_MIB:
        outcome.failures.append(f"memory grows by {slope:.1f} MiB a million steps")
    if last.handles - first.handles > 5:
        outcome.failures.append(f"{last.handles - first.handles} more files are open at the end")
    for what, early, late in (
        ("tick", first.tick_ms, last.tick_ms),
        ("checkpoint", first.checkpoint_ms, last.checkpoint_ms),
    ):
        if total >= ENOUGH_STEPS and _times(early, late) > MOST_TIMES:
            outcome.failures.append(f"a {what} takes {_times(early, late):.1f} times as long at the end")
    return outcome


def _times(early: Sequence[float], late: Sequence[float]) -> float:
    return min(late) / min(early)  # what else the machine did only ever adds


def _draw(points: Sequence[_Point], target: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True)
    steps = [point.steps / 1e6 for point in points]
    for axis, name, values in (
        (axes[0, 0], "memory (MiB)", [point.memory_mib for point in points]),
        (axes[0, 1], "a tick of the panel (ms)", [median(point.tick_ms) for point in points]),
        (axes[1, 0], "a checkpoint (ms)", [median(point.checkpoint_ms) for point in points]),
        (axes[1, 1], "open files", [point.handles for point in points]),
    ):
        axis.plot(steps, values, marker="o")
        axis.set(title=name, xlabel="million steps", ylim=(0, None))
    figure.savefig(target)
