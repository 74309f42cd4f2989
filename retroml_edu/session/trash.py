"""The trash of a home: runs, and single files of runs, are put there and brought back."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from retroml_edu.core.errors import StorageError
from retroml_edu.core.ids import is_run_id
from retroml_edu.storage.atomic import cannot_write, move_into_place
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.index import RunIndex
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.manifest import follow_in_manifest
from retroml_edu.storage.paths import unlinked

TRASH = ".trash"
"""Folder in the home to which discarded runs go."""
FILES = "files"
"""Folder in the trash for single files, by the ids of their runs."""


def discard(folder: RunFolder) -> Path:
    """Move a run to the trash of its home and return where it is now; `restore` brings it back.

    Raises:
        RunBusyError: If somebody goes on with it.
        StorageError: If it cannot be moved.
    """
    target = move_away(folder)
    with suppress(StorageError), RunIndex(folder.path.parent) as index:  # a cache, which mends itself
        index.forget(folder.run_id)
    return target


def restore(home: Path, run_id: str) -> None:
    """Bring a discarded run back.

    Raises:
        StorageError: If it is not in the trash, or cannot be moved.
    """
    folder = move_back(home, run_id)
    with suppress(StorageError), RunIndex(home) as index:
        index.record_folder(folder)


def move_away(folder: RunFolder) -> Path:
    """Do what `discard` does, but leave the run in the list: who moves many tells it of all at once."""
    home = folder.path.parent
    target = home / TRASH / folder.run_id
    if target.exists():
        raise StorageError(f"There is a run {folder.run_id} in {home / TRASH} already: take that one away first.")
    lease = Lease.acquire(folder)
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        move_into_place(folder.path, target)
    except OSError as error:
        lease.release()
        raise cannot_write(target, error) from error
    with suppress(OSError):  # the lease has moved along
        RunFolder(target).lease_file.unlink()
    return target


def move_back(home: Path, run_id: str) -> RunFolder:
    """Do what `restore` does, but do not add the run to the list, and return its folder."""
    source = home / TRASH / run_id
    if not is_run_id(run_id) or not source.is_dir():
        raise StorageError(f"There is no run {run_id!r} in {home / TRASH}.")
    target = home / run_id
    if target.exists():
        raise StorageError(f"There is a run {run_id} in {home} already: the one in {TRASH} stays where it is.")
    try:
        move_into_place(source, target)
    except OSError as error:
        raise cannot_write(target, error) from error
    return RunFolder(target)


def discard_file(folder: RunFolder, name: str) -> None:
    """Move one file of a run to the trash of its home, in the place of one of that name; `restore_file` brings it back.

    Args:
        folder: Run folder.
        name: Path of the file, relative to the run folder.

    Raises:
        StorageError: If it is not there, or cannot be moved.
    """
    _move_file(unlinked(folder.path, name), _trashed(folder, name))
    follow_in_manifest(folder, name)


def restore_file(folder: RunFolder, name: str) -> None:
    """Bring a discarded file of a run back.

    Raises:
        StorageError: If it is not in the trash, its place is taken, or it cannot be moved.
    """
    target = unlinked(folder.path, name)
    if target.exists():
        raise StorageError(f"There is a new {name} in {folder.path}: the one in {TRASH} stays where it is.")
    _move_file(_trashed(folder, name), target)
    follow_in_manifest(folder, name)


def _trashed(folder: RunFolder, name: str) -> Path:
    return folder.path.parent / TRASH / FILES / folder.run_id / name


def _move_file(source: Path, target: Path) -> None:
    if not source.is_file():
        raise StorageError(f"{source} is not there any more.")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        move_into_place(source, target)
    except OSError as error:
        raise cannot_write(target, error) from error
