"""A file from the person's computer, which arrives in pieces: a server refuses messages of more than some megabytes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from retroml_edu.core.errors import StorageError
from retroml_edu.storage.atomic import cannot_write
from retroml_edu.storage.paths import path_problem

PIECE_BYTES = 2**20
MAX_NAME = 60
"""Characters, of which each may take four bytes, of a name that every system takes."""


class Upload:
    """Puts the pieces of one file together, in a folder of its own for which nobody else has rights.

    Args:
        name: What it is called there, for sentences, and here if it can be a file's name on every system.
        size_bytes: Its size, as the page tells it.
        max_bytes: Largest that is taken.

    Raises:
        StorageError: If it is too large, or there is no place for it.
    """

    def __init__(self, name: str, size_bytes: int, max_bytes: int) -> None:
        if not 0 < size_bytes <= max_bytes:
            raise StorageError(f"{name} has {size_bytes:,} bytes, and at most {max_bytes // 2**20:,} MB are taken.")
        self.name = name
        self.size_bytes = size_bytes
        self.received = 0
        try:
            # It goes with this object or the kernel, whatever becomes of the page.
            self._folder = tempfile.TemporaryDirectory(prefix="retroml-upload-", ignore_cleanup_errors=True)
        except OSError as error:
            raise cannot_write(Path(tempfile.gettempdir()), error) from error
        usable = "/" not in name and len(name) <= MAX_NAME and not path_problem(name)
        self.path = Path(self._folder.name) / (name if usable else "upload")

    @property
    def whole(self) -> bool:
        """Whether all pieces are there."""
        return self.received == self.size_bytes

    def add(self, at: int, pieces: Sequence[Any]) -> None:
        """Append a piece.

        Raises:
            StorageError: If it is not the one that comes next, or cannot be written.
        """
        data = b"".join(bytes(piece) for piece in pieces)
        if at != self.received or not data or self.received + len(data) > self.size_bytes:
            raise StorageError(f"{self.name} did not arrive as it was sent: try again.")
        try:
            with self.path.open("ab") as file:
                file.write(data)
        except OSError as error:
            raise cannot_write(self.path, error) from error
        self.received += len(data)

    def discard(self) -> None:
        """Remove what has arrived."""
        self._folder.cleanup()
