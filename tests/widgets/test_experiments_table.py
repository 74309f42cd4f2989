"""The runs table's half in Python: what crosses to the page, and what is done to the runs."""

from __future__ import annotations

import io
import json
import re
import threading
import zipfile

import pytest

from retroml_edu.core.states import RunState
from retroml_edu.session import experiments
from retroml_edu.session.history import load_run
from retroml_edu.session.trash import TRASH, move_away
from retroml_edu.storage.folder import read_config
from retroml_edu.storage.lease import Lease
from retroml_edu.widgets.assets import STATIC
from retroml_edu.widgets.experiments import ExperimentsTable
from retroml_edu.widgets.experiments_columns import columns_of
from tests.session.made_runs import made_run
from tests.widgets.listing_page import ListingPage, ListingStage


class Stage(ListingStage):
    def __init__(self, home):
        super().__init__(home)
        self.opened, self.cloned, self.compared, self.moves = [], [], [], 0
        does = (self.opened.append, self.cloned.append, self.compared.append, self.moved)
        self.table = ExperimentsTable(home, *does, self.guarded)
        self.show(self.table)

    def moved(self):
        self.moves += 1


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path / "runs")


@pytest.fixture
def runs(stage):
    return [made_run(stage.home, seed=number, seconds_ago=100 - number) for number in range(5)]


@pytest.fixture
def begun(stage, runs, waits):
    stage.tell("begin")
    waits(lambda: not stage.table.reading and stage.page.read, "the rows")
    return stage


def test_nothing_is_read_before_somebody_looks(stage, runs, waits):
    stage.table.refresh()
    assert not stage.table.reading
    assert stage.page.rows == {}
    assert not (stage.home / "index.db").exists()
    stage.table.begin()
    waits(lambda: stage.page.read, "the rows")
    assert stage.page.rows.keys() == {folder.run_id for folder in runs}
    version = stage.page.version
    stage.tell("begin")
    assert stage.page.version == version


def test_a_home_that_is_not_there_is_an_empty_table(stage, waits):
    stage.tell("begin")
    waits(lambda: stage.page.read, "the rows")
    assert stage.page.rows == {}
    assert stage.errors == []


def test_a_row_crosses_with_all_that_is_shown(begun, runs):
    row = begun.page.rows[runs[3].run_id]
    assert (row["env_id"], row["algorithm"], row["seed"], row["state"]) == ("CartPole-v1", "PPO", 3, "done")
    assert (row["steps"], row["total_timesteps"], row["episodes"], row["return_mean"]) == (1_000, 1_000, 2, 30.0)
    assert row["ended_ms"] - row["created_ms"] == pytest.approx(2_000, abs=50)
    assert ListingPage(begun.table).rows == begun.page.rows, "a page that connects later has something else"


def test_a_time_or_a_return_that_is_not_known_is_null():
    from retroml_edu.storage.index import RunRow

    columns = json.loads(columns_of([RunRow("a", ended_utc="soon", return_mean=float("nan"))]))
    assert columns["created_ms"] == columns["ended_ms"] == columns["return_mean"] == [None]
    assert json.loads(columns_of([]))["run_id"] == []


def test_only_what_changed_is_sent_again(begun, runs, waits):
    heard = begun.page.heard
    new = made_run(begun.home, seed=99)
    begun.tell("refresh")
    waits(lambda: new.run_id in begun.page.rows, "the new run")
    assert begun.page.heard - heard < heard / 2
    waits(lambda: not begun.table.reading, "the end of reading")
    version = begun.page.version
    begun.table.refresh()
    waits(lambda: not begun.table.reading, "the end of reading")
    assert begun.page.version == version, "nothing new was sent"


def test_runs_are_named_noted_and_tagged(begun, runs):
    first, second = runs[0].run_id, runs[1].run_id
    begun.tell("rename", run_id=first, name=" the best ")
    begun.tell("note", run_id=first, notes="Why.")
    begun.tell("tag", run_ids=[first, second], add=["a", "b"], remove=[])
    begun.tell("tag", run_ids=[second], add=[], remove=["a"])
    labels = load_run(first, begun.home).labels
    assert (labels.name, labels.notes, labels.tags) == ("the best", "Why.", ("a", "b"))
    assert (begun.page.rows[first]["name"], begun.page.rows[second]["tags"]) == ("the best", ["b"])
    assert begun.table.notice == {"text": "", "problems": [], "undo": False}


