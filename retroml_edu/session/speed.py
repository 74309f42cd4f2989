"""How fast a config trains on this machine, so that hours can be turned into steps before the start."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control, StopRequested
from retroml_edu.core.errors import RunBusyError, TrainingError
from retroml_edu.core.events import Event, MetricEvent
from retroml_edu.core.hyperparameters import DQNHyperparameters
from retroml_edu.core.training import Trainer

MEASURE_S = 4.0
PATIENCE_S = 30.0
TRIAL_STEPS = 1_000_000
WARM_UP_STEPS = 1_000
BUFFER_SIZE = 10_000


class _Speedometer:
    """Watches a trial from update to update, so that rollout and update both count, and stops it in time."""

    def __init__(self, control: Control, measure_s: float, report: Callable[[float], None]) -> None:
        self.finished = False
        self._control = control
        self._measure_s = measure_s
        self._report = report
        self._began = time.monotonic()
        self._updates: list[tuple[float, int]] = []

    def take(self, event: Event) -> None:
        now = time.monotonic()
        if isinstance(event, MetricEvent):
            self._updates.append((now, event.step))
            self._report(min(1.0, (now - self._updates[0][0]) / max(self._measure_s, 1e-9)))
        measured = len(self._updates) > 1 and now - self._updates[0][0] >= self._measure_s
        if (measured or now - self._began > PATIENCE_S) and not self._control.stopping:
            self.finished = True
            self._control.stop()

    @property
    def steps_per_second(self) -> float:
        if len(self._updates) < 2:
            return 0.0
        (begin, first), (end, last) = self._updates[0], self._updates[-1]
        return (last - first) / max(end - begin, 1e-9)


def measure_speed(
    config: ExperimentConfig,
    trainer: Trainer,
    control: Control | None = None,
    *,
    measure_s: float = MEASURE_S,
    report: Callable[[float], None] | None = None,
) -> float:
    """Train a throw-away copy for a few seconds and return its environment steps a second.

    Args:
        config: Fully resolved.
        trainer: A fresh one.
        control: Of the trial, for somebody who may want to call it off with `Control.stop`.
        measure_s: How long to look, from the first update on.
        report: Told at each update which share of that time is over.

    Raises:
        RunBusyError: If it was called off.
        TrainingError: If the trial cannot be trained, or makes no two updates in half a minute.
    """
    trial = config.changed(run_type="custom", total_timesteps=TRIAL_STEPS)
    settings = config.hyperparameters
    if isinstance(settings, DQNHyperparameters):
        # Nearly all of a run comes after the warm-up, which is several times faster than what follows. And the trial
        # needs no more memory than it fills.
        warm_up, buffer = min(settings.learning_starts, WARM_UP_STEPS), min(settings.buffer_size, BUFFER_SIZE)
        changed = settings.model_copy(update={"learning_starts": warm_up, "buffer_size": buffer})
        trial = trial.changed(hyperparameters=changed)
    control = control or Control()
    meter = _Speedometer(control, measure_s, report or (lambda _: None))
    with suppress(StopRequested):
        trainer.train(trial, meter.take, control)
    if control.stopping and not meter.finished:
        raise RunBusyError("The start was called off while the speed was measured.")
    if meter.steps_per_second == 0.0:
        raise TrainingError(
            "The speed could not be measured: there were no two updates in half a minute. "
            "Give the length in steps instead of minutes."
        )
    return meter.steps_per_second


def lasting(config: ExperimentConfig, seconds: float, steps_per_second: float) -> ExperimentConfig:
    """Return the config as a custom run of as many steps as fit into the time."""
    return config.changed(run_type="custom", total_timesteps=max(1, round(seconds * steps_per_second)))
