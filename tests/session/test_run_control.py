"""Pause, resume, stop, wait: asked for at every moment of a run's life."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import ClassVar

import pytest

from retroml_edu.core.errors import RunBusyError, WaitTimeoutError
from retroml_edu.core.states import RunState
from retroml_edu.session import videos
from retroml_edu.session.history import list_runs, load_run
from retroml_edu.session.session import Session
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, small_config, states, until


class GatedTrainer(ScriptedTrainer):
    """Begins when it is told to."""

    def __init__(self):
        super().__init__()
        self.begin = threading.Event()

    def train(self, config, emit, control, start=None):
        assert self.begin.wait(TIMEOUT_S)
        return super().train(config, emit, control, start)


@pytest.fixture
def waiting(start):
    """A run whose trainer waits at step 400, and the trainer."""
    trainer = ScriptedTrainer(wait_at=400)
    run = start(trainer)
    assert trainer.reached.wait(TIMEOUT_S)
    return run, trainer


def pause(run):
    run.pause()
    until(lambda: run.state is RunState.PAUSED, "the pause")


def test_a_pause_is_a_state_and_no_training_time(waiting):
    run, trainer = waiting
    pause(run)
    threading.Event().wait(0.3)  # what must not be counted
    run.resume()
    until(lambda: run.state is RunState.RUNNING, "the end of the pause")
    trainer.release.set()
    result = run.wait(TIMEOUT_S)
    assert states(run.bus.history) == ["starting", "running", "paused", "running", "finishing", "done"]
    assert run.control.paused_s >= 0.3
    times = [datetime.fromisoformat(event.time_utc) for event in run.bus.history if event.kind == "state"]
    wall_s = (times[-2] - times[1]).total_seconds()
    assert result.training_time_s <= wall_s - 0.28


def test_a_stop_ends_a_pause(waiting):
    run, _ = waiting
    pause(run)
    run.stop()
    assert run.wait(TIMEOUT_S).state is RunState.STOPPED
    assert states(run.bus.history) == ["starting", "running", "paused", "stopping", "stopped"]


def test_a_stop_before_training_began(start):
    trainer = GatedTrainer()
    run = start(trainer, videos=True)
    run.stop()
    trainer.begin.set()
    assert run.wait(TIMEOUT_S).state is RunState.STOPPED
    assert states(run.bus.history) == ["starting", "stopping", "stopped"]


def test_a_pause_before_training_began_is_refused(start):
    trainer = GatedTrainer()
    run = start(trainer)
    with pytest.raises(RunBusyError, match="This run is starting: only a run that trains can be paused"):
        run.pause()
    trainer.begin.set()


def test_a_stop_while_finishing_gives_up_the_videos_only(start, monkeypatch):
    filming = threading.Event()

    def film_until_cancelled(*args, cancelled, **kwargs):
        filming.set()
        until(cancelled, "the stop")

    monkeypatch.setattr(videos, "record_episode", film_until_cancelled)
    run = start(videos={"milestones": (1.0,)})
    assert filming.wait(TIMEOUT_S)
    assert run.state is RunState.FINISHING
    run.stop()
    result = run.wait(TIMEOUT_S)
    assert result.success
    assert result.video_path is None


def test_a_stop_that_comes_twice_is_one_stop(waiting):
    run, _ = waiting
    run.stop()
    run.stop()
    run.wait(TIMEOUT_S)
    assert states(run.bus.history).count("stopping") == 1


def test_a_wait_that_is_too_short_says_where_the_run_is(waiting):
    run, _ = waiting
    with pytest.raises(WaitTimeoutError, match=r"still running after 0\.01 s \(step \d+ of 800\): wait longer, or"):
        run.wait(0.01)
    with pytest.raises(RunBusyError, match="its result is there when it has ended"):
        _ = run.result
    assert not run.ended


def test_a_wait_without_end_can_be_interrupted_on_every_system(start):
    class Slow(threading.Event):
        """Ends at the third look."""

        looks: ClassVar = []

        def wait(self, timeout=None):
            self.looks.append(timeout)
            return len(self.looks) > 2

    run = start()
    result = run.wait(TIMEOUT_S)
    run._ended = Slow()
    assert run.wait() is result
    assert Slow.looks == [0.5, 0.5, 0.5]


def test_a_video_that_hangs_when_it_is_cancelled_keeps_nobody_waiting(start, monkeypatch):
    filming, release = threading.Event(), threading.Event()

    def hang(*args, **kwargs):
        filming.set()
        release.wait(TIMEOUT_S)

    monkeypatch.setattr(videos, "record_episode", hang)
    monkeypatch.setattr(videos, "PATIENCE_S", 0.05)
    run = start(videos={"milestones": (1.0,)})
    try:
        assert filming.wait(TIMEOUT_S)
        run.stop()
        assert run.wait(TIMEOUT_S).success
        told = [event.message for event in run.bus.history if event.kind == "log" and event.level != "info"]
        assert told == ["The last video was given up: it did not end when it was cancelled."]
    finally:
        release.set()


def test_two_runs_side_by_side_do_not_meet(home):
    trainers = [ScriptedTrainer(wait_at=400), ScriptedTrainer(wait_at=400)]
    supply = iter(trainers)
    session = Session(home, trainer_for=lambda config: next(supply))
    runs = [session.start(small_config(seed=seed)) for seed in (1, 2)]
    assert all(trainer.reached.wait(TIMEOUT_S) for trainer in trainers)
    runs[0].stop()
    trainers[1].release.set()
    assert [run.wait(TIMEOUT_S).state for run in runs] == ["stopped", "done"]
    assert {row.run_id: row.state for row in list_runs(home)} == {run.run_id: run.state for run in runs}
    steps = [len(load_run(run.run_id, home).metrics()) for run in runs]
    assert steps == [13, 25]  # a stopped run has one point more: where it ended