def test_what_cannot_be_kept_is_a_sentence_and_the_page_is_told_how_it_is(begun, runs):
    first = runs[0].run_id
    version = begun.page.version
    begun.tell("rename", run_id=first, name="x" * 101)
    assert "at most 100 characters" in begun.table.notice["problems"][0]
    assert begun.page.version == version + 1
    assert begun.page.rows[first]["name"] == ""
    begun.tell("tag", run_ids=[first], add=["x" * 41], remove=[])
    assert "at most 40" in begun.table.notice["problems"][0]
    assert begun.errors == []


def test_runs_are_deleted_and_brought_back(begun, runs):
    gone = [runs[0].run_id, runs[1].run_id]
    begun.tell("delete", run_ids=gone)
    assert begun.table.notice == {"text": "2 runs deleted", "problems": [], "undo": True}
    assert not begun.page.rows.keys() & set(gone)
    assert (begun.home / TRASH / gone[0]).is_dir()
    begun.tell("rename", run_id=runs[2].run_id, name="in between")
    assert begun.table.notice["undo"], "a name given in between took Undo away"
    begun.tell("undo")
    assert begun.table.notice == {"text": "2 runs brought back", "problems": [], "undo": False}
    assert begun.page.rows.keys() == {folder.run_id for folder in runs}
    begun.tell("undo")
    assert begun.table.notice["text"] == "2 runs brought back"
    assert begun.moves == 2


def test_a_run_that_goes_on_is_not_deleted_and_said_so(begun, runs):
    lease = Lease.acquire(runs[0])
    begun.tell("delete", run_ids=[runs[0].run_id, runs[1].run_id])
    assert begun.table.notice["text"] == "1 run deleted"
    assert "belongs to a running process" in begun.table.notice["problems"][0]
    assert runs[0].run_id in begun.page.rows
    lease.release()


def test_many_that_are_refused_are_told_in_few_sentences(begun, runs):
    leases = [Lease.acquire(folder) for folder in runs]
    begun.tell("delete", run_ids=[folder.run_id for folder in runs])
    assert len(begun.table.notice["problems"]) == 4
    assert begun.table.notice["problems"][-1].startswith("And 2 runs more")
    assert begun.table.notice["undo"] is False
    for lease in leases:
        lease.release()


def test_a_run_is_opened_and_its_settings_are_cloned(begun, runs):
    begun.tell("open", run_id=runs[1].run_id)
    begun.tell("clone", run_id=runs[2].run_id)
    assert begun.opened == [runs[1].run_id]
    assert begun.cloned == [read_config(runs[2])]
    begun.tell("clone", run_id="../x")
    assert "There is no run" in str(begun.errors[0])


def test_chosen_runs_are_exported_as_one_zip(begun, runs, waits):
    wanted = [folder.run_id for folder in runs[:2]]
    begun.tell("export", run_ids=wanted, forms=["csv", "yaml", "exe"], token="t")
    waits(lambda: any(message["kind"] == "file" for message, _ in begun.page.sent), "the file")
    message, (content,) = begun.page.sent[-1]
    assert (message["name"], message["token"]) == ("2_runs.zip", "t")
    assert begun.page.sent[0][0] == {"kind": "progress", "token": "t", "text": "0 of 2 runs …"}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 5


def test_an_export_of_nothing_is_a_sentence(begun, waits):
    begun.tell("export", run_ids=["01900000-0000-7000-8000-000000000000"], forms=["csv"], token="t")
    waits(lambda: begun.page.sent, "an answer")
    assert begun.page.sent[-1][0]["text"] == "✕ Nothing could be exported."


def test_one_export_is_made_at_a_time(begun, runs, waits, monkeypatch):
    going_on = threading.Event()

    def slow(run, form):
        assert going_on.wait(10)
        return b"made"

    monkeypatch.setattr(experiments, "make_export", slow)
    for token in ("first", "second"):
        begun.tell("export", run_ids=[runs[0].run_id], forms=["csv"], token=token)
    waits(lambda: begun.page.sent, "an answer")
    assert begun.page.sent == [
        ({"kind": "problem", "token": "second", "text": "✕ An export is being made already: wait for its end."}, [])
    ]
    going_on.set()
    waits(lambda: len(begun.page.sent) == 2, "the file")
    assert (begun.page.sent[-1][0]["kind"], begun.page.sent[-1][0]["token"]) == ("file", "first")
    begun.tell("export", run_ids=[runs[0].run_id], forms=["csv"], token="third")
    waits(lambda: len(begun.page.sent) == 3, "the next file")


