"""The data of a chart, apart from its drawing: one CurveData feeds the live figure and every export."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent
from retroml_edu.core.metrics import LENGTH, RETURN, RETURN_MEAN, RETURN_WINDOW
from retroml_edu.core.series import MovingMean, Series
from retroml_edu.core.timeline import Timeline


@dataclass(frozen=True, slots=True)
class Curve:
    """One metric over the steps of a run.

    Attributes:
        metric: Name in the metric catalogue.
        step: Shape (n,), environment steps.
        value: Shape (n,); the mean of each bucket where points had to be merged.
        low: Shape (n,), lowest value in each bucket.
        high: Shape (n,), highest value in each bucket.
        points_per_bucket: Points behind each value; 1 where nothing was merged.
        count: Points in all.
        last: The newest value itself, whatever was merged; NaN while there is none.
    """

    metric: str
    step: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    points_per_bucket: int = 1
    count: int = 0
    last: float = float("nan")


@dataclass(frozen=True, slots=True)
class CurveData:
    """All curves of one run, and its name for titles."""

    title: str
    curves: Mapping[str, Curve]

    def __getitem__(self, metric: str) -> Curve:
        return self.curves[metric] if metric in self.curves else _nothing(metric)

    def __contains__(self, metric: object) -> bool:
        return metric in self.curves


@dataclass(frozen=True, slots=True)
class Points:
    """Everything that a run has measured, in columns: a million points are handled at once, not one by one.

    Attributes:
        columns: Metric to its steps and values, each of shape (n,), float64.
        step: Environment steps taken so far.
        elapsed_s: Seconds of training so far.
        clock: Steps and the seconds of training after which they were taken, each of shape (m,), as `Timeline` has
            them.
    """

    columns: Mapping[str, tuple[np.ndarray, np.ndarray]]
    step: int = 0
    elapsed_s: float = 0.0
    clock: tuple[np.ndarray, np.ndarray] = field(default_factory=lambda: Timeline().columns())

    @property
    def episodes(self) -> int:
        """Games that have ended."""
        return len(self.columns[RETURN][0]) if RETURN in self.columns else 0


class CurveRecorder:
    """A sink that turns events into curves of bounded size; equal events give equal curves, live or read back.

    Args:
        title: Name of the run.
        capacity: Most points a curve.

    Threads: safe; one thread handles events while another reads.
    """

    def __init__(self, title: str = "", capacity: int = 1_000) -> None:
        self.title = title
        self._capacity = capacity
        self._lock = threading.Lock()
        self._series: dict[str, Series] = {}
        self._mean = MovingMean(RETURN_WINDOW)
        self._version = 0

    @property
    def version(self) -> int:
        """Rises whenever a curve has changed."""
        return self._version

    def handle(self, events: Sequence[Event]) -> None:
        """Add what the events measure."""
        with self._lock:
            for event in events:
                if isinstance(event, EpisodeEvent | MetricEvent):
                    for name, value in _measured(event, self._mean):
                        self._series_of(name).add(event.step, value)
                    self._version += 1

    def extend(self, points: Points) -> None:
        """Add what a run has measured, at once; the curves are the same as from its events."""
        with self._lock:
            for name, (steps, values) in points.columns.items():
                self._series_of(name).extend(steps, values)
            if RETURN in points.columns:
                for value in points.columns[RETURN][1][-RETURN_WINDOW:]:
                    self._mean.add(float(value))
            self._version += len(points.columns)

    def last(self, metric: str) -> float:
        """Return the newest value of a metric; NaN while there is none."""
        with self._lock:
            series = self._series.get(metric)
            return series.last if series is not None else float("nan")

    def data(self) -> CurveData:
        """Return the curves as they are now, copied."""
        with self._lock:
            return CurveData(self.title, {name: _curve(name, series) for name, series in self._series.items()})

    def _series_of(self, name: str) -> Series:
        series = self._series.get(name)
        if series is None:
            series = self._series[name] = Series(self._capacity)
        return series


def curve_data(events: Iterable[Event], title: str = "", capacity: int = 1_000) -> CurveData:
    """Return the curves of a whole run from its events."""
    recorder = CurveRecorder(title, capacity)
    recorder.extend(curve_points(events))
    return recorder.data()


def curve_points(events: Iterable[Event]) -> Points:
    """Return what a run's events measure, in columns."""
    columns: defaultdict[str, tuple[list[float], list[float]]] = defaultdict(lambda: ([], []))
    mean = MovingMean(RETURN_WINDOW)
    timeline = Timeline()
    step, elapsed_s = 0, 0.0
    for event in events:
        if not isinstance(event, EpisodeEvent | MetricEvent):
            continue
        step, elapsed_s = max(step, event.step), max(elapsed_s, event.elapsed_s)
        timeline.add(step, elapsed_s)
        for name, value in _measured(event, mean):
            steps, values = columns[name]
            steps.append(event.step)
            values.append(value)
    arrays = {name: (np.array(steps, float), np.array(values, float)) for name, (steps, values) in columns.items()}
    return Points(arrays, step, elapsed_s, timeline.columns())


def _measured(event: EpisodeEvent | MetricEvent, mean: MovingMean) -> Iterable[tuple[str, float]]:
    if isinstance(event, MetricEvent):
        return event.values.items()
    return (
        (RETURN, event.episode_return),
        (RETURN_MEAN, mean.add(event.episode_return)),
        (LENGTH, event.length),
    )


def _curve(name: str, series: Series) -> Curve:
    return Curve(
        name,
        series.step,
        series.mean,
        series.low,
        series.high,
        series.points_per_bucket,
        series.count,
        series.last,
    )


def _nothing(metric: str) -> Curve:
    empty = np.zeros(0)
    return Curve(metric, empty, empty, empty, empty)
