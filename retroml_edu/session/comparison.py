"""Some runs beside each other: what they have measured, as lines that can lie over one another."""

from __future__ import annotations

import csv
import io
import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import Points, curve_points
from retroml_edu.core.errors import RetroMLError
from retroml_edu.core.metrics import METRICS, RETURN, RETURN_MEAN, RETURN_WINDOW
from retroml_edu.core.series import MovingMean, Series
from retroml_edu.core.timeline import Timeline
from retroml_edu.figures.overlay import Overlay
from retroml_edu.session.experiments import Progressed, folder_of, tell_nobody
from retroml_edu.session.history import Run
from retroml_edu.storage.exports import csv_text
from retroml_edu.storage.folder import RunFolder, read_config
from retroml_edu.storage.reader import EventTail

MOST_RUNS = 12
"""As many as have a sign of their own."""
LAST_GAMES = 100
"""Of which the mean return is told."""
WINDOWS = (1, RETURN_WINDOW, LAST_GAMES)
"""Over how many of the newest values a line may be the mean; 1 for the values themselves."""
LINE_POINTS = 600
"""Most points of a line: the chart has about twice as many pixels."""
MOST_BYTES = 8 * 2**20
"""Of the log of a run that goes on, a look: half a second's work. Of a longer one the next looks read the rest."""
COLUMNS = ("run_id", "name", "step", "metric", "value")


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A metric of one run as it is drawn; equal only to itself.

    Attributes:
        step: Shape (n,), environment steps.
        seconds: Shape (n,), seconds of training, pauses not counted.
        value: Shape (n,); the mean of neighbours where they had to be merged.
        merged: How many neighbours that are.
    """

    step: np.ndarray
    seconds: np.ndarray
    value: np.ndarray
    merged: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run has measured.

    Attributes:
        metrics: Names of what it records.
        line: The metric that was asked for; None if it has no value of it.
        games: Whole games so far.
        return_mean: Mean return of the newest `LAST_GAMES` of them; None before the first.
        problem: Why nothing can be told, in a sentence.
        read_share: Of how much of its log all this is, from 0 to 1; less than 1 while a long one is being read.
    """

    metrics: frozenset[str] = frozenset()
    line: Line | None = None
    games: int = 0
    return_mean: float | None = None
    problem: str = ""
    read_share: float = 1.0


