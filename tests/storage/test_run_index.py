"""The contract of the list of runs, on SQLite and on PostgreSQL, and what only a file can suffer."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import StorageError, UnknownNameError
from retroml_edu.core.events import EpisodeEvent, StateEvent
from retroml_edu.core.ids import new_run_id
from retroml_edu.core.states import RunState
from retroml_edu.storage.exports import write_summary
from retroml_edu.storage.folder import RunFolder, create_run_folder
from retroml_edu.storage.home import Home, open_home
from retroml_edu.storage.index import RunIndex, RunRow
from retroml_edu.storage.index import engine as engines
from retroml_edu.storage.index import migrate as migrations
from retroml_edu.storage.index.schema import Base
from retroml_edu.storage.labels import change_labels
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.writer import RunWriter

OpenIndex = Callable[[], RunIndex]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str | None:
    """An empty database, or None for the file in the home."""
    return request.getfixturevalue("postgres").new_database() if request.param == "postgresql" else None


@pytest.fixture
def open_index(url: str | None, home: Home) -> Iterator[OpenIndex]:
    """Opens the same index again and again."""
    opened: list[RunIndex] = []

    def open_it() -> RunIndex:
        opened.append(RunIndex(home.path, url))
        return opened[-1]

    yield open_it
    for index in opened:
        index.close()


def row(number: int = 1, **changes: object) -> RunRow:
    made = RunRow(
        run_id=f"01a1fbe4-343a-7d04-a8cc-a27c2b2a{number:04d}",
        env_id="CartPole-v1",
        algorithm="PPO",
        seed=2**31 - 1,
        state=RunState.DONE,
        name="Ä name",
        tags=("baseline", "a, b"),
        notes="first line\nsecond",
        steps=10**10,
        total_timesteps=10**10,
        episodes=5,
        return_mean=1 / 3,
        return_best=-1e300,
        created_utc=f"2026-01-31T12:00:{number:02d}.000Z",
        ended_utc="2026-01-31T12:01:00.000Z",
        training_time_s=0.1,
        path="x",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def finished_run(
    home: Home, state: RunState | None = RunState.DONE, env_id: str = "CartPole-v1", detail: str = ""
) -> RunFolder:
    folder = create_run_folder(home.path, new_run_id(), ExperimentConfig(env_id=env_id, seed=3), {})
    writer = RunWriter(folder)
    writer.handle([StateEvent(RunState.RUNNING, 0), EpisodeEvent(20, 2.0, 0, 20.0, 20)])
    if state is not None:
        writer.handle([StateEvent(state, 25, detail, "2026-01-31T12:00:00.000Z")])
    writer.close()
    if state is not None:
        write_summary(folder, {})
    return folder


# -- the contract --------------------------------------------------------------------------------------------------


def test_what_is_recorded_is_found_again_exactly(open_index: OpenIndex) -> None:
    open_index().record(row())
    again = open_index()
    assert again.get(row().run_id) == row()
    assert again.list_runs() == [row()]
    assert again.warnings == ()


def test_recording_again_replaces(open_index: OpenIndex) -> None:
    index = open_index()
    index.record(row(steps=1, seed=None, return_mean=None))
    index.record(row(steps=2))
    assert index.list_runs() == [row(steps=2)]


def test_updating_changes_some_columns(open_index: OpenIndex) -> None:
    index = open_index()
    index.record(row())
    index.update(row().run_id, state=RunState.FAILED, name="other")
    assert index.get(row().run_id) == row(state=RunState.FAILED, name="other")
    with pytest.raises(UnknownNameError, match='no run "nothing"'):
        index.update("nothing", steps=3)
    with pytest.raises(TypeError, match="no column of RunRow: step"):
        index.update(row().run_id, step=3)


def test_runs_are_listed_newest_first_and_filtered(open_index: OpenIndex) -> None:
    index = open_index()
    rows = [
        row(1),
        row(2, env_id="ALE/Pong-v5"),
        row(3, algorithm="DQN"),
        row(4, state=RunState.FAILED),
    ]
    for item in rows:
        index.record(item)
    assert index.list_runs() == rows[::-1]
    assert index.list_runs(limit=2) == [rows[3], rows[2]]
    assert index.list_runs(env_id="ALE/Pong-v5") == [rows[1]]
    assert index.list_runs(algorithm="DQN") == [rows[2]]
    assert index.list_runs(state=RunState.FAILED) == index.list_runs(state="failed") == [rows[3]]
    assert index.list_runs(env_id="x' OR '1'='1") == []


def test_forgetting(open_index: OpenIndex) -> None:
    index = open_index()
    index.record(row())
    index.forget(row().run_id)
    index.forget(row().run_id)
    with pytest.raises(UnknownNameError, match="no run"):
        index.get(row().run_id)


def test_a_new_index_is_built_from_the_folders(home: Home, open_index: OpenIndex) -> None:
    folder = finished_run(home)
    (found,) = open_index().list_runs()
    assert (found.run_id, found.path, found.env_id, found.seed) == (folder.run_id, folder.run_id, "CartPole-v1", 3)
    assert (found.state, found.steps, found.episodes, found.return_mean) == (RunState.DONE, 25, 1, 20.0)
    assert found.ended_utc == "2026-01-31T12:00:00.000Z"
    assert found.created_utc.startswith("20")
    assert found.problem == ""


def test_rebuilding_drops_what_is_gone_and_reads_labels(home: Home, open_index: OpenIndex) -> None:
    folder = finished_run(home)
    change_labels(folder, name="mine", tags=["best"], notes="why")
    index = open_index()
    index.update(folder.run_id, name="", tags=(), notes="", steps=0)
    index.record(row())
    index.rebuild()
    (found,) = index.list_runs()
    assert (found.run_id, found.steps) == (folder.run_id, 25)
    assert (found.name, found.tags, found.notes) == ("mine", ("best",), "why")


def test_catching_up_adds_copies_and_drops_what_is_gone_and_leaves_the_rest(home: Home, open_index: OpenIndex) -> None:
    listed = finished_run(home)
    index = open_index()
    index.update(listed.run_id, steps=7)  # as long as it is listed, its folder is not read again
    index.record(row())
    copied = finished_run(home)
    (home.path / new_run_id()).symlink_to(copied.path)
    index.catch_up()
    assert {item.run_id: item.steps for item in index.list_runs()} == {listed.run_id: 7, copied.run_id: 25}


def test_labels_are_taken_over_from_the_folder(home: Home, open_index: OpenIndex) -> None:
    index = open_index()
    folder = finished_run(home)
    for number in (1, 2):  # at first it is not listed
        change_labels(folder, name=f"name {number}", tags=["ä\ud800", "☃"], notes="\0a\nb")
        index.record_labels([folder])
        found = index.get(folder.run_id)
        assert (found.name, found.tags, found.notes, found.steps) == (f"name {number}", ("ä", "☃"), "a\nb", 25)


def test_an_index_of_the_first_version_is_brought_up_to_date(url: str | None, home: Home) -> None:
    engine = engines.server_engine(url) if url else engines.sqlite_engine(home.path / "index.db")
    with engine.connect() as connection:
        if not url:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        migrations._upgrade(connection, None, to="0001")
        columns = "run_id, env_id, algorithm, state, name, steps, total_timesteps, episodes, created_utc, ended_utc"
        values = "'old', 'CartPole-v1', 'PPO', 'done', 'Ä', 1, 2, 3, '', ''"
        connection.exec_driver_sql(
            f"INSERT INTO runs ({columns}, training_time_s, path, problem) VALUES ({values}, 0, '', '')"
        )
        connection.commit()
    engine.dispose()
    with RunIndex(home.path, url) as index:
        (found,) = index.list_runs()
        assert (found.run_id, found.name, found.tags, found.notes, found.steps) == ("old", "Ä", (), "", 1)
        assert index.warnings == ()
        index.update("old", tags=("a",), notes="b")
        assert index.get("old").tags == ("a",)


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("config.json", "{", "no config"),
        ("config.json", '{"env_id": "a\\u0000b"}', "made of letters"),
        ("config.json", '{"env_id": "a\\u0000\\ud800"}', "valid string"),
        ("config.json", '{"env_id": "x", "\\u0000": 1}', "no setting"),
        ("summary.json", "garbage", ""),
        ("summary.json", '{"steps": "many", "return_mean": 1e999, "episodes": -1, "ended_utc": {"\\ud800": 1}}', ""),
        ("events.jsonl", "garbage\n" * 100, ""),
        ("metrics.jsonl", "\0" * 1000, ""),
    ],
)
def test_a_damaged_folder_is_listed_with_what_is_known(
    home: Home, open_index: OpenIndex, file: str, text: str, said: str
) -> None:
    folder = finished_run(home)
    (folder.path / file).write_text(text)
    finished_run(home, env_id="Acrobot-v1")
    rows = open_index().list_runs()
    assert len(rows) == 2
    damaged = next(item for item in rows if item.run_id == folder.run_id)
    assert said in damaged.problem
    assert bool(said) == bool(damaged.problem)


def test_a_failed_run_says_why(home: Home, open_index: OpenIndex) -> None:
    finished_run(home, RunState.FAILED, detail="KeyError: 1" + " and more" * 1_000)
    (found,) = open_index().list_runs()
    assert found.problem.startswith("KeyError: 1 and more")
    assert len(found.problem) == 1_000


def test_an_empty_folder_is_listed(home: Home, open_index: OpenIndex) -> None:
    (home.path / new_run_id()).mkdir()
    (found,) = open_index().list_runs()
    assert found.state is RunState.CREATED
    assert "config.json" in found.problem


def test_a_run_without_owner_is_lost(home: Home, open_index: OpenIndex) -> None:
    folder = finished_run(home, state=None)
    lease = Lease.acquire(folder)
    index = open_index()
    index.record_folder(folder)
    assert index.get(folder.run_id).state is RunState.RUNNING
    assert index.list_runs(state="running")[0].run_id == folder.run_id
    lease_facts = json.loads(folder.lease_file.read_text())
    folder.lease_file.write_text(json.dumps(lease_facts | {"pid": -1}))  # as if that process had been killed
    assert index.list_runs(state="running") == []
    (found,) = index.list_runs(state="lost")
    assert (found.run_id, found.steps) == (folder.run_id, 20)
    lease.release()


def test_a_run_that_ended_elsewhere_is_brought_up_to_date(home: Home, open_index: OpenIndex) -> None:
    folder = finished_run(home)
    index = open_index()
    index.update(folder.run_id, state=RunState.RUNNING, steps=1)
    assert index.get(folder.run_id).state is RunState.DONE
    assert index.list_runs()[0].steps == 25


def test_the_migrations_make_the_tables_that_the_code_expects(open_index: OpenIndex) -> None:
    index = open_index()
    with index._engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert context.get_current_revision() == migrations.HEAD
    assert ScriptDirectory(str(migrations._MIGRATIONS)).get_heads() == [migrations.HEAD]


WRITING_PROCESS = """
import sys
from pathlib import Path
from retroml_edu.storage.index import RunIndex, RunRow
url = sys.argv[2] or None
with RunIndex(Path(sys.argv[1]), url) as index:
    for number in range(20):
        index.record(RunRow(run_id=f"{sys.argv[3]}-{number}"))
        index.record(RunRow(run_id="shared", steps=number))
