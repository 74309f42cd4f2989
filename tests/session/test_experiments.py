"""The runs of a home looked after, many at a time: listed, labelled, put away, brought back, taken along."""

from __future__ import annotations

import csv
import io
import shutil
import zipfile

import numpy as np
import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import ConfigError, LabelError, StorageError, UnknownNameError
from retroml_edu.core.states import RunState
from retroml_edu.session import experiments
from retroml_edu.session.experiments import Experiments
from retroml_edu.session.export import export_bytes
from retroml_edu.session.history import list_runs, load_run
from retroml_edu.session.trash import TRASH
from retroml_edu.storage.folder import read_config
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, until
from tests.session.made_runs import made_run

NOWHERE = "01900000-0000-7000-8000-000000000000"


@pytest.fixture
def runs(home):
    """Three runs, the oldest first."""
    return [made_run(home, seed=number, seconds_ago=100 - number) for number in range(3)]


@pytest.fixture
def of_home(home):
    return Experiments(home)


def ids(rows):
    return [row.run_id for row in rows]


def test_a_home_that_is_not_there_has_no_runs_and_is_not_made(home, of_home):
    assert of_home.rows() == []
    assert not home.exists()


def test_runs_are_listed_newest_first_with_copies_from_elsewhere_and_without_what_is_gone(home, runs, of_home):
    assert ids(of_home.rows()) == [folder.run_id for folder in reversed(runs)]
    shutil.rmtree(runs[0].path)
    copied = made_run(home, seconds_ago=1)
    rows = of_home.rows()
    assert ids(rows) == [copied.run_id, runs[2].run_id, runs[1].run_id]
    assert (rows[0].steps, rows[0].return_mean, rows[0].state) == (1_000, 30.0, RunState.DONE)


def test_a_run_that_goes_on_is_told_as_it_stands(start, home, of_home):
    trainer = ScriptedTrainer(wait_at=400)
    run = start(trainer)
    assert trainer.reached.wait(TIMEOUT_S)
    until(lambda: run.storage_lag == 0 and of_home.rows()[0].return_mean is not None, "its first game")
    (row,) = of_home.rows()
    assert row.state is RunState.RUNNING
    assert 300 <= row.steps <= 400
    assert row.return_mean == pytest.approx(load_run(run.run_id, home).summary["return_mean"])
    assert of_home.rows_of([run.run_id, NOWHERE]) == [row]
    trainer.release.set()
    assert run.wait(TIMEOUT_S).success
    (row,) = of_home.rows_of([run.run_id])
    assert (row.state, row.steps) == (RunState.DONE, 800)


def test_labels_are_given_to_many_and_listed_at_once(home, runs, of_home):
    of_home.rows()
    names = [folder.run_id for folder in runs]
    assert of_home.rename(names[0], "first").done == (names[0],)
    assert of_home.note(names[0], "Why it is the first.").refused == {}
    assert of_home.tag(names[:2], add=["a", "b"]).done == tuple(names[:2])
    assert of_home.tag(names[:2], add=["c"], remove=["a"]).refused == {}
    rows = {row.run_id: row for row in list_runs(home)}
    assert (rows[names[0]].name, rows[names[0]].notes) == ("first", "Why it is the first.")
    assert [rows[name].tags for name in names] == [("b", "c"), ("b", "c"), ()]
    assert load_run(names[0], home).labels.tags == ("b", "c")


def test_a_run_is_labelled_from_code_and_the_list_knows(home, runs):
    list_runs(home)
    run = load_run(runs[1].run_id, home)
    assert run.label(name="from code", tags=["t"]).name == "from code"
    assert run.label(notes="more").tags == ("t",)
    row = next(row for row in list_runs(home) if row.run_id == run.run_id)
    assert (row.name, row.tags, row.notes) == ("from code", ("t",), "more")


def test_what_cannot_be_labelled_is_told_and_the_others_are(runs, of_home):
    outcome = of_home.tag([runs[0].run_id, NOWHERE, "../x", runs[1].run_id], add=["a"])
    assert outcome.done == (runs[0].run_id, runs[1].run_id)
    assert list(outcome.refused) == [NOWHERE, "../x"]
    assert "There is no run" in outcome.refused[NOWHERE]
    assert "at most 100 characters" in of_home.rename(runs[0].run_id, "x" * 101).refused[runs[0].run_id]
    with pytest.raises(LabelError, match="at most 40"):
        of_home.tag([runs[0].run_id], add=["x" * 41])


def test_deleted_runs_go_to_the_trash_and_come_back_with_their_labels(home, runs, of_home):
    names = [folder.run_id for folder in runs]
    of_home.rename(names[0], "kept")
    outcome = of_home.delete([names[0], names[1], names[0]])
    assert (outcome.done, outcome.refused) == ((names[0], names[1]), {})
    assert (home / TRASH / names[0] / "config.json").exists()
    assert ids(of_home.rows()) == [names[2]]
    assert of_home.undelete([*outcome.done, NOWHERE]).refused.keys() == {NOWHERE}
    rows = of_home.rows()
    assert ids(rows) == names[::-1]
    assert rows[2].name == "kept"


