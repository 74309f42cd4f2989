"""What the run folder goes through while a run trains: full disks, odd commands, a list that had to be mended."""

from __future__ import annotations

import pytest

from retroml_edu.core.errors import StorageError
from retroml_edu.core.states import RunState
from retroml_edu.session.history import load_run
from retroml_edu.session.session import Session
from retroml_edu.storage.jsonl import AppendFile
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, small_config, until


@pytest.fixture
def disk(monkeypatch):
    """A disk that refuses to append while ``disk["full"]`` holds, and counts the refusals."""
    disk = {"full": False, "refused": 0}
    append = AppendFile.append

    def refuse(file, lines):
        if disk["full"]:
            disk["refused"] += 1
            raise StorageError("Cannot write: No space left on device.")
        append(file, lines)

    monkeypatch.setattr(AppendFile, "append", refuse)
    return disk


def warnings(run):
    return [event.message for event in run.bus.history if event.kind == "log" and event.level == "warning"]


def test_a_disk_that_is_full_for_a_while_costs_nothing(start, disk):
    disk["full"] = True
    trainer = ScriptedTrainer(wait_at=400)
    run = start(trainer)
    assert trainer.reached.wait(TIMEOUT_S)
    # No event comes while the script waits: the store tries by itself, and is not let go.
    until(lambda: disk["refused"] > 6, "the store")
    assert run._archive.lag > 0
    disk["full"] = False
    stored = load_run(run.run_id, run.path.parent)
    until(lambda: stored.state is RunState.RUNNING, "the disk")
    assert run._archive.lag == 0
    trainer.release.set()
    assert run.wait(TIMEOUT_S).success
    assert len(stored.episodes()) == 20
    assert list(stored.metrics()["step"])[-1] == 800
    assert warnings(run) == ["The run folder could not follow: Cannot write: No space left on device."]


def test_a_line_of_the_inbox_that_is_no_command_is_told(start):
    trainer = ScriptedTrainer(wait_at=400)
    run = start(trainer)
    (run.path / "control.jsonl").write_text('{"command": "fly"}\n')
    until(lambda: warnings(run), "the inbox")
    (warning,) = warnings(run)
    assert warning.startswith("Line 1 of control.jsonl was not followed: 'fly' is none of stop, pause, resume")
    trainer.release.set()
    assert run.wait(TIMEOUT_S).success


def test_a_list_of_runs_that_had_to_be_rebuilt_is_told_once(home):
    home.mkdir()
    (home / "index.db").write_bytes(b"no database at all" * 100)
    session = Session(home, trainer_for=lambda config: ScriptedTrainer())
    first = session.start(small_config())
    first.wait(TIMEOUT_S)
    (said,) = warnings(first)
    assert said.startswith("The list of runs could not be read")
    assert said in [event.message for event in load_run(first.run_id, home).events() if event.kind == "log"]
    second = session.start(small_config())
    second.wait(TIMEOUT_S)
    assert warnings(second) == []
