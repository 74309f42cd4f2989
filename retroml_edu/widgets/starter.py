"""How a panel's run begins: one at a time, from the form or from a checkpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeAlias

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.errors import RunBusyError, raise_problems
from retroml_edu.core.events import LogEvent, log
from retroml_edu.core.states import RunState
from retroml_edu.session.follower import RunFollower
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

    def resume(self, run_id: str, show: Show) -> TrainingRun:
        """Go on with a run that was left, from its newest checkpoint.

        Raises:
            RunBusyError: If the panel's run goes on, or the other one does.
            RetroMLError: If the run cannot be resumed.
        """
        return self._begin(lambda session: self._resume(session, run_id, show))

    def call_off(self) -> None:
        """Give up the start that is under way; nothing happens without one."""
        self._called_off.set()
        trial = self._trial
        if trial is not None:
            trial.stop()

    def undisturbed(self) -> AbstractContextManager[bool]:
        """Return a context in which nothing starts."""
        return self._starting

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
        raise RunBusyError(
            f"This panel is training already (step {run.step:,} of {run.config.total_timesteps:,}). "
            "Stop that run first, or open a second panel with Lab()."
        )

    def _begin(self, make_run: Callable[[Session], TrainingRun]) -> TrainingRun:
        if not self._starting.acquire(blocking=False):
            raise RunBusyError("This panel is about to start a run: one press of Train is enough.")
        try:
            self.refuse_second_run()
            before, resumable = self._runbar.state, "resume" in self._runbar.allowed
            self._called_off.clear()
            self._measured = None
            self._runbar.show_problems([])
            self._runbar.show_state(RunState.STARTING)
            try:
                self._session = self._session or self._open_session()
                return make_run(self._session)
            except BaseException:
                self._runbar.show_state(before, resumable=resumable)
                raise
        finally:
            self._starting.release()

    def _start(self, session: Session, show: Show) -> TrainingRun:
        request = self._settings.request()
        problems = session.check(request.config)
        self._settings.form.show_problems(problems)
        raise_problems(problems)
        config = request.config if request.duration_s is None else self._timed(session, request)
        self._go_on_unless_called_off()
        run = session.start(config)
        if self._measured is not None:
            run.bus.publish(self._measured)
        self._settings.started(request.config)
        show(run)
        self._runbar.show_problems([problem for problem in problems if problem.severity == "warning"])
        return run

    def _resume(self, session: Session, run_id: str, show: Show) -> TrainingRun:
        self._go_on_unless_called_off()
        run = session.resume(run_id)
        show(run)
        return run

    def _go_on_unless_called_off(self) -> None:
        if self._called_off.is_set():
            raise RunBusyError("The start was called off.")

    def _timed(self, session: Session, request: Request) -> ExperimentConfig:
        """Turn hours and minutes into steps, from the speed of this machine."""
        self._runbar.show_state(MEASURING)
        self._runbar.show_title("")
        self._runbar.show_progress(0.0, "A throw-away copy is trained for some seconds, to turn the time into steps.")
        self._trial = Control()
        if self._called_off.is_set():
            self._trial.stop()
        try:
            speed = session.measure_speed(request.config, control=self._trial)
        finally:
            self._trial = None
        self._runbar.show_state(RunState.STARTING)
        config = lasting(request.config, request.duration_s or 0.0, speed)
        steps = f"{config.total_timesteps:,} steps at the measured {speed:,.0f} steps/s"
        self._measured = log("info", f"{duration(request.duration_s or 0.0)} became {steps}")
        return config
