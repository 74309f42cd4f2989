"""settings.json: a person's preferences, in the home of runs."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retroml_edu.core.errors import Problem, StorageError
from retroml_edu.core.preferences import PREFERENCES_VERSION, Preferences, changed_preferences, usable_preferences
from retroml_edu.storage.atomic import move_into_place, write_json
from retroml_edu.storage.home import open_home
from retroml_edu.storage.json_text import read_json_object

FILE = "settings.json"
VERSION = "version"
MAX_BYTES = 2**16
MOST_PROBLEMS = 5
_writing = threading.Lock()
"""Two panels of a kernel may write at once."""


@dataclass(frozen=True, slots=True)
class StoredPreferences:
    """What the file holds.

    Attributes:
        preferences: What counts; defaults where the file says nothing, or nothing that can be used.
        problems: A sentence on what of the file cannot be used.
    """

    preferences: Preferences
    problems: tuple[Problem, ...] = ()


def preferences_file(home: Path) -> Path:
    """Return where the preferences of a home are kept."""
    return home / FILE


def read_preferences(home: Path) -> StoredPreferences:
    """Return the preferences that a home holds; nothing in it is changed, whatever it is."""
    try:
        values = _read(home)
    except (FileNotFoundError, NotADirectoryError):
        return StoredPreferences(Preferences())
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        message = f"{preferences_file(home)} cannot be read: {reason}."
        return StoredPreferences(Preferences(), (Problem("", message, "The defaults are used.", "warning"),))
    version = values.pop(VERSION, PREFERENCES_VERSION)
    if version != PREFERENCES_VERSION:
        return StoredPreferences(Preferences(), (_of_another_version(home),))
    preferences, problems = usable_preferences(values)
    shown = [Problem(each.field, f"{FILE}: {each.message}", each.remedy, each.severity) for each in problems]
    if len(shown) > MOST_PROBLEMS:
        more = f"{FILE}: {len(shown) - MOST_PROBLEMS:,} more values that cannot be used."
        shown = [*shown[:MOST_PROBLEMS], Problem("", more, severity="warning")]
    return StoredPreferences(preferences, tuple(shown))


def change_preferences(home: Path, changes: Mapping[str, Any]) -> Preferences:
    """Write some preferences, leave the others in the file as they are, and return what counts from now on.

    A file that is no JSON is put aside first, under a name of its own.

    Raises:
        ConfigError: If a name is unknown or a value does not fit.
        StorageError: If the file cannot be written, or a newer version of retroml_edu wrote it.
    """
    with _writing:
        return _rewritten(home, changes, ())


def reset_preferences(home: Path, names: Iterable[str] = tuple(Preferences.model_fields)) -> Preferences:
    """Go back to defaults, and return what counts from now on; what is unknown here stays in the file.

    Raises:
        StorageError: If the file cannot be written, or a newer version of retroml_edu wrote it.
    """
    with _writing:
        return _rewritten(home, {}, names)


def _rewritten(home: Path, changes: Mapping[str, Any], forgotten: Iterable[str]) -> Preferences:
    before = read_preferences(home).preferences
    after = changed_preferences(before, changes)
    file = preferences_file(home)
    try:
        values = _read(home)
    except (FileNotFoundError, NotADirectoryError):
        values = {}
    except ValueError:
        values = {}
        _put_aside(file)
    except OSError as error:
        raise StorageError(f"{file} cannot be read, so nothing is written to it: {error.strerror or error}.") from error
    if values.get(VERSION, PREFERENCES_VERSION) != PREFERENCES_VERSION:
        raise StorageError(str(_of_another_version(home)))
    for name in forgotten:
        values.pop(name, None)
    open_home(home)
    plain = after.model_dump(mode="json")
    write_json(file, {VERSION: PREFERENCES_VERSION} | values | {name: plain[name] for name in changes})
    return read_preferences(home).preferences


def _read(home: Path) -> dict[str, Any]:
    file = preferences_file(home)
    if file.exists() and not file.is_file():  # a pipe would be waited for without end
        raise OSError(0, "it is no file")
    return read_json_object(file, MAX_BYTES)


def _put_aside(file: Path) -> None:
    aside = file.with_name(f"{file.stem}-unreadable-{secrets.token_hex(4)}{file.suffix}")
    try:
        move_into_place(file, aside)
    except OSError as error:
        raise StorageError(f"{file} is no JSON, and cannot be put aside: {error.strerror or error}.") from error


def _of_another_version(home: Path) -> Problem:
    return Problem(
        "",
        f"{preferences_file(home)} was written by another version of retroml_edu, and is left alone.",
        "The defaults are used. Update retroml_edu to use it, or remove the file.",
        "warning",
    )
