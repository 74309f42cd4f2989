"""Follows a run of another process, kernel or machine through its folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retroml_edu.core.bus import EventBus, Sink, Subscription
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import Points
from retroml_edu.core.errors import RunBusyError
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent, ProgressEvent, StateEvent, log
from retroml_edu.core.ids import utc_now
from retroml_edu.core.states import RunState
from retroml_edu.session.history import Run
from retroml_edu.session.pump import Pump
from retroml_edu.storage.inbox import send_command
from retroml_edu.storage.reader import EventTail

INTERVAL_S = 0.5
HISTORY = 1_000_000
"""Events that a late sink still gets: the whole story of all but monstrous runs."""


class RunFollower:
    """Makes the batches that a `TrainingRun` would make, from the files that its process writes.

    Stop, pause, resume and checkpoint are left as commands in the run's inbox, which its process reads twice a second.
    A run that was left can be resumed by any process: it is followed on until it is done, or `close` is called.

    Args:
        run: A run read from its folder.
        in_columns: Whether a run that has ended gives what it measured as `recorded`, in milliseconds, and not as so
            many single events.

    Attributes:
        recorded: What was measured before the first event; None if the events tell it.
        on_resumed: Called when the run was started again from a checkpoint, so that some of what was given out counts
            no longer. This follower is closed then: a new one tells the run as it is now. Without it, this one goes on.

    Threads: as `TrainingRun`; `on_resumed` is called in the follower's own thread and must not raise.
    """

    def __init__(self, run: Run, *, in_columns: bool = False) -> None:
        self.run_id = run.run_id
        self.path = run.path
        self.config: ExperimentConfig = run.config
        self.bus = EventBus(HISTORY)
        self.recorded: Points | None = None
        read = 0
        if in_columns and run.state.is_final:
            read = run.folder.metrics_log.stat().st_size if run.folder.metrics_log.exists() else 0
            self.recorded = run.points()
        self.step = self.recorded.step if self.recorded is not None else 0
        self.on_resumed: Callable[[], None] | None = None
        self._run = run
        self._tail = EventTail(run.folder, metrics_from=read)
        self._attempt = 0
        self._told = RunState.CREATED
        self._problem = ""
        self._pump = Pump("retroml-follow", INTERVAL_S)
        self._pump.add(self._read)
        self._read()
        self._pump.start()

    @property
    def state(self) -> RunState:
        """Where the run stands."""
        return self._run.state

    @property
    def ended(self) -> bool:
        """Whether the run has ended, or its folder is gone: then nothing more can come of it."""
        return self.state.is_final or not self.path.is_dir()

    def stop(self) -> None:
        """Ask the run's process to end it; nothing happens if it has ended already."""
        self._send("stop")

    def pause(self) -> None:
        """Ask the run's process to pause it.

        Raises:
            RunBusyError: If the run has ended.
        """
        if self.ended:
            raise RunBusyError(f"This run is {self.state}: only a run that trains can be paused.")
        self._send("pause")

    def resume(self) -> None:
        """Ask the run's process to go on."""
        self._send("resume")

    def checkpoint(self) -> None:
        """Ask the run's process to store its exact state.

        Raises:
            RunBusyError: If the run has ended.
        """
        if self.ended:
            raise RunBusyError(f"This run is {self.state}: only a run that trains can make a checkpoint.")
        self._send("checkpoint")

    def follow(self, sink: Sink, *, name: str = "", replay: bool = True) -> Subscription:
        """Feed a sink from now on; by default first with what happened so far."""
        subscription = self.bus.subscribe(sink, name=name, replay=replay)
        self._pump.add(subscription.drain)
        return subscription

    def unfollow(self, subscription: Subscription) -> None:
        """Stop feeding a sink."""
        self._pump.remove(subscription.drain)
        subscription.close()

    def close(self) -> None:
        """Stop following; the end of a run that is done does so too."""
        self._pump.remove(self._read)
        self._pump.stop()

    def _send(self, command: str) -> None:
        if not self.ended:
            send_command(self._run.folder, command)

    def _read(self) -> None:
        try:
            state = self._run.state  # first: what was written before a final state is then read to its end
            events = self._tail.poll()
        except OSError as error:  # a job of the pump must not raise; the folder may come back
            self._warn_once(f"The run folder cannot be read: {error.strerror or error}.")
            return
        started_again = 0 < self._attempt < self._tail.attempt
        self._attempt = self._tail.attempt
        if started_again and self.on_resumed is not None:
            self.close()
            self.on_resumed()
            return
        self._publish(events)
        if state is RunState.LOST is not self._told and not started_again:  # nobody was left to write it down
            self._publish([StateEvent(state, self.step, "its process ended without a word", utc_now())])
        if state is RunState.DONE:  # for good; after one more round, for who follows already
            self.close()

    def _warn_once(self, problem: str) -> None:
        if problem != self._problem:
            self._problem = problem
            self.bus.publish(log("warning", problem, step=self.step))

    def _publish(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, StateEvent):
                self._told = event.state
            self.bus.publish(event)
        timed = [event for event in events if isinstance(event, MetricEvent | EpisodeEvent)]
        if timed:
            self.step = max(self.step, timed[-1].step)
            self.bus.publish(ProgressEvent(timed[-1].step, timed[-1].elapsed_s))