class Comparison:
    """Reads the runs that are compared, and keeps what it has read of them.

    Of a run that goes on a look reads only what is new; one that has ended is read once for each metric that is looked
    at, from the cache of its curves.

    Args:
        home: Where runs live.

    Threads: one at a time.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._readers: dict[str, _Reader] = {}
        self._configs: dict[str, ExperimentConfig] = {}

    def config(self, run_id: str) -> ExperimentConfig | None:
        """Return the settings of a run, which never change; None if they cannot be read."""
        if run_id not in self._configs:
            try:
                self._configs[run_id] = read_config(folder_of(self._home, run_id))
            except (RetroMLError, OSError):
                return None
        return self._configs[run_id]

    def look(
        self, run_ids: Iterable[str], metric: str, window: int, progress: Progressed = tell_nobody
    ) -> dict[str, Measured]:
        """Return what runs have measured until now; of one that cannot be read, why.

        Args:
            run_ids: Which; what was read of others is forgotten.
            metric: Which line is asked for.
            window: One of `WINDOWS`.
            progress: Told how many of them have been read.
        """
        run_ids = list(run_ids)
        for gone in self._readers.keys() - set(run_ids):
            del self._readers[gone]
        found = {}
        for number, run_id in enumerate(run_ids):
            progress(number, len(run_ids))
            found[run_id] = self._look_at(run_id, metric, window)
        return found

    def _look_at(self, run_id: str, metric: str, window: int) -> Measured:
        try:
            folder = folder_of(self._home, run_id)
            reader = self._readers.setdefault(run_id, _Reader(folder))
            return reader.look(metric, window)
        except RetroMLError as error:
            return Measured(problem=str(error))
        except OSError as error:
            return Measured(problem=f"Its log cannot be read: {error.strerror or error}.")


class _Smoothed:
    """A metric that grows, as the mean of its newest values, in a bounded number of points."""

    def __init__(self, window: int) -> None:
        self._mean = MovingMean(window)
        self._series = Series(LINE_POINTS)

    def extend(self, steps: np.ndarray, values: np.ndarray) -> None:
        self._series.extend(steps, self._mean.extend(values))

    def line(self, clock: tuple[np.ndarray, np.ndarray]) -> Line:
        steps = self._series.step
        seconds = np.interp(steps, *clock) if len(clock[0]) else np.zeros(len(steps))
        return Line(steps, seconds, self._series.mean, self._series.points_per_bucket)


class _Reader:
    """What is kept of one run."""

    def __init__(self, folder: RunFolder) -> None:
        self._run = Run(folder)
        self._following: _Following | None = None
        self._read: dict[tuple[str, int], Measured] = {}
        self._log_bytes = -1

    def look(self, metric: str, window: int) -> Measured:
        if not self._run.state.is_final:
            self._log_bytes = -1
            if self._following is None or not self._following.go_on():
                self._following = _Following(self._run.folder)
                self._following.go_on()
            return self._following.measured(metric, window)
        self._following = None
        log = self._run.folder.metrics_log
        log_bytes = log.stat().st_size if log.exists() else 0
        if log_bytes != self._log_bytes:  # it may have been resumed, and have ended again
            self._log_bytes = log_bytes
            self._read.clear()
        if (metric, window) not in self._read:
            points = self._run.points()  # all of it, whatever is asked: so all windows are made at once
            self._read |= {(metric, each): _measured(points, metric, each) for each in WINDOWS}
        return self._read[metric, window]


def _measured(points: Points, metric: str, window: int) -> Measured:
    line = None
    if metric in points.columns and len(points.columns[metric][0]):
        smoothed = _Smoothed(window)
        smoothed.extend(*points.columns[metric])
        line = smoothed.line(points.clock)
    newest = points.columns[RETURN][1][-LAST_GAMES:] if RETURN in points.columns else np.zeros(0)
    return Measured(_named(points.columns), line, points.episodes, _mean(newest))


class _Following:
    """What a run that goes on has measured: every metric and window, so that another choice reads nothing again."""

    def __init__(self, folder: RunFolder) -> None:
        self._tail = EventTail(folder)
        self._attempt = 0
        self._timeline = Timeline()
        self._lines: dict[tuple[str, int], _Smoothed] = {}
        self._returns: deque[float] = deque(maxlen=LAST_GAMES)
        self._games = 0

    def go_on(self) -> bool:
        """Read what is new, and return whether what was read before still counts."""
        points = curve_points(self._tail.poll(MOST_BYTES))
        if 0 < self._attempt < self._tail.attempt:
            return False
        self._attempt = self._tail.attempt
        for step, elapsed_s in zip(*points.clock, strict=True):
            self._timeline.add(step, elapsed_s)
        for name in _named(points.columns):
            steps, values = points.columns[name]
            for window in WINDOWS:
                self._lines.setdefault((name, window), _Smoothed(window)).extend(steps, values)
        if RETURN in points.columns:
            self._returns.extend(points.columns[RETURN][1].tolist())
            self._games += points.episodes
        return True

    def measured(self, metric: str, window: int) -> Measured:
        smoothed = self._lines.get((metric, window))
        line = smoothed.line(self._timeline.columns()) if smoothed is not None else None
        return Measured(
            frozenset(name for name, _ in self._lines),
            line,
            self._games,
            _mean(np.array(self._returns)),
            read_share=self._tail.read_share,
        )


def metrics_of(measured: Iterable[Measured]) -> list[str]:
    """Return what any of some runs records: in the order of the catalogue, then what is not in it by name."""
    found = frozenset[str]().union(*(one.metrics for one in measured))
    return [*(name for name in METRICS if name in found), *sorted(found - METRICS.keys())]


def comparison_csv(overlay: Overlay) -> bytes:
    """Return the lines of a chart as CSV in long form: a row for each point that is drawn, columns as `COLUMNS`."""
    metric = overlay.metric if overlay.window == 1 else f"{overlay.metric} (mean of last {overlay.window})"
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for run in overlay.runs:
        known = (run.run_id, csv_text(run.name))
        for step, value in zip(run.step.tolist(), run.value.tolist(), strict=True):
            table.writerow((*known, int(step), csv_text(metric), "" if math.isnan(value) else value))
    return text.getvalue().encode()


def _named(columns: Mapping[str, object]) -> frozenset[str]:
    return frozenset(columns) - {RETURN_MEAN}  # the returns with its window are the same


def _mean(values: np.ndarray) -> float | None:
    mean = float(values.mean()) if len(values) else math.nan
    return mean if math.isfinite(mean) else None
