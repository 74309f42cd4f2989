"""A whole run in one call, with a progress bar."""

from __future__ import annotations

import contextlib
import math
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveRecorder, curve_points
from retroml_edu.core.errors import WaitTimeoutError
from retroml_edu.core.events import EpisodeEvent, Event, LogEvent, doing
from retroml_edu.core.metrics import RETURN_MEAN
from retroml_edu.core.results import RunResult
from retroml_edu.session.run import TrainingRun
from retroml_edu.session.session import Session
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.reader import read_events

REDRAW_S = 0.25


class _Told:
    """Collects warnings, in the pump's thread, and writes them above the bar in the thread that shows it.

    Attributes:
        doing: What is being done before the first step, if that was told.
    """

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self.doing = ""

    def handle(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, LogEvent) and event.level != "info":
                self._lines.append(f"{event.level}: {event.message}")
            else:
                self.doing = doing(event) or self.doing

    def write(self) -> None:
        while self._lines:
            tqdm.write(self._lines.popleft())


def run_experiment(config: ExperimentConfig, home: str | Path | None = None, *, progress: bool = True) -> RunResult:
    """Train from start to end and return the result.

    An interrupt (Ctrl-C, the kernel's stop button) stops the run in order: what was recorded stays, and the result
    says ``stopped``.

    Args:
        config: What to train.
        home: Where the run's folder goes.
        progress: Whether to show a progress bar, in a notebook as in a terminal.

    Raises:
        ConfigError: If the config cannot run.
        StorageError: If the home cannot be written.
    """
    return see_through(Session(home).start(config), progress=progress)


def resume_experiment(
    run_id: str, home: str | Path | None = None, *, step: int | None = None, progress: bool = True
) -> RunResult:
    """Go on with a run that was stopped, failed or was lost, to its end, and return the result.

    Every value that it reports from the checkpoint on, and the weights, are those of the run that was never
    interrupted.

    Args:
        run_id: Its id, or the first characters of it, four at least.
        home: Where it is.
        step: Step of the checkpoint to go on from; the newest that is whole, if left out.
        progress: Whether to show a progress bar.

    Raises:
        UnknownNameError: If there is no such run.
        RunBusyError: If it still goes on.
        StorageError: If it has reached its end, or has no checkpoint that can be used.
    """
    return see_through(Session(home).resume(run_id, step=step), progress=progress)


def see_through(run: TrainingRun, *, progress: bool = True) -> RunResult:
    """Wait for a run's end, with a progress bar if wanted, and return the result; an interrupt stops it in order."""
    try:
        if progress:
            _wait_with_bar(run)
        return run.wait()
    except KeyboardInterrupt:
        if progress:
            tqdm.write("Stopping…", file=sys.stderr)
        run.stop()
        return run.wait()


def _wait_with_bar(run: TrainingRun) -> None:
    recorder, told = CurveRecorder(), _Told()
    if run.first_step:  # the mean is of the newest games, whoever played them
        before = (event for event in read_events(RunFolder(run.path)) if _is_before(event, run.first_step))
        recorder.extend(curve_points(before))
    run.follow(recorder)
    run.follow(told)
    config = run.config
    name = f"{config.env_id} {config.algorithm} seed {config.seed}"
    done = min(run.step, config.total_timesteps)  # of a run that goes on, some are done already
    bar: tqdm[Any]
    with tqdm(total=config.total_timesteps, initial=done, desc=name, unit=" steps", unit_scale=True) as bar:
        while not run.ended:
            _tick(bar, run, recorder, told)
        _tick(bar, run, recorder, told)


def _is_before(event: Event, step: int) -> bool:
    return isinstance(event, EpisodeEvent) and event.step <= step


def _tick(bar: tqdm[Any], run: TrainingRun, recorder: CurveRecorder, told: _Told) -> None:
    with contextlib.suppress(WaitTimeoutError):
        run.wait(REDRAW_S)
    told.write()
    mean = recorder.last(RETURN_MEAN)
    standing = f"{run.state}" + (f", mean return {mean:.1f}" if not math.isnan(mean) else "")
    bar.set_postfix_str(told.doing if told.doing and run.step == run.first_step else standing, refresh=False)
    bar.update(min(run.step, run.config.total_timesteps) - bar.n)  # the last rollout may go a little beyond
    bar.refresh()
