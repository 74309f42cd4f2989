"""The panel's tabs: what is opened or cloned in the table of runs stands where Train is."""

from __future__ import annotations

import threading

import pytest

from retroml_edu.core.errors import Problem, RunBusyError, UnknownNameError
from retroml_edu.session.archive import RunArchive
from retroml_edu.session.trash import discard, restore
from retroml_edu.storage.folder import RunFolder
from tests.widgets.conftest import tell, until


@pytest.fixture
def two_runs(bench):
    """A panel after two runs, the second on show."""
    panel = bench().open(steps=600)
    first = panel.start()
    first.wait(timeout_s=30)
    bench_of = panel.form
    bench_of.values = bench_of.values | {"seed": 11, "hyperparameters.gamma": 0.9}
    panel.start().wait(timeout_s=30)
    return panel, first.run_id


def test_a_run_that_is_opened_is_shown_with_its_settings_on_the_first_tab(two_runs):
    panel, first = two_runs
    panel.tabs.bar.tab = "Experiments"
    tell(panel.experiments, action="open", run_id=first)
    assert panel.run.run_id == first
    assert panel.tabs.bar.tab == "Train"
    assert panel.form.values["seed"] == 7
    assert panel.config.hyperparameters.gamma != 0.9


def test_a_clone_is_settings_and_the_shown_run_stays(two_runs):
    panel, first = two_runs
    shown = panel.run.run_id
    panel.tabs.bar.tab = "Experiments"
    tell(panel.experiments, action="clone", run_id=first)
    assert panel.tabs.bar.tab == "Train"
    assert panel.form.values["seed"] == 7
    assert panel.run.run_id == shown


def test_the_table_is_read_when_its_tab_is_opened_and_again_when_it_is_opened_again(bench):
    panel = bench().open(steps=600)
    panel.tabs.bar.tab = "Experiments"
    tell(panel.experiments, action="begin")
    until(lambda: not panel.experiments.reading, "the table")
    assert panel.experiments.rows == ()
    panel.start().wait(timeout_s=30)
    panel.tabs.bar.tab = "Train"
    panel.tabs.bar.tab = "Experiments"
    until(lambda: [row.run_id for row in panel.experiments.rows] == [panel.run.run_id], "the run in the table")


def test_no_run_is_opened_while_another_trains(bench):
    panel = bench(wait_at=100).open()
    panel.start()
    with pytest.raises(RunBusyError, match="is training already"):
        panel.show_run(panel.run)
    followers = [thread for thread in threading.enumerate() if thread.name == "retroml-follow"]
    tell(panel.experiments, action="open", run_id=panel.run.run_id)
    assert [thread for thread in threading.enumerate() if thread.name == "retroml-follow"] == followers
    assert "training already" in panel.runbar.problems[0]["text"]


def test_what_a_run_that_ends_refuses_is_a_matter_of_a_moment(two_runs, monkeypatch):
    panel, first = two_runs
    written, save_model = threading.Event(), RunArchive.save_model

    def save_slowly(self, model):
        assert written.wait(30)
        save_model(self, model)

    monkeypatch.setattr(RunArchive, "save_model", save_slowly)
    panel.start()
    until(lambda: panel.runbar.state == "finishing", "the writing of the results")
    tell(panel.experiments, action="open", run_id=first)
    (problem,) = panel.runbar.problems
    assert problem["text"].endswith("Its results are being written: try again in a moment.")
    written.set()
    until(lambda: panel.runbar.problems == [], "the end of the refusal")
    panel.run.wait(30)
    tell(panel.experiments, action="open", run_id=first)
    assert panel.run.run_id == first


def test_what_a_run_that_stops_refuses_is_a_matter_of_a_moment(bench):
    item = bench(wait_at=100)
    panel = item.open()
    panel.start()
    panel.run.control.stop = lambda: None  # the trainer hears it later
    panel.stop()
    with pytest.raises(RunBusyError, match=r"is being stopped: try again in a moment"):
        panel.start()
    item.trainers[0].release.set()


