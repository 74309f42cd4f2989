"""The lessons of this checkout: their sources, what is built from them, and what runs in a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat

from retroml_edu.classroom.builds import build, is_guide, is_name, notebook_text
from retroml_edu.cli.lesson import begin_lesson
from retroml_edu.core.errors import LessonError

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ROOT / "notebooks"
SOURCES = [path for path in sorted((ROOT / "lessons").glob("*.py")) if is_name(path.stem)]
LESSONS = [path for path in SOURCES if not is_guide(path.stem)]
BUDGET = "RETROML_BUDGET"


def code_cells(source: Path) -> list[Any]:
    """Return the cells of code of a source, with solutions."""
    return [cell for cell in build(source, "instructor").cells if cell.cell_type == "code"]


def begin(folder: Path) -> Path:
    """Return the source of the lesson that an instructor begins with, written into a folder of that folder."""
    return begin_lesson(folder / "lessons", "99-begun", "What an instructor begins with")


def write_for_tests(folder: Path) -> None:
    """Write what a test runs from its first to its last cell: instructor builds and guides, on a quick budget.

    The lesson that an instructor begins with is among them.

    Args:
        folder: Where they go, and what they keep when they run.
    """
    surroundings = f"%env {BUDGET}=quick\n%env RETROML_HOME={folder / 'runs'}"
    for source in (*SOURCES, begin(folder)):
        try:
            notebook = build(source, "instructor")
        except LessonError:
            continue  # a test of its own tells it
        first: Any = nbformat.v4.new_code_cell(surroundings)
        notebook.cells.insert(0, first)
        name = source.stem if is_guide(source.stem) else f"{source.stem}-instructor"
        (folder / f"{name}.ipynb").write_text(notebook_text(notebook), "utf-8")


def without_source() -> list[str]:
    """Return the notebooks that are built from no source, relative to the checkout."""
    built = {source.stem for source in SOURCES}
    found = (path for path in sorted(NOTEBOOKS.glob("*.ipynb")) if path.stem not in built)
    return [path.relative_to(ROOT).as_posix() for path in found]
