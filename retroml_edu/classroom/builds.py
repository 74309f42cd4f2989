"""Notebooks made from the one source of a lesson: for students with gaps to fill, for instructors with solutions."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from retroml_edu.classroom.solutions import with_gaps, without_marks
from retroml_edu.classroom.source_checks import INSTRUCTOR, check_source
from retroml_edu.core.errors import LessonError

if TYPE_CHECKING:
    from nbformat import NotebookNode

BuildName = Literal["student", "instructor"]
_PARTS = {"student": with_gaps, "instructor": without_marks}
_SECRET = re.compile(r"(begin|end)\s*solution", re.IGNORECASE)
_NAME = re.compile(r"(?:\d\d|guide)(?:-[a-z0-9]+)+")
_GUIDE = "guide-"
_MARK = "retroml_edu"
"""Under it the metadata of a built notebook say what it was built from, and what its cells were then."""


def build(source: Path, kind: BuildName) -> NotebookNode:
    """Return the notebook of a lesson.

    Args:
        source: A jupytext file in percent format, named as ``03-monte-carlo-td.py``; or a guide, named as
            ``guide-write-a-lesson.py``, which is for instructors and is the same in both builds: nothing is taken out.
        kind: ``student``: each solution is a gap, cells with the tag ``instructor`` are left out. ``instructor``: all
            there is, with solutions.

    Returns:
        A notebook without outputs, whose cells have the same ids each time.

    Raises:
        LessonError: If the source cannot be read; if a solution is not closed or an exercise has none, code is not
            Python, or it is another lesson's than the file's name says; with its line.
    """
    import jupytext
    import nbformat

    v4: Any = nbformat.v4  # it has no types
    check_name(source.stem)
    try:
        text = source.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LessonError(f"{source} cannot be read: {error}.") from error
    whole = is_guide(source.stem)
    check_source(source, text, whole=whole)
    read = jupytext.reads(text, fmt="py:percent")
    cells: list[NotebookNode] = []
    for cell in read.cells:
        tags = cell.metadata.get("tags", [])
        if kind == "student" and INSTRUCTOR in tags and not whole:
            continue
        content = cell.source if whole else _PARTS[kind](cell.source)
        made = v4.new_code_cell(content) if cell.cell_type == "code" else v4.new_markdown_cell(content)
        made.id = f"{source.stem}-{len(cells)}"
        if kind == "student" and not whole and _SECRET.search(content):
            raise LessonError(f"{source.name}: a mark of a solution is left in a student's cell: {content[:60]!r}.")
        made.metadata = {"tags": list(tags)} if tags else {}
        cells.append(made)
    metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        _MARK: {"lesson": source.stem, "build": kind, "cells": _cells_digest(cells)},
    }
    notebook: NotebookNode = v4.new_notebook(cells=cells, metadata=metadata)
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return notebook


def notebook_text(notebook: NotebookNode) -> str:
    """Return what stands in the file of a notebook: of one build the same on every machine."""
    import nbformat

    writer: Any = nbformat  # it has no types
    return f"{writer.writes(notebook).rstrip()}\n"


def is_as_built(text: str) -> bool:
    """Return whether a notebook's cells are those that it was built with: outputs do not count.

    Args:
        text: What stands in its file; anything else than a built notebook is not as it was built.
    """
    try:
        notebook = json.loads(text)
        cells = [{**cell, "source": _joined(cell["source"])} for cell in notebook["cells"]]
        return bool(notebook["metadata"][_MARK]["cells"] == _cells_digest(cells))
    except (ValueError, TypeError, KeyError):
        return False


def has_outputs(text: str) -> bool:
    """Return whether a notebook was run and kept with what came of it.

    Args:
        text: What stands in its file.
    """
    try:
        return any(cell.get("outputs") for cell in json.loads(text)["cells"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def is_name(name: str) -> bool:
    """Return whether a lesson or a guide may be called so."""
    return bool(_NAME.fullmatch(name))


def is_guide(name: str) -> bool:
    """Return whether it is a guide: for instructors, without gaps."""
    return name.startswith(_GUIDE)


def check_name(name: str) -> None:
    """See that a lesson may be called so.

    Raises:
        LessonError: If not.
    """
    if not is_name(name):
        raise LessonError(
            f'"{name}" is no name for a lesson. One is made of two digits, a dash and words in small letters: '
            "03-monte-carlo-td."
        )


def _cells_digest(cells: Iterable[Mapping[str, Any]]) -> str:
    told = json.dumps([[cell["cell_type"], cell["source"]] for cell in cells])
    return sha256(told.encode()).hexdigest()[:16]


def _joined(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
