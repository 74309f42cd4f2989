"""Opening files of a run folder that may come from a stranger: plain files alone, so that no reader waits for ever."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from retroml_edu.core.errors import StorageError


class NotPlainError(StorageError, OSError):
    """What should be a file is a link, a pipe, a device or a folder.

    Args:
        path: What it is.
    """

    def __init__(self, path: Path) -> None:
        why = "it is no plain file, but a link, a pipe, a device or a folder"
        super().__init__(f"{path} cannot be read: {why}.")
        self.strerror = why


def open_plain(path: Path) -> BinaryIO:
    """Open a file for reading if it is one.

    A pipe keeps who opens it waiting, a device may give bytes without end, and a link may lead to either.

    Raises:
        NotPlainError: If it is something else.
        OSError: If it is not there, or cannot be read.
    """
    refuse_others([path])  # first: to open a device can do something
    return open(path, "rb", opener=_open)


def refuse_others(paths: Iterable[Path]) -> None:
    """Look at files without opening them; those that are not there are no matter.

    Raises:
        NotPlainError: If one is a link, a pipe, a device or a folder.
        OSError: If the folder cannot be looked into.
    """
    for path in paths:
        try:
            mode = path.lstat().st_mode
        except FileNotFoundError:
            continue
        if not stat.S_ISREG(mode):
            raise NotPlainError(path)


def _open(path: str, flags: int) -> int:
    handle = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    if stat.S_ISREG(os.fstat(handle).st_mode):  # it may have been exchanged since it was looked at
        return handle
    os.close(handle)
    raise NotPlainError(Path(path))
