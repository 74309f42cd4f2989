"""Run folders whose files are none: pipes, devices, links and folders are refused, and keep nobody waiting."""

from __future__ import annotations

import os
import shutil

import pytest

from retroml_edu.core.errors import StorageError
from retroml_edu.core.states import RunState
from retroml_edu.session.recovery import unfinished_runs
from retroml_edu.storage.index import RunIndex
from retroml_edu.storage.index.row import row_of_folder
from retroml_edu.storage.plain_files import NotPlainError, open_plain
from tests.session.made_runs import made_run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there are no such files there")

FILES = ("config.json", "metrics.jsonl", "events.jsonl", "labels.jsonl", "summary.json", "lease.json")
KINDS = {
    "a pipe": os.mkfifo if os.name != "nt" else None,
    "a link to something endless": lambda path: path.symlink_to("/dev/zero"),
    "a link out of the folder": lambda path: path.symlink_to(path.parents[2] / "secret.jsonl"),
    "a folder": lambda path: path.mkdir(),
}


@pytest.fixture(params=KINDS)
def put(request, tmp_path):
    """Puts something that is no plain file in the place of one."""
    (tmp_path / "secret.jsonl").write_text('{"name": "secret"}\n', "utf-8")

    def put(path):
        path.unlink(missing_ok=True)
        KINDS[request.param](path)

    return put


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("state", [RunState.DONE, RunState.RUNNING])
def test_a_run_with_a_file_that_is_none_is_listed_as_damaged_and_the_others_as_they_are(tmp_path, put, name, state):
    home = tmp_path / "runs"
    whole = made_run(home)
    strange = made_run(home, state=state)
    put(strange.path / name)
    with RunIndex(home) as index:
        rows = {row.run_id: row for row in index.list_runs()}
        row = index.get(strange.run_id)
    assert rows[whole.run_id].problem == ""
    assert rows[strange.run_id] == row
    assert row.problem.startswith(f"{strange.path / name} cannot be read: it is no plain file") or (
        name == "config.json" and "it is no plain file" in row.problem
    )
    readable = state is RunState.DONE and name != "events.jsonl"
    assert row.state is (RunState.DONE if readable else RunState.LOST)
    assert row.name == ""
    assert [run.path for run in unfinished_runs(home)] in ([], [strange.path])


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["metrics.jsonl", "events.jsonl"])
def test_a_file_that_is_exchanged_while_the_run_is_listed_as_going_on(tmp_path, put, name):
    home = tmp_path / "runs"
    folder = made_run(home, state=RunState.RUNNING)
    with RunIndex(home) as index:
        index.update(folder.run_id, state=RunState.RUNNING)
        put(folder.path / name)
        (row,) = index.list_runs()
    assert row.state is RunState.LOST
    assert row.problem


def test_a_plain_file_is_read_and_a_missing_one_is_missing(tmp_path):
    (tmp_path / "file").write_bytes(b"text")
    with open_plain(tmp_path / "file") as file:
        assert file.read() == b"text"
    with pytest.raises(FileNotFoundError):
        open_plain(tmp_path / "gone")


def test_a_pipe_that_takes_the_place_of_a_file_at_the_last_moment_keeps_nobody_waiting(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "file")
    monkeypatch.setattr("retroml_edu.storage.plain_files.refuse_others", lambda paths: None)
    with pytest.raises(NotPlainError, match="no plain file") as caught:
        open_plain(tmp_path / "file")
    assert isinstance(caught.value, StorageError)


def test_a_home_that_is_a_link_is_no_hindrance(tmp_path):
    folder = made_run(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert row_of_folder(type(folder)(tmp_path / "link" / folder.run_id)).problem == ""
    shutil.rmtree(tmp_path / "real")
