"""video_labels.json: the names that a person gave to videos of a run; the files keep theirs."""

from __future__ import annotations

import threading
from contextlib import suppress

from retroml_edu.core.errors import LabelError, StorageError
from retroml_edu.storage.atomic import write_json
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import parse
from retroml_edu.storage.labels import checked_name
from retroml_edu.storage.paths import read_unlinked, unlinked

MAX_BYTES = 2**20
_WRITING = threading.Lock()
"""Two panels of a kernel may name videos of one run at a time."""


def read_video_labels(folder: RunFolder) -> dict[str, str]:
    """Return the names that were given, by the names of the files; none where they cannot be read."""
    with suppress(StorageError, ValueError):
        return _read(folder)
    return {}


def label_video(folder: RunFolder, video: str, name: str) -> str:
    """Give a video a name, or take it away with an empty one; return the name as it is kept.

    Args:
        folder: Run folder.
        video: Name of the file.
        name: What a person wants to call it.

    Raises:
        LabelError: If the name is too long, or no text.
        StorageError: If it cannot be written, or the names that are there cannot be read: they would be lost.
    """
    label = checked_name(name)
    file = folder.video_labels_file
    with _WRITING:
        try:
            labels = _read(folder) if file.exists() or file.is_symlink() else {}
        except ValueError as error:
            told = f"{file} cannot be read ({error}): mend it or put it away, then give the name."
            raise StorageError(told) from None
        labels.pop(video, None)
        if label:
            labels[video] = label
        write_json(unlinked(folder.path, file.name), labels, durable=False)
    return label


def _read(folder: RunFolder) -> dict[str, str]:
    data = parse(read_unlinked(folder.path, folder.video_labels_file.name, MAX_BYTES), max_depth=2)
    if not isinstance(data, dict):
        raise StorageError(f"{folder.video_labels_file} holds no names: put it away, then give the name.")
    return {video: label for video, text in data.items() if (label := _label(text))}


def _label(text: object) -> str:
    with suppress(LabelError):
        return checked_name(text) if isinstance(text, str) else ""
    return ""
