"""The panel: holds the widgets, takes what a person does, and gives it to the session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import ipywidgets

from retroml_edu.core.bus import Subscription
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import ConfigError, Problem, RetroMLError, RunBusyError
from retroml_edu.core.events import Event
from retroml_edu.envs import goal_return
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.history import Run
from retroml_edu.session.recovery import LEFT, earlier_events
from retroml_edu.session.run import TrainingRun
from retroml_edu.session.session import Session
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.home import Home
from retroml_edu.widgets.chart import LiveChart
from retroml_edu.widgets.downloads import Downloads
from retroml_edu.widgets.feed import FeedView
from retroml_edu.widgets.feed_switch import FeedSwitch
from retroml_edu.widgets.form import SettingsForm
from retroml_edu.widgets.log import EventLog
from retroml_edu.widgets.page import Page
from retroml_edu.widgets.recovery import RecoveryNotice
from retroml_edu.widgets.run_view import RunView
from retroml_edu.widgets.runbar import RunBar
from retroml_edu.widgets.settings_pane import SettingsPane
from retroml_edu.widgets.starter import FollowedRun, Starter
from retroml_edu.widgets.videos import VideoShelf


class Panel:
    """One panel: settings on the left, the run on the right.

    Args:
        config: What the form shows at first.
        open_session: Makes the session when it is first needed, so that a home that cannot be written is a sentence
            in the panel.
        home: Where runs will go, and where those lie that were cut short.

    Threads: button callbacks may run in any thread; a lock keeps starts apart.
    """

    def __init__(self, config: ExperimentConfig, open_session: Callable[[], Session], home: Home) -> None:
        self._following: Subscription | None = None
        self.run: FollowedRun | None = None
        self.page = Page()
        self.runbar = RunBar()
        self.settings = SettingsPane(config, self._shown, self.runbar.show_problems, self._begin_chart)
        self._starter = Starter(open_session, self.runbar, self.settings, lambda: self.run)
        self.chart = LiveChart(config.algorithm, goal_return(config.env_id))
        self.feed = FeedView()
        self._feed_switch = FeedSwitch(self.feed, self._feed_failed)
        self.videos = VideoShelf()
        self.log = EventLog(lambda: self._shown_in_panel(self.checkpoint))
        self.downloads = Downloads(self.stored_run, where=f"Runs are kept in {home.path} ({home.why}).")
        self.recovery = RecoveryNotice(home.path, self.resume_run, self._shown)
        self._view = RunView(self.runbar, self.chart, self.log, self.videos)
        self.apply(config)
        self.page.observe(lambda change: self.chart.set_dark(dark=change.new), "dark")
        self.runbar.on_msg(self._runbar_asked)
        self.recovery.look()
        self.root = self._lay_out()

    # -- settings ------------------------------------------------------------------------------------------------

    def apply(self, config: ExperimentConfig) -> None:
        """Show a config in the form: the one way in which code sets inputs.

        Raises:
            RetroMLError: If it names an environment that is not there.
        """
        self.settings.apply(config)

    @property
    def config(self) -> ExperimentConfig:
        """What the form asks for now.

        Raises:
            ConfigError: If its values make no config.
        """
        return self.settings.request().config

    @property
    def form(self) -> SettingsForm:
        """The settings form."""
        return self.settings.form

    def _begin_chart(self, config: ExperimentConfig) -> None:
        if self.run is None:  # afterwards the chart belongs to the run, whatever is chosen for the next one
            self.chart.begin(config.algorithm, goal_return(config.env_id))

    # -- the run -------------------------------------------------------------------------------------------------

    def start(self) -> TrainingRun:
        """Start what the form asks for, and return when the run has begun.

        Raises:
            RunBusyError: If this panel's run goes on, or is about to begin.
            RetroMLError: If the form asks for what cannot be run.
        """
        return self._starter.start(self._show)

    def resume_run(self, run_id: str) -> TrainingRun:
        """Go on with a run that was left before its end, exactly where its newest checkpoint is, and show it.

        Args:
            run_id: Its id.

        Raises:
            RunBusyError: If this panel's run goes on, or the other one does.
            RetroMLError: If the run cannot be resumed.
        """
        return self._starter.resume(run_id, self._show_resumed)

    def show_run(self, run: FollowedRun) -> None:
        """Show a run that was started elsewhere, with everything that it has reported."""
        self._starter.refuse_second_run()
        with self._shown():  # its environment need not be registered here; what it reported can be shown all the same
            self.apply(run.config)
        self._show(run)

    def _show_resumed(self, run: TrainingRun) -> None:
        with self._shown():
            self.apply(run.config)
        self._show(run, earlier_events(run))
        self.recovery.look()  # nothing more to offer of this one

    def _show(self, run: FollowedRun, earlier: Sequence[Event] = ()) -> None:
        self._feed_switch.stop()
        old = self.run
        if old is not None and self._following is not None:
            old.unfollow(self._following)
        if isinstance(old, RunFollower):
            old.close()
        lag = (lambda: run.storage_lag) if isinstance(run, TrainingRun) else (lambda: 0)
        recorded = run.recorded if isinstance(run, RunFollower) else None
        self._view.show_run(run.run_id, run.config, run.path, lag, earlier, recorded)
        self.run = run
        if isinstance(run, RunFollower):
            # In a thread of its own: the follower's ends with it.
            anew = partial(self._follow_anew, run)
            run.on_resumed = lambda: threading.Thread(target=anew, name="retroml-follow-anew", daemon=True).start()
        with self.downloads.hold_sync():
            self.downloads.ready = True
            self.downloads.where = f"This run is kept in {run.path}"
        self._following = run.follow(self._view, name="The panel")
        self._feed_switch.watch(run)

    def _follow_anew(self, old: RunFollower) -> None:
        with self._starter.undisturbed(), self._shown():  # it may be this panel that has resumed the run
            if self.run is old:
                self._show(RunFollower(Run(RunFolder(old.path)), in_columns=True))

    def stop(self) -> None:
        """Stop the run, or the start that is about to make one; nothing happens without either."""
        self._starter.call_off()
        if self.run is not None:
            self.run.stop()

    def pause(self) -> None:
        """Let the run wait.

        Raises:
            RunBusyError: If no run trains.
        """
        if self.run is None:
            raise RunBusyError("There is no run to pause: press Train first.")
        self.run.pause()

    def resume(self) -> None:
        """End the run's pause, or go on with a run that was left before its end; nothing happens without either.

        Raises:
            RetroMLError: If the run cannot be resumed.
        """
        left = self._left_run()
        if left is not None:
            self.resume_run(left.run_id)
        elif self.run is not None:
            self.run.resume()

    def _left_run(self) -> FollowedRun | None:
        run = self.run
        return run if run is not None and run.state in LEFT else None

    def checkpoint(self) -> None:
        """Have the run's exact state stored now.

        Raises:
            RunBusyError: If no run trains, or this one makes no checkpoints.
        """
        if self.run is None:
            raise RunBusyError("There is no run to store: press Train first.")
        self.run.checkpoint()

    def stored_run(self) -> Run | None:
        """Return the shown run as it is on disk."""
        return Run(RunFolder(self.run.path)) if self.run is not None else None

    def _runbar_asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        action = message.get("action")
        if action == "train" or (action == "resume" and self._left_run() is not None):
            # In a thread: the first start loads torch, and Stop must be heard meanwhile.
            begin = self.start if action == "train" else self.resume
            threading.Thread(target=self._shown_in_panel, args=(begin,), name="retroml-start", daemon=True).start()
        elif action in ("pause", "resume", "stop"):
            self._shown_in_panel({"pause": self.pause, "resume": self.resume, "stop": self.stop}[action])

    def _shown_in_panel(self, action: Callable[[], object]) -> None:
        with self._shown():
            action()

    # -- looks ---------------------------------------------------------------------------------------------------

    def _lay_out(self) -> ipywidgets.VBox:
        pictures = _box("rml-pictures", self.feed, self.videos)
        stage = _box("rml-stage", self.chart, pictures, self.log, self.downloads)
        settings = _box("rml-settings", self.form, self.settings.file)
        return _box("rml-panel", self.page, self.recovery, self.runbar, _box("rml-body", settings, stage))

    def _feed_failed(self, sentence: str) -> None:
        self.runbar.show_problems([Problem("feed", sentence, "Training goes on.", "warning")])

    @contextmanager
    def _shown(self) -> Iterator[None]:
        """Show an error under the buttons: an exception in a callback would appear nowhere."""
        try:
            yield
        except ConfigError as error:
            self.form.show_problems(list(error.problems))
            self.runbar.show_problems(error.problems)
        except RetroMLError as error:
            self.runbar.show_problems([Problem("", str(error))])
        except Exception as error:  # noqa: BLE001 - the callback's edge
            text = f"Something went wrong in the panel: {type(error).__name__}: {error}."
            self.runbar.show_problems([Problem("", text, "The run, if there is one, goes on.")])


def _box(name: str, *children: ipywidgets.Widget) -> ipywidgets.VBox:
    box = ipywidgets.VBox(children)
    box.add_class(name)
    return box
