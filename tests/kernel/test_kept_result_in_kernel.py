"""What stays of a panel when there is no kernel, through a real kernel: displays, their updates, executed notebooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from tests.kernel.kernel import Kernel, running_kernel
from tests.kernel.kernelspec import KERNEL_NAME, kernel_environment, write_kernelspec
from tests.kernel.lab import KernelLab

pytestmark = pytest.mark.kernel

SHORT = 'run_type="custom", total_timesteps=1_024, n_envs=2, seed=1, video={"enabled": False}'
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """One kernel for all tests here: loading torch takes longer than the tests."""
    with running_kernel(tmp_path_factory.mktemp("kept")) as kernel:
        yield kernel


def shown(kernel: Kernel, code: str) -> list[dict[str, Any]]:
    """Return the displays of a cell."""
    return [output for output in kernel.run(code, timeout_s=60).outputs if "data" in output]


def test_a_panel_is_shown_with_a_place_for_what_will_stay(kernel: Kernel) -> None:
    KernelLab(kernel, "lab", SHORT)
    panel, table, picture = shown(kernel, "lab")
    assert WIDGET in panel["data"]
    assert "run this cell again" in panel["data"]["text/plain"]
    assert "No run has ended in this panel yet" in table["data"]["text/plain"]
    assert picture["data"] == {"text/plain": ""}
    marks = [output["metadata"]["retroml_edu"] for output in (table, picture)]
    assert [mark["part"] for mark in marks] == ["table", "picture"]
    assert [mark["version"] for mark in marks] == [0, 0]


def test_a_panel_that_is_shown_after_its_run_shows_what_stays_at_once(kernel: Kernel) -> None:
    KernelLab(kernel, "lab", SHORT)
    _, table, picture = shown(kernel, "result = lab.start().wait(timeout_s=60)\nlab")
    assert "CartPole-v1 · PPO · seed 1" in table["data"]["text/plain"]
    assert "<table>" in table["data"]["text/html"]
    assert len(picture["data"]["image/png"]) > 10_000
    assert picture["metadata"]["image/png"]["alt"] == picture["data"]["text/plain"]


def test_the_page_is_given_what_it_lacks_and_the_newest_run_stands_there(kernel: Kernel) -> None:
    lab = KernelLab(kernel, "lab", SHORT)
    kernel.run("lab")
    kept = kernel.widget(_anywidget_id="retroml_edu.widgets.kept_display.KeptDisplay")
    for version, seed in ((1, 1), (2, 5)):
        kernel.run(f"lab.apply(lab.config.changed(seed={seed}))")
        lab.press("train")
        kernel.wait(lambda wanted=version: kept.state["version"] == wanted, "what stays of the run", 60)  # type: ignore[misc]
        kernel.send(kept, {"action": "write"})
        kernel.wait(lambda wanted=version: len(kept.messages) == wanted, "the outputs")  # type: ignore[misc]
        outputs = kept.messages[-1][0]["outputs"]
        assert f"seed {seed}" in outputs["table"]["data"]["text/plain"]
        assert outputs["picture"]["metadata"]["retroml_edu"]["version"] == version


def executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *cells: str) -> nbformat.NotebookNode:
    """Run a notebook from its first to its last cell, as a build does, and end its kernel."""
    write_kernelspec(tmp_path / "data" / "kernels")
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    for name, value in kernel_environment(tmp_path).items():
        if os.environ.get(name) != value:
            monkeypatch.setenv(name, value)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(notebook, timeout=120, kernel_name=KERNEL_NAME, store_widget_state=False)
    return client.execute(cwd=str(tmp_path))


def test_an_executed_notebook_shows_its_result_without_a_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cells = f"from retroml_edu import Lab\nlab = Lab({SHORT})\nlab", "result = lab.start().wait(timeout_s=60)"
    notebook = executed(tmp_path, monkeypatch, *cells)
    assert notebook.cells[1].outputs == []
    page, _ = HTMLExporter().from_notebook_node(notebook)
    assert "Mean return, last" in page
    assert "One seed allows no conclusion" in page
    assert "data:image/png;base64,iVBOR" in page
    assert "The panel needs a kernel" in page
    assert "Loading widget" not in page
    assert str(tmp_path) not in page
