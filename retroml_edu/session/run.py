"""A run in progress: one thread that trains, and everything that accompanies it."""

from __future__ import annotations

import contextlib
import math
import threading
import time
import traceback
from collections.abc import Callable

from retroml_edu.analysis.diagnostics import diagnose
from retroml_edu.core.bus import EventBus, Sink, Subscription
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control, StopRequested
from retroml_edu.core.digest import ValuesDigest
from retroml_edu.core.errors import RetroMLError, RunBusyError, WaitTimeoutError
from retroml_edu.core.events import EpisodeEvent, Event, ProgressEvent, StateEvent, log
from retroml_edu.core.ids import utc_now
from retroml_edu.core.results import RunResult
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.core.states import RunState
from retroml_edu.core.training import Start, TrainedModel, Trainer
from retroml_edu.session.archive import RunArchive
from retroml_edu.session.checkpointer import Checkpointer
from retroml_edu.session.own_code import where_to_mend
from retroml_edu.session.pump import Pump
from retroml_edu.session.videos import VideoRecorder

VIEW_INTERVAL_S = 0.25
STORE_INTERVAL_S = 0.5
WAIT_SLICE_S = 0.5
"""Windows tells Python of Ctrl-C only between two waits."""


class TrainingRun:
    """One run of this process, from its start to its final state.

    Made by `Session`. Its thread trains; a pump writes to the run folder, another feeds the panels, and a recorder
    films copies of the agent.

    Args:
        config: Fully resolved.
        trainer: A fresh one.
        archive: Its folder.
        start: What training goes on from.
        values_digest: Of all values that the run had reported by then; empty for a new run.

    Attributes:
        run_id: Name of the run's folder.
        config: Fully resolved.
        bus: Carries its events.
        first_step: Step at which it begins or goes on.

    Threads: all public methods may be called from anywhere.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        trainer: Trainer,
        archive: RunArchive,
        *,
        start: Start | None = None,
        values_digest: str = "",
    ) -> None:
        self.run_id = archive.run_id
        self.path = archive.folder.path
        self.config = config
        self.bus = EventBus()
        self.control = Control(on_pause=self._pause_changed)
        self._trainer = trainer
        self._archive = archive
        self._start = start
        self._values = ValuesDigest(values_digest)
        self._state = RunState.CREATED
        self._state_lock = threading.RLock()
        self.first_step = start.step if isinstance(start, Snapshot) else 0
        self._step = self.first_step
        self._training_time_s = 0.0
        self._error: str | None = None
        self._why_stopped = ""
        self._ended = threading.Event()
        self._result: RunResult | None = None
        self._store_pump = Pump("retroml-store", STORE_INTERVAL_S)
        self._view_pump = Pump("retroml-views", VIEW_INTERVAL_S)
        self._recorder = VideoRecorder(config, archive.folder, self.bus.publish)
        self._checkpointer = self._make_checkpointer()
        self.control.snapshots = self._checkpointer
        self._thread = threading.Thread(target=self._work, name=f"retroml-train-{self.run_id[:8]}", daemon=True)

    # -- what anybody may ask ------------------------------------------------------------------------------------

    @property
    def state(self) -> RunState:
        """Where the run stands."""
        return self._state

    @property
    def step(self) -> int:
        """Environment steps taken so far."""
        return self._step

    @property
    def attempt(self) -> int:
        """Which start of the run this is, from 1."""
        return self._archive.attempt

    @property
    def error(self) -> str | None:
        """What went wrong, in a sentence."""
        return self._error

    @property
    def storage_lag(self) -> int:
        """Events that are not on disk yet."""
        return self._archive.lag

    def stop(self, why: str = "") -> None:
        """Ask for the end. Training ends within a second; videos that are not done are given up.

        Nothing happens if the run has ended already.

        Args:
            why: Stands beside its final state, unless somebody has asked before.
        """
        self._recorder.cancel()
        with self._state_lock:
            if self._state.may_become(RunState.STOPPING):
                self._why_stopped = why
                self._enter(RunState.STOPPING)
        self.control.stop()

    def pause(self) -> None:
        """Ask training to wait after its current step or mini-batch.

        Raises:
            RunBusyError: If the run is not training.
        """
        if self._state not in (RunState.RUNNING, RunState.PAUSED):
            raise RunBusyError(f"This run is {self._state}: only a run that trains can be paused.")
        self.control.pause()

    def resume(self) -> None:
        """End a pause; nothing happens without one."""
        self.control.resume()

    def checkpoint(self) -> None:
        """Have the exact state stored at the next step.

        Raises:
            RunBusyError: If the run is not training, or its config asks for no checkpoints.
        """
        if self._checkpointer is None:
            raise RunBusyError("This run makes no checkpoints: its config says so (checkpoints.enabled).")
        if self._state not in (RunState.STARTING, RunState.RUNNING, RunState.PAUSED):
            raise RunBusyError(f"This run is {self._state}: only a run that trains can make a checkpoint.")
        self._checkpointer.request()

    def follow(self, sink: Sink, *, name: str = "", replay: bool = True) -> Subscription:
        """Feed a sink from now on, four batches a second; by default first with what happened so far."""
        subscription = self.bus.subscribe(sink, name=name, replay=replay)
        self._view_pump.add(subscription.drain)
        return subscription

    def unfollow(self, subscription: Subscription) -> None:
        """Stop feeding a sink."""
        self._view_pump.remove(subscription.drain)
        subscription.close()

    def wait(self, timeout_s: float | None = None) -> RunResult:
        """Wait until the run has ended, its folder is complete and its followers have been told.

        Raises:
            WaitTimeoutError: If it takes longer; the run goes on.
        """
        deadline = math.inf if timeout_s is None else time.monotonic() + timeout_s
        while not self._ended.wait(min(WAIT_SLICE_S, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                raise WaitTimeoutError(
                    f"The run is still {self._state} after {timeout_s:g} s (step {self._step:,} of "
                    f"{self.config.total_timesteps:,}): wait longer, or stop it."
                )
        return self.result

    @property
    def ended(self) -> bool:
        """Whether the run has ended, its folder is complete and its followers have been told."""
        return self._ended.is_set()

    @property
    def result(self) -> RunResult:
        """The outcome.

        Raises:
            RunBusyError: While the run goes on.
        """
        if self._result is None:
            raise RunBusyError(f"The run is still {self._state}: its result is there when it has ended.")
        return self._result

    def _make_checkpointer(self) -> Checkpointer | None:
        settings = self.config.checkpoints
        if not settings.enabled:
            return None
        return Checkpointer(
            settings,
            self._archive,
            self._values,
            self.bus.publish,
            stopping=lambda: self.control.stopping,
            at_start=self.config.parent is not None and self._archive.attempt == 1,
        )

    # -- its life ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin; called once, by the session."""
        self._archive.open(self.bus, self._store_pump, self._obey)
        self._store_pump.start()
        self._view_pump.start()
        self._enter(RunState.STARTING)
        parent = self.config.parent
        if parent is not None and self._archive.attempt == 1:
            self.bus.publish(log("info", f"Goes on from step {parent.step:,} of run {parent.run_id[-6:]}."))
        if self.config.video.enabled:
            self._recorder.start()
            total = self.config.total_timesteps
            early = {int(share * total) for share in self.config.video.milestones if share < 1.0}
            # What came before was filmed by the run that this one goes on from.
            early = {step for step in early if step > self.first_step or (step == 0 and self._archive.attempt == 1)}
            self.control.at_steps(early, self._recorder.record)
        self._thread.start()

    def _work(self) -> None:
        final = RunState.FAILED
        try:
            final = self._train_and_finish()
        except BaseException as error:  # noqa: BLE001 - the thread's edge, also of a SystemExit in somebody's game
            self._fail(error)
        finally:
            self._end(final)

    def _train_and_finish(self) -> RunState:
        try:
            model = self._trainer.train(self.config, self._take, self.control, self._start)
        except StopRequested:  # before there was a model: nothing was learned that could be kept
            self._recorder.finish()
            if self._checkpointer is not None:
                self._checkpointer.finish()
            return RunState.STOPPED
        with self._state_lock:
            stopped = self._state is RunState.STOPPING  # a later stop gives up the videos, and nothing else
            if not stopped:
                self._running()
                self._enter(RunState.FINISHING)
        self._archive.save_model(model)
        self._film_the_end(model, stopped=stopped)
        return RunState.STOPPED if stopped else RunState.DONE

    def _film_the_end(self, model: TrainedModel, *, stopped: bool) -> None:
        if not self.config.video.enabled:
            return
        if not stopped and 1.0 in self.config.video.milestones:
            self._recorder.record(model.weights)
        self._recorder.finish()

    def _take(self, event: Event) -> None:
        """Take an event from the trainer, in the trainer's thread."""
        if self._state is RunState.STARTING:
            self._running()
        if isinstance(event, ProgressEvent):
            self._step, self._training_time_s = event.step, event.elapsed_s
        elif isinstance(event, EpisodeEvent):
            self._step, self._training_time_s = max(self._step, event.step), event.elapsed_s
        self._values.add(event)
        if self._checkpointer is not None:
            self._checkpointer.note(event)
        self.bus.publish(event)

    def _running(self) -> None:
        with self._state_lock:
            if self._state is RunState.STARTING:
                self._enter(RunState.RUNNING)

    def _pause_changed(self, paused: bool) -> None:
        with self._state_lock:
            wanted = RunState.PAUSED if paused else RunState.RUNNING
            self._running()
            if self._state is not wanted and self._state.may_become(wanted):
                self._enter(wanted)

    def _enter(self, state: RunState) -> None:
        with self._state_lock:
            if self._state.may_become(state):
                self._state = state
                self.bus.publish(StateEvent(state, self._step, time_utc=utc_now()))

    def _obey(self, command: str) -> None:
        """Carry out a command that another process left in the run folder."""
        {
            "stop": self.stop,
            "pause": self.control.pause,
            "resume": self.control.resume,
            "checkpoint": self.checkpoint,
        }[command]()

    def _fail(self, error: BaseException) -> None:
        self._error = str(error) if isinstance(error, RetroMLError) else _of_another(error)
        self._recorder.cancel()
        self.bus.publish(
            log(
                "error",
                f"Training failed at step {self._step:,}: {self._error}",
                step=self._step,
                details=traceback.format_exc(),
            )
        )
        self._recorder.finish()
        if self._checkpointer is not None:
            self._checkpointer.finish()

    def _end(self, final: RunState) -> None:
        """Complete the folder; whatever fails here is said and leaves the rest standing."""
        try:
            why = self._why_stopped if final is RunState.STOPPED else self._error or ""
            ending = StateEvent(final, self._step, why, utc_now())
            for problem in self._archive.complete(ending, self._training_time_s, self._values.hex):
                self.bus.publish(log("warning", problem))
            with self._state_lock:
                self._state = final
                self.bus.publish(ending)
            self._store_pump.stop()
            for problem in self._archive.close():
                self.bus.publish(log("warning", problem))
        except Exception as error:  # noqa: BLE001 - the thread's edge
            self._error = self._error or f"The run folder could not be completed: {error}"
            self.bus.publish(log("error", self._error, details=traceback.format_exc()))
        finally:
            with contextlib.suppress(OSError):  # a folder that is gone must not keep anybody waiting
                self._result = self._archive.result(final, self._training_time_s, self._error)
            self._view_pump.stop()  # first: nothing of this run reaches a panel that goes on to the next one
            self._ended.set()


def _of_another(error: BaseException) -> str:
    """Return what somebody else's code raised, and which line of it, unless the machine is known to be the cause."""
    text = f"{type(error).__name__}: {error}".rstrip(": ")
    where = "" if diagnose(text) is not None else where_to_mend(error)
    return f"{text.rstrip('.')}. {where}" if where else text


TrainerFactory = Callable[[ExperimentConfig], Trainer]
