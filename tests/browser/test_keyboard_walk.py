"""From an opened notebook to a file with the run's curves, with nothing but a keyboard."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.browser import LabPage
from tests.browser.jupyterlab import LabServer
from tests.browser.panel import PanelPage

pytestmark = pytest.mark.browser

CODE = """from retroml_edu import Lab

Lab(seed=1, run_type="custom", total_timesteps=2_048, n_envs=2, video={"enabled": False})"""
MOST_STOPS = 200
"""Of the focus on the way through a panel: who walks in circles comes to no end."""
SEEN = """() => {
  const style = getComputedStyle(document.activeElement);
  const around = document.activeElement.closest('label, .rml-canvas, .rml-switch');
  const lit = (one) => one.outlineStyle !== 'none' || one.boxShadow !== 'none';
  return lit(style) || Boolean(around && lit(getComputedStyle(around)));
}"""
NAME = "() => (document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()"
IN_PANEL = "() => Boolean(document.activeElement.closest('.rml-panel'))"


def walk_to(page: Page, name: str) -> list[str]:
    """Press Tab until what has a name has the focus, and return the names of what had it on the way unseen."""
    unseen = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if not page.evaluate(IN_PANEL):
            continue
        if not page.evaluate(SEEN):
            unseen.append(page.evaluate(NAME))
        if page.evaluate(NAME) == name:
            return unseen
    raise AssertionError(f"{MOST_STOPS} times Tab did not lead to {name!r}, but to {page.evaluate(NAME)!r}")


def test_from_the_notebook_to_the_exported_csv(page: LabPage, lab_server: LabServer, tmp_path: Path) -> None:
    page.open(lab_server.add_notebook("keyboard.ipynb", [CODE]))
    page.page.keyboard.press("Control+Home")
    page.page.keyboard.press("Control+Enter")
    panel = PanelPage(page)
    panel.wait_until_drawn()
    cells = page.cell_count()
    unseen = walk_to(page.page, "Train")
    page.page.keyboard.press("Enter")
    panel.wait_for_state("done", timeout_s=90)
    unseen += walk_to(page.page, "CSV")
    with page.page.expect_download() as begun:
        page.page.keyboard.press("Enter")
    begun.value.save_as(tmp_path / "curves.csv")
    with (tmp_path / "curves.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 10
    assert unseen == []
    assert page.cell_count() == cells
