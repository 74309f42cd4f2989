"""What stays of a panel in its notebook: nobody watched the end, the kernel is gone, the file is converted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from nbconvert import HTMLExporter

from tests.browser.browser import LabPage
from tests.browser.panel import PanelPage

pytestmark = pytest.mark.browser

SETTINGS = 'run_type="custom", n_envs=2, seed=1, video={"enabled": False}'
# The mark of each output in the page's own copy of the notebook.
VERSIONS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .flatMap(cell => cell.model.outputs?.toJSON() ?? [])
  .flatMap(output => output.metadata?.retroml_edu ? [output.metadata.retroml_edu.version] : [])"""
PICTURES = "() => [...document.querySelectorAll('img')].map(picture => picture.naturalWidth)"


def finished(runs: Path) -> list[dict[str, Any]]:
    """Return the summaries of the runs that have ended."""
    return [json.loads(file.read_text("utf-8")) for file in runs.glob("*/summary.json")]


def end_kernels(page: LabPage) -> None:
    """End every kernel, as a server does that is shut down."""
    for kernel in page.server.api("kernels"):
        page.server.api(f"kernels/{kernel['id']}", "DELETE")


def convert(notebook: Path, folder: Path) -> Path:
    """Convert a notebook as nbviewer does."""
    text, _ = HTMLExporter().from_filename(str(notebook))
    file = folder / f"{notebook.stem}.html"
    file.write_text(text, "utf-8")
    return file


def test_a_run_that_nobody_saw_end_stays_in_the_notebook_and_on_paper(page: LabPage, tmp_path: Path) -> None:
    home = tmp_path / "my-runs"
    panel = PanelPage.of_code(page, "kept.ipynb", f"Lab(home={str(home)!r}, {SETTINGS}, total_timesteps=200_000)")
    page.save()
    panel.button("Train").click()
    panel.wait_for_state("running")
    late = LabPage(page.page.context, page.server)
    page.page.close()
    PanelPage(late).until(lambda: len(finished(home)) == 1, "the end of the run", timeout_s=240)
    assert finished(home)[0]["state"] == "done", "the page was to be closed before the end"

    late.open("kept.ipynb")
    panel = PanelPage(late).wait_until_drawn()
    panel.wait_for_state("done")
    panel.until(lambda: late.page.evaluate(VERSIONS) == [1, 1], "the result in the document")
    assert late.page.locator(".rml-kept").is_hidden(), "it repeats the panel"
    late.save()
    late.screenshot(tmp_path / "live.png")
    end_kernels(late)
    late.page.goto("about:blank")

    html = convert(late.server.notebooks / "kept.ipynb", tmp_path)
    late.page.goto(html.as_uri(), wait_until="domcontentloaded")
    late.page.emulate_media(media="print")
    table = late.page.locator(".rml-kept")
    for words in ("CartPole-v1 · PPO · seed 1", "200,000 of 200,000", "Mean return, last 100 episodes", "One seed"):
        assert words in table.inner_text()
    assert f"my-runs/{finished(home)[0]['run_id']}" in table.inner_text()
    assert late.page.evaluate(PICTURES) == [1280]
    late.page.screenshot(path=tmp_path / "paper.png", full_page=True)
    paper = late.page.pdf()
    assert paper.startswith(b"%PDF")
    assert b"/Image" in paper


def test_without_its_kernel_a_panel_gives_way_to_what_stays(page: LabPage, tmp_path: Path) -> None:
    panel = PanelPage.of_code(page, "gone.ipynb", f"Lab({SETTINGS}, total_timesteps=2_048)")
    table = page.page.locator(".rml-kept")
    assert table.is_hidden()
    panel.button("Train").click()
    panel.wait_for_state("done")
    panel.until(lambda: page.page.evaluate(VERSIONS) == [1, 1], "the result in the document")
    assert table.is_hidden()
    height = panel.measure("panel => panel.closest('.jp-OutputArea').offsetHeight - panel.offsetHeight")
    assert height < 40, "what is hidden takes room"
    page.page.emulate_media(media="print")
    assert table.is_visible()
    page.page.emulate_media(media="screen")
    page.save()
    end_kernels(page)
    page.page.locator(".rml-dead").wait_for()
    table.wait_for()
    table.scroll_into_view_if_needed()
    page.screenshot(tmp_path / "dead.png")
