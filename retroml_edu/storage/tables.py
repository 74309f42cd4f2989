"""The table that metrics.csv and metrics.json hold: one row an event, named by the metric catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent
from retroml_edu.core.metrics import LENGTH, METRICS, RETURN, RETURN_MEAN, RETURN_WINDOW
from retroml_edu.core.series import MovingMean

LEADING_COLUMNS: Mapping[str, tuple[str, str]] = {
    "kind": ("", '"metric" after an update, "episode" for a whole game'),
    "step": ("steps", "Environment steps taken so far, summed over all environments."),
    "elapsed_s": ("s", "Seconds of training so far, pauses not counted."),
    "env_index": ("", "Environment in which the game was played; empty for metrics."),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what was measured, and when."""

    kind: str
    step: int
    elapsed_s: float
    env_index: int | None
    values: Mapping[str, float]


def table_rows(events: Iterable[Event]) -> Iterator[Row]:
    """Yield a row for every metric and episode event; the mean return is worked out on the way."""
    mean = MovingMean(RETURN_WINDOW)
    for event in events:
        if isinstance(event, MetricEvent):
            yield Row(event.kind, event.step, event.elapsed_s, None, event.values)
        elif isinstance(event, EpisodeEvent):
            values = {
                RETURN: event.episode_return,
                RETURN_MEAN: mean.add(event.episode_return),
                LENGTH: event.length,
            }
            yield Row(event.kind, event.step, event.elapsed_s, event.env_index, values)


def metric_columns(rows: Iterable[Row | MetricEvent]) -> list[str]:
    """Return the names of the metrics that occur: those of the catalogue in its order, then others by name."""
    present: set[str] = set()
    for row in rows:
        present.update(row.values)
    return [name for name in METRICS if name in present] + sorted(present - set(METRICS))
