"""Atomic writes: a file is there whole, or as it was before."""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from retroml_edu.core.errors import StorageError
from retroml_edu.storage.json_text import to_text

_WINDOWS = os.name == "nt"
_PATIENCE_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.4)


def temporary_beside(path: Path) -> Path:
    """Return an unused name in the same folder, under which a file is written before it takes its place."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def is_temporary(name: str) -> bool:
    """Return whether a file name is one of `temporary_beside`."""
    return name.startswith(".") and name.endswith(".tmp")


def move_into_place(temporary: Path, path: Path) -> None:
    """Rename a finished file over whatever was there.

    Raises:
        OSError: If the system refuses.
    """
    for pause_s in _PATIENCE_S if _WINDOWS else ():
        try:
            temporary.replace(path)
        except PermissionError:  # Windows refuses while a reader or virus scanner has the old file open
            time.sleep(pause_s)
        else:
            return
    temporary.replace(path)


@contextmanager
def atomic_file(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Give a file to write to, which appears under its name when the block ends without an error.

    Args:
        path: Its final name.
        durable: Whether it also has to survive a power cut; costs a few milliseconds.

    Raises:
        StorageError: If it cannot be written.
    """
    temporary = temporary_beside(path)
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        move_into_place(temporary, path)
        if durable:
            _sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder to fill, which appears under its name when the block ends without an error.

    Whoever fills it puts each file on the disk with `write_new`.

    Args:
        path: Its final name, which nothing has.

    Raises:
        StorageError: If it cannot be written.
    """
    temporary = temporary_beside(path)
    try:
        temporary.mkdir(mode=0o700)
        yield temporary
        _sync_folder(temporary)
        move_into_place(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_new(path: Path, data: bytes) -> None:
    """Write a file that is not there yet, and have the system put it on the disk.

    Raises:
        OSError: If it cannot be written.
    """
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def remove_folder(path: Path) -> None:
    """Remove a folder and all that is in it; others see it whole, or not at all.

    Raises:
        StorageError: If the system refuses.
    """
    temporary = temporary_beside(path)
    try:
        move_into_place(path, temporary)
    except OSError as error:
        raise cannot_write(path, error) from error
    shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: Path) -> None:
    """Remove what writes that were killed have left in a folder; only its one owner may do so."""
    with suppress(OSError):  # they are in nobody's way: the next write tries again
        for path in folder.iterdir():
            if is_temporary(path.name):
                with suppress(OSError):
                    if path.is_dir() and not path.is_symlink():
                        shutil.rmtree(path)
                    else:
                        path.unlink()


def write_bytes(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Write a file atomically.

    Raises:
        StorageError: If it cannot be written.
    """
    with atomic_file(path, durable=durable) as file:
        file.write(data)


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Write a UTF-8 text file atomically; line ends are kept as they are."""
    write_bytes(path, text.encode(), durable=durable)


def write_json(path: Path, data: Any, *, durable: bool = True) -> None:
    """Write a JSON file atomically; NaN and infinity become null."""
    write_text(path, to_text(data), durable=durable)


def cannot_write(path: Path, error: OSError) -> StorageError:
    """Return the error for a file or folder that the system refuses to write."""
    reason = error.strerror or type(error).__name__
    return StorageError(
        f"Cannot write {path}: {reason}. Free some space or change the folder's rights, "
        "or choose another home for runs with home=... or RETROML_HOME."
    )


def _sync_folder(folder: Path) -> None:
    # On POSIX the new name itself is only safe once the folder is; Windows cannot open folders.
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
