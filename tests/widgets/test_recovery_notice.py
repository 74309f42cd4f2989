"""Runs that were cut short: told when a panel opens, resumed, kept, put away; and a stopped run that goes on."""

import shutil

import pytest

from retroml_edu.core.errors import StorageError
from retroml_edu.session import session
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.history import load_run
from retroml_edu.session.session import Session
from retroml_edu.session.trash import TRASH
from retroml_edu.training.scripted import ScriptedTrainer

CHECKPOINTS = {"every_steps": 128}


@pytest.fixture
def lost_home(bench, tmp_path, waits):
    """A home with what killed processes leave of runs: copies of folders of runs that go on."""

    def make(count=1, checkpoints=CHECKPOINTS):
        home = tmp_path / "lost"
        for _ in range(count):
            item = bench(home=tmp_path / "living", wait_at=400)
            run = item.open(checkpoints=checkpoints).start()
            assert item.trainers[0].reached.wait(10)
            waits(lambda run=run: run.storage_lag == 0, "the files")
            shutil.copytree(run.path, home / run.run_id, ignore=shutil.ignore_patterns(".*.tmp"))
            (home / run.run_id / "lease.json").unlink()
            item.close()
        return home

    return make


@pytest.fixture
def notice(bench, lost_home, told):
    """A panel on a home with lost runs, and how to press a button of its notice."""

    def open_panel(count=1, checkpoints=CHECKPOINTS, **script):
        item = bench(home=lost_home(count, checkpoints), **script)
        panel = item.open()
        return item, panel, lambda action, run_id: told(panel.recovery, action=action, run_id=run_id)

    return open_panel


def drawn(panel):
    """Return the steps of each trace of the chart that has points."""
    columns = panel.chart.columns
    return [columns[x] for x, _ in panel.chart.figure["columns"] if len(columns[x])]


def test_without_lost_runs_there_is_no_notice(bench):
    panel = bench().open()
    assert panel.recovery.run == {}
    assert panel.recovery.said == ""


def test_a_lost_run_is_resumed_with_its_earlier_curve(notice, waits):
    item, panel, press = notice(wait_at=600)
    shown = panel.recovery.run
    assert shown["title"] == "CartPole-v1 · PPO · seed 7"
    assert shown["text"].startswith("Its process ended without a word after step 4")
    assert shown["text"].endswith("just now; it can go on from step 384.")
    assert shown["more"] == ""
    item.set(seed=99)
    press("resume", shown["run_id"])
    waits(lambda: panel.run is not None, "the run")
    assert item.trainers[0].reached.wait(10)
    item.until_state("running")
    assert panel.run.run_id == shown["run_id"]
    assert panel.form.values["seed"] == 7
    waits(lambda: panel.recovery.run == {}, "the end of the notice")
    assert min(step for steps in drawn(panel) for step in steps) < 384
    assert any(line["text"] == "Going on from the checkpoint of step 384." for line in panel.log.lines)
    item.trainers[0].release.set()
    item.until_state("done")
    assert panel.run.wait(10).success
    stored = load_run(shown["run_id"], item.home)
    assert panel.runbar.progress_text.split(" · ")[1] == f"{len(stored.episodes())} episodes"


@pytest.mark.parametrize("stopped", ["by its kernel", "by a person"])
def test_a_run_that_ended_with_its_kernel_is_offered_and_one_that_a_person_stopped_is_not(
    bench, told, waits, monkeypatch, stopped
):
    ended = bench(wait_at=400)
    run = ended.open(checkpoints=CHECKPOINTS).start()
    assert ended.trainers[0].reached.wait(10)
    if stopped == "by a person":
        ended.press("stop")
    monkeypatch.setattr(session, "_going_on", {run})
    session._end_runs()
    item = bench()
    panel = item.open()
    if stopped == "by a person":
        assert panel.recovery.run == {}
        return
    assert panel.recovery.run["run_id"] == run.run_id
    assert panel.recovery.run["text"].startswith("Its kernel or script ended after step 400, just now")
    assert ended.panel.log.lines[-1]["text"] == "Stopped at step 400: its kernel or script ended"
    told(panel.recovery, action="resume", run_id=run.run_id)
    item.until_state("done")
    assert panel.run.wait(10).success
    assert (panel.run.run_id, panel.recovery.run) == (run.run_id, {})


def test_several_lost_runs_are_dealt_with_one_after_the_other(notice, waits):
    item, panel, press = notice(count=3)
    newest = panel.recovery.run["run_id"]
    assert panel.recovery.run["more"] == "and 2 more"
    press("keep", newest)
    assert f'Lab(run="{newest}") shows it' in panel.recovery.said
    assert panel.recovery.undo == ""
    second = panel.recovery.run["run_id"]
    assert panel.recovery.run["more"] == "and 1 more"
    press("keep", newest)  # a second click on a button that is gone
    press("discard", newest)
    assert panel.recovery.run["run_id"] == second
    press("discard", second)
    assert panel.recovery.run["more"] == ""
    assert panel.recovery.undo == second
    assert (item.home / TRASH / second / "config.json").exists()
    press("undo", newest)
    press("undo", "../x")
    assert not (item.home / second).exists()
    press("discard", second)
    assert item.problems == []


