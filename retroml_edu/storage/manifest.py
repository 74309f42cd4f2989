"""manifest.json: size and SHA-256 of every file of a run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from retroml_edu.core.errors import StorageError
from retroml_edu.storage.atomic import write_json
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import read_json_object
from retroml_edu.storage.paths import inside

MANIFEST_FORMAT_VERSION = 1


def write_manifest(folder: RunFolder) -> None:
    """Write manifest.json over everything that is in the folder, files unknown to retroml_edu too.

    Raises:
        StorageError: If a file cannot be read or the manifest not written.
    """
    try:
        files = {name: _facts(file) for name, file in _listed(folder)}
    except OSError as error:
        raise StorageError(f"Cannot read {error.filename or folder.path}: {error.strerror or error}.") from error
    write_json(folder.manifest_file, {"format_version": MANIFEST_FORMAT_VERSION, "files": files})


def check_manifest(folder: RunFolder) -> list[str]:
    """Return a sentence for every difference between the folder and its manifest; nothing is changed.

    Raises:
        StorageError: If the manifest is missing or damaged.
    """
    try:
        listed = read_json_object(folder.manifest_file, max_bytes=64 * 2**20)["files"]
        differences = [text for name, facts in listed.items() if (text := _difference(folder, name, facts))]
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise StorageError(f"{folder.manifest_file} cannot be read: {type(error).__name__}: {error}.") from None
    return differences + [f"{name} is not in the manifest." for name, _ in _listed(folder) if name not in listed]


def _listed(folder: RunFolder) -> list[tuple[str, Path]]:
    return [(name, file) for name, file in folder.kept_files() if file != folder.manifest_file]


def _difference(folder: RunFolder, name: str, facts: Mapping[str, Any]) -> str:
    try:
        file = inside(folder.path, name)
    except StorageError as error:
        return str(error)
    if file.is_symlink() or not file.is_file():
        return f"{name} is missing."
    if file.stat().st_size != facts["size_bytes"]:
        return f"{name} has {file.stat().st_size} bytes instead of {facts['size_bytes']}."
    return "" if _facts(file)["sha256"] == facts["sha256"] else f"{name} has been changed."


def _facts(file: Path) -> dict[str, Any]:
    with file.open("rb") as source:
        digest = hashlib.file_digest(source, "sha256").hexdigest()
    return {"sha256": digest, "size_bytes": file.stat().st_size}
