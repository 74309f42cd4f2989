"""The panel: holds the widgets, takes what a person does, and gives it to the session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import ipywidgets

from retroml_edu.core.bus import Subscription
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.errors import ConfigError, Problem, RetroMLError, RunBusyError, raise_problems
from retroml_edu.core.events import LogEvent, log
from retroml_edu.core.states import RunState
from retroml_edu.envs import goal_return
from retroml_edu.session.feed import FeedMode, LiveFeed
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.history import Run
from retroml_edu.session.run import TrainingRun
from retroml_edu.session.session import Session
from retroml_edu.session.speed import lasting
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.home import Home
from retroml_edu.widgets.chart import LiveChart
from retroml_edu.widgets.downloads import Downloads
from retroml_edu.widgets.feed import OFF, FeedView
from retroml_edu.widgets.form import SettingsForm
from retroml_edu.widgets.log import EventLog
from retroml_edu.widgets.page import Page
from retroml_edu.widgets.run_view import RunView
from retroml_edu.widgets.runbar import MEASURING, RunBar
from retroml_edu.widgets.settings_spec import form_spec
from retroml_edu.widgets.settings_values import (
    LENGTH_FIELDS,
    Request,
    Values,
    default_values,
    form_values,
    request_of,
    requested_env,
)
from retroml_edu.widgets.videos import VideoShelf
from retroml_edu.widgets.words import duration

FollowedRun = TrainingRun | RunFollower
FOLDER_TIMEOUT_S = 60.0


class Panel:
    """One panel: settings on the left, the run on the right.

    Args:
        config: What the form shows at first.
        open_session: Makes the session when it is first needed, so that a home that cannot be written is a sentence
            in the panel.
        home: Where runs will go, to be told.

    Threads: button callbacks may run in any thread; a lock keeps starts apart.
    """

    def __init__(self, config: ExperimentConfig, open_session: Callable[[], Session], home: Home) -> None:
        self._open_session = open_session
        self._session: Session | None = None
        self._config = config
        self._starting = threading.Lock()
        self._filling_in = threading.RLock()
        self._filler: int | None = None
        self._called_off = threading.Event()
        self._trial: Control | None = None
        self._measured: LogEvent | None = None
        self._following: Subscription | None = None
        self._changing_feed = threading.RLock()
        self._feed: LiveFeed | None = None
        self.run: FollowedRun | None = None
        self.page = Page()
        self.runbar = RunBar()
        self.form = SettingsForm()
        self.chart = LiveChart(config.algorithm, goal_return(config.env_id))
        self.feed = FeedView()
        self.videos = VideoShelf()
        self.log = EventLog()
        self.downloads = Downloads(self.stored_run, where=f"Runs are kept in {home.path} ({home.why}).")
        self._view = RunView(self.runbar, self.chart, self.log, self.videos)
        self.apply(config)
        self.page.observe(lambda change: self.chart.set_dark(dark=change.new), "dark")
        self.form.observe(self._values_changed, "values")
        self.form.on_msg(self._form_asked)
        self.runbar.on_msg(self._runbar_asked)
        self.feed.observe(lambda _change: self._restart_feed(), "mode")
        self.root = self._lay_out()

    # -- settings ------------------------------------------------------------------------------------------------

    def apply(self, config: ExperimentConfig) -> None:
        """Show a config in the form: the one way in which code sets inputs.

        Raises:
            RetroMLError: If it names an environment that is not there.
        """
        self._fill_in(config, form_values(config))

    def _fill_in(self, config: ExperimentConfig, values: Values) -> None:
        with self._filling_in:
            spec = form_spec(values)
            self._config = config
            self._filler = threading.get_ident()
            try:
                with self.form.hold_sync():
                    self.form.spec = spec
                    self.form.values = values
            finally:
                self._filler = None
            if self.run is None:  # afterwards the chart belongs to the run, whatever is chosen for the next one
                self.chart.begin(config.algorithm, goal_return(config.env_id))
            self._check_form()

    @property
    def config(self) -> ExperimentConfig:
        """What the form asks for now.

        Raises:
            ConfigError: If its values make no config.
        """
        return self._request().config

    def _request(self) -> Request:
        return request_of(self.form.values, self._config)

    def _values_changed(self, change: Any) -> None:
        if self._filler == threading.get_ident():
            return  # code fills the form in, and checks it when it is done
        with self._shown(), self._filling_in:
            self.runbar.show_problems([])  # what was said of the last Train is answered by a change
            old, new = change.old, change.new
            chosen = (requested_env(new), new["algorithm"])
            if chosen != (self._config.env_id, self._config.algorithm):
                self._choose(*chosen)
            elif any(old[name] != new[name] for name in LENGTH_FIELDS):
                self._follow_length(old, new)
            else:
                self._check_form()

    def _choose(self, env_id: str, algorithm: str) -> None:
        """Another environment or algorithm: show its tuned defaults, keep seed, length and videos."""
        if not env_id:
            return
        kept = {"env_id", "seed", *LENGTH_FIELDS, "hours", "minutes", "device"}
        kept |= {name for name in self.form.values if name.startswith("video.")}
        try:
            config = self._config.changed(
                env_id=env_id, algorithm=algorithm, n_envs=None, normalize=None, hyperparameters=None
            )
            values = form_values(config) | {name: self.form.values[name] for name in kept}
            tuned = {name: value for name, value in default_values(values).items() if name not in kept}
            self._fill_in(config, values | tuned)
        except RetroMLError as error:
            problems = error.problems if isinstance(error, ConfigError) else (Problem("env_id", str(error)),)
            self.form.show_problems(list(problems))

    def _follow_length(self, old: Values, new: Values) -> None:
        """Another length: what depends on it and was not touched goes along."""
        before, after = default_values(old), default_values(new)
        moved = {name: value for name, value in after.items() if new[name] == before[name] != value}
        self._fill_in(self._config, new | moved)

    def _check_form(self) -> None:
        """Say beside each field what would keep the run from starting, while there is time to mend it."""
        from retroml_edu.session.check import check

        try:
            self.form.show_problems(check(self._request().config))
        except ConfigError as error:
            self.form.show_problems(list(error.problems))

    def _form_asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("action") == "reset":
            with self._shown():
                self._fill_in(self._config, self.form.values | default_values(self.form.values))

    # -- the run -------------------------------------------------------------------------------------------------

    def start(self) -> TrainingRun:
        """Start what the form asks for, and return when the run has begun.

        Raises:
            RunBusyError: If this panel's run goes on, or is about to begin.
            RetroMLError: If the form asks for what cannot be run.
        """
        if not self._starting.acquire(blocking=False):
            raise RunBusyError("This panel is about to start a run: one press of Train is enough.")
        try:
            self._refuse_second_run()
            before = self.runbar.state
            self._called_off.clear()
            self._measured = None
            self.runbar.show_problems([])
            self.runbar.show_state(RunState.STARTING)
            try:
                return self._start()
            except BaseException:
                self.runbar.show_state(before)
                raise
        finally:
            self._starting.release()

    def _start(self) -> TrainingRun:
        request = self._request()
        session = self._session = self._session or self._open_session()
        problems = session.check(request.config)
        self.form.show_problems(problems)
        raise_problems(problems)
        config = request.config if request.duration_s is None else self._timed(session, request)
        if self._called_off.is_set():
            raise RunBusyError("The start was called off.")
        run = session.start(config)
        if self._measured is not None:
            run.bus.publish(self._measured)
        self._config = request.config
        self._show(run)
        self.runbar.show_problems([problem for problem in problems if problem.severity == "warning"])
        return run

    def _refuse_second_run(self) -> None:
        run = self.run
        if run is None or run.ended:
            return
        if isinstance(run, TrainingRun) and run.state.is_final:
            run.wait(FOLDER_TIMEOUT_S)  # it has ended, and its folder is being completed
            return
        raise RunBusyError(
            f"This panel is training already (step {run.step:,} of {run.config.total_timesteps:,}). "
            "Stop that run first, or open a second panel with Lab()."
        )

    def _timed(self, session: Session, request: Request) -> ExperimentConfig:
        """Turn hours and minutes into steps, from the speed of this machine."""
        self.runbar.show_state(MEASURING)
        self.runbar.show_title("")
        self.runbar.show_progress(0.0, "A throw-away copy is trained for some seconds, to turn the time into steps.")
        self._trial = Control()
        if self._called_off.is_set():
            self._trial.stop()
        try:
            speed = session.measure_speed(request.config, control=self._trial)
        finally:
            self._trial = None
        self.runbar.show_state(RunState.STARTING)
        config = lasting(request.config, request.duration_s or 0.0, speed)
        steps = f"{config.total_timesteps:,} steps at the measured {speed:,.0f} steps/s"
        self._measured = log("info", f"{duration(request.duration_s or 0.0)} became {steps}")
        return config

    def show_run(self, run: FollowedRun) -> None:
        """Show a run that was started elsewhere, with everything that it has reported."""
        self._refuse_second_run()
        with self._shown():  # its environment need not be registered here; what it reported can be shown all the same
            self.apply(run.config)
        self._show(run)

    def _show(self, run: FollowedRun) -> None:
        self._stop_feed()
        old = self.run
        if old is not None and self._following is not None:
            old.unfollow(self._following)
        if isinstance(old, RunFollower):
            old.close()
        lag = (lambda: run.storage_lag) if isinstance(run, TrainingRun) else (lambda: 0)
        self._view.show_run(run.run_id, run.config, run.path, lag)
        self.run = run
        with self.downloads.hold_sync():
            self.downloads.ready = True
            self.downloads.where = f"This run is kept in {run.path}"
        self._following = run.follow(self._view, name="The panel")
        self._restart_feed()

    def stop(self) -> None:
        """Stop the run, or the start that is about to make one; nothing happens without either."""
        self._called_off.set()
        trial = self._trial
        if trial is not None:
            trial.stop()
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
        """Let the run go on."""
        if self.run is not None:
            self.run.resume()

    def stored_run(self) -> Run | None:
        """Return the shown run as it is on disk."""
        return Run(RunFolder(self.run.path)) if self.run is not None else None

    def _runbar_asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        action = message.get("action")
        if action == "train":
            # In a thread: the first start loads torch, and Stop must be heard meanwhile.
            threading.Thread(target=self._start_shown, name="retroml-start", daemon=True).start()
        elif action in ("pause", "resume", "stop"):
            with self._shown():
                {"pause": self.pause, "resume": self.resume, "stop": self.stop}[action]()

    def _start_shown(self) -> None:
        with self._shown():
            self.start()

    # -- the live feed -------------------------------------------------------------------------------------------

    def _restart_feed(self) -> None:
        with self._changing_feed:
            self._stop_feed()
            run, mode = self.run, self.feed.mode
            if mode == OFF:
                self.feed.begin()
                return
            if not isinstance(run, TrainingRun) or run.ended:
                self.feed.end()
                return
            self.feed.begin()
            feed = LiveFeed(
                run,
                FeedMode(mode),
                show=partial(self.feed.show, FeedMode(mode)),
                failed=self._feed_failed,
                ended=lambda: self._feed_ended(feed),
            )
            self._feed = feed
            feed.start()

    def _stop_feed(self) -> None:
        with self._changing_feed:
            feed, self._feed = self._feed, None
            if feed is not None:
                feed.stop()

    def _feed_ended(self, feed: LiveFeed) -> None:
        if self._feed is feed:  # one that was replaced has nothing more to say
            self.feed.end()

    def _feed_failed(self, sentence: str) -> None:
        self.runbar.show_problems([Problem("feed", sentence, "Training goes on.", "warning")])

    # -- looks ---------------------------------------------------------------------------------------------------

    def _lay_out(self) -> ipywidgets.VBox:
        pictures = _box("rml-pictures", self.feed, self.videos)
        stage = _box("rml-stage", self.chart.box, pictures, self.log, self.downloads)
        settings = _box("rml-settings", self.form)
        return _box("rml-panel", self.page, self.runbar, _box("rml-body", settings, stage))

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
