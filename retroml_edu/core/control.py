"""The trainer's inbox: stop, pause, copies of the weights, frames, snapshots. Polled between steps and mini-batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Protocol

from retroml_edu.core.frames import Frame, FrameChannel
from retroml_edu.core.snapshot import Snapshot, SnapshotSink
from retroml_edu.core.weights import PolicyWeights

WeightsReceiver = Callable[[PolicyWeights], None]


class StopRequested(Exception):  # noqa: N818 - not an error: the way a stop leaves nested loops
    """Raised inside the trainer when somebody asked it to stop."""


class TrainerView(Protocol):
    """What a trainer lets others see of itself, at a step boundary."""

    def copy_weights(self) -> PolicyWeights:
        """Return the weights as they are at this step, copied."""
        ...

    def render(self) -> Frame:
        """Return a picture of training environment 0."""
        ...

    def snapshot(self) -> Snapshot:
        """Return everything that decides how training goes on from here."""
        ...


class Control:
    """Carries wishes from any thread to the trainer's thread.

    Threads: the asking methods may be called anywhere, `poll`, `keep` and `poll_within_update` only by the trainer.
    """

    def __init__(self, on_pause: Callable[[bool], None] = lambda _paused: None) -> None:
        self.frames = FrameChannel()
        self.snapshots: SnapshotSink | None = None
        """Where snapshots go; set before training starts."""
        self._on_pause = on_pause
        self._changed = threading.Condition()
        self._stop = False
        self._pause = False
        self._receivers: list[WeightsReceiver] = []
        self._milestones: list[tuple[int, WeightsReceiver]] = []
        self.paused_s = 0.0
        """Seconds spent in pauses so far."""

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for."""
        return self._stop

    def stop(self) -> None:
        """Ask for the end of training; also ends a pause."""
        with self._changed:
            self._stop = True
            self._changed.notify_all()

    def pause(self) -> None:
        """Ask the trainer to wait at its next poll."""
        with self._changed:
            self._pause = True

    def resume(self) -> None:
        """End a pause."""
        with self._changed:
            self._pause = False
            self._changed.notify_all()

    def request_weights(self, receiver: WeightsReceiver) -> None:
        """Have one copy of the weights handed to the receiver, in the trainer's thread: it must be quick."""
        with self._changed:
            self._receivers.append(receiver)

    def at_steps(self, steps: Iterable[int], receiver: WeightsReceiver) -> None:
        """Have copies of the weights handed over when training reaches these steps."""
        with self._changed:
            self._milestones = sorted([*self._milestones, *((step, receiver) for step in steps)], key=lambda m: m[0])

    def poll(self, step: int, view: TrainerView) -> None:
        """Serve all wishes. Called between environment steps.

        Raises:
            StopRequested: If somebody asked for a stop.
        """
        if self._receivers or (self._milestones and self._milestones[0][0] <= step):
            self._serve_weights(step, view)
        if self.frames.wanted:
            self._draw(view)
        if self.snapshots is not None and self.snapshots.due(step):
            self.snapshots.take(view.snapshot())
        self.poll_within_update()

    def keep(self, view: TrainerView) -> None:
        """Have a snapshot taken where training ends, if there is somebody who takes them."""
        if self.snapshots is not None:
            self.snapshots.take(view.snapshot())

    def poll_within_update(self) -> None:
        """Serve stop and pause only: between mini-batches the weights are those of no step.

        Raises:
            StopRequested: If somebody asked for a stop.
        """
        if self._pause and not self._stop:
            self._wait_while_paused()
        if self._stop:
            raise StopRequested

    def _draw(self, view: TrainerView) -> None:
        try:
            frame = view.render()
        except Exception as error:  # noqa: BLE001 - watching must not end what is watched: the viewer is told
            self.frames.fail(error)
        else:
            self.frames.put(frame)

    def _serve_weights(self, step: int, view: TrainerView) -> None:
        with self._changed:
            receivers, self._receivers = self._receivers, []
            while self._milestones and self._milestones[0][0] <= step:
                receivers.append(self._milestones.pop(0)[1])
        weights = view.copy_weights()
        for receiver in receivers:
            receiver(weights)

    def _wait_while_paused(self) -> None:
        began = time.monotonic()
        self._on_pause(True)
        with self._changed:
            self._changed.wait_for(lambda: self._stop or not self._pause)
        self.paused_s += time.monotonic() - began
        self._on_pause(False)
