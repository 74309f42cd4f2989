"""Who owns a run at the moment: lease.json, kept fresh by the owner, judged by everybody else."""

from __future__ import annotations

import os
import platform
import secrets
import stat
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from retroml_edu.core.errors import RunBusyError
from retroml_edu.core.ids import utc_now
from retroml_edu.storage.atomic import cannot_write, write_json
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import read_json_object, to_text

LeaseState = Literal["none", "alive", "stale"]
STALE_AFTER_S = 30.0
"""Age of the last heartbeat at which an owner that cannot be looked at counts as gone."""
_START_TOLERANCE_S = 2.0
"""A process's start is computed from the boot time, which moves when the clock is set."""
_held: set[str] = set()
"""Tokens of the leases that this process has and did not give back: a file that could not be removed says nothing."""


class Lease:
    """The right to write into a run folder, held by one process; made by `acquire`.

    Threads: one at a time.
    """

    def __init__(self, file: Path, token: str) -> None:
        self._file = file
        self._token = token

    @classmethod
    def acquire(cls, folder: RunFolder) -> Lease:
        """Take the run, if nobody has it or its owner is gone.

        Raises:
            RunBusyError: If a living process owns it.
            StorageError: If the lease cannot be written.
        """
        if lease_state(folder) == "stale":
            _remove_stale(folder)
        lease = cls(folder.lease_file, secrets.token_hex(8))
        _held.add(lease._token)  # before anybody can read it
        try:
            with folder.lease_file.open("x", encoding="utf-8") as file:
                file.write(to_text(_facts(lease._token)))
        except OSError as error:
            _held.discard(lease._token)
            taken = isinstance(error, FileExistsError)
            raise (_busy(folder) if taken else cannot_write(folder.lease_file, error)) from error
        return lease

    def beat(self) -> None:
        """Say that the owner still lives; about once a second.

        Raises:
            RunBusyError: If another process took the run over, after a long standstill of this one.
            StorageError: If the lease cannot be written.
        """
        if not self._is_ours():
            raise RunBusyError(f"Another process has taken over the run {self._file.parent.name}.")
        write_json(self._file, _facts(self._token), durable=False)

    def release(self) -> None:
        """Give the run back; nothing happens if it is not ours any more."""
        _held.discard(self._token)
        if self._is_ours():
            with suppress(OSError):
                self._file.unlink()

    def _is_ours(self) -> bool:
        return _read(self._file).get("token") == self._token


def lease_state(folder: RunFolder) -> LeaseState:
    """Return whether a run has an owner, and whether that one is alive.

    On the owner's own machine the process itself is looked at; elsewhere the age of its heartbeat decides.
    """
    file = folder.lease_file
    try:
        facts = file.lstat()
    except OSError:
        return "none"
    if not stat.S_ISREG(facts.st_mode):  # no process of ours has made that
        return "stale"
    lease = _read(file)
    if lease.get("host") == platform.node():
        if lease.get("pid") == os.getpid() and "token" in lease and lease["token"] not in _held:
            return "stale"
        alive = _process_lives(lease.get("pid"), lease.get("process_start"))
        if alive is None:
            alive = 0 <= time.monotonic() - _number(lease.get("heartbeat_monotonic_s")) < STALE_AFTER_S
    else:
        alive = abs(time.time() - _timestamp(lease.get("heartbeat_utc"), facts.st_mtime)) < STALE_AFTER_S
    return "alive" if alive else "stale"


def _facts(token: str) -> dict[str, Any]:
    import psutil

    return {
        "host": platform.node(),
        "pid": os.getpid(),
        "process_start": psutil.Process().create_time(),
        "heartbeat_utc": utc_now(),
        "heartbeat_monotonic_s": time.monotonic(),
        "token": token,
    }


def _read(file: Path) -> Mapping[str, Any]:
    with suppress(OSError, ValueError):
        return read_json_object(file)
    return {}


def _process_lives(pid: Any, started: Any) -> bool | None:
    """Return None where the system does not let us look."""
    import psutil

    if type(pid) is not int or pid <= 0 or not isinstance(started, int | float):
        return False
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) <= _START_TOLERANCE_S
        return same and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, OverflowError):
        return False
    except psutil.Error:
        return None


def _timestamp(text: Any, otherwise: float) -> float:
    # A lease of which nothing can be read yet is just being written: the file's own time is as good.
    with suppress(TypeError, ValueError):
        return datetime.fromisoformat(text).astimezone(UTC).timestamp()
    return otherwise


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("-inf")


def _remove_stale(folder: RunFolder) -> None:
    """Remove a dead owner's lease. One process at a time: what was stale a moment ago may be a new owner's by now."""
    lock = folder.lease_lock
    with suppress(OSError):
        if time.time() - lock.stat().st_mtime > STALE_AFTER_S:  # whoever held it was killed within a millisecond
            lock.unlink()
    try:
        lock.touch(exist_ok=False)
        try:
            if lease_state(folder) == "stale":
                folder.lease_file.unlink(missing_ok=True)
        finally:
            lock.unlink()
    except FileExistsError:
        raise _busy(folder) from None
    except OSError as error:
        raise cannot_write(folder.lease_file, error) from error


def _busy(folder: RunFolder) -> RunBusyError:
    return RunBusyError(f"The run {folder.run_id} belongs to a running process. Stop it first, or follow it from here.")
