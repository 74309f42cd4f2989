"""What a notebook shows of a foreseen error in place of a traceback: the reader's own lines, none of the package's."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Iterator
from pathlib import Path


def own_lines(error: BaseException) -> list[str]:
    """Return which lines of the reader's cells led to an error, in words: where it began, and the last before it.

    A cell runs as the module ``__main__``, in whatever file its kernel says that it stands. What is shown right above
    the error anyway, a cell of one line, is not said again.
    """
    found = list(_own(error))
    if len(found) == 1:
        (only,) = found
        if only.line == "".join(linecache.getlines(only.filename)).strip():
            return []
    return list(dict.fromkeys(_told(each, found[0].filename) for each in (*found[:1], *found[-1:])))


def what_is_behind(error: BaseException, foreseen: tuple[type[BaseException], ...]) -> list[str]:
    """Return which unforeseen error led to a foreseen one, and how all of it is seen; nothing if none did."""
    cause = error.__cause__
    while isinstance(cause, foreseen):
        cause = cause.__cause__
    if cause is None:
        return []
    said = f"{type(cause).__name__}: {cause}".splitlines()[0]
    at = traceback.extract_tb(cause.__traceback__)[-1:]
    where = "".join(f" ({frame.filename}, line {frame.lineno})" for frame in at)
    return [f"Behind it: {said}{where}", "To see all of it: import traceback; traceback.print_last()"]


def _own(error: BaseException) -> Iterator[traceback.FrameSummary]:
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__") == "__main__":
            yield traceback.FrameSummary(frame.f_code.co_filename, number, frame.f_code.co_name, lookup_line=False)


def _told(frame: traceback.FrameSummary, cell: str) -> str:
    if frame.name.isidentifier():
        where = f", in `{frame.name}`"
    else:  # the cell itself, what `%run` ran, a lambda
        where = " of this cell" if frame.filename == cell else f" of {Path(frame.filename).name}"
    return f"Line {frame.lineno}{where}: {frame.line}".removesuffix(": ")
