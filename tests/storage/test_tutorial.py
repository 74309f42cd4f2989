"""How far somebody has come in the tutorial: kept beside the runs, and never in anybody's way."""

from __future__ import annotations

import json

import pytest

from retroml_edu.core.errors import StorageError
from retroml_edu.core.ids import new_run_id
from retroml_edu.storage.folder import holds_runs
from retroml_edu.storage.tutorial import FILE, TutorialProgress, TutorialStanding, read_tutorial, write_tutorial

BEGUN = TutorialProgress(TutorialStanding.BEGUN, "train", new_run_id())


def test_nothing_is_made_by_looking(tmp_path):
    assert read_tutorial(tmp_path / "runs") == TutorialProgress()
    assert not holds_runs(tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_the_place_is_there_again(tmp_path):
    write_tutorial(tmp_path / "runs", BEGUN)
    assert read_tutorial(tmp_path / "runs") == BEGUN


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"standing": "asleep"}', '{"standing": ["begun"]}', '{"standing": "begun"}' + " " * 5_000],
)
def test_a_file_that_cannot_be_used_is_as_good_as_none(tmp_path, text):
    (tmp_path / FILE).write_text(text)
    assert read_tutorial(tmp_path) == TutorialProgress()


def test_a_folder_in_the_file_s_place_is_as_good_as_none(tmp_path):
    (tmp_path / FILE).mkdir()
    assert read_tutorial(tmp_path) == TutorialProgress()


@pytest.mark.parametrize(
    "rest", [{"step": 5, "run_id": 7}, {"step": "x" * 41, "run_id": "../elsewhere"}, {"step": None}], ids=str
)
def test_of_a_file_that_somebody_has_changed_only_what_can_be_is_taken(tmp_path, rest):
    (tmp_path / FILE).write_text(json.dumps({"standing": "begun"} | rest))
    assert read_tutorial(tmp_path) == TutorialProgress(TutorialStanding.BEGUN)


def test_a_home_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "runs").write_text("in the way")
    with pytest.raises(StorageError, match="in the way"):
        write_tutorial(tmp_path / "runs", BEGUN)


def test_only_runs_are_runs(tmp_path):
    (tmp_path / "settings.json").write_text("{}")
    assert not holds_runs(tmp_path)
    (tmp_path / new_run_id()).mkdir()
    assert holds_runs(tmp_path)