def test_what_takes_long_keeps_no_callback_waiting_and_tells_how_far_it_is(begun, runs, waits, monkeypatch):
    going_on, moved = threading.Event(), []

    def slow(folder):
        assert going_on.wait(10)
        moved.append(folder.run_id)
        return move_away(folder)

    monkeypatch.setattr(experiments, "move_away", slow)
    ids = [folder.run_id for folder in runs[:3]]
    begun.ask("delete", run_ids=ids)
    begun.ask("delete", run_ids=ids)  # a double click
    begun.ask("look")
    begun.ask("undo")
    waits(lambda: begun.table.working, "a word")
    assert begun.table.working == "Deleting: 0 of 3 runs …"
    assert begun.page.rows.keys() >= set(ids)
    going_on.set()
    waits(lambda: not begun.table.busy, "the end")
    assert moved == ids
    assert begun.table.working == ""
    assert begun.table.notice == {"text": "3 runs brought back", "problems": [], "undo": False}
    assert begun.page.rows.keys() == {folder.run_id for folder in runs}


def test_what_fails_is_shown_and_what_comes_after_it_is_done(begun, runs, monkeypatch):
    def broken(*args):
        raise RuntimeError("no such thing")

    with monkeypatch.context() as patched:
        patched.setattr(begun.table._experiments, "delete", broken)
        begun.tell("delete", run_ids=[runs[0].run_id])
    assert [str(error) for error in begun.errors] == ["no such thing"]
    assert begun.table.working == ""
    begun.tell("delete", run_ids=[runs[0].run_id])
    assert begun.table.notice["text"] == "1 run deleted"


def test_a_run_that_goes_on_is_looked_at_again(begun, runs, waits):
    folder = made_run(begun.home, state=RunState.RUNNING, total_timesteps=2_000)
    lease = Lease.acquire(folder)
    begun.tell("refresh")
    waits(lambda: folder.run_id in begun.page.rows and not begun.table.reading, "the run")
    assert begun.page.rows[folder.run_id]["state"] == "running"
    version = begun.page.version
    begun.tell("look")
    assert begun.page.version == version, "nothing had changed"
    lease.release()
    begun.tell("look")
    assert begun.page.rows[folder.run_id]["state"] == "lost"
    version = begun.page.version
    begun.tell("look")
    assert begun.page.version == version, "nothing goes on any more"


@pytest.mark.parametrize("run_ids", [None, 7, "x", {}, [None], [7], [["x"]], ["../../etc"], [""]])
@pytest.mark.parametrize("action", ["rename", "note", "tag", "delete", "undo", "open", "fly", None])
def test_what_is_no_message_of_ours_changes_nothing(begun, runs, action, run_ids):
    before = dict(begun.page.rows)
    begun.tell(action, run_ids=run_ids, run_id=None)
    assert begun.page.rows == before
    assert sorted(path.name for path in begun.home.iterdir() if path.is_dir()) == sorted(before)


def test_a_home_that_cannot_be_read_is_shown_and_tried_again(stage, waits):
    stage.home.mkdir()
    (stage.home / "index.db").mkdir()
    stage.tell("begin")
    waits(lambda: stage.errors, "the error")
    waits(lambda: not stage.table.reading, "the end of reading")
    assert "cannot be used" in str(stage.errors[0])
    assert not stage.page.read
    (stage.home / "index.db").rmdir()
    stage.tell("refresh")
    waits(lambda: stage.page.read, "the rows")


def test_each_width_of_the_table_has_a_track_for_each_column_and_the_seed_is_there_from_narrow_on():
    keys = re.findall(r'\{ key: "(\w+)", label: "\w+",.* show: ', (STATIC / "experiments_rows.js").read_text("utf-8"))
    plain, *tiers = re.split(r"(?m)^@container rml-xp-table ", (STATIC / "experiments.css").read_text("utf-8"))
    shown = set(keys) - set(columns_with(plain, "none"))
    assert tracks(plain) == 1 + len(shown)  # the first is that of the boxes
    seed_from = []
    for tier in tiers:
        here = (shown | set(columns_with(tier, "block"))) - set(columns_with(tier, "none"))
        assert tracks(tier) == 1 + len(here), tier
        if tier.startswith("(min-width"):  # and so for all wider ones
            shown = here
            seed_from += [int(tier.split()[1].partition("px")[0])] if "seed" in here else []
    assert min(seed_from) <= 560, "the table beside the details of a run, or in a window of 800 pixels"


def columns_with(rules, display):
    """Return the columns that rules show or hide."""
    found = re.findall(rf"\.rml-xp-cell(\S.*?) \{{ display: {display}; \}}", rules)
    return re.findall(r'data-column="(\w+)"', " ".join(found))


def tracks(rules):
    """Return how many columns the rules' grid has."""
    (columns,) = re.findall(r"--rml-xp-columns: (.*?);", rules)
    return len(re.sub(r"minmax\(.*?\)", "", columns).split()) + columns.count("minmax")
