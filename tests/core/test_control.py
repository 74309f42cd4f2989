"""The trainer's inbox."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from retroml_edu.core.control import Control, StopRequested
from retroml_edu.core.frames import Frame, FrameChannel
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.core.weights import PolicyWeights

WAIT_S = 30.0


class View:
    """A trainer that counts how often it is looked at."""

    def __init__(self) -> None:
        self.step = 0
        self.copies = 0
        self.renders = 0

    def copy_weights(self) -> PolicyWeights:
        self.copies += 1
        return PolicyWeights(self.step, {"w": np.zeros(1)})

    def render(self) -> Frame:
        self.renders += 1
        return Frame(np.zeros((2, 2, 3), np.uint8), self.step)

    def snapshot(self) -> Snapshot:
        return Snapshot(self.step, {}, {})


class Sink:
    """Wants snapshots at some steps, and may ask for a stop when it gets one."""

    def __init__(self, *steps: int) -> None:
        self.steps = steps
        self.taken: list[int] = []

    def due(self, step: int) -> bool:
        return step in self.steps

    def take(self, snapshot: Snapshot) -> None:
        self.taken.append(snapshot.step)


def advance(control: Control, view: View, *steps: int) -> None:
    for step in steps:
        view.step = step
        control.poll(step, view)


def test_nothing_is_copied_or_drawn_while_nobody_asks() -> None:
    control, view = Control(), View()
    advance(control, view, *range(100))
    assert (view.copies, view.renders) == (0, 0)


@pytest.mark.parametrize("within_update", [False, True])
def test_a_stop_is_raised_at_the_next_poll(within_update: bool) -> None:
    control = Control()
    control.stop()
    assert control.stopping
    with pytest.raises(StopRequested):
        control.poll_within_update() if within_update else control.poll(1, View())


def test_weights_are_handed_over_once_a_request() -> None:
    control, view, got = Control(), View(), []
    control.request_weights(got.append)
    control.request_weights(got.append)
    advance(control, view, 7, 8)
    assert [weights.step for weights in got] == [7, 7]
    assert view.copies == 1


def test_weights_are_not_copied_between_mini_batches() -> None:
    control, got = Control(), []
    control.request_weights(got.append)
    control.poll_within_update()
    assert got == []


def test_milestones_are_served_when_they_are_reached_or_passed() -> None:
    control, view, got = Control(), View(), []
    control.at_steps((100, 0), got.append)
    control.at_steps((50,), got.append)
    advance(control, view, 0, 40, 64, 99, 120, 130)
    assert [weights.step for weights in got] == [0, 64, 120]


def test_milestones_passed_in_one_stride_are_all_served() -> None:
    control, view, got = Control(), View(), []
    control.at_steps((10, 20, 30), got.append)
    advance(control, view, 25)
    assert len(got) == 2
    assert view.copies == 1


def test_wishes_are_served_before_a_stop_is_raised() -> None:
    control, view, got = Control(), View(), []
    control.request_weights(got.append)
    control.stop()
    with pytest.raises(StopRequested):
        control.poll(5, view)
    assert len(got) == 1


def paused_trainer(control: Control, began: threading.Event) -> tuple[threading.Thread, list[str]]:
    ended: list[str] = []

    def train() -> None:
        try:
            control.poll_within_update()
            ended.append("went on")
        except StopRequested:
            ended.append("stopped")

    thread = threading.Thread(target=train)
    thread.start()
    assert began.wait(WAIT_S)
    return thread, ended


@pytest.mark.parametrize(("end", "outcome"), [("resume", "went on"), ("stop", "stopped")])
def test_a_pause_lasts_until_it_is_ended(end: str, outcome: str) -> None:
    said: list[bool] = []
    began = threading.Event()

    def on_pause(paused: bool) -> None:
        said.append(paused)
        began.set()

    control = Control(on_pause)
    control.pause()
    thread, ended = paused_trainer(control, began)
    assert thread.is_alive()
    assert ended == []
    getattr(control, end)()
    thread.join(WAIT_S)
    assert not thread.is_alive()
    assert ended == [outcome]
    assert said == [True, False]
    assert control.paused_s > 0


def test_a_pause_taken_back_before_the_poll_is_none() -> None:
    said: list[bool] = []
    control = Control(said.append)
    control.pause()
    control.resume()
    control.poll(1, View())
    assert said == []
    assert control.paused_s == 0


def test_a_stop_wins_over_a_pause() -> None:
    said: list[bool] = []
    control = Control(said.append)
    control.pause()
    control.stop()
    with pytest.raises(StopRequested):
        control.poll_within_update()
    assert said == []


def test_a_frame_is_drawn_for_whoever_waits() -> None:
    control, view, got = Control(), View(), []
    viewer = threading.Thread(target=lambda: got.append(control.frames.take(WAIT_S)))
    viewer.start()
    step = 0
    while viewer.is_alive():
        step += 1
        advance(control, view, step)
        viewer.join(0.001)
    assert got[0] is not None
    assert got[0].pixels.shape == (2, 2, 3)
    renders = view.renders
    advance(control, view, *range(step, step + 50))
    assert view.renders == renders == 1


def test_a_game_that_cannot_be_drawn_ends_the_watching_and_not_the_training() -> None:
    class Blind(View):
        def render(self) -> Frame:
            raise ValueError("no colours left")

    control, told = Control(), []

    def watch() -> None:
        with pytest.raises(ValueError, match="no colours left") as caught:
            control.frames.take(WAIT_S)
        told.append(caught.value)

    viewer = threading.Thread(target=watch)
    viewer.start()
    step = 0
    while viewer.is_alive():
        step += 1
        advance(control, Blind(), step)
        viewer.join(0.001)
    assert len(told) == 1
    assert not control.frames.wanted


def test_a_viewer_whose_trainer_is_away_gets_nothing() -> None:
    assert FrameChannel().take(0.01) is None


def test_a_viewer_never_gets_a_picture_from_before_it_asked() -> None:
    channel = FrameChannel()
    channel.put(Frame(np.zeros((2, 2, 3), np.uint8), 1))
    assert channel.take(0.01) is None
    assert channel.wanted


def test_snapshots_are_taken_when_they_are_due() -> None:
    control, sink = Control(), Sink(2, 5)
    control.snapshots = sink
    advance(control, View(), *range(8))
    assert sink.taken == [2, 5]


def test_a_snapshot_that_is_due_is_taken_before_a_stop_is_raised() -> None:
    control, sink = Control(), Sink(3)
    control.snapshots = sink
    control.stop()
    with pytest.raises(StopRequested):
        control.poll(3, View())
    assert len(sink.taken) == 1


def test_between_mini_batches_no_snapshot_is_taken() -> None:
    control, sink = Control(), Sink(0)
    control.snapshots = sink
    control.poll_within_update()
    assert sink.taken == []


def test_where_training_ends_a_snapshot_is_kept_whether_due_or_not() -> None:
    control, sink, view = Control(), Sink(), View()
    control.keep(view)
    control.snapshots = sink
    control.stop()
    control.keep(view)
    assert sink.taken == [0]
