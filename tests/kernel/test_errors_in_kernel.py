"""A foreseen error in a real notebook: the cell has failed for everything that runs notebooks, without a traceback."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.kernel.kernel import Kernel
from tests.kernel.kernelspec import KERNEL_NAME, kernel_environment, write_kernelspec

pytestmark = pytest.mark.kernel

BEGIN = "from retroml_edu.tabular import four_by_four, uniform_policy\nmdp = four_by_four().mdp()"
MISTAKE = "policy = uniform_policy(mdp)\nmdp.values_of(policy, gamma=2)"
SHOWN = [
    "TabularError: gamma=2 does not lie between 0 and 1.",
    "Line 2 of this cell: mdp.values_of(policy, gamma=2)",
]


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_kernelspec(tmp_path / "data" / "kernels")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    for name, value in kernel_environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    cells = [nbformat.v4.new_code_cell(cell) for cell in (BEGIN, MISTAKE, "print('went on')")]
    kernelspec = {"kernelspec": {"name": KERNEL_NAME, "display_name": KERNEL_NAME, "language": "python"}}
    file = tmp_path / "mine.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernelspec), file)
    return file


def test_who_runs_notebooks_is_told_that_the_cell_failed(notebook: Path) -> None:
    read = nbformat.read(notebook, as_version=4)
    client = NotebookClient(read, timeout=120, kernel_name=KERNEL_NAME)
    with pytest.raises(CellExecutionError, match=r"TabularError: gamma=2 does not lie between 0 and 1\.") as failed:
        client.execute(cwd=str(notebook.parent))
    assert (failed.value.ename, failed.value.evalue) == ("TabularError", "gamma=2 does not lie between 0 and 1.")
    _, mistake, after = read.cells
    (error,) = mistake.outputs
    assert (error["output_type"], error["traceback"]) == ("error", SHOWN)
    assert after.execution_count is None


@pytest.mark.parametrize("command", ["pytest --nbval-lax mine.ipynb", "nbconvert --execute --to notebook mine.ipynb"])
def test_nbval_and_nbconvert_fail_with_the_text(notebook: Path, command: str) -> None:
    notebook.with_name("pytest.ini").write_text("[pytest]", encoding="utf-8")
    code = [sys.executable, "-m", *command.split()]
    ran = subprocess.run(code, cwd=notebook.parent, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 1
    assert SHOWN[0] in ran.stdout + ran.stderr


def test_the_whole_error_can_still_be_seen(kernel: Kernel) -> None:
    kernel.run(BEGIN)
    failed = kernel.start(MISTAKE)
    kernel.wait(lambda: failed.done, "the end of the cell")
    (error,) = failed.outputs
    assert error["traceback"] == SHOWN
    whole = kernel.run("import sys, traceback; traceback.print_last(file=sys.stdout)").stdout
    assert "retroml_edu/tabular/mdp.py" in whole.replace("\\", "/")