def test_a_run_that_goes_on_is_not_deleted_and_the_others_are(start, home, of_home):
    trainer = ScriptedTrainer(wait_at=400)
    run = start(trainer)
    assert trainer.reached.wait(TIMEOUT_S)
    other = made_run(home)
    outcome = of_home.delete([run.run_id, other.run_id])
    assert outcome.done == (other.run_id,)
    assert "belongs to a running process" in outcome.refused[run.run_id]
    assert run.path.is_dir()
    trainer.release.set()
    assert run.wait(TIMEOUT_S).success


@pytest.mark.parametrize("run_id", ["", ".", "..", "../x", "/etc", TRASH, "index.db", NOWHERE])
def test_what_is_no_run_of_the_home_is_left_alone(home, runs, of_home, run_id):
    assert of_home.delete([run_id]).refused.keys() == {run_id}
    assert of_home.rows_of([run_id]) == []
    with pytest.raises(UnknownNameError, match="There is no run"):
        of_home.config(run_id)
    assert len(of_home.rows()) == 3


def test_a_link_to_a_run_elsewhere_is_no_run_of_the_home(home, runs, of_home, tmp_path):
    elsewhere = made_run(tmp_path / "elsewhere")
    (home / elsewhere.run_id).symlink_to(elsewhere.path)
    assert of_home.delete([elsewhere.run_id]).done == ()
    assert of_home.rename(elsewhere.run_id, "mine").done == ()
    assert elsewhere.path.is_dir()
    assert len(of_home.rows()) == 3


def test_a_config_is_handed_out_to_be_cloned(runs, of_home):
    assert of_home.config(runs[2].run_id) == read_config(runs[2])
    assert isinstance(of_home.config(runs[2].run_id), ExperimentConfig)
    runs[2].config_file.write_text("{", "utf-8")
    with pytest.raises(ConfigError, match="no config"):
        of_home.config(runs[2].run_id)


def test_many_runs_are_exported_into_one_zip_with_a_table(home, runs, of_home):
    of_home.rename(runs[0].run_id, "=cmd()")
    of_home.tag([runs[0].run_id], add=["a", "b"])
    runs[1].config_file.write_text("{", "utf-8")
    target, told = io.BytesIO(), []
    wanted = [folder.run_id for folder in runs]
    outcome = of_home.export(wanted, ["csv", "yaml"], target, lambda done, total: told.append((done, total)))
    assert outcome.done == (wanted[0], wanted[2])
    assert "no config" in outcome.refused[wanted[1]]
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        assert len(names) == len(set(names)) == 5
        rows = list(csv.DictReader(io.StringIO(archive.read("runs.csv").decode())))
        (metrics,) = [name for name in names if name.startswith(wanted[0]) and name.endswith("metrics.csv")]
        assert len(archive.read(metrics).splitlines()) == 5
        assert not any(name.startswith(wanted[1]) for name in names)
    assert [row["run_id"] for row in rows] == list(outcome.done)
    assert (rows[0]["name"], rows[0]["tags"], rows[0]["return_mean"]) == ("'=cmd()", "a, b", "30.0")


def test_equal_runs_give_equal_zips(runs, of_home):
    targets = [io.BytesIO(), io.BytesIO()]
    for target in targets:
        of_home.export([runs[0].run_id], ["json"], target)
    assert targets[0].getvalue() == targets[1].getvalue()


@pytest.mark.parametrize("form", ["csv", "json", "zip"])
def test_an_export_that_would_be_too_large_is_refused_before_anything_is_made(runs, of_home, monkeypatch, form):
    names = [folder.run_id for folder in runs]
    made = []
    monkeypatch.setattr(experiments, "make_export", lambda *args: made.append(args))
    sizes = [export_bytes(load_run(name, folder.path.parent), form) for name, folder in zip(names, runs, strict=True)]
    monkeypatch.setattr(experiments, "MAX_EXPORT_BYTES", sum(sizes) - 1)
    with pytest.raises(StorageError, match=r"The zip of 3 runs would have about .* MB .*: choose fewer runs"):
        of_home.export(names, [form], io.BytesIO())
    assert made == []


def test_what_is_expected_of_an_export_is_of_its_size(home, of_home):
    returns = np.random.default_rng(0).normal(100.0, 30.0, 5_000).tolist()
    folder = made_run(home, returns=returns, steps=100_000, total_timesteps=100_000)
    for form in ("csv", "json", "zip"):
        target = io.BytesIO()
        of_home.export([folder.run_id], [form], target)
        expected = export_bytes(load_run(folder.run_id, home), form)
        assert expected / 4 < target.tell() < 4 * expected


def test_an_export_that_grows_too_large_all_the_same_ends_with_a_sentence(runs, of_home, monkeypatch):
    monkeypatch.setattr(experiments, "export_bytes", lambda *args: 0)
    monkeypatch.setattr(experiments, "MAX_EXPORT_BYTES", 100)
    with pytest.raises(StorageError, match=r"The zip of 3 runs has become larger than .* MB .*: choose fewer runs"):
        of_home.export([folder.run_id for folder in runs], ["csv"], io.BytesIO())


def test_an_unknown_export_is_refused_for_each(runs, of_home):
    outcome = of_home.export([runs[0].run_id], ["pickle"], io.BytesIO())
    assert 'no export "pickle"' in outcome.refused[runs[0].run_id]
