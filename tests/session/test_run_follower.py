"""A run of another process, followed and stopped through its folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from retroml_edu.core.errors import RunBusyError
from retroml_edu.core.events import EpisodeEvent, MetricEvent
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.history import list_runs, load_run
from retroml_edu.session.session import Session
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.inbox import acknowledged
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, Collector, threads_of_runs, until, until_stored

ROOT = Path(__file__).parents[2]


@pytest.fixture
def train_elsewhere(home):
    """Start `retroml-edu train` and return its process and its run, once that is on disk."""
    processes = []

    def train(steps):
        command = ["train", "--env", "CartPole-v1", "--algo", "A2C", "--seed", "3", "--no-video", "--quiet"]
        process = subprocess.Popen(
            [sys.executable, "-m", "retroml_edu", *command, "--steps", str(steps), "--home", str(home)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        until(lambda: process.poll() is not None or (home.exists() and list_runs(home)), "the run's folder")
        return process, load_run(list_runs(home)[0].run_id, home)

    yield train
    for process in processes:
        process.kill()
        process.communicate()


def test_it_is_followed_to_its_end(train_elsewhere):
    process, stored = train_elsewhere(3_000)
    follower, sink = RunFollower(stored), Collector()
    follower.follow(sink)
    until(lambda: sink.states[-1:] == ["done"], "the end")
    follower.close()
    assert process.wait(TIMEOUT_S) == 0
    assert follower.ended
    assert follower.step == stored.summary["steps"] >= 3_000
    assert [event for event in sink.events if event.kind != "progress"] == stored.events()
    assert [event.step for event in sink.events if event.kind == "progress"][-1] == follower.step


def test_it_is_paused_and_stopped_from_here(train_elsewhere):
    process, stored = train_elsewhere(50_000_000)
    follower, sink = RunFollower(stored), Collector()
    follower.follow(sink)
    until(lambda: "running" in sink.states, "the start")
    follower.pause()
    until(lambda: sink.states[-1] == "paused", "the pause")
    follower.resume()
    until(lambda: sink.states[-1] == "running", "the end of the pause")
    follower.stop()
    until(lambda: sink.states[-1] == "stopped", "the end")
    follower.close()
    assert process.wait(TIMEOUT_S) == 1
    assert acknowledged(stored.folder) == 3
    with pytest.raises(RunBusyError, match="This run is stopped: only a run that trains can be paused"):
        follower.pause()
    follower.stop()
    follower.resume()
    assert acknowledged(stored.folder) == 3


def test_a_finished_run_is_told_at_once_and_whole(start):
    live = start()
    live.wait()
    stored = load_run(live.run_id, live.path.parent)
    follower, sink = RunFollower(stored), Collector()
    for thread in threads_of_runs():  # nothing more can come: nobody has to close the follower
        thread.join(TIMEOUT_S)
    assert not threads_of_runs()
    follower.follow(sink)
    assert [event for event in sink.events if event.kind != "progress"] == stored.events()


def test_who_stops_following_gets_nothing_more(start):
    trainer = ScriptedTrainer(wait_at=400)
    live = start(trainer)
    follower, sink = RunFollower(load_run(live.run_id, live.path.parent)), Collector()
    subscription = follower.follow(sink)
    until(lambda: sink.states[-1:] == ["running"], "the first batch")
    follower.unfollow(subscription)
    trainer.release.set()
    live.wait()
    follower.close()
    assert sink.states[-1] == "running"


def test_a_folder_that_cannot_be_read_is_told_once_and_looked_at_again(start, monkeypatch):
    trainer = ScriptedTrainer(wait_at=400)
    live = start(trainer)
    follower, sink = RunFollower(load_run(live.run_id, live.path.parent)), Collector()
    follower.follow(sink)
    read = follower._tail.poll
    failures = []

    def unreadable():
        failures.append("")
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(follower._tail, "poll", unreadable)
    until(lambda: len(failures) > 2, "two looks")
    monkeypatch.setattr(follower._tail, "poll", read)
    trainer.release.set()
    until(lambda: sink.states[-1:] == ["done"], "the end")
    follower.close()
    assert [event.message for event in sink.log if event.level != "info"] == [
        "The run folder cannot be read: Input/output error."
    ]


def killed(run, home):
    """Make what a killed process leaves of a run that goes on: a copy of its folder."""
    copy = RunFolder(shutil.copytree(run.path, home / run.run_id, ignore=shutil.ignore_patterns(".*.tmp")))
    copy.lease_file.unlink()
    return load_run(copy.run_id, home)


@pytest.fixture
def lost(start, tmp_path):
    trainer = ScriptedTrainer(wait_at=400)
    run = start(trainer, checkpoints={"every_steps": 128})
    assert trainer.reached.wait(TIMEOUT_S)
    until_stored(run, 384)
    until(lambda: run.storage_lag == 0, "the files")
    stored = killed(run, tmp_path / "elsewhere")
    trainer.release.set()
    run.wait(TIMEOUT_S)
    return stored


@pytest.fixture
def follow():
    """Follow a run; every follower is closed at the latest when the test is over."""
    made = []

    def follow(stored):
        follower, sink = RunFollower(stored), Collector()
        made.append(follower)
        return follower, sink, follower.follow(sink)

    yield follow
    for follower in made:
        follower.close()


def resume(stored):
    run = Session(stored.path.parent, trainer_for=lambda config: ScriptedTrainer()).resume(stored.run_id)
    assert run.wait(TIMEOUT_S).success


def values(events):
    return [event for event in events if isinstance(event, MetricEvent | EpisodeEvent)]


def test_a_lost_run_is_told_once_and_followed_when_it_is_resumed(lost, follow):
    follower, sink, _ = follow(lost)
    until(lambda: sink.states[-1:] == ["lost"], "the first batch")
    before = lost.events()
    assert [event for event in sink.events if event.kind != "progress"][:-1] == before
    assert max(event.step for event in values(before)) > 384
    resume(lost)
    until(lambda: sink.states[-1:] == ["done"], "the end")
    assert sink.states.count("lost") == 1
    assert follower.ended


def test_who_is_told_that_a_run_was_resumed_begins_anew_with_what_counts(lost, follow):
    follower, sink, subscription = follow(lost)
    until(lambda: sink.states[-1:] == ["lost"], "the first batch")
    before = list(sink.events)
    anew = []

    def begin_anew():
        follower.unfollow(subscription)
        anew.append(follow(lost)[1])

    follower.on_resumed = begin_anew
    resume(lost)
    until(lambda: anew and anew[0].states[-1:] == ["done"], "the end")
    assert len(anew) == 1
    assert sink.events == before
    assert values(anew[0].events) == values(lost.events())


def test_a_checkpoint_is_asked_for_from_here(start, follow):
    trainer = ScriptedTrainer(wait_at=400)
    live = start(trainer)
    follower, sink, _ = follow(load_run(live.run_id, live.path.parent))
    assert trainer.reached.wait(TIMEOUT_S)
    follower.checkpoint()
    until(lambda: any(event.kind == "checkpoint" for event in sink.events), "the checkpoint")
    trainer.release.set()
    live.wait(TIMEOUT_S)
    until(lambda: follower.ended, "the end")
    with pytest.raises(RunBusyError, match="This run is done: only a run that trains can make a checkpoint"):
        follower.checkpoint()
