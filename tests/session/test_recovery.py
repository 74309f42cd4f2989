"""Runs that were left before their end: found, kept, put away, brought back, and told with their past."""

from __future__ import annotations

import json
import os
import platform
import shutil
import time
from dataclasses import replace

import pytest

from retroml_edu.core.errors import RunBusyError, StorageError
from retroml_edu.core.events import EpisodeEvent, MetricEvent, StateEvent
from retroml_edu.core.ids import new_run_id
from retroml_edu.core.states import RunState
from retroml_edu.session import recovery, session
from retroml_edu.session.history import Run, list_runs, load_run
from retroml_edu.session.recovery import earlier_events, keep, unfinished_runs
from retroml_edu.session.session import Session
from retroml_edu.session.trash import TRASH, discard, restore
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.manifest import check_manifest
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, until, until_stored

CHECKPOINTS = {"every_steps": 128}


@pytest.fixture
def lose(start, home, tmp_path):
    """Make what a killed process leaves of a run, in a home of its own: a copy of the folder of a run that goes on."""

    def lose(*, wait_at=400, checkpoints=CHECKPOINTS, lease=None):
        trainer = ScriptedTrainer(wait_at=wait_at)
        run = start(trainer, steps=800, checkpoints=checkpoints)
        assert trainer.reached.wait(TIMEOUT_S)
        until(lambda: any(isinstance(event, EpisodeEvent) for event in Run(RunFolder(run.path)).events()), "its files")
        every = checkpoints.get("every_steps")
        if every is not None:
            until_stored(run, wait_at // every * every)
        copy = RunFolder(
            shutil.copytree(run.path, tmp_path / "lost" / run.run_id, ignore=shutil.ignore_patterns(".*.tmp"))
        )
        copy.lease_file.unlink()
        if lease is not None:
            copy.lease_file.write_text(json.dumps(lease), "utf-8")
        trainer.release.set()
        run.stop()
        return copy

    return lose


def resumed(folder):
    return Session(folder.path.parent, trainer_for=lambda config: ScriptedTrainer()).resume(folder.run_id)


def values(events):
    return [event for event in events if isinstance(event, MetricEvent | EpisodeEvent)]


def test_a_lost_run_is_found_with_what_happened_and_what_is_possible(lose):
    folder = lose()
    (found,) = unfinished_runs(folder.path.parent)
    assert (found.run_id, found.path, found.state) == (folder.run_id, folder.path, RunState.LOST)
    assert found.title == "CartPole-v1 · PPO · seed 7"
    assert found.checkpoint_step == 384
    assert 384 <= found.step <= 400
    assert found.total_timesteps == 800
    assert found.what_happened == (
        f"Its process ended without a word after step {found.step}, just now; it can go on from step 384."
    )


def test_a_lost_run_without_a_checkpoint_goes_on_from_its_beginning(lose):
    folder = lose(checkpoints={"enabled": False})
    (found,) = unfinished_runs(folder.path.parent)
    assert found.checkpoint_step is None
    assert found.what_happened.endswith("; it can go on from its beginning.")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (59, "just now"), (-30, "just now"), (60, "1 minute ago"), (250, "4 minutes ago"),
        (3_600, "1 hour ago"), (90_000, "1 day ago"), (900_000, "10 days ago"),
        (-900_000, "at a time that the clock has not reached again"),
    ],
)  # fmt: skip
def test_the_age_is_told_in_words_also_after_the_clock_was_set_back(lose, monkeypatch, seconds, words):
    folder = lose()
    written = time.time() // 1 - 10_000
    for file in (folder.metrics_log, folder.events_log):
        os.utime(file, (written, written))
    (found,) = unfinished_runs(folder.path.parent)
    monkeypatch.setattr(recovery.time, "time", lambda: written + seconds)
    assert f", {words}; it can go on" in found.what_happened


def test_a_run_that_goes_on_is_none_and_is_left_alone(start, home):
    trainer = ScriptedTrainer(wait_at=400)
    run = start(trainer, checkpoints=CHECKPOINTS)
    assert trainer.reached.wait(TIMEOUT_S)
    assert unfinished_runs(home) == []
    pretended = recovery.Unfinished(run.path, "", RunState.LOST, 0, 0, 0.0, None, True)
    with pytest.raises(RunBusyError, match="belongs to a running process"):
        keep(pretended)
    with pytest.raises(RunBusyError, match="belongs to a running process"):
        discard(RunFolder(run.path))
    trainer.release.set()
    assert run.wait(TIMEOUT_S).success
    assert unfinished_runs(home) == []


@pytest.mark.parametrize("ending", ["stopped", "failed"])
def test_a_run_that_was_left_is_found_if_it_has_a_checkpoint(start, home, ending):
    for checkpoints in (CHECKPOINTS, {"enabled": False}):
        trainer = ScriptedTrainer(wait_at=400) if ending == "stopped" else ScriptedTrainer(fail_at=400)
        run = start(trainer, checkpoints=checkpoints)
        if ending == "stopped":
            assert trainer.reached.wait(TIMEOUT_S)
            run.stop()
        run.wait(TIMEOUT_S)
    (found,) = unfinished_runs(home)
    assert found.state == ending
    assert found.checkpoint_step == (400 if ending == "stopped" else 384)
    assert found.what_happened.startswith({"stopped": "It was stopped after", "failed": "It failed after"}[ending])
    assert unfinished_runs(home, cut_short=True) == []
    keep(found)
    assert Run(RunFolder(found.path)).state == ending, "an end that is written down stays"


