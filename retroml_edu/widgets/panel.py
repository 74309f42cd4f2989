"""The panel: holds the widgets, takes what a person does, and gives it to the session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import ipywidgets

from retroml_edu.analysis.diagnostics import explained, explained_error
from retroml_edu.core.background import background_thread
from retroml_edu.core.bus import Subscription
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import ConfigError, Problem, RetroMLError, RunBusyError
from retroml_edu.core.events import Event, VideoEvent
from retroml_edu.core.states import RunState
from retroml_edu.envs import goal_return
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.history import Run, load_run
from retroml_edu.session.known_speeds import KnownSpeeds
from retroml_edu.session.recovery import LEFT, earlier_events
from retroml_edu.session.run import TrainingRun
from retroml_edu.session.session import Session
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.home import Home
from retroml_edu.widgets.activity import RecentActivity
from retroml_edu.widgets.compare import ComparePage
from retroml_edu.widgets.downloads import Downloads
from retroml_edu.widgets.evaluation_card import EvaluationCard
from retroml_edu.widgets.experiments import ExperimentsTable
from retroml_edu.widgets.feed import FeedView
from retroml_edu.widgets.feed_switch import FeedSwitch
from retroml_edu.widgets.form import SettingsForm
from retroml_edu.widgets.gallery import Gallery
from retroml_edu.widgets.help import HelpPage
from retroml_edu.widgets.kept_display import KeptDisplay
from retroml_edu.widgets.models import ModelActions, ModelsTable
from retroml_edu.widgets.page import Page
from retroml_edu.widgets.preferences import PreferencesPage
from retroml_edu.widgets.recovery import RecoveryNotice
from retroml_edu.widgets.run_view import RunView, RunWidgets
from retroml_edu.widgets.settings_pane import SettingsPane
from retroml_edu.widgets.starter import FollowedRun, Starter
from retroml_edu.widgets.tabs import TabPage, Tabs
from retroml_edu.widgets.tutorial import Tutorial

COMPLETION_TIMEOUT_S = 60.0
TRAIN, EXPERIMENTS, COMPARE, VIDEOS, MODELS = "Train", "Experiments", "Compare", "Videos", "Models"
SETTINGS, HELP = "Settings", "Help"


class Panel:
    """One panel: what to learn on the left, what happens in the middle, what it means on the right.

    Args:
        config: What the form shows at first.
        open_session: Makes the session when it is first needed, so that a home that cannot be written is a sentence
            in the panel.
        home: Where runs will go, and where those lie that were cut short.

    Threads: button callbacks may run in any thread; a lock keeps starts apart.
    """

    def __init__(self, config: ExperimentConfig, open_session: Callable[[], Session], home: Home) -> None:
        self._home = home
        self._following: Subscription | None = None
        self.run: FollowedRun | None = None
        self._made: dict[int, RunFolder] = {}
        self._began_alive = False
        self._refusal: list[dict[str, str]] = []
        self.page = Page()
        widgets = RunWidgets.of(config)
        self.runbar, self.figures, self.chart = widgets.runbar, widgets.figures, widgets.chart
        self.bars, self.log, self.videos = widgets.bars, widgets.log, widgets.videos
        self.insights, self.system, self.prediction = widgets.insights, widgets.system, widgets.prediction
        speeds = KnownSpeeds(home.path)
        self.settings = SettingsPane(config, speeds, self._shown, self.runbar.show_problems, self._begin_chart)
        self._starter = Starter(open_session, self.runbar, self.settings, lambda: self.run)
        self.feed = FeedView()
        self._feed_switch = FeedSwitch(self.feed, self._feed_failed, self._filmed)
        self.evaluation = EvaluationCard(lambda: self.run, self.feed, self._feed_switch, self._tested, self._shown)
        self.downloads = Downloads(self.stored_run, where=f"Runs are kept in {home.path} ({home.why}).")
        self.recovery = RecoveryNotice(home.path, self.resume_run, self._shown)
        self.activity = RecentActivity(
            home.path, lambda: self.run.run_id if self.run is not None else None, self.open_run, self._shown
        )
        self.comparison = ComparePage(home.path, self._shown)
        self.experiments = ExperimentsTable(
            home.path, self.open_run, self.clone, self.compare, self._look_for_run, self._shown
        )
        self.gallery = Gallery(home.path, self.open_run, self._shown)
        on_models = ModelActions(self.go_on, self.evaluate_run, self.open_run, lambda: self.config)
        self.models = ModelsTable(home.path, on_models, self._shown)
        self.preferences = PreferencesPage(home.path, self._preferred(), self.runbar.show_problems, self._shown)
        self.tutorial = Tutorial(
            home.path, lambda: self.run, self.open_run, self.settings, self.runbar, self.figures, self._shown
        )
        self.help = HelpPage()
        ipywidgets.dlink((self.tutorial, "invitation"), (self.help, "tutorial"))
        self.kept = KeptDisplay(self._shown)
        self._view = RunView(widgets, self._ended)
        self.apply(config)
        self.page.observe(lambda change: self.chart.set_dark(dark=change.new), "dark")
        self.page.observe(lambda change: self.comparison.set_dark(dark=change.new), "dark")
        self.runbar.on_msg(self._asked)
        self.runbar.observe(lambda change: self.form.show_startable(startable="train" in change.new), "allowed")
        self.form.on_msg(self._asked)
        self.form.observe(lambda _: self.prediction.look(), "values")
        self.prediction.attach(self.settings.request)
        self.prediction.observe(self._wanted, "wanted")
        self.log.on_msg(self._asked)
        self.insights.on_msg(self._asked)
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
            self.figures.begin(config.algorithm, goal_return(config.env_id))
            self.chart.begin(config.algorithm, goal_return(config.env_id))

    # -- the run -------------------------------------------------------------------------------------------------

    def start(self) -> TrainingRun:
        """Start what the form asks for, and return when the run has begun.

        Raises:
            PredictionError: If a prediction is wanted first.
            RunBusyError: If this panel's run goes on, or is about to begin.
            RetroMLError: If the form asks for what cannot be run.
        """
        self.prediction.accept()
        return self._starter.start(self._show_new)

    def resume_run(self, run_id: str, step: int | None = None) -> TrainingRun:
        """Go on with a run that was left before its end, exactly where its newest checkpoint is, and show it.

        Args:
            run_id: Its id.
            step: Step of another of its checkpoints.

        Raises:
            RunBusyError: If this panel's run goes on, or the other one does.
            RetroMLError: If the run cannot be resumed.
        """
        return self._starter.resume(run_id, self._show_resumed, step)

    def go_on(self, run_id: str, more_steps: int = 0, step: int | None = None) -> TrainingRun:
        """Train on from a model, where Train is.

        Args:
            run_id: Its run.
            more_steps: Steps of a new run that begins with its state or its weights; 0 to go on in the same run.
            step: Step of another of its checkpoints than the newest.

        Raises:
            RunBusyError: If this panel's run goes on, or the other one does.
            RetroMLError: If there is nothing to go on from.
        """
        self.tabs.open(TRAIN)
        if not more_steps:
            return self.resume_run(run_id, step)
        return self._starter.train_on(run_id, more_steps, step, self._show_left)

    def evaluate_run(self, run_id: str) -> None:
        """Show a run and bring its Test card into sight, ready to press.

        Raises:
            RunBusyError: If another run of this panel goes on.
            UnknownNameError: If there is no such run.
        """
        if self.run is None or self.run.run_id != run_id:
            self.open_run(run_id)
        self.tabs.open(TRAIN)
        self.evaluation.attend()

    def show_run(self, run: FollowedRun) -> None:
        """Show a run that was started elsewhere, with everything that it has reported.

        Raises:
            RunBusyError: If this panel's run goes on, or is about to begin.
        """
        with self._starter.alone():
            self._show_left(run)

    def _show_left(self, run: FollowedRun) -> None:
        with self._shown():  # its environment need not be registered here; what it reported can be shown all the same
            self.apply(run.config)
        self._show(run)

    def open_run(self, run_id: str) -> None:
        """Show a run of this home in the place of the last one.

        Args:
            run_id: Its id.

        Raises:
            RunBusyError: If this panel's run goes on.
            UnknownNameError: If there is no such run.
        """
        with self._starter.alone():  # before anything is read: a follower that nobody shows would follow for ever
            run = RunFollower(load_run(run_id, self._home.path), in_columns=True)
            self.tabs.open(TRAIN)  # before it is shown, which takes a moment: nobody is fetched back from another tab
            self._show_left(run)

    def clone(self, config: ExperimentConfig) -> None:
        """Take over a config as settings for the next run, where Train is.

        Raises:
            RetroMLError: If it names an environment that is not there.
        """
        self.apply(config)
        self.runbar.show_problems([])
        self.tabs.open(TRAIN)

    def compare(self, run_ids: Sequence[str]) -> None:
        """Show the curves of some runs of this home in one chart.

        Raises:
            RetroMLError: If they are too many to be told apart.
        """
        self.comparison.choose(run_ids)
        self.runbar.show_problems([])
        self.tabs.open(COMPARE)

    def _show_new(self, run: TrainingRun) -> None:
        folder = RunFolder(run.path)
        with self._shown():
            self.prediction.keep(folder, run.config)
        self._made.pop(run.config.seed, None)  # the newest comes last
        self._made[run.config.seed] = folder
        self._show(run)

    def _wanted(self, change: Any) -> None:
        if not change.new:  # what Train asked for is there
            self.runbar.show_problems([])

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
        self.run, self._began_alive = run, not run.state.is_final
        if isinstance(run, RunFollower):
            # In a thread of its own: the follower's ends with it.
            anew = partial(self._follow_anew, run)
            run.on_resumed = lambda: threading.Thread(target=anew, name="retroml-follow-anew", daemon=True).start()
        self._withdraw_refusal()
        self.evaluation.begin()
        self._look_for_run()
        self._following = run.follow(self._view, name="The panel")
        self._feed_switch.watch(run)
        self._refresh_lists()

    def _look_for_run(self) -> None:
        """Show whether the run was deleted, here or elsewhere, or brought back."""
        deleted = self.downloads.look()
        self.runbar.show_deleted(deleted=deleted)
        self.evaluation.show_deleted(deleted=deleted)

    def _withdraw_refusal(self) -> None:
        """Take away what was refused for the sake of a run that has ended now, or that gave way to another."""
        if self._refusal and self.runbar.problems == self._refusal:
            self.runbar.show_problems([])
        self._refusal = []

    def _ended(self) -> None:
        self._withdraw_refusal()
        run, stored = self.run, self.stored_run()
        if run is None or stored is None:
            return

        def completed() -> None:
            # The last state is told before it is on disk.
            if isinstance(run, TrainingRun):
                with suppress(RetroMLError):
                    run.wait(COMPLETION_TIMEOUT_S)

        def refresh() -> None:
            completed()
            self._refresh_lists()

        if self._began_alive:  # a look at a run of last week leaves what the notebook keeps
            self.kept.keep(stored, completed)
        background_thread(refresh, "retroml-refresh").start()

    def _tested(self, event: Event) -> None:
        self.log.add([event])
        self.insights.look_around()
        if self.run is not None and self.run.ended:
            self._ended()
        else:
            self._refresh_lists()

    def _refresh_lists(self) -> None:
        lists = (self.experiments, self.comparison, self.gallery, self.models, self.activity, self.prediction)
        for listing in lists:
            listing.refresh()

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
        self._view.show_pausing(pausing=True)

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
            self._view.show_pausing(pausing=False)

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

    def until_begun(self) -> None:
        """Wait until a start that is under way has made its run, or has come to nothing."""
        with self._starter.undisturbed():
            pass

    def made(self, seed: int | None = None) -> Run | None:
        """Return the newest run that Train made here and that reached its end, of a seed if one is given."""
        folders = reversed(self._made.values()) if seed is None else filter(None, [self._made.get(seed)])
        runs = (Run(folder) for folder in folders if folder.path.is_dir())  # it may be deleted
        return next((run for run in runs if run.state is RunState.DONE), None)

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        action = message.get("action")
        if action == "train" and (wanted := self.prediction.asks()) is not None:
            self.runbar.show_problems([wanted])
        elif action in ("train", "measure") or (action == "resume" and self._left_run() is not None):
            # In a thread: the first start loads torch, and Stop must be heard meanwhile.
            begin = {"train": self.start, "measure": self._starter.measure}.get(action, self.resume)
            threading.Thread(target=self._shown_in_panel, args=(begin,), name="retroml-start", daemon=True).start()
        elif action == "try":
            with self._shown():
                self.clone(self.insights.remedied(message.get("rule")))
                self.insights.tell_taken(message.get("rule"))
        elif action in ("pause", "resume", "stop", "checkpoint"):
            self._shown_in_panel(getattr(self, action))

    def _shown_in_panel(self, action: Callable[[], object]) -> None:
        with self._shown():
            action()

    # -- looks ---------------------------------------------------------------------------------------------------

    def _lay_out(self) -> ipywidgets.VBox:
        pictures = _box("rml-pictures", self.feed, self.videos)
        settings = _box("rml-settings", self.form, self.settings.file)
        stage = _box("rml-stage", self.prediction, self.figures, pictures, self.chart, self.bars)
        side = _box("rml-side", self.insights, self.evaluation, self.log, self.activity, self.system, self.downloads)
        pages = {
            TRAIN: TabPage(_box("rml-body", settings, stage, side), self._look_for_run),
            EXPERIMENTS: TabPage(self.experiments, self.experiments.refresh),
            COMPARE: TabPage(self.comparison, self.comparison.refresh),
            VIDEOS: TabPage(self.gallery, self.gallery.refresh),
            MODELS: TabPage(self.models, self.models.refresh),
            SETTINGS: TabPage(self.preferences.content, self.preferences.refresh),
            HELP: TabPage(self.help, self.help.begin),
        }
        self.tabs = Tabs(pages)
        self.tabs.open(self.preferences.values.first_page)
        above = (self.page, self.recovery, self.tutorial, self.runbar, self.tabs.bar)
        return _box("rml-panel", *above, *self.tabs.boxes, self.kept)

    def _preferred(self) -> Mapping[str, Callable[[Any], object]]:
        """Return what to do with preferences that concern an open panel, by their names."""
        return {
            "live_picture": lambda mode: self.feed.set_trait("mode", mode),
            "live_pictures_a_second": lambda fps: setattr(self._feed_switch, "fps", fps),
            "predict": self.prediction.prefer,
            "motion": lambda motion: self.page.set_trait("still", motion == "reduced"),
            **self.evaluation.preferred(),
        }

    def _feed_failed(self, sentence: str) -> None:
        unknown = Problem("feed", sentence, "Training goes on.", "warning")
        self.runbar.show_problems([explained(sentence, unknown)])

    def _filmed(self, run_id: str, film: VideoEvent) -> None:
        self.videos.add([film], run_id)

    @contextmanager
    def _shown(self) -> Iterator[None]:
        """Show an error under the buttons: an exception in a callback would appear nowhere."""
        try:
            yield
        except ConfigError as error:
            self.form.show_problems(list(error.problems))
            self.runbar.show_problems(error.problems)
        except RetroMLError as error:
            self.runbar.show_problems([explained_error(error, Problem("", str(error)))])
            if isinstance(error, RunBusyError):
                self._refusal = self.runbar.problems
        except Exception as error:  # noqa: BLE001 - the callback's edge
            text = f"Something went wrong in the panel: {type(error).__name__}: {error}."
            unknown = Problem("", text, "The run, if there is one, goes on.")
            self.runbar.show_problems([explained_error(error, unknown)])


def _box(name: str, *children: ipywidgets.Widget) -> ipywidgets.VBox:
    box = ipywidgets.VBox(children)
    box.add_class(name)
    return box
