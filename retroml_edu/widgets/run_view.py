"""The outputs of the panel: a sink that writes a run's events to the widgets."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from retroml_edu.analysis.diagnostics import diagnose, explained
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
    doing,
)
from retroml_edu.core.metrics import RETURN_MEAN, RETURN_WINDOW, STEPS_PER_SECOND
from retroml_edu.core.recent import RecentEpisodes
from retroml_edu.core.states import RunState
from retroml_edu.envs import goal_return
from retroml_edu.storage.folder import RunFolder
from retroml_edu.widgets.chart import LiveChart
from retroml_edu.widgets.episode_bars import EpisodeBars
from retroml_edu.widgets.insights_card import InsightsCard
from retroml_edu.widgets.key_figures import KeyFigures, key_figures
from retroml_edu.widgets.log import EventLog
from retroml_edu.widgets.prediction_card import PredictionCard
from retroml_edu.widgets.runbar import PAUSING, RunBar
from retroml_edu.widgets.system import SystemView
from retroml_edu.widgets.videos import VideoShelf
from retroml_edu.widgets.words import duration, episodes, score

CHART_POINTS = 400
"""Most points a curve: more than a panel of the chart has pixels to show, and a browser pays for each of them."""
CHART_STRIDE = 10
"""By how many of these points a curve grows between two drawings, about."""
MOST_PATIENCE_S = 1.0
"""Of the run's time, between two looks at it. All that a look shows comes at one moment: the page is laid out and
painted once for it, by the cores that train."""
NOTABLE_LAG = 1_000
"""Events that wait to be written, from which on it is said."""


@dataclass(frozen=True)
class RunWidgets:
    """The widgets that show a run, one of each kind."""

    chart: LiveChart
    figures: KeyFigures
    runbar: RunBar = field(default_factory=RunBar)
    bars: EpisodeBars = field(default_factory=EpisodeBars)
    log: EventLog = field(default_factory=EventLog)
    videos: VideoShelf = field(default_factory=VideoShelf)
    insights: InsightsCard = field(default_factory=InsightsCard)
    system: SystemView = field(default_factory=SystemView)
    prediction: PredictionCard = field(default_factory=PredictionCard)

    @classmethod
    def of(cls, config: ExperimentConfig) -> Self:
        """Return widgets that wait for a run."""
        goal = goal_return(config.env_id)
        return cls(LiveChart(config.algorithm, goal), KeyFigures(config.algorithm, goal))


class RunView:
    """Writes what a run reports to the widgets that show it.

    Args:
        widgets: Where it is shown.
        ended: Is told when a run has ended; must return at once.

    Threads: `handle` is called by one pump at a time; `show_run` from the thread that starts a run.
    """

    def __init__(self, widgets: RunWidgets, ended: Callable[[], object] = lambda: None) -> None:
        self._ended = ended
        self._runbar = widgets.runbar
        self._figures = widgets.figures
        self._chart = widgets.chart
        self._bars = widgets.bars
        self._log = widgets.log
        self._videos = widgets.videos
        self._insights = widgets.insights
        self._system = widgets.system
        self._prediction = widgets.prediction
        self._lock = threading.Lock()
        self._config: ExperimentConfig | None = None
        self._goal_return: float | None = None
        self._storage_lag: Callable[[], int] = lambda: 0
        self._drawn = (0, False)
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
            self._goal_return = goal_return(config.env_id)
            self._figures.begin(config.algorithm, self._goal_return)
            expected = self._prediction.begin(RunFolder(folder), self._goal_return)
            self._chart.begin(config.algorithm, self._goal_return, expected)
            self._bars.begin()
            self._insights.begin(config, folder)
            self._log.clear()
            self._videos.show_run(run_id, folder, recording=config.video.enabled)
            engine = {"fast": "fast engine", "sb3": "stable-baselines3"}.get(config.engine)
            self._runbar.show_title(" · ".join(filter(None, (self._recorder.title, f"run {run_id}", engine))))
            if recorded is not None:
                self._recorder.extend(recorded)
                self._recent.extend(recorded)
                self._step, self._elapsed_s = recorded.step, recorded.elapsed_s
            # Its earlier states are over: they are lines in the log, and say nothing of where it stands.
            self._take([event for event in earlier if not isinstance(event, StateEvent)], earlier)

    def handle(self, events: Sequence[Event]) -> None:
        """Take a batch."""
        with self._lock:
            self._take(events, events)
            if not self._state.is_final:  # what an old run was warned of is a line of its log, and no trouble of now
                self._explain_warnings(events)

    def show_pausing(self, *, pausing: bool) -> None:
        """Show that a pause was asked for, until the run has heard it; or that the wish was taken back."""
        with self._lock:
            self._pausing = pausing
            if self._config is not None:
                self._show_standing(self._config)

    def _take(self, events: Sequence[Event], worth_a_line: Sequence[Event]) -> None:
        self._recorder.handle(events)
        self._recent.handle(events)
        before = self._state
        for event in events:
            self._note(event)
        due = self._is_due() or self._state is not before
        if self._config is not None and due:
            self._show_standing(self._config)
        self._log.add(worth_a_line)
        self._videos.add(events)
        # After the last video has come: that is the one to play.
        self._videos.show_under_way(going_on=not self._state.is_final)
        # Last: whatever the chart may trip over, the state above it is right.
        drawn = (self._recorder.version, self._state.is_final)
        if due and drawn != self._drawn:
            self._drawn = drawn
            at_once = self._state is not RunState.RUNNING
            data = self._recorder.data()
            self._chart.show(data, at_once=at_once, ended=self._state.is_final)
            self._bars.show(self._recent)
            self._insights.show(data, ended=self._state.is_final)
        if due:
            self._system.look()
        if self._state.is_final and not before.is_final:
            self._insights.look_around()  # now it counts among the seeds, and so may others
            self._prediction.end(self._recorder.data())
            self._ended()

    def _forget(self) -> None:
        self._recorder = CurveRecorder()
        self._recent = RecentEpisodes()
        self._drawn = (0, False)
        self._next_look_s = 0.0
        self._state = RunState.CREATED
        self._step = 0
        self._elapsed_s = 0.0
        self._resumable = False
        self._doing = ""
        self._pausing = False

    def _is_due(self) -> bool:
        """Show at once what is new to the eye: the longer the curve, the less a quarter of a second adds to it.

        Drawing takes the browser some of the time that training could use. What a run does before its first step, and
        a run that pauses or ends, is shown without delay, to the last point.
        """
        if self._elapsed_s < self._next_look_s and self._step and self._state is RunState.RUNNING:
            return False
        patience_s = min(self._elapsed_s / CHART_POINTS * CHART_STRIDE, MOST_PATIENCE_S)
        self._next_look_s = self._elapsed_s + patience_s
        return True

    def _note(self, event: Event) -> None:
        if isinstance(event, StateEvent):
            self._state = event.state
            self._pausing = False
            if event.state is RunState.PAUSED:
                self._doing = ""
            if event.state is RunState.FAILED:
                self._explain_failure(event.detail)
        elif isinstance(event, CheckpointEvent):
            self._resumable = True
        else:
            self._doing = doing(event) or self._doing
        # A run that is shown late reports its past without progress events: every event tells how far it was.
        if isinstance(event, StateEvent | MetricEvent | EpisodeEvent | ProgressEvent):
            self._step = max(self._step, event.step)
        if isinstance(event, MetricEvent | EpisodeEvent | ProgressEvent):
            self._elapsed_s = max(self._elapsed_s, event.elapsed_s)

    def _explain_failure(self, reason: str) -> None:
        ended = "" if reason.endswith((".", "!", "?")) else "."
        kept = "What was recorded stays; training.log in the run's folder has the details."
        unknown = Problem("", f"Training failed: {reason or 'nobody knows why'}{ended}", kept)
        self._runbar.show_problems([explained(reason, unknown)])

    def _explain_warnings(self, events: Sequence[Event]) -> None:
        """Show what is known of the causes of warnings; the warnings themselves are lines of the log."""
        for event in events:
            if isinstance(event, LogEvent) and event.level == "warning" and diagnose(event.message) is not None:
                unknown = Problem("", event.message, severity="warning")
                self._runbar.show_problems([explained(event.message, unknown)])

    def _show_standing(self, config: ExperimentConfig) -> None:
        total = config.total_timesteps
        done = self._state in (RunState.FINISHING, RunState.DONE)
        shown = PAUSING if self._pausing and self._state is RunState.RUNNING else self._state
        self._runbar.show_state(shown, resumable=self._resumable)
        self._log.can_checkpoint = self._state is RunState.RUNNING and config.checkpoints.enabled
        self._runbar.show_progress(
            1.0 if done else min(1.0, self._step / total),
            self._outcome() if self._state.is_final else self._outlook(total),
        )
        self._figures.show(
            key_figures(
                config.algorithm,
                self._recorder,
                self._recent,
                speed=self._speed(),
                elapsed_s=self._elapsed_s,
                goal_return=self._goal_return,
            )
        )

    def _outlook(self, total: int) -> str:
        if self._doing and not self._step:
            return self._doing
        at = f"{self._step:,} of {total:,}"
        standing = f"Paused at step {at}" if self._state is RunState.PAUSED else f"{at} steps"
        parts = [standing, *filter(None, [self._left(total)])]
        lag = self._storage_lag()
        late = [f"{lag:,} events not on disk yet"] if lag > NOTABLE_LAG else []
        return " · ".join([*parts, *late])

    def _left(self, total: int) -> str:
        speed = self._speed()
        if self._state.is_final or speed <= 0 or self._step >= total:
            return ""
        return f"{duration((total - self._step) / speed)} left"

    def _outcome(self) -> str:
        took = f"{self._step:,} steps in {duration(self._elapsed_s)}"
        return " · ".join([took, episodes(self._recent.count), *self._mean_return()])

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
        return [f"mean return {score(mean)} (last {episodes(min(RETURN_WINDOW, self._recent.count))})"]
