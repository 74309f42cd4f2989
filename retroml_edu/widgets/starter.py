"""How a panel's run begins: one at a time, from the form or from a checkpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.errors import Problem, RunBusyError, raise_problems
from retroml_edu.core.events import LogEvent, log
from retroml_edu.core.states import RunState
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.known_speeds import SpeedWatch
from retroml_edu.session.models import train_on
from retroml_edu.session.run import TrainingRun
from retroml_edu.session.session import Session
from retroml_edu.session.speed import lasting
from retroml_edu.widgets.runbar import MEASURING, RunBar
from retroml_edu.widgets.settings_pane import SettingsPane
from retroml_edu.widgets.settings_values import Request
from retroml_edu.widgets.words import duration

FollowedRun: TypeAlias = TrainingRun | RunFollower
Show: TypeAlias = Callable[[TrainingRun], None]
FOLDER_TIMEOUT_S = 60.0
_ENDING = {
    RunState.STOPPING: "This panel's run is being stopped",
    RunState.FINISHING: "This panel's run has trained to its end. Its results are being written",
}


class Starter:
    """Starts and resumes the runs of one panel, and says near the buttons how that goes.

    Args:
        open_session: Makes the session when it is first needed, so that a home that cannot be written is a sentence
            in the panel.
        runbar: Tells what goes on.
        settings: What the person asks for.
        current: Returns the run that the panel shows.

    Threads: any; a lock keeps starts apart.
    """

    def __init__(
        self,
        open_session: Callable[[], Session],
        runbar: RunBar,
        settings: SettingsPane,
        current: Callable[[], FollowedRun | None],
    ) -> None:
        self._open_session = open_session
        self._session: Session | None = None
        self._runbar = runbar
        self._settings = settings
        self._current = current
        self._starting = threading.Lock()
        self._called_off = threading.Event()
        self._trial: Control | None = None
        self._measured: LogEvent | None = None

    def start(self, show: Show) -> TrainingRun:
        """Start what the form asks for, and return when the run has begun.

        Args:
            show: Puts the run into the panel.

        Raises:
            RunBusyError: If the panel's run goes on, or is about to begin.
            RetroMLError: If the form asks for what cannot be run.
        """
        return self._begin(lambda session: self._start(session, show))

    def resume(self, run_id: str, show: Show, step: int | None = None) -> TrainingRun:
        """Go on with a run that was left, from its newest checkpoint, or from that of another step.

        Raises:
            RunBusyError: If the panel's run goes on, or the other one does.
            RetroMLError: If the run cannot be resumed.
        """
        return self._begin(lambda session: self._resume(session, run_id, show, step))

    def train_on(self, run_id: str, more_steps: int, step: int | None, show: Show) -> TrainingRun:
        """Start a new run where another one ended, with its state or its weights.

        Raises:
            RunBusyError: If the panel's run goes on.
            RetroMLError: If there is nothing to go on from.
        """
        return self._begin(lambda session: self._train_on(session, run_id, more_steps, step, show))

    def measure(self) -> None:
        """Measure how fast this machine trains what the form asks for, and remember it.

        Raises:
            RunBusyError: If the panel's run goes on, or is about to begin, or the measurement was called off.
            RetroMLError: If the form asks for what cannot be run.
        """
        with self._under_way() as (session, before):
            config = self._settings.request().config
            self._check(session, config)
            self._measure(session, config)
            before.show_again(self._runbar)

    def call_off(self) -> None:
        """Give up the start that is under way; nothing happens without one."""
        self._called_off.set()
        trial = self._trial
        if trial is not None:
            trial.stop()

    def undisturbed(self) -> AbstractContextManager[bool]:
        """Return a context in which nothing starts."""
        return self._starting

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Return a context in which nothing starts, and no run of this panel goes on.

        Raises:
            RunBusyError: If one does, or is about to begin.
        """
        if not self._starting.acquire(blocking=False):
            raise RunBusyError("This panel is about to start a run: one press of Train is enough.")
        try:
            self.refuse_second_run()
            yield
        finally:
            self._starting.release()

    def refuse_second_run(self) -> None:
        """Wait until the panel's last run has left its folder complete.

        Raises:
            RunBusyError: If it goes on.
        """
        run = self._current()
        if run is None or run.ended:
            return
        if isinstance(run, TrainingRun) and run.state.is_final:
            run.wait(FOLDER_TIMEOUT_S)  # it has ended, and its folder is being completed
            return
        why = _ENDING.get(run.state)
        if why is not None:
            raise RunBusyError(f"{why}: try again in a moment.")
        raise RunBusyError(
            f"This panel is training already (step {run.step:,} of {run.config.total_timesteps:,}). "
            "Stop that run first, or open a second panel with Lab()."
        )

    def _begin(self, make_run: Callable[[Session], TrainingRun]) -> TrainingRun:
        with self._under_way() as (session, _):
            return make_run(session)

    @contextmanager
    def _under_way(self) -> Iterator[tuple[Session, _Standing]]:
        """Return a context in which nothing else starts; after an error the run bar stands as it did before."""
        with self.alone():
            before = _Standing.of(self._runbar)
            self._called_off.clear()
            self._measured = None
            self._runbar.show_problems([])
            self._runbar.show_state(RunState.STARTING)
            try:
                self._session = self._session or self._open_session()
                yield self._session, before
            except BaseException:
                before.show_again(self._runbar)
                raise

    def _start(self, session: Session, show: Show) -> TrainingRun:
        request = self._settings.request()
        problems = self._check(session, request.config)
        config = request.config if request.duration_s is None else self._timed(session, request)
        self._go_on_unless_called_off()
        run = session.start(config)
        if self._measured is not None:
            run.bus.publish(self._measured)
        self._settings.started(request.config)
        # Before the run is shown, which may at once tell of worse.
        self._runbar.show_problems([problem for problem in problems if problem.severity == "warning"])
        show(run)
        run.follow(SpeedWatch(self._settings.speeds, request.config, self._settings.refresh), name="The quick start")
        return run

    def _check(self, session: Session, config: ExperimentConfig) -> list[Problem]:
        problems = self._settings.form.labelled(session.check(config))
        self._settings.form.show_problems(problems)
        raise_problems(problems)
        return problems

    def _resume(self, session: Session, run_id: str, show: Show, step: int | None) -> TrainingRun:
        self._go_on_unless_called_off()
        run = session.resume(run_id, step=step)
        show(run)
        return run

    def _train_on(self, session: Session, run_id: str, more_steps: int, step: int | None, show: Show) -> TrainingRun:
        self._go_on_unless_called_off()
        run = train_on(session, run_id, more_steps, step)
        show(run)
        return run

    def _go_on_unless_called_off(self) -> None:
        if self._called_off.is_set():
            raise RunBusyError("The start was called off.")

    def _timed(self, session: Session, request: Request) -> ExperimentConfig:
        """Turn hours and minutes into steps, from the speed of this machine: as remembered, else measured."""
        known = self._settings.speeds.find(request.config)
        speed = known.steps_per_second if known is not None and known.exact else self._measure(session, request.config)
        self._runbar.show_state(RunState.STARTING)
        config = lasting(request.config, request.duration_s or 0.0, speed)
        steps = f"{config.total_timesteps:,} steps at the measured {speed:,.0f} steps/s"
        self._measured = log("info", f"{duration(request.duration_s or 0.0)} became {steps}")
        return config

    def _measure(self, session: Session, config: ExperimentConfig) -> float:
        """Return the speed of this machine, measured now; it is remembered."""
        self._runbar.show_state(MEASURING)
        self._runbar.show_title("")
        told = "A throw-away copy is trained for some seconds, to see how long runs take here."
        self._runbar.show_progress(0.0, told)
        self._trial = Control()
        if self._called_off.is_set():
            self._trial.stop()
        try:
            speed = session.measure_speed(
                config, control=self._trial, report=lambda share: self._runbar.show_progress(share, told)
            )
        finally:
            self._trial = None
        self._settings.speeds.remember(config, speed)
        self._settings.refresh()
        return speed


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the run bar shows, to be shown again after something that came to nothing or left nothing."""

    state: str
    resumable: bool
    title: str
    progress: float
    text: str

    @classmethod
    def of(cls, runbar: RunBar) -> _Standing:
        return cls(runbar.state, "resume" in runbar.allowed, runbar.title, runbar.progress, runbar.progress_text)

    def show_again(self, runbar: RunBar) -> None:
        runbar.show_state(self.state, resumable=self.resumable)
        runbar.show_title(self.title)
        runbar.show_progress(self.progress, self.text)
