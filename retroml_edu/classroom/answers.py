"""The answer sheet: what a student has answered, predicted and written, in one JSON file beside the notebook."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from retroml_edu.core.errors import LessonError, StorageError
from retroml_edu.core.ids import utc_now
from retroml_edu.storage.atomic import write_text
from retroml_edu.storage.json_text import read_json_object, to_text

FORMAT_VERSION = 1
QUESTIONS, PREDICTIONS, EXERCISES, GRADED = SECTIONS = ("questions", "predictions", "exercises", "graded")
MOST_BYTES = 4 * 2**20
MOST_ENTRY_BYTES = 2**18
MOST_ENTRIES = 1_000
"""In one section."""
MOST_NAME = 200
_ABANDONED_S = 10.0
"""Whoever made a lock that was there for so long counts as gone: a write takes some milliseconds."""
_OLD_S = 600.0
"""Age from which on nobody waits at all; by the clock of who has the folder, which may be minutes off."""
_PATIENCE_S = 30.0
"""After which nobody waits for a lock any longer: it cannot be taken away either."""
_AGAIN_S = 0.01
_WRITING = threading.RLock()

Entry = dict[str, Any]


class AnswerSheet:
    """The answers of one lesson.

    Nothing is held in memory: an answer is put into the file as it is then, so notebooks that share it do not lose each
    other's. A file that cannot be used is put aside under another name, and never changed.

    Args:
        file: Where it is, or will be with the first answer.
        lesson: Whose answers they are.

    Attributes:
        said: What happened to a file that was put aside; empty as long as nothing did.

    Threads: safe; several processes may use one file.
    """

    def __init__(self, file: Path, lesson: str) -> None:
        self.file = file
        self.lesson = lesson
        self.said = ""

    def entry(self, section: str, name: str) -> Entry | None:
        """Return what is kept under a name; None if nothing is.

        Raises:
            LessonError: If the file is there and the system does not let it be read.
        """
        return self.section(section).get(name)

    def section(self, section: str) -> dict[str, Entry]:
        """Return all entries of a section by name."""
        return dict(self.read()[section])

    def read(self) -> dict[str, Any]:
        """Return all that is kept: each of `SECTIONS`, and what else is in the file.

        Raises:
            LessonError: As `entry`.
        """
        try:
            return self._read()
        except ValueError:
            with self._alone():
                return self._usable()

    def keep(self, section: str, name: str, change: Callable[[Entry | None], Mapping[str, Any]]) -> Entry:
        """Put an entry into the file.

        Args:
            section: One of `SECTIONS`.
            name: What it is kept under.
            change: Returns the new entry, given the one that is there now.

        Returns:
            The entry as it is kept, with its time.

        Raises:
            LessonError: If it cannot be kept; says why.
        """
        with self._alone():
            sheet = self._usable()
            entries = sheet[section]
            entry = {**change(entries.get(name)), "time_utc": utc_now()}
            if len(to_text(entry)) > MOST_ENTRY_BYTES or len(name) > MOST_NAME:
                raise LessonError(f'"{name[:40]}" cannot be kept: it is larger than {MOST_ENTRY_BYTES // 1024} KiB.')
            entries[name] = entry
            text = to_text(sheet)
            if len(entries) > MOST_ENTRIES or len(text.encode()) > MOST_BYTES:
                raise LessonError(f'"{name[:40]}" cannot be kept: {self.file.name} is full.')
            try:
                write_text(self.file, text)
            except StorageError as error:
                raise self._refused(error.__cause__) from error
            return entry

    # -- the file ----------------------------------------------------------------------------------------------------

    def _read(self) -> dict[str, Any]:
        """Return what is in the file; a `ValueError` says why it cannot be used."""
        try:
            sheet = read_json_object(self.file, MOST_BYTES)
        except FileNotFoundError:
            sheet = {"format_version": FORMAT_VERSION, "lesson": self.lesson}
        except StorageError as error:
            raise ValueError(getattr(error, "strerror", "") or str(error)) from error
        except OSError as error:
            raise LessonError(f"{self.file} cannot be read: {error.strerror or error}.") from error
        if sheet.get("format_version") != FORMAT_VERSION:
            raise ValueError("it is of another version of retroml_edu")
        if sheet.get("lesson") != self.lesson:
            raise ValueError("it belongs to another lesson")
        for section in SECTIONS:
            entries = sheet.setdefault(section, {})
            if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
                raise ValueError(f"its {section} are not what this lesson writes")
        return sheet

    def _usable(self) -> dict[str, Any]:
        """Return what is in the file, or of a new one where it cannot be used; who calls it is alone."""
        try:
            return self._read()
        except ValueError as error:
            number = 1
            while os.path.lexists(aside := self.file.with_suffix(f".set-aside-{number}.json")):
                number += 1
            try:
                self.file.rename(aside)
            except OSError as refused:
                raise self._refused(refused) from refused
            self.said = (
                f"{self.file.name} cannot be used: {error}. It is kept as {aside.name}, as it was; "
                "answers go into a new file from now on."
            )
        return self._read()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other threads and processes from changing the file meanwhile."""
        lock = self.file.with_name(f".{self.file.name}.lock")
        with _WRITING:
            began_s = since_s = time.monotonic()
            seen = None
            while not self._made(lock):
                with suppress(OSError):
                    now = lock.stat()
                    if seen != (now.st_ino, now.st_mtime_ns):  # another one than before: somebody else writes
                        seen, since_s = (now.st_ino, now.st_mtime_ns), time.monotonic()
                    if time.monotonic() - since_s > _ABANDONED_S or time.time() - now.st_mtime > _OLD_S:
                        lock.unlink()
                if time.monotonic() - began_s > _PATIENCE_S:
                    raise LessonError(f"Your answers cannot be kept in {self.file}: delete {lock}, and answer again.")
                time.sleep(_AGAIN_S)
            try:
                yield
            finally:
                with suppress(OSError):
                    lock.unlink()

    def _made(self, lock: Path) -> bool:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return False
        except OSError as error:
            raise self._refused(error) from error
        return True

    def _refused(self, error: BaseException | None) -> LessonError:
        why = getattr(error, "strerror", None) or str(error)
        return LessonError(
            f"Your answers cannot be kept in {self.file}: {why}. Put the notebook into a folder that you may write to, "
            "or free some space, and answer again."
        )


def tries_of(entry: Entry | None) -> int:
    """Return how often something was tried, as an entry has it; the file may have been changed by hand."""
    tries = entry.get("tries") if entry is not None else 0
    return tries if isinstance(tries, int) and 0 <= tries < 10**6 else 0
