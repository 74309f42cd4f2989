"""Paths that came from a file: none of them leaves the folder that it belongs to, on any system."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from retroml_edu.core.errors import StorageError

_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?")
_FORBIDDEN = re.compile(r'[\x00-\x1f\\:*?"<>|]')


def path_problem(relative: str) -> str:
    """Return what is wrong with a relative path, or an empty string.

    The strictest system decides, so that a folder made on one can be opened on every other: no backslashes, drive
    letters, device names, or names that end with a dot or space.
    """
    if not relative or len(relative) > 1_000:
        return "it is empty or too long"
    for part in relative.split("/"):
        if part in {"", ".", ".."}:
            return "it is not a plain path inside the folder"
        if _FORBIDDEN.search(part) or part.endswith((".", " ")):
            return f'"{part!s}" is not a file name on every system'
        if _DEVICE.fullmatch(part):
            return f'"{part}" is the name of a device on Windows'
    return ""


def inside(folder: Path, relative: str) -> Path:
    """Return the path of a file in a folder.

    Args:
        folder: Where it has to stay.
        relative: Path with forward slashes, perhaps written by a stranger.

    Raises:
        StorageError: If the path is absolute, climbs out, follows a link out, or names a device.
    """
    problem = path_problem(relative)
    path = folder / relative
    if not problem:
        problem = _way_out(folder, path)
    if problem:
        raise StorageError(f"The path {relative!r} is not accepted in {folder}: {problem}.")
    return path


def _way_out(folder: Path, path: Path) -> str:
    try:
        stays = path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a link to itself: until Python 3.12 a RuntimeError
        return "a link on the way leads nowhere"
    return "" if stays else "a link on the way leaves the folder"


def unlinked(folder: Path, relative: str) -> Path:
    """Return the path of a file or folder that no link leads to, not even one within the folder.

    Raises:
        StorageError: As `inside`, or if any part of the path is a link.
    """
    path = inside(folder, relative)
    parts = path.relative_to(folder).parts
    if any(folder.joinpath(*parts[: count + 1]).is_symlink() for count in range(len(parts))):
        raise StorageError(f"The path {relative!r} is not accepted in {folder}: there is a link on the way.")
    return path


def read_unlinked(folder: Path, relative: str, max_bytes: int) -> bytes:
    """Read a file that may come from a stranger: a plain one, of bounded size, that no link leads to.

    Raises:
        StorageError: As `unlinked`.
        ValueError: If it is missing, too large, no plain file, or cannot be read.
    """
    path = unlinked(folder, relative)
    try:
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode):
            raise ValueError(f"{path.name} is no plain file")
        if facts.st_size > max_bytes:
            raise ValueError(f"{path.name} has {facts.st_size} bytes, and {max_bytes} are allowed")
        with path.open("rb") as file:
            return file.read(facts.st_size)  # which is what it allocates at once
    except OSError as error:
        raise ValueError(f"{path.name}: {error.strerror or error}") from error
