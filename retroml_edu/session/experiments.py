"""The runs of a home as a person looks after them: listed, labelled, put away, taken along, many at a time."""

from __future__ import annotations

import csv
import io
import threading
import zipfile
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import BinaryIO, TypeAlias

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import RetroMLError, StorageError, UnknownNameError
from retroml_edu.core.ids import is_run_id
from retroml_edu.session.export import export_bytes, file_name, make_export
from retroml_edu.session.history import Run
from retroml_edu.session.progress import Progress
from retroml_edu.session.trash import move_away, move_back
from retroml_edu.storage.exports import csv_text
from retroml_edu.storage.folder import RunFolder, read_config
from retroml_edu.storage.index import RunIndex, RunRow
from retroml_edu.storage.labels import change_labels, checked_tags, read_labels

MAX_EXPORT_BYTES = 2**28
"""Of one zip of many runs: it is handed to a browser, which holds all of it in memory."""
_COLUMNS = tuple(field.name for field in fields(RunRow))
Progressed: TypeAlias = Callable[[int, int], object]
"""Is told how many runs, or other things, are dealt with, and how many there are."""
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""Of every file: equal runs give equal bytes."""


def tell_nobody(done: int, total: int) -> None:
    """Nobody asks how far it is."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of something that was to be done to many runs, or to videos of theirs.

    Attributes:
        done: Ids of those to which it was done.
        refused: Why it could not be done to the others, in sentences, by their ids.
    """

    done: tuple[str, ...]
    refused: dict[str, str]


class Experiments:
    """The runs of a home.

    Ids may come from a page: those that are no runs of the home are refused, one by one.

    Args:
        home: Where runs live; it need not exist.

    Threads: safe; what is done to one run at once, from two threads, is done in some order.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._looking = threading.Lock()
        self._progress: dict[str, Progress] = {}

    def rows(self) -> list[RunRow]:
        """Return all runs, newest first; also those whose folders were copied here from elsewhere.

        Raises:
            StorageError: If the home or its index cannot be read.
        """
        if not self._home.is_dir():
            return []
        with RunIndex(self._home) as index:
            index.catch_up()
            rows = index.list_runs()
        with self._looking:
            for run_id in self._progress.keys() - {row.run_id for row in rows}:
                del self._progress[run_id]
        return [self._up_to_date(row) for row in rows]

    def rows_of(self, run_ids: Iterable[str]) -> list[RunRow]:
        """Return some of the runs as they stand now; those that are gone are left out.

        Raises:
            StorageError: If the index cannot be read.
        """
        found = []
        with RunIndex(self._home) as index:
            for run_id in run_ids:
                try:
                    self._folder(run_id)
                    found.append(self._up_to_date(index.get(run_id)))
                except UnknownNameError:
                    continue
        return found

    def config(self, run_id: str) -> ExperimentConfig:
        """Return the config of a run, to start another one from.

        Raises:
            UnknownNameError: If there is no such run.
            ConfigError: If it cannot be read.
        """
        return read_config(self._folder(run_id))

    def rename(self, run_id: str, name: str) -> Outcome:
        """Give a run a name; an empty one takes it away."""
        return self._labelled([run_id], lambda folder: change_labels(folder, name=name))

    def note(self, run_id: str, notes: str) -> Outcome:
        """Write the notes of a run."""
        return self._labelled([run_id], lambda folder: change_labels(folder, notes=notes))

    def tag(
        self,
        run_ids: Iterable[str],
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        progress: Progressed = tell_nobody,
    ) -> Outcome:
        """Put tags on runs and take others off; their further tags stay.

        Raises:
            LabelError: If a tag is too long, or there are too many.
        """
        added, removed = checked_tags(add), checked_tags(remove)

        def tag_one(folder: RunFolder) -> None:
            kept = [tag for tag in read_labels(folder).tags if tag not in removed]
            change_labels(folder, tags=[*kept, *added])

        return self._labelled(run_ids, tag_one, progress)

    def delete(self, run_ids: Iterable[str], progress: Progressed = tell_nobody) -> Outcome:
        """Move runs to the trash of the home; those that go on are refused."""
        outcome = self._each(run_ids, move_away, progress)
        self._tell(lambda index: index.forget(*outcome.done))
        return outcome

    def undelete(self, run_ids: Iterable[str], progress: Progressed = tell_nobody) -> Outcome:
        """Bring deleted runs back."""
        outcome = each(run_ids, lambda run_id: move_back(self._home, run_id), progress)
        self._tell(lambda index: index.record_folders(RunFolder(self._home / run_id) for run_id in outcome.done))
        return outcome

    def export(
        self,
        run_ids: Collection[str],
        forms: Iterable[str],
        target: BinaryIO,
        progress: Progressed = tell_nobody,
    ) -> Outcome:
        """Write a zip with ``runs.csv``, a line a run, and the exports of each run in a folder of its own.

        Args:
            run_ids: Which runs.
            forms: Names of `session.export.EXPORTS`.
            target: File to write to.
            progress: Told how far it is.

        Raises:
            UnknownNameError: If there is no such export.
            StorageError: If the zip would become too large, or cannot be written.
        """
        forms = list(forms)
        sizes: list[int] = []
        self._each(run_ids, lambda folder: sizes.append(sum(export_bytes(Run(folder), form) for form in forms)))
        if sum(sizes) > MAX_EXPORT_BYTES:
            raise _too_large(f"would have about {sum(sizes) // 2**20:,} MB", len(sizes))

        def export_one(folder: RunFolder) -> None:
            run = Run(folder)
            for name, content in [(file_name(run, form), make_export(run, form)) for form in forms]:
                _add(archive, f"{run.run_id}/{name}", content)
            if target.tell() > MAX_EXPORT_BYTES:  # they can be larger than their logs let expect
                raise _too_large(f"has become larger than {MAX_EXPORT_BYTES // 2**20:,} MB", len(sizes))

        try:
            with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
                outcome = self._each(run_ids, export_one, progress)
                _add(archive, "runs.csv", _table(self.rows_of(outcome.done)))
        except OSError as error:
            raise StorageError(f"The export cannot be written: {error.strerror or error}.") from error
        return outcome

    def _labelled(
        self, run_ids: Iterable[str], label: Callable[[RunFolder], object], progress: Progressed = tell_nobody
    ) -> Outcome:
        outcome = self._each(run_ids, label, progress)
        with RunIndex(self._home) as index:
            index.record_labels(RunFolder(self._home / run_id) for run_id in outcome.done)
        return outcome

    def _tell(self, work: Callable[[RunIndex], object]) -> None:
        """Tell the list of runs that went or came, all at once; what it misses, it catches up with."""
        with suppress(StorageError), RunIndex(self._home) as index:
            work(index)

    def _each(
        self, run_ids: Iterable[str], work: Callable[[RunFolder], object], progress: Progressed = tell_nobody
    ) -> Outcome:
        return each(run_ids, lambda run_id: work(self._folder(run_id)), progress)

    def _folder(self, run_id: str) -> RunFolder:
        return folder_of(self._home, run_id)

    def _up_to_date(self, row: RunRow) -> RunRow:
        """Complete the row of a run that goes on: its log is read on from where the last look ended."""
        with self._looking:
            if row.state.is_final:
                self._progress.pop(row.run_id, None)
                return row
            progress = self._progress.get(row.run_id) or Progress(RunFolder(self._home / row.run_id))
            self._progress[row.run_id] = progress
            try:
                return replace(row, **asdict(progress.look()))
            except OSError as error:
                return replace(row, problem=f"Its log cannot be read: {error.strerror or error}.")


