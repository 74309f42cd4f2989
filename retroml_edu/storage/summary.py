"""The figures of a run, from its events."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from retroml_edu.core.errors import ConfigError
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent, StateEvent, VideoEvent
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.core.series import MovingMean
from retroml_edu.core.states import RunState
from retroml_edu.storage.folder import RunFolder, read_config
from retroml_edu.storage.reader import read_events


class _Figures:
    def __init__(self) -> None:
        self.state = RunState.CREATED
        self.ended_utc = ""
        self.error: str | None = None
        self.step = 0
        self.elapsed_s = 0.0
        self.videos: list[str] = []
        self.returns = 0
        self.first: float | None = None
        self.best: float | None = None
        self.mean: float | None = None
        self.best_mean: float | None = None
        self._window = MovingMean(RETURN_WINDOW)

    def take(self, event: Event) -> None:
        if isinstance(event, EpisodeEvent):
            self._episode(event.episode_return)
        elif isinstance(event, StateEvent):
            # The last state decides, the step too: a further attempt starts again from an earlier one.
            self.state = event.state
            self.step = event.step
            self.ended_utc = event.time_utc if event.state.is_final else ""
            self.error = event.detail or None if event.state is RunState.FAILED else None
            return
        elif isinstance(event, VideoEvent):
            self.videos.append(event.path)
            return  # its step is that of the weights, which may lie in the past
        self.step = max(self.step, event.step)
        if isinstance(event, EpisodeEvent | MetricEvent) and event.elapsed_s > self.elapsed_s:
            self.elapsed_s = event.elapsed_s

    def _episode(self, value: float) -> None:
        self.returns += 1
        self.mean = self._window.add(value)
        if self.first is None:
            self.first = value
        if self.best is None or value > self.best:
            self.best = value
        # A mean over a handful of games would be a lucky draw: it counts once the window is full.
        if self.returns <= RETURN_WINDOW or self.best_mean is None or self.mean > self.best_mean:
            self.best_mean = self.mean


def summarise(folder: RunFolder, events: Iterable[Event] | None = None) -> dict[str, Any]:
    """Return the figures of a run, finished or not.

    Returns of whole games, in points; ``return_mean`` is over the newest `RETURN_WINDOW` games and
    ``return_mean_best`` the highest such mean, once there are so many. What is not known is None.

    Args:
        folder: Run folder.
        events: Its events, where they have been read already.
    """
    figures = _Figures()
    for event in read_events(folder) if events is None else events:
        figures.take(event)
    return {
        "run_id": folder.run_id,
        **_from_config(folder),
        "state": str(figures.state),
        "steps": figures.step,
        "episodes": figures.returns,
        "return_mean": figures.mean,
        "return_mean_best": figures.best_mean,
        "return_best": figures.best,
        "return_first": figures.first,
        "training_time_s": figures.elapsed_s,
        "steps_per_second": _rate(figures.step, figures.elapsed_s),
        "created_utc": created_utc(folder.run_id),
        "ended_utc": figures.ended_utc or None,
        "videos": figures.videos,
        "error": figures.error,
    }


def completed(summary: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return a summary with facts that the run itself knows better, its speed worked out anew."""
    whole = {**summary, **extra}
    whole["steps_per_second"] = _rate(whole["steps"], whole["training_time_s"])
    return whole


def created_utc(run_id: str) -> str:
    """Return the time that a run id carries (RFC 9562, section 5.7); empty for ids of another kind."""
    value = uuid.UUID(run_id)
    if value.version != 7:
        return ""
    try:
        made = datetime.fromtimestamp((value.int >> 80) / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    return made.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _from_config(folder: RunFolder) -> dict[str, Any]:
    try:
        config = read_config(folder)
    except ConfigError:
        return {"env_id": None, "algorithm": None, "seed": None, "total_timesteps": None}
    return {
        "env_id": config.env_id,
        "algorithm": config.algorithm,
        "seed": config.seed,
        "total_timesteps": config.total_timesteps,
    }


def _rate(steps: int, elapsed_s: float) -> float | None:
    return steps / elapsed_s if elapsed_s > 0 and math.isfinite(elapsed_s) else None
