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
MAX_MANIFEST_BYTES = 64 * 2**20


def write_manifest(folder: RunFolder) -> None:
    """Write manifest.json over everything that is in the folder, files unknown to retroml_edu too.

    Left out is what a person says of the run, its labels and their prediction: none of it is a change of the run.

    Raises:
        StorageError: If a file cannot be read or the manifest not written.
    """
    try:
        files = {name: _facts(file) for name, file in _listed(folder)}
    except OSError as error:
        raise StorageError(f"Cannot read {error.filename or folder.path}: {error.strerror or error}.") from error
    write_json(folder.manifest_file, {"format_version": MANIFEST_FORMAT_VERSION, "files": files})


def follow_in_manifest(folder: RunFolder, name: str) -> None:
    """Bring one file up to date in the manifest: as it is now, or left out if it is gone.

    Nothing happens without a manifest, which is written at the run's end, or with a damaged one, which stays as it is.

    Args:
        folder: Run folder.
        name: Path of the file, relative to the run folder.

    Raises:
        StorageError: If the manifest cannot be written.
    """
    try:
        manifest = read_json_object(folder.manifest_file, MAX_MANIFEST_BYTES)
        files = dict(manifest["files"])
        file = folder.path / name
        files.pop(name, None)
        if file.is_file():
            files[name] = _facts(file)
    except (OSError, ValueError, KeyError, TypeError):
        return
    write_json(folder.manifest_file, {**manifest, "files": dict(sorted(files.items()))})


def check_manifest(folder: RunFolder) -> list[str]:
    """Return a sentence for every difference between the folder and its manifest; nothing is changed.

    Raises:
        StorageError: If the manifest is missing or damaged.
    """
    try:
        listed = read_json_object(folder.manifest_file, MAX_MANIFEST_BYTES)["files"]
        differences = [text for name, facts in listed.items() if (text := _difference(folder, name, facts))]
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise StorageError(f"{folder.manifest_file} cannot be read: {type(error).__name__}: {error}.") from None
    return differences + [f"{name} is not in the manifest." for name, _ in _listed(folder) if name not in listed]


def _listed(folder: RunFolder) -> list[tuple[str, Path]]:
    left_out = (folder.manifest_file, folder.labels_log, folder.video_labels_file, folder.prediction_file)
    return [(name, file) for name, file in folder.kept_files() if file not in left_out]


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
