"""The outputs of the panel: a sink that writes a run's events to the widgets, four times a second."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveRecorder, Points
from retroml_edu.core.errors import Problem
from retroml_edu.core.events import (
    CheckpointEvent,
    EpisodeEvent,
    Event,
    LogEvent,
    MetricEvent,
    ProgressEvent,
    StateEvent,
)
from retroml_edu.core.metrics import RETURN_MEAN, RETURN_WINDOW, STEPS_PER_SECOND
from retroml_edu.core.states import RunState
from retroml_edu.envs import goal_return
from retroml_edu.widgets.chart import LiveChart
from retroml_edu.widgets.log import EventLog
from retroml_edu.widgets.runbar import RunBar
from retroml_edu.widgets.videos import VideoShelf
from retroml_edu.widgets.words import duration, episodes, score

CHART_POINTS = 400
"""Most points a curve: more than a panel of the chart has pixels to show, and a browser pays for each of them."""
CHART_STRIDE = 10
"""By how many of these points a curve grows between two drawings, about."""
MOST_PATIENCE_S = 2.0
STANDING_S = 0.5
"""Of the run's time, between two looks at how far it is: for each the page is laid out and painted."""
NOTABLE_LAG = 1_000
"""Events that wait to be written, from which on it is said."""


class RunView:
    """Writes what a run reports to chart, log, videos and run bar.

    Threads: `handle` is called by one pump at a time; `show_run` from the thread that starts a run.
    """

    def __init__(self, runbar: RunBar, chart: LiveChart, log: EventLog, videos: VideoShelf) -> None:
        self._runbar = runbar
        self._chart = chart
        self._log = log
        self._videos = videos
        self._lock = threading.Lock()
        self._config: ExperimentConfig | None = None
        self._storage_lag: Callable[[], int] = lambda: 0
        self._drawn = (0, False)
        self._tell_at_s = 0.0
        self._forget()

    def show_run(
        self,
        run_id: str,
        config: ExperimentConfig,
        folder: Path,
        storage_lag: Callable[[], int] = lambda: 0,
        earlier: Sequence[Event] = (),
        recorded: Points | None = None,
    ) -> None:
        """Clear everything for a run that is about to report.

        Args:
            run_id: Its id.
            config: What it does.
            folder: Where its videos lie.
            storage_lag: Tells how many of its events are not on disk yet.
            earlier: What it had reported before it was resumed.
            recorded: What it had measured before the first event that will come, in columns.
        """
        with self._lock:
            self._forget()
            self._config = config
            self._storage_lag = storage_lag
            self._recorder = CurveRecorder(f"{config.env_id} · {config.algorithm} · seed {config.seed}", CHART_POINTS)
            self._chart.begin(config.algorithm, goal_return(config.env_id))
            self._log.clear()
            self._videos.show_run(run_id, folder, recording=config.video.enabled)
            engine = {"fast": "fast engine", "sb3": "stable-baselines3"}.get(config.engine)
            self._runbar.show_title(" · ".join(filter(None, (engine, self._recorder.title, f"run {run_id}"))))
            if recorded is not None:
                self._recorder.extend(recorded)
                self._step, self._elapsed_s = recorded.step, recorded.elapsed_s
                self._episodes = recorded.episodes
            # Its earlier states are over: they are lines in the log, and say nothing of where it stands.
            self._take([event for event in earlier if not isinstance(event, StateEvent)], earlier)

    def handle(self, events: Sequence[Event]) -> None:
        """Take a batch."""
        with self._lock:
            self._take(events, events)

    def _take(self, events: Sequence[Event], worth_a_line: Sequence[Event]) -> None:
        self._recorder.handle(events)
        before = self._state
        for event in events:
            self._note(event)
        # Before the first step, what is being done changes without the run's clock.
        tell_again = not self._step or self._elapsed_s >= self._tell_at_s or self._state is not RunState.RUNNING
        if self._config is not None and (tell_again or self._state is not before):
            self._tell_at_s = self._elapsed_s + STANDING_S
            self._show_standing(self._config)
        self._log.add(worth_a_line)
        self._videos.add(events)
        self._videos.under_way = not self._state.is_final  # after the last video has come: that is the one to play
        # Last: whatever the chart may trip over, the state above it is right.
        drawn = (self._recorder.version, self._state.is_final)
        if drawn != self._drawn and self._chart_is_due():
            self._drawn = drawn
            at_once = self._state is not RunState.RUNNING
            self._chart.show(self._recorder.data(), at_once=at_once, ended=self._state.is_final)

    def _forget(self) -> None:
        self._recorder = CurveRecorder()
        self._drawn = (0, False)
        self._next_chart_s = 0.0
        self._state = RunState.CREATED
        self._step = 0
        self._elapsed_s = 0.0
        self._tell_at_s = 0.0
        self._episodes = 0
        self._resumable = False
        self._doing = ""

    def _chart_is_due(self) -> bool:
        """Draw at once what is new to the eye: the longer the curve, the less a quarter of a second adds to it.

        Drawing takes the browser some of the time that training could use. A run that pauses or ends is drawn to its
        last point.
        """
        now = time.monotonic()
        if now < self._next_chart_s and self._state is RunState.RUNNING:
            return False
        self._next_chart_s = now + min(self._elapsed_s / CHART_POINTS * CHART_STRIDE, MOST_PATIENCE_S)
        return True

    def _note(self, event: Event) -> None:
        if isinstance(event, StateEvent):
            self._state = event.state
            if event.state is RunState.FAILED:
                self._explain_failure(event.detail)
        elif isinstance(event, EpisodeEvent):
            self._episodes += 1
        elif isinstance(event, CheckpointEvent):
            self._resumable = True
        elif isinstance(event, LogEvent) and event.message.endswith("…"):
            self._doing = event.message
        # A run that is shown late reports its past without progress events: every event tells how far it was.
        if isinstance(event, StateEvent | MetricEvent | EpisodeEvent | ProgressEvent):
            self._step = max(self._step, event.step)
        if isinstance(event, MetricEvent | EpisodeEvent | ProgressEvent):
            self._elapsed_s = max(self._elapsed_s, event.elapsed_s)

    def _explain_failure(self, reason: str) -> None:
        ended = "" if reason.endswith((".", "!", "?")) else "."
        kept = "What was recorded stays; training.log in the run's folder has the details."
        self._runbar.show_problems([Problem("", f"Training failed: {reason or 'nobody knows why'}{ended}", kept)])

    def _show_standing(self, config: ExperimentConfig) -> None:
        total = config.total_timesteps
        done = self._state in (RunState.FINISHING, RunState.DONE)
        self._runbar.show_state(self._state, resumable=self._resumable)
        self._log.can_checkpoint = self._state is RunState.RUNNING and config.checkpoints.enabled
        self._runbar.show_progress(
            1.0 if done else min(1.0, self._step / total),
            self._outcome() if self._state.is_final else self._outlook(total),
        )

    def _outlook(self, total: int) -> str:
        if self._doing and not self._step:
            return self._doing
        parts = [f"{self._step:,} of {total:,} steps"]
        speed = self._speed()
        if speed > 0:
            parts.append(f"{speed:,.0f} steps/s")
            if self._step < total:
                parts.append(f"{duration((total - self._step) / speed)} left")
        lag = self._storage_lag()
        late = [f"{lag:,} events not on disk yet"] if lag > NOTABLE_LAG else []
        return " · ".join([*parts, *self._mean_return(), *late])

    def _outcome(self) -> str:
        took = f"{self._step:,} steps in {duration(self._elapsed_s)}"
        return " · ".join([took, episodes(self._episodes), *self._mean_return()])

    def _speed(self) -> float:
        """Steps a second: as the trainer measures it, or the mean so far while no update was made; 0 if unknown."""
        measured = self._recorder.last(STEPS_PER_SECOND)
        if math.isnan(measured):
            return self._step / self._elapsed_s if self._elapsed_s > 0 else 0.0
        return measured

    def _mean_return(self) -> list[str]:
        mean = self._recorder.last(RETURN_MEAN)
        if math.isnan(mean):
            return []
        return [f"mean return {score(mean)} (last {episodes(min(RETURN_WINDOW, self._episodes))})"]
