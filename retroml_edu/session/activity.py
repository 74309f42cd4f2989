"""The last few things that happened in a home."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from retroml_edu.core.errors import UnknownNameError
from retroml_edu.session.kept_evaluations import KeptEvaluation, kept_evaluations
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.index import RunIndex, RunRow


@dataclass(frozen=True, slots=True)
class Activity:
    """One thing that happened.

    Attributes:
        time_utc: When, ISO 8601.
        row: The run that it happened to, as it stands.
        test: The evaluation of its agent; None if the run itself began or ended.
    """

    time_utc: str
    row: RunRow
    test: KeptEvaluation | None = None


def recent_activity(home: Path, most: int, also: Iterable[str] = ()) -> list[Activity]:
    """Return the newest things that happened, newest first: runs that began or ended, and tests of their agents.

    Of a run that has ended its end is told, and not its beginning too. Tests are looked for in the folders of the
    newest runs, however many runs there are, and of those in `also`.

    Args:
        home: Where runs live; it need not exist.
        most: How many at most.
        also: Ids of further runs that may have been tested.

    Raises:
        StorageError: If the list of runs cannot be read.
    """
    if not home.is_dir():
        return []
    with RunIndex(home) as index:
        newest = [*index.list_runs(limit=most), *index.list_runs(limit=most, by="ended_utc")]
        for run_id in also:
            with suppress(UnknownNameError):
                newest.append(index.get(run_id))
    rows = {row.run_id: row for row in newest if (home / row.run_id).is_dir()}
    happened = [Activity(row.ended_utc or row.created_utc, row) for row in rows.values()]
    for row in rows.values():
        tests = kept_evaluations(RunFolder(home / row.run_id), most)
        happened += [Activity(test.time_utc, row, test) for test in tests]
    return sorted(happened, key=lambda each: each.time_utc, reverse=True)[:most]
