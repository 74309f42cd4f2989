"""What a trainer tells of itself, and how often: the same rules for every trainer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from retroml_edu.core.control import Control
from retroml_edu.core.events import EpisodeEvent, MetricEvent, ProgressEvent
from retroml_edu.core.metrics import METRICS, STEPS_PER_SECOND
from retroml_edu.core.saved import SavedState, misfit
from retroml_edu.core.training import Emit
from retroml_edu.training.clock import SpeedMeter, TrainingClock

MOST_METRIC_EVENTS = 4_000
PROGRESS_INTERVAL_S = 0.25


class Reporter:
    """Turns what a trainer sees into events.

    Which updates are reported depends on the config alone, never on the machine's speed: equal runs report equal
    points.

    Args:
        emit: Takes the events.
        control: Knows how long the run was paused.
        total_timesteps: Length of the run.
    """

    def __init__(self, emit: Emit, control: Control, total_timesteps: int) -> None:
        self._emit = emit
        self._control = control
        self._already = (0.0, 0)
        self.begin()
        self._interval = total_timesteps // MOST_METRIC_EVENTS
        self._next_metrics = 0
        self._next_progress_s = 0.0
        self._unreported: tuple[int, dict[str, float]] | None = None
        self._reported_step = -1

    def begin(self) -> None:
        """Start the clock: what came before, such as making the network, was no training."""
        self._clock = TrainingClock(self._control, already_s=self._already[0])
        self._speed = SpeedMeter(began=self._already)

    def episode(self, step: int, env_index: int, episode_return: float, length: int) -> None:
        """Report a whole game that has ended."""
        self._emit(EpisodeEvent(step, self._clock.elapsed_s, env_index, episode_return, length))

    def progress(self, step: int) -> None:
        """Report how far training is, unless that was done a moment ago."""
        elapsed_s = self._clock.elapsed_s
        if elapsed_s >= self._next_progress_s:
            self._next_progress_s = elapsed_s + PROGRESS_INTERVAL_S
            self._emit(ProgressEvent(step, elapsed_s))

    def update(self, step: int, values: Mapping[str, float]) -> None:
        """Report what an update measured, unless the run has so many that this one can be left out."""
        finite = {name: float(value) for name, value in values.items() if math.isfinite(value)}
        self._unreported = (step, finite)
        self._speed.add(self._clock.elapsed_s, step)
        if step >= self._next_metrics:
            self._next_metrics = step + self._interval
            self._report(step, finite)

    def finish(self, step: int) -> None:
        """Report where training ended: the last update, if that was left out, and the last step."""
        if self._unreported is not None:
            self._report(*self._unreported)
        elif step > self._reported_step:
            self._report(step, {})
        self._emit(ProgressEvent(step, self._clock.elapsed_s))

    def capture(self) -> dict[str, Any]:
        """Return what decides which updates are reported from now on."""
        step, values = self._unreported or (None, {})
        return {
            "next_metrics": self._next_metrics,
            "reported_step": self._reported_step if self._reported_step >= 0 else None,
            "unreported_step": step,
            "unreported": values,
        }

    def capture_timing(self) -> dict[str, float]:
        """Return how long training took so far: this differs between runs that are otherwise equal."""
        return {"elapsed_s": self._clock.elapsed_s}

    def restore(self, saved: SavedState, step: int) -> None:
        """Go on as the reporter did whose state this is.

        Args:
            saved: Facts of a snapshot; what `capture` returned is its group ``reporter``.
            step: Step of that snapshot.

        Raises:
            TrainingError: If something is missing in them or makes no sense.
        """
        facts, elapsed_s = saved.group("reporter"), saved.group("timing").number("elapsed_s")
        self._already = (elapsed_s, step)
        self.begin()
        self._next_metrics = facts.whole("next_metrics")
        self._reported_step = facts.whole("reported_step") if facts.has("reported_step") else -1
        if facts.has("unreported_step"):
            values = facts.group("unreported")
            names = facts.facts("unreported").keys()
            if not names <= METRICS.keys():
                raise misfit(f"it has metrics that are unknown here: {', '.join(sorted(names - METRICS.keys()))[:100]}")
            self._unreported = (facts.whole("unreported_step"), {name: values.number(name) for name in names})

    def _report(self, step: int, values: Mapping[str, float]) -> None:
        elapsed_s = self._clock.elapsed_s
        speed = self._speed.steps_per_second(elapsed_s, step)
        self._emit(MetricEvent(step, elapsed_s, {**values, STEPS_PER_SECOND: speed}))
        self._unreported = None
        self._reported_step = step
