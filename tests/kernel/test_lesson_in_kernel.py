"""A student's notebook, run from its first cell: it stops at the first open exercise, with what to do."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.kernel.kernelspec import KERNEL_NAME, kernel_environment, write_kernelspec

pytestmark = pytest.mark.kernel

CELLS = (
    """
from retroml_edu.kit import Case, Exercise, Lesson, Number
class Mine:
    QUESTIONS = (Number("n", "How many?", 3.0),)
    EXERCISES = (Exercise("double", (Case({"x": 1}, 2, "Which number times `x`?"),)),)
lesson = Lesson("99-mine", material=Mine)
lesson.ask("n").answer(3)
""",
    "lesson.ask('n')",
    "def double(x):\n    raise NotImplementedError  # your lines here\n\nlesson.check(double)",
    "print('went on')",
)


def test_run_all_stops_at_the_open_exercise_with_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_kernelspec(tmp_path / "data" / "kernels")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    for name, value in kernel_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = NotebookClient(notebook, timeout=120, kernel_name=KERNEL_NAME, store_widget_state=False)
    with pytest.raises(CellExecutionError, match="The lesson stops here until `double` is right"):
        client.execute(cwd=str(tmp_path))
    _, question, exercise, after = notebook.cells
    assert "application/vnd.jupyter.widget-view+json" in question.outputs[0]["data"]
    card, error = exercise.outputs
    assert "application/vnd.jupyter.widget-view+json" in card["data"]
    assert error["ename"] == "OpenExercise"
    assert error["traceback"] == ["The lesson stops here until `double` is right: see the card above."]
    told, to_do = card["data"]["text/plain"].splitlines()
    assert told == "`double` is not written yet."
    assert to_do.startswith("To do: Write your own lines")
    assert after.execution_count is None
    assert (tmp_path / "99-mine.answers.json").is_file()
