"""`retroml-edu report`: a file in the form that was asked for, or one line that says why not."""

from __future__ import annotations

import json

import pytest

from tests.session.recorded_runs import recorded_run


@pytest.fixture
def run(home):
    return recorded_run(home, "cartpole-ppo-high")


@pytest.mark.parametrize(("form", "suffix"), [("html", ".html"), ("JSON", ".json"), ("text", ".txt")])
def test_it_prints_where_the_report_went(command, run, tmp_path, form, suffix):
    code, out, _ = command(f"report {run.run_id} --format {form} --out", str(tmp_path))
    assert code == 0
    (path,) = tmp_path.glob("*report*")
    assert out.strip() == str(path)
    assert path.suffix == suffix
    assert "learning rate is too high" in path.read_text("utf-8")


def test_the_newest_run_and_the_form_of_the_file_s_name_are_the_defaults(command, run, tmp_path):
    code, out, _ = command("report --out", str(tmp_path / "mine.json"))
    assert (code, out.strip()) == (0, str(tmp_path / "mine.json"))
    assert json.loads((tmp_path / "mine.json").read_text("utf-8"))["run_id"] == run.run_id


def test_a_mistake_is_one_line(command, run, tmp_path):
    for arguments, says in (
        (("--format", "pdf"), 'There is no report as "pdf". There are: html, json, text.'),
        (("--out", str(tmp_path / "no" / "such.html")), "choose another place"),
    ):
        code, _, error = command("report", *arguments)
        assert code == 2
        assert says in error
        assert error.count("\n") == 1