@pytest.fixture
def leave(start, home, monkeypatch):
    """Let Python end, as far as a run can tell, while it trains; somebody may have pressed Stop a moment before."""

    def leave(*, checkpoints=CHECKPOINTS, stopped_before=False):
        trainer = ScriptedTrainer(wait_at=400)
        run = start(trainer, checkpoints=checkpoints)
        assert trainer.reached.wait(TIMEOUT_S)
        if stopped_before:
            run.stop()
        monkeypatch.setattr(session, "_going_on", {run})
        session._end_runs()
        assert run.result.state is RunState.STOPPED
        return RunFolder(run.path)

    return leave


def test_a_run_that_ended_with_its_kernel_is_cut_short_until_it_is_kept(leave, home):
    folder = leave()
    (found,) = unfinished_runs(home, cut_short=True)
    assert found.what_happened == "Its kernel or script ended after step 400, just now; it can go on from step 400."
    ended = Run(folder).events()[-1]
    keep(found)
    keep(found)
    assert unfinished_runs(home, cut_short=True) == []
    assert Run(folder).events()[-1] == replace(ended, detail="")
    assert check_manifest(folder) == []
    (still,) = unfinished_runs(home)
    assert still.what_happened.startswith("It was stopped after step 400")
    assert resumed(folder).wait(TIMEOUT_S).success
    assert unfinished_runs(home) == []


def test_a_run_without_a_checkpoint_that_ended_with_its_kernel_goes_on_from_its_beginning(leave, home):
    folder = leave(checkpoints={"enabled": False})
    (found,) = unfinished_runs(home, cut_short=True)
    assert found.what_happened.endswith("; it can go on from its beginning.")
    assert resumed(folder).wait(TIMEOUT_S).success


def test_a_run_that_somebody_stopped_before_its_kernel_ended_is_not_cut_short(leave, home):
    leave(stopped_before=True)
    assert unfinished_runs(home, cut_short=True) == []
    assert len(unfinished_runs(home)) == 1


def test_a_run_that_is_kept_is_offered_no_more_and_can_still_be_resumed(lose):
    dead = {"host": platform.node(), "pid": 2**30, "process_start": 1.0, "token": "x"}
    folder = lose(lease=dead)
    (found,) = unfinished_runs(folder.path.parent)
    before = Run(folder).events()
    keep(found)
    keep(found)
    assert unfinished_runs(folder.path.parent) == []
    assert not folder.lease_file.exists()
    assert Run(folder).state is RunState.LOST
    *same, last = Run(folder).events()
    assert same == before
    assert isinstance(last, StateEvent)
    assert (last.state, last.step) == (RunState.LOST, found.step)
    assert resumed(folder).wait(TIMEOUT_S).success


def test_a_run_that_is_discarded_can_be_brought_back(lose):
    folder = lose()
    home = folder.path.parent
    assert [row.run_id for row in list_runs(home)] == [folder.run_id]
    (found,) = unfinished_runs(home)
    content = sorted(path.name for path in folder.path.iterdir())
    assert discard(RunFolder(found.path)) == home / TRASH / folder.run_id
    assert not folder.path.exists()
    assert unfinished_runs(home) == []
    assert list_runs(home) == []

    restore(home, folder.run_id)
    assert sorted(path.name for path in folder.path.iterdir()) == content
    assert [run.run_id for run in unfinished_runs(home)] == [folder.run_id]
    assert [row.run_id for row in list_runs(home)] == [folder.run_id]
    assert resumed(folder).wait(TIMEOUT_S).success


@pytest.mark.parametrize("run_id", ["", "..", "../runs", "x", "01900000-0000-7000-8000-000000000000"])
def test_only_what_is_in_the_trash_is_brought_back(tmp_path, run_id):
    (tmp_path / TRASH).mkdir()
    with pytest.raises(StorageError, match="There is no run"):
        restore(tmp_path, run_id)


def test_nothing_is_brought_back_over_another_run(lose):
    folder = lose()
    home = folder.path.parent
    discard(folder)
    folder.path.mkdir()
    with pytest.raises(StorageError, match=r"in .* already: the one in \.trash stays"):
        restore(home, folder.run_id)
    assert (home / TRASH / folder.run_id / "config.json").exists()


def test_a_run_whose_config_is_damaged_is_told_and_not_offered_to_be_resumed(lose):
    folder = lose()
    folder.config_file.write_text("{", "utf-8")
    (found,) = unfinished_runs(folder.path.parent)
    assert found.title == f"Run {folder.run_id}"
    assert found.checkpoint_step is None


def test_a_home_that_is_not_there_or_empty_holds_none(tmp_path):
    assert unfinished_runs(tmp_path / "nowhere") == []
    assert unfinished_runs(tmp_path) == []
    (tmp_path / new_run_id()).mkdir()  # made, and never filled
    assert unfinished_runs(tmp_path) == []


def test_of_a_thousand_runs_the_newest_are_looked_at(tmp_path, monkeypatch):
    names = [new_run_id() for _ in range(1_000)]
    for name in names:
        (tmp_path / name).mkdir()
    looked_at = []
    state = recovery.run_state
    monkeypatch.setattr(recovery, "run_state", lambda folder: looked_at.append(folder.run_id) or state(folder))
    assert unfinished_runs(tmp_path) == []
    assert looked_at == sorted(names, reverse=True)[: recovery.NEWEST]


def test_the_past_of_a_resumed_run_and_its_own_events_make_the_whole_curve(lose):
    folder = lose()
    home = folder.path.parent
    run = resumed(folder)
    past = earlier_events(run)
    assert values(past)
    assert max(event.step for event in values(past)) <= 384
    assert run.wait(TIMEOUT_S).success
    assert earlier_events(run) == past, "what the run reports itself is no past"
    assert values([*past, *run.bus.history]) == values(load_run(folder.run_id, home).events())
