"""The outputs of the panel: a sink that writes a run's events to the widgets, four times a second."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveRecorder
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent, ProgressEvent, StateEvent
from retroml_edu.core.metrics import RETURN_MEAN, RETURN_WINDOW
from retroml_edu.core.states import RunState
from retroml_edu.envs import get_env
from retroml_edu.widgets.chart import LiveChart
from retroml_edu.widgets.log import EventLog
from retroml_edu.widgets.runbar import RunBar
from retroml_edu.widgets.videos import VideoShelf
from retroml_edu.widgets.words import duration, episodes, score

SPEED_WINDOW_S = 10.0


class RunView:
    """Writes what a run reports to chart, log, videos and progress; the only writer of those traits.

    Threads: `handle` is called by one pump at a time; `show_run` from the thread that starts a run.
    """

    def __init__(self, runbar: RunBar, chart: LiveChart, log: EventLog, videos: VideoShelf) -> None:
        self._runbar = runbar
        self._chart = chart
        self._log = log
        self._videos = videos
        self._lock = threading.Lock()
        self._recorder = CurveRecorder()
        self._drawn = 0
        self._config: ExperimentConfig | None = None
        self._state = RunState.CREATED
        self._detail = ""
        self._step = 0
        self._elapsed_s = 0.0
        self._episodes = 0
        self._pace: deque[tuple[float, int]] = deque(maxlen=256)

    def show_run(self, run_id: str, config: ExperimentConfig, folder: Path) -> None:
        """Clear everything for a run that is about to report."""
        with self._lock:
            self._recorder = CurveRecorder(f"{config.env_id} · {config.algorithm} · seed {config.seed}")
            self._drawn = 0
            self._config, self._state = config, RunState.CREATED
            self._detail, self._step, self._elapsed_s, self._episodes = "", 0, 0.0, 0
            self._pace.clear()
            self._chart.begin(config.algorithm, get_env(config.env_id))
            self._log.clear()
            self._videos.show_run(run_id, folder, recording=config.video.enabled)
            self._runbar.title = f"{self._recorder.title} · run {run_id}"
            self._show_progress()

    def handle(self, events: Sequence[Event]) -> None:
        """Take a batch."""
        with self._lock:
            self._recorder.handle(events)
            for event in events:
                self._note(event)
            if self._recorder.version != self._drawn:
                self._drawn = self._recorder.version
                self._chart.show(self._recorder.data())
            self._log.add(events)
            self._videos.add(events)
            self._runbar.show_state(self._state)
            self._show_progress()

    def _note(self, event: Event) -> None:
        if isinstance(event, StateEvent):
            self._state, self._detail = event.state, event.detail
        elif isinstance(event, MetricEvent):
            self._pace.append((event.elapsed_s, event.step))
        elif isinstance(event, EpisodeEvent):
            self._episodes += 1
        # A run that is shown late reports its past without progress events: every event tells how far it was.
        if isinstance(event, StateEvent | MetricEvent | EpisodeEvent | ProgressEvent):
            self._step = max(self._step, event.step)
        if isinstance(event, MetricEvent | EpisodeEvent | ProgressEvent):
            self._elapsed_s = max(self._elapsed_s, event.elapsed_s)

    def _show_progress(self) -> None:
        if self._config is None:
            return
        total = self._config.total_timesteps
        done = self._state in (RunState.FINISHING, RunState.DONE)
        with self._runbar.hold_sync():
            self._runbar.progress = 1.0 if done else min(1.0, self._step / total)
            self._runbar.progress_text = self._outcome() if self._state.is_final else self._outlook(total)

    def _outlook(self, total: int) -> str:
        parts = [f"{self._step:,} of {total:,} steps"]
        speed = self._speed()
        if speed > 0:
            parts.append(f"{speed:,.0f} steps/s")
            if self._step < total:
                parts.append(f"{duration((total - self._step) / speed)} left")
        return " · ".join([*parts, *self._mean_return()])

    def _outcome(self) -> str:
        why = [self._detail] if self._state is RunState.FAILED and self._detail else []
        took = f"{self._step:,} steps in {duration(self._elapsed_s)}"
        return " · ".join([*why, took, episodes(self._episodes), *self._mean_return()])

    def _mean_return(self) -> list[str]:
        mean = self._recorder.last(RETURN_MEAN)
        if math.isnan(mean):
            return []
        return [f"mean return {score(mean)} (last {episodes(min(RETURN_WINDOW, self._episodes))})"]

    def _speed(self) -> float:
        """Steps a second over the last seconds, from update to update: collecting and learning both count."""
        while len(self._pace) > 2 and self._pace[-1][0] - self._pace[0][0] > SPEED_WINDOW_S:
            self._pace.popleft()
        if len(self._pace) < 2:
            return self._step / self._elapsed_s if self._elapsed_s > 0 else 0.0
        (begin, first), (end, last) = self._pace[0], self._pace[-1]
        return (last - first) / (end - begin) if end > begin else 0.0
