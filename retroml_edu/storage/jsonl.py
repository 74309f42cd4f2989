"""Append-only files of lines: written in whole batches, read up to the last whole line."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from retroml_edu.storage.atomic import cannot_write
from retroml_edu.storage.plain_files import open_plain

MAX_LINE_BYTES = 2**20
_BLOCK = 64 * 1024


class AppendFile:
    """Appends whole lines to a file; what a killed writer left of a line is cut off first.

    Args:
        path: Made if it is missing.

    Raises:
        StorageError: If it cannot be opened.

    Threads: one writer; any number of readers, in any process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            # Unbuffered: after a failure nothing is left that a later write would put in the wrong place.
            self._file = io.FileIO(path, "ab", opener=_open_unlinked)
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            self._size = _end_of_last_line(path)
            self._file.truncate(self._size)
        except OSError as error:
            self._file.close()
            raise cannot_write(path, error) from error

    def append(self, lines: bytes) -> None:
        """Append a batch of lines, each with its line end, in one write.

        Raises:
            StorageError: If the system refuses, a full disk say; the file then ends where it ended before.
        """
        rest = memoryview(lines)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._size)
            raise cannot_write(self._path, error) from error
        self._size += len(lines)

    def sync(self) -> None:
        """Have the system put everything on the disk: it then survives a power cut.

        Raises:
            StorageError: If the system refuses.
        """
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise cannot_write(self._path, error) from error

    def close(self) -> None:
        """Have the system put everything on the disk, and close; may be called again.

        Raises:
            StorageError: If the system refuses.
        """
        if not self._file.closed:
            with self._file:
                self.sync()


def append_line(path: Path, line: bytes) -> None:
    """Append one line, given without its line end; what a killed writer left of a line becomes a damaged one.

    Of two processes that write at once, one can take the other's line for a torn one while it grows: an empty line
    lies between the two then, which readers skip as a damaged one.

    Raises:
        StorageError: If it cannot be written, or the file is a link.

    Threads: safe, also between processes, since a line is appended whole.
    """
    try:
        with io.FileIO(path, "a+b", opener=_open_unlinked) as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                line = line if file.read(1) == b"\n" else b"\n" + line
            file.write(line + b"\n")
    except OSError as error:
        raise cannot_write(path, error) from error


def whole_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file, without a torn last one; none if there is no file.

    An overlong line comes as its first `MAX_LINE_BYTES`, which no parser accepts, and not as all of memory.
    """
    with suppress(FileNotFoundError), open_plain(path) as file:
        while line := file.readline(MAX_LINE_BYTES):
            rest = line
            while not rest.endswith(b"\n"):
                rest = file.readline(MAX_LINE_BYTES)
                if not rest:
                    return
            yield line


def last_lines(path: Path) -> list[bytes]:
    """Return some of the last whole lines of a file, newest first: at least one, if there is any of usual length."""
    with suppress(FileNotFoundError), open_plain(path) as file:
        start = max(0, file.seek(0, os.SEEK_END) - MAX_LINE_BYTES)
        file.seek(start)
        lines = file.read().split(b"\n")[:-1]
        return lines[: 0 if start else None : -1]
    return []


class LineTail:
    """Reads what was appended to a file since the last look.

    Args:
        path: Need not exist yet.
        offset: Where the first look begins: the end of a line.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self._path = path
        self._offset = offset
        self._in_overlong = False
        self._read_share = 1.0

    @property
    def read_share(self) -> float:
        """How much of the file had been read when the last look ended, from 0 to 1; 1 but where a bound ended it."""
        return self._read_share

    def read(self, most_bytes: int | None = None) -> list[bytes]:
        """Return the new whole lines; of an overlong one its first `MAX_LINE_BYTES`, which no parser accepts.

        Args:
            most_bytes: How much to read, about; the next look reads on.
        """
        lines: list[bytes] = []
        end = math.inf if most_bytes is None else self._offset + most_bytes
        with suppress(FileNotFoundError), open_plain(self._path) as file:
            file.seek(self._offset)
            while self._offset < end and (piece := file.readline(MAX_LINE_BYTES)):
                whole = piece.endswith(b"\n")
                if not whole and len(piece) < MAX_LINE_BYTES:
                    break  # it is still being written
                if not self._in_overlong:
                    lines.append(piece.removesuffix(b"\n"))
                self._in_overlong = not whole
                self._offset += len(piece)
            size = file.seek(0, os.SEEK_END)
            is_behind = end <= self._offset < size  # a line that is still being written keeps nobody behind
            self._read_share = self._offset / size if is_behind else 1.0
        return lines


def _open_unlinked(path: str, flags: int) -> int:
    """Open a file itself, never what a link leads to, where the system can tell."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _end_of_last_line(path: Path) -> int:
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - _BLOCK)
            file.seek(start)
            found = file.read(end - start).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
    return 0