class _TooLargeError(StorageError):
    """Ends an export as a whole, and not the part of one run."""


def _too_large(how: str, runs: int) -> StorageError:
    most = MAX_EXPORT_BYTES // 2**20
    return _TooLargeError(
        f"The zip of {runs:,} run{'' if runs == 1 else 's'} {how}, and {most:,} MB are the most that a page can take: "
        "choose fewer runs, or fewer forms."
    )


def folder_of(home: Path, run_id: str) -> RunFolder:
    """Return the folder of a run whose id may come from a page.

    Raises:
        UnknownNameError: If there is no such run.
    """
    folder = RunFolder(home / run_id)
    if not is_run_id(run_id) or folder.path.is_symlink() or not folder.path.is_dir():
        raise UnknownNameError(f"There is no run {run_id[:40]!r} in {home} any more.")
    return folder


def each(keys: Iterable[str], work: Callable[[str], object], progress: Progressed = tell_nobody) -> Outcome:
    """Do something to each of some runs, or of what they hold; what fails for one is done to the others."""
    done, refused = [], {}
    keys = list(dict.fromkeys(keys))
    for number, key in enumerate(keys):
        progress(number, len(keys))
        try:
            work(key)
        except _TooLargeError:
            raise
        except (RetroMLError, OSError) as error:
            refused[key] = str(error)
        else:
            done.append(key)
    progress(len(keys), len(keys))
    return Outcome(tuple(done), refused)


def _table(rows: Iterable[RunRow]) -> bytes:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(_COLUMNS)
    for row in rows:
        cells = asdict(row) | {"tags": ", ".join(row.tags)}
        table.writerow(csv_text(cell) if isinstance(cell, str) else cell for cell in cells.values())
    return text.getvalue().encode()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, _ZIP_DATE)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    archive.writestr(entry, content)
