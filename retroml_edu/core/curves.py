"""The data of a chart, apart from its drawing: one CurveData feeds the live figure and every export."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent
from retroml_edu.core.metrics import LENGTH, RETURN, RETURN_MEAN, RETURN_WINDOW
from retroml_edu.core.series import MovingMean, Series


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
                if isinstance(event, EpisodeEvent):
                    mean = self._mean.add(event.episode_return)
                    self._add(RETURN, event.step, event.episode_return)
                    self._add(RETURN_MEAN, event.step, mean)
                    self._add(LENGTH, event.step, event.length)
                elif isinstance(event, MetricEvent):
                    for name, value in event.values.items():
                        self._add(name, event.step, value)
                else:
                    continue
                self._version += 1

    def last(self, metric: str) -> float:
        """Return the newest value of a metric; NaN while there is none."""
        with self._lock:
            series = self._series.get(metric)
            return series.last if series is not None else float("nan")

    def data(self) -> CurveData:
        """Return the curves as they are now, copied."""
        with self._lock:
            return CurveData(self.title, {name: _curve(name, series) for name, series in self._series.items()})

    def _add(self, name: str, step: int, value: float) -> None:
        series = self._series.get(name)
        if series is None:
            series = self._series[name] = Series(self._capacity)
        series.add(step, value)


def curve_data(events: Iterable[Event], title: str = "", capacity: int = 1_000) -> CurveData:
    """Return the curves of a whole run from its events."""
    recorder = CurveRecorder(title, capacity)
    for event in events:
        recorder.handle((event,))
    return recorder.data()


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
