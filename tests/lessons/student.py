"""A student's notebook, run from its first cell by Run All."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from retroml_edu.classroom.builds import build
from retroml_edu.classroom.solutions import GAP
from tests.kernel.kernelspec import KERNEL_NAME, kernel_environment, write_kernelspec
from tests.lessons.sources import BUDGET

CELL_TIMEOUT_S = 120


@dataclass(frozen=True)
class Ran:
    """What came of it.

    Attributes:
        stopped_at: Number of the cell that ended it; None if none did.
        exercise_at: Number of the first cell that checks a function which is not written yet; None if there is none.
        error: Name of the exception that ended it.
        said: What its outputs say.
        seconds: Of all cells, with the kernel's start.
        slowest_s: Of the slowest cell.
    """

    stopped_at: int | None
    exercise_at: int | None
    error: str
    said: str
    seconds: float
    slowest_s: float


def run_as_student(source: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Ran:
    """Run the student build of a source in a kernel of its own, on a quick budget.

    Args:
        source: Of the lesson.
        folder: An empty one, for all that it writes.
        monkeypatch: Of the test.
    """
    write_kernelspec(folder / "data" / "kernels")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(folder / "data"))
    place = folder / "place"
    place.mkdir()
    notebook = build(source, "student")
    took = [0.0]
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT_S,
        kernel_name=KERNEL_NAME,
        store_widget_state=False,
        on_cell_execute=lambda **_: took.append(-time.perf_counter()),
        on_cell_executed=lambda **_: took.append(took.pop() + time.perf_counter()),
    )
    began = time.perf_counter()
    stopped = False
    try:
        client.execute(cwd=str(place), env=kernel_environment(folder) | {BUDGET: "quick"})
    except CellExecutionError:
        stopped = True
    seconds = time.perf_counter() - began
    code = [(number, cell) for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    gap = next((number for number, cell in code if GAP in cell.source), len(notebook.cells))
    exercise_at = next((number for number, cell in code if number >= gap and "lesson.check(" in cell.source), None)
    if not stopped:
        return Ran(None, exercise_at, "", "", seconds, max(took))
    number, cell, error = next((n, cell, out) for n, cell in code for out in cell.outputs if out.output_type == "error")
    shown = [out.data["text/plain"] for out in cell.outputs if out.output_type == "display_data"]
    return Ran(number, exercise_at, error.ename, "\n".join([*shown, *error.traceback]), seconds, max(took))