"""


def test_processes_that_open_and_write_at_once_lose_nothing(home: Home, url: str | None, open_index: OpenIndex) -> None:
    command = [sys.executable, "-c", WRITING_PROCESS, str(home.path), url or ""]
    writers = [subprocess.Popen([*command, name], stderr=subprocess.PIPE) for name in ("a", "b", "c")]
    said = [writer.communicate(timeout=60)[1].decode() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0], said
    assert len(open_index().list_runs()) == 61


# -- the file ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [b"not a database", b"SQLite format 3\0" + b"\xff" * 5_000])
def test_a_corrupt_file_is_set_aside_and_rebuilt(home: Home, damage: bytes) -> None:
    folder = finished_run(home)
    (home.path / "index.db").write_bytes(damage)
    with RunIndex.of_home(home) as index:
        assert [item.run_id for item in index.list_runs()] == [folder.run_id]
        (said,) = index.warnings
    (aside,) = home.path.glob("index.db.damaged-*")
    assert aside.name in said
    assert aside.read_bytes() == damage
    with RunIndex.of_home(home) as index:
        assert index.warnings == ()


def test_a_page_that_rotted_is_noticed(home: Home) -> None:
    with RunIndex.of_home(home) as index:
        for number in range(200):
            index.record(row(number % 60, run_id=str(number), problem="x" * 500))
    content = bytearray((home.path / "index.db").read_bytes())
    content[4096 * 3 : 4096 * 6] = b"\xaa" * 4096 * 3
    (home.path / "index.db").write_bytes(content)
    with RunIndex.of_home(home) as index:
        assert len(index.warnings) == 1
        assert index.list_runs() == []


def test_an_index_of_a_newer_version_is_set_aside(home: Home) -> None:
    RunIndex.of_home(home).close()
    with sqlite3.connect(home.path / "index.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with RunIndex.of_home(home) as index:
        assert "newer retroml_edu" in index.warnings[0]


def test_a_folder_in_the_way_is_a_sentence(home: Home) -> None:
    (home.path / "index.db").mkdir()
    with pytest.raises(StorageError, match=r"index\.db cannot be used.*rebuilt from the run folders"):
        RunIndex.of_home(home)


def test_a_server_that_is_away_is_a_sentence(home: Home) -> None:
    with pytest.raises(StorageError, match="database of runs cannot be used") as caught:
        RunIndex(home.path, "postgresql+psycopg://user:secret@127.0.0.1:1/runs?connect_timeout=2")
    assert "secret" not in str(caught.value)


class Partition(NamedTuple):
    mountpoint: str
    fstype: str
    opts: str


@pytest.mark.parametrize(
    ("fstype", "opts", "network"),
    [("ext4", "rw", False), ("nfs4", "rw", True), ("CIFS", "rw", True), ("NTFS", "rw,remote", True)],
)
def test_a_network_home_keeps_no_shared_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fstype: str, opts: str, network: bool
) -> None:
    mounts = [Partition(tmp_path.anchor, "ext4", "rw"), Partition(str(tmp_path.resolve()), fstype, opts)]
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: mounts)
    assert engines.on_network(tmp_path) is network
    with RunIndex.of_home(open_home(tmp_path / "runs")) as index, index._engine.connect() as connection:
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    assert journal == ("delete" if network else "wal")
