import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import psutil
import pytest

from retroml_edu.core.errors import RunBusyError, StorageError
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.lease import Lease, lease_state


def change(folder: RunFolder, **facts: object) -> None:
    folder.lease_file.write_text(json.dumps(json.loads(folder.lease_file.read_text()) | facts))


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def test_a_lease_is_taken_once_and_given_back(folder: RunFolder) -> None:
    assert lease_state(folder) == "none"
    lease = Lease.acquire(folder)
    assert lease_state(folder) == "alive"
    with pytest.raises(RunBusyError, match="belongs to a running process"):
        Lease.acquire(folder)
    lease.beat()
    lease.release()
    lease.release()
    assert lease_state(folder) == "none"
    Lease.acquire(folder).release()


def test_an_owner_that_was_killed_is_replaced(folder: RunFolder) -> None:
    program = (
        "import sys; from pathlib import Path; from retroml_edu.storage.folder import RunFolder\n"
        "from retroml_edu.storage.lease import Lease\n"
        "Lease.acquire(RunFolder(Path(sys.argv[1]))); print('owned', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(folder.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline().strip() == b"owned"
        assert lease_state(folder) == "alive"
        owner.kill()
    assert lease_state(folder) == "stale"
    lease = Lease.acquire(folder)
    assert lease_state(folder) == "alive"
    assert [file.name for file in folder.path.iterdir() if "lease" in file.name] == ["lease.json"]
    lease.release()


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"process_start": 1.0}, "stale"),  # the number was given to another process since
        ({"pid": -1}, "stale"),
        ({"pid": "1"}, "stale"),
        ({"pid": 10**30}, "stale"),
        ({"host": "elsewhere", "heartbeat_utc": partial(ago, 1)}, "alive"),
        ({"host": "elsewhere", "heartbeat_utc": partial(ago, 60)}, "stale"),
        ({"host": "elsewhere", "heartbeat_utc": 5}, "alive"),  # unreadable: the file itself is fresh
    ],
)
def test_who_counts_as_alive(folder: RunFolder, facts: dict[str, object], state: str) -> None:
    Lease.acquire(folder)
    # A time is told when the test runs: those of the parameters are as old as the collection of all tests.
    change(folder, **{name: value() if callable(value) else value for name, value in facts.items()})
    assert lease_state(folder) == state


@pytest.mark.parametrize(("age_s", "state"), [(0.0, "alive"), (100.0, "stale")])
def test_a_process_that_may_not_be_looked_at_is_judged_by_its_heartbeat(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch, age_s: float, state: str
) -> None:
    Lease.acquire(folder)
    change(folder, heartbeat_monotonic_s=json.loads(folder.lease_file.read_text())["heartbeat_monotonic_s"] - age_s)

    def refuse(*_: object) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil, "Process", refuse)
    assert lease_state(folder) == state


def test_an_owner_that_stood_still_for_long_learns_that_it_was_replaced(folder: RunFolder) -> None:
    first = Lease.acquire(folder)
    change(folder, pid=-1)
    second = Lease.acquire(folder)
    with pytest.raises(RunBusyError, match="taken over"):
        first.beat()
    first.release()
    second.beat()
    assert lease_state(folder) == "alive"


@pytest.mark.parametrize("text", ["", "[]", "garbage"])
def test_a_lease_that_is_just_being_written_counts(folder: RunFolder, text: str) -> None:
    folder.lease_file.write_text(text)
    assert lease_state(folder) == "alive"


def test_of_many_that_take_over_a_dead_run_one_gets_it(folder: RunFolder) -> None:
    Lease.acquire(folder)
    change(folder, pid=-1)

    def take(_: int) -> Lease | None:
        try:
            return Lease.acquire(folder)
        except RunBusyError:
            return None

    with ThreadPoolExecutor(8) as pool:
        owners = [lease for lease in pool.map(take, range(8)) if lease is not None]
    assert lease_state(folder) == "alive"
    assert len(owners) == 1


def test_a_lease_that_could_not_be_removed_binds_nobody_once_it_was_given_back(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = Lease.acquire(folder)

    def refused(self: Path, missing_ok: bool = False) -> None:
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", refused)
        lease.release()
    assert folder.lease_file.exists()
    assert lease_state(folder) == "stale"
    Lease.acquire(folder).release()


def test_a_dead_owner_in_a_folder_that_cannot_be_written_is_a_sentence(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    Lease.acquire(folder)
    change(folder, host="elsewhere", heartbeat_utc=ago(3_600))

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(StorageError, match="Permission denied"):
        Lease.acquire(folder)