def test_a_discarded_run_is_brought_back(notice):
    item, panel, press = notice()
    run_id = panel.recovery.run["run_id"]
    press("discard", run_id)
    assert panel.recovery.run == {}
    assert "was moved to .trash" in panel.recovery.said
    press("undo", panel.recovery.undo)
    assert panel.recovery.run["run_id"] == run_id
    assert (panel.recovery.said, panel.recovery.undo) == ("", "")
    assert item.problems == []


@pytest.mark.parametrize("action", ["resume", "keep", "discard"])
def test_what_cannot_be_done_is_a_sentence_and_the_notice_is_up_to_date(notice, waits, action):
    item, panel, press = notice()
    run_id = panel.recovery.run["run_id"]
    trainer = ScriptedTrainer(wait_at=600)
    other = Session(item.home, trainer_for=lambda config: trainer).resume(run_id)
    assert trainer.reached.wait(10)
    press(action, run_id)
    item.until_said("still goes on|belongs to a running process")
    waits(lambda: panel.recovery.run == {}, "the end of the notice")
    assert panel.runbar.state == "ready"
    trainer.release.set()
    assert other.wait(10).success


def test_a_run_without_a_checkpoint_is_offered_from_its_beginning(notice):
    _, panel, _ = notice(checkpoints={"enabled": False})
    assert panel.recovery.run["text"].endswith("it can go on from its beginning.")


def test_what_is_no_message_of_ours_changes_nothing(notice, told):
    item, panel, press = notice()
    before = panel.recovery.run
    for run_id in (None, 7, ["x"], {}):
        press("discard", run_id)
    press("fly", before["run_id"])
    assert panel.recovery.run == before
    assert item.problems == []


def test_a_stopped_run_goes_on_exactly_and_train_starts_a_new_one(bench, waits):
    item = bench(wait_at=400)
    panel = item.open()
    item.press("train")
    item.until_state("running")
    item.press("stop")
    item.until_state("stopped")
    first = panel.run
    item.press("resume")
    waits(lambda: panel.run is not first, "the resumed run")
    assert panel.run.run_id == first.run_id
    item.until_state("running")
    item.trainers[1].release.set()
    item.until_state("done")
    assert panel.run.wait(10).success
    assert panel.runbar.allowed == ["train"]
    with pytest.raises(StorageError, match="nothing left to resume"):
        panel.resume_run(first.run_id)
    assert panel.runbar.state == "done"
    panel.resume()  # no pause, nothing that was left
    item.trainers[0].release.set()
    run = panel.start()
    assert run.run_id != first.run_id
    item.trainers[2].release.set()
    item.until_state("done")


def test_a_run_that_another_process_resumes_is_shown_anew(bench, lost_home, waits):
    item = bench(home=lost_home())
    panel = item.open()
    stored = load_run(panel.recovery.run["run_id"], item.home)
    panel.show_run(RunFollower(stored))
    item.until_state("lost")
    assert panel.runbar.allowed == ["train", "resume"]
    first = panel.run
    other = Session(item.home, trainer_for=lambda config: ScriptedTrainer()).resume(stored.run_id)
    assert other.wait(10).success
    item.until_state("done")
    assert panel.run is not first
    assert drawn(panel)
    assert all(sorted(steps) == list(steps) for steps in drawn(panel))
    assert panel.runbar.progress_text.split(" · ")[1] == f"{len(stored.episodes())} episodes"


def test_a_lost_run_that_is_shown_is_resumed_by_the_run_bar(bench, lost_home, waits):
    item = bench(home=lost_home())
    panel = item.open()
    panel.show_run(RunFollower(load_run(panel.recovery.run["run_id"], item.home)))
    item.until_state("lost")
    item.press("resume")
    item.until_state("done")
    assert panel.run.wait(10).success
    assert panel.recovery.run == {}
    assert item.problems == []


def test_a_checkpoint_is_made_when_its_button_is_pressed(bench, told, waits):
    item = bench(wait_at=400)
    panel = item.open()
    told(panel.log, action="checkpoint")
    item.until_said("There is no run to store: press Train first")
    item.press("train")
    item.until_state("running")
    assert panel.log.can_checkpoint
    told(panel.log, action="checkpoint")
    waits(lambda: any("Checkpoint at step" in line["text"] for line in panel.log.lines), "the line")
    item.trainers[0].release.set()
    item.until_state("done")
    assert not panel.log.can_checkpoint