@pytest.mark.parametrize("stays", [False, True], ids=["a refusal", "another problem"])
def test_of_the_problems_only_a_refusal_goes_when_the_run_ends(bench, stays):
    item = bench(wait_at=100)
    panel = item.open(steps=600)
    panel.start()
    tell(panel.experiments, action="open", run_id=panel.run.run_id)
    item.until_said("training already")
    if stays:
        panel.runbar.show_problems([Problem("", "The disk is full.")])
    item.trainers[0].release.set()
    panel.run.wait(30)
    item.until_state("done")
    assert item.problems == (["The disk is full."] if stays else [])


def test_a_refusal_goes_when_a_run_is_shown(two_runs, bench):
    _, first = two_runs
    item = bench()
    panel = item.open()
    item.press("pause")
    item.until_said("There is no run to pause")
    panel.open_run(first)
    assert item.problems == []


def test_whoever_sees_an_opened_run_is_not_fetched_back_from_the_tab_they_go_to(two_runs):
    panel, first = two_runs
    panel.tabs.open("Experiments")
    tab_at_each_title = []
    panel.runbar.observe(lambda _change: tab_at_each_title.append(panel.tabs.bar.tab), "title")
    panel.open_run(first)
    assert set(tab_at_each_title) == {"Train"}


def test_what_is_no_run_cannot_be_opened(bench):
    panel = bench().open()
    with pytest.raises(UnknownNameError):
        panel.open_run("0" * 8)


def test_a_run_that_was_opened_and_deleted_is_in_nobody_s_way(two_runs):
    panel, first = two_runs
    panel.open_run(first)
    tell(panel.experiments, action="delete", run_ids=[first])
    until(lambda: panel.experiments.notice["text"] == "1 run deleted", "the end of the run")
    panel.start().wait(timeout_s=30)
    assert panel.run.run_id != first
    assert panel.downloads.ready
    assert not panel.runbar.deleted


@pytest.mark.parametrize("opened", [False, True], ids=["trained here", "opened"])
def test_the_run_on_show_that_is_deleted_says_so_until_it_is_brought_back(two_runs, opened):
    panel, _ = two_runs
    run_id, path = panel.run.run_id, panel.run.path
    if opened:
        panel.open_run(run_id)
    sent = []
    panel.downloads.send = lambda content, buffers=None: sent.append(content)
    tell(panel.experiments, action="delete", run_ids=[run_id])
    until(lambda: not panel.experiments.busy, "the run's end")
    assert panel.runbar.deleted
    assert (panel.downloads.ready, panel.evaluation.ready) == (False, False)
    assert panel.downloads.where == "This run was deleted. Undo in Experiments brings it back."
    tell(panel.downloads, action="export", what="csv")
    until(lambda: sent, "an answer")
    assert (sent[-1]["kind"], sent[-1]["text"]) == ("problem", "This run was deleted.")
    tell(panel.experiments, action="undo")
    until(lambda: not panel.experiments.busy, "the run's return")
    assert not panel.runbar.deleted
    assert (panel.downloads.ready, panel.evaluation.ready) == (True, True)
    assert str(path) in panel.downloads.where
    tell(panel.downloads, action="export", what="csv")
    until(lambda: len(sent) == 2, "the file")
    assert sent[-1]["kind"] == "file"


def test_a_run_that_is_deleted_elsewhere_is_missed_when_somebody_comes_back(two_runs):
    panel, _ = two_runs
    panel.tabs.bar.tab = "Experiments"
    where = discard(RunFolder(panel.run.path))
    panel.tabs.bar.tab = "Train"
    assert panel.runbar.deleted
    restore(where.parents[1], panel.run.run_id)
    panel.tabs.bar.tab = "Experiments"
    panel.tabs.bar.tab = "Train"
    assert not panel.runbar.deleted
