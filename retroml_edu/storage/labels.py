"""labels.jsonl: the name, tags and notes that a person gave a run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from retroml_edu.core.errors import LabelError, StorageError
from retroml_edu.core.ids import utc_now
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import parse, to_line
from retroml_edu.storage.jsonl import append_line, last_lines
from retroml_edu.storage.paths import unlinked

MAX_NAME = 100
MAX_TAG = 40
MAX_TAGS = 20
MAX_NOTES = 4_000
"""Characters, or tags. The longest line that keeps to them is far below `jsonl.MAX_LINE_BYTES`."""
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""What a terminal would obey rather than print, and halves of characters, which no database takes."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What a person says of a run; it changes nothing about the run.

    Attributes:
        name: A short name, on one line.
        tags: Words to find it by, each once, in the order in which they were given.
        notes: Some sentences.
    """

    name: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""


def read_labels(folder: RunFolder) -> Labels:
    """Return the labels of a run; empty ones where there are none, or none that can be read.

    Each line of the file holds all labels, so the last one that can be read counts; only the file's end is read.
    A link is not followed: it may lead out of the folder.
    """
    with suppress(OSError, StorageError):
        file = unlinked(folder.path, folder.labels_log.name)
        if file.is_file():
            for line in last_lines(file):
                with suppress(ValueError):
                    return _decoded(line)
    return Labels()


def change_labels(
    folder: RunFolder, *, name: str | None = None, tags: Iterable[str] | None = None, notes: str | None = None
) -> Labels:
    """Write what is given as the labels of a run, the rest as it was, and return all of them.

    Also while the run goes on, in whatever process: nobody else writes this file.

    Raises:
        LabelError: If a label is too long, or no text.
        StorageError: If the file cannot be written, or is a link.
    """
    before = read_labels(folder)
    after = Labels(
        name=before.name if name is None else checked_name(name),
        tags=before.tags if tags is None else checked_tags(tags),
        notes=before.notes if notes is None else checked_notes(notes),
    )
    if after != before:
        line = to_line({"time_utc": utc_now(), **asdict(after)})
        append_line(unlinked(folder.path, folder.labels_log.name), line.encode())
    return after


def checked_name(name: str) -> str:
    """Return a name as it is kept: on one line, without what no screen shows.

    Raises:
        LabelError: If it is too long, or no text.
    """
    return _bounded(" ".join(_text(name, "name").split()), MAX_NAME, "name")


def checked_tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags as they are kept: without empty and repeated ones.

    Raises:
        LabelError: If there are too many, or one is too long or no text.
    """
    if isinstance(tags, str):
        raise LabelError(f'Tags are a list of texts: write tags=["{tags[:MAX_TAG]}"].')
    kept = dict.fromkeys(_bounded(" ".join(_text(tag, "tag").split()), MAX_TAG, "tag") for tag in tags)
    kept.pop("", None)
    if len(kept) > MAX_TAGS:
        raise LabelError(f"A run has at most {MAX_TAGS} tags, and these are {len(kept)}: leave some out.")
    return tuple(kept)


def checked_notes(notes: str) -> str:
    """Return notes as they are kept.

    Raises:
        LabelError: If they are too long, or no text.
    """
    return _bounded(_text(notes, "note").strip(), MAX_NOTES, "note")


def _decoded(line: bytes) -> Labels:
    try:
        data = parse(line, max_depth=2)
        return Labels(checked_name(data["name"]), checked_tags(data["tags"]), checked_notes(data["notes"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"damaged line: {type(error).__name__}") from None


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str):
        raise LabelError(f"A {what} is a text, and this is {type(value).__name__}.")
    return _NOT_TEXT.sub("", value.replace("\r\n", "\n"))


def _bounded(text: str, most: int, what: str) -> str:
    if len(text) > most:
        raise LabelError(f"A {what} has at most {most:,} characters, and this one has {len(text):,}: shorten it.")
    return text
