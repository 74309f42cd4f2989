"""A disk that fails when it is told to: every call that writes below a folder is counted, and may be refused.

What Python code writes goes through it, and what SQLAlchemy sends to SQLite. Not what libraries write in C by
themselves: the pictures of a video, of which only the opening of the file is seen.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import re
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import av
from sqlalchemy.engine.default import DefaultDialect

_REMOVALS = {"unlink", "rmdir"}
_IN_WORDS = {
    errno.ENOSPC: "database or disk is full",
    errno.EIO: "disk I/O error",
    errno.EROFS: "attempt to write a readonly database",
}


@dataclass(frozen=True)
class Fault:
    """Which calls fail, and how.

    Attributes:
        code: Of the error, as in `errno`; a full disk still removes what is there.
        first: Number of the first call that fails, from 1; none if 0.
        times: How many fail in a row.
    """

    code: int = errno.EIO
    first: int = 0
    times: int = 1


@dataclass
class FaultyDisk:
    """Counts the calls that write below a folder, and lets some of them fail.

    Attributes:
        root: The folder.
        fault: Which fail.
        calls: How many there were.
        sites: How often each kind of call was made: what it does, and to which file.
        refused: Those that failed.
    """

    root: Path
    fault: Fault = Fault()
    calls: int = 0
    sites: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    _open_files: dict[int, str] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.Lock)

    def mend(self) -> None:
        """Let nothing fail any more."""
        self.fault = Fault()

    @contextmanager
    def inserted(self) -> Iterator[None]:
        """Put it between Python and the system."""

        def execute(*arguments: Any) -> None:  # a function, which becomes a method
            self._execute(*arguments)

        with ExitStack() as patched:
            for place, stand_ins in (
                (io, {"open": self._open}),
                (builtins, {"open": self._open}),
                (os, self._system_calls()),
                (av, {"open": self._av_open}),
                (DefaultDialect, {"do_execute": execute}),
            ):
                patched.enter_context(mock.patch.multiple(place, **stand_ins))
            yield

    # -- which call fails ----------------------------------------------------------------------------------------

    def _ask(self, what: str, path: str) -> OSError | None:
        """Count a call; return the error with which it fails."""
        if self.fault.code == errno.ENOSPC and what in _REMOVALS:
            return None
        with self._lock:
            self.calls += 1
            site = f"{what} {_kind(Path(path).relative_to(self.root))}"
            self.sites[site] += 1
            if not self.fault.first <= self.calls < self.fault.first + self.fault.times:
                return None
            self.refused.append(site)
        return OSError(self.fault.code, os.strerror(self.fault.code), path)

    def _check(self, what: str, path: str) -> None:
        error = self._ask(what, path)
        if error is not None:
            raise error

    def _below(self, path: object) -> str | None:
        if isinstance(path, int):
            return self._open_files.get(path)
        try:
            text = os.path.abspath(os.fsdecode(os.fspath(path)))  # type: ignore[call-overload]  # noqa: PTH100
        except TypeError:
            return None
        return text if text.startswith(str(self.root)) else None

    # -- what stands in for what ---------------------------------------------------------------------------------

    def _open(self, file: Any, mode: str = "r", buffering: int = -1, *args: Any, **kwargs: Any) -> Any:
        path = self._below(file)
        if path is None or isinstance(file, int) or not set(mode) & set("wax+"):
            return _REAL_OPEN(file, mode, buffering, *args, **kwargs)
        self._check("open", path)
        if kwargs.get("opener") is not None:  # a file without a name, which the system makes in its own way
            return _REAL_OPEN(file, mode, buffering, *args, **kwargs)
        binary = mode.replace("b", "").replace("t", "")
        raw = _FaultyFile(self, path, binary)
        if buffering == 0:
            return raw
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, *args, **kwargs)

    def _av_open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        path = self._below(file)
        if path is not None and mode == "w":
            self._check("open", path)
        return _REAL_AV_OPEN(file, mode, *args, **kwargs)

    def _system_calls(self) -> dict[str, Callable[..., Any]]:
        names = ("open", "mkdir", "rename", "replace", "unlink", "rmdir", "fsync")
        return {name: self._stand_in(name, getattr(os, name)) for name in names} | {"close": self._close}

    def _stand_in(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any, *args: Any, **kwargs: Any) -> Any:
            folder = self._open_files.get(kwargs.get("dir_fd"))  # type: ignore[arg-type]
            where = f"{folder}/{path}" if folder else self._below(path)
            reads = name == "open" and not (args and args[0] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
            if where is not None and not reads:
                self._check(name, where)
            result = real(path, *args, **kwargs)
            if where is not None and name == "open":
                self._open_files[result] = where
            return result

        return call

    def _close(self, handle: int) -> None:
        self._open_files.pop(handle, None)
        _REAL_CLOSE(handle)

    def _execute(self, dialect: Any, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        writes = not statement.lstrip().upper().startswith(("SELECT", "PRAGMA"))
        if writes and self._ask("write", str(self.root / "index.db")) is not None:
            raise sqlite3.OperationalError(_IN_WORDS[self.fault.code])
        _REAL_EXECUTE(dialect, cursor, statement, parameters, context)


class _FaultyFile(io.FileIO):
    """A file that is open for writing; a refused write leaves half of its bytes behind."""

    def __init__(self, disk: FaultyDisk, path: str, mode: str) -> None:
        super().__init__(path, mode)
        self._disk = disk
        self._path = path
        disk._open_files[self.fileno()] = path

    def write(self, data: Any) -> int:
        error = self._disk._ask("write", self._path)
        if error is not None:
            super().write(memoryview(data)[: len(data) // 2])
            raise error
        return super().write(data)

    def truncate(self, size: int | None = None) -> int:
        if size is not None and size > os.fstat(self.fileno()).st_size:
            self._disk._check("truncate", self._path)
        return super().truncate(size)

    def close(self) -> None:
        if not self.closed:
            self._disk._open_files.pop(self.fileno(), None)
        super().close()


_REAL_OPEN = io.open
_REAL_AV_OPEN = av.open
_REAL_EXECUTE = DefaultDialect.do_execute
_REAL_CLOSE = os.close


def _kind(path: Path) -> str:
    """Return a path with what changes from run to run taken out: ids, steps, digests, random names."""
    parts = []
    for part in path.parts:
        name = re.sub(r"^\.(.*)\.[0-9a-f]{8}\.tmp$", r"\1 (temporary)", part)
        name = re.sub(r"^[0-9a-f]{8}-[0-9a-f-]{27}", "RUN", name)
        name = re.sub(r"^[0-9]{8}-[0-9a-f]{32}", "BLOCK", name)
        parts.append(re.sub(r"[0-9]{10}(-[0-9]+)?", "STEP", name))
    return "/".join(parts) or "home"
