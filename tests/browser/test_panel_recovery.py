"""A kernel that ends under its panel, and runs that are found again and resumed, in a real JupyterLab."""

from itertools import product
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.browser import THEMES, LabPage
from tests.browser.panel import PanelPage

pytestmark = pytest.mark.browser

SETTINGS = 'seed=1, run_type="custom", total_timesteps=60_000, video={"enabled": False}'
CHECKPOINTS = 'checkpoints={"every_steps": 4_096}'
FIRST_STEP = """() => Math.min(...(document.querySelector('.rml-chart .js-plotly-plot')?.data ?? [])
  .flatMap(trace => trace.x?.length ? [trace.x[0]] : []))"""
RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
IN_SIGHT = "panel => [...panel.children].filter(part => part.checkVisibility()).map(part => part.className)"
# Where ipywidgets draws a broken chain: before each widget that has lost its kernel.
DRAWN_BEFORE = """panel => [panel, ...panel.querySelectorAll('*')].filter(node => node.checkVisibility()
  && !['none', 'normal'].includes(getComputedStyle(node, '::before').content)).map(node => node.className)"""


@pytest.mark.slow
def test_a_run_whose_kernel_was_killed_is_offered_and_resumed_to_its_end(page: LabPage, tmp_path: Path) -> None:
    home = tmp_path / "runs"
    code = f"Lab(home={str(home)!r}, {SETTINGS}, {CHECKPOINTS})"
    panel = PanelPage.of_code(page, "killed.ipynb", code, "import os\nos.getpid()")
    notice = panel.root.locator(".rml-recovery")
    assert notice.is_hidden()
    page.save()

    panel.button("Train").click()
    panel.root.locator(".rml-log li", has_text="Checkpoint at step").first.wait_for(timeout=120_000)
    title = panel.root.locator(".rml-run-title").inner_text()
    psutil.Process(int(page.output(0).inner_text().split()[-1])).kill()
    died = page.page.locator(".jp-Dialog", has_text="died")
    died.wait_for(timeout=60_000)
    died.get_by_role("button").last.click()
    page.wait_until_idle(timeout_s=60)

    page.reload(save=False)
    page.run_cell(1, timeout_s=60)
    panel.wait_until_drawn()
    notice.wait_for(timeout=60_000)
    page.problems.clear()  # what went wrong with the kernel that was killed
    assert "CartPole-v1 · PPO · seed 1" in notice.inner_text()
    assert "Its process ended without a word after step " in notice.inner_text()
    assert panel.nameless == []
    for width, theme in product((560, 800, 1280), THEMES):
        page.set_width(width)
        page.set_theme(theme)
        page.settle()
        page.screenshot(tmp_path / f"notice-{width}-{theme}.png")
        assert panel.too_wide == [], f"at {width} pixels"
        lines = notice.locator(".rml-recovery-text").bounding_box()
        assert width < 1280 or (lines and lines["height"] < 30), "it takes more than a line"

    resume = panel.button("Resume CartPole-v1 · PPO · seed 1")
    resume.focus()
    page.page.keyboard.press("Enter")
    notice.wait_for(state="hidden", timeout=120_000)
    assert panel.root.locator(".rml-run-title").inner_text() == title
    went_on = panel.root.locator(".rml-log li", has_text="Going on from the checkpoint of step")
    went_on.wait_for(timeout=60_000)
    reach = panel.wait_for_reach(4_000)
    assert panel.page.evaluate(FIRST_STEP) < 4_096, "the earlier part of the curve is missing"
    panel.wait_for_reach(reach)
    page.screenshot(tmp_path / "resumed.png")
    panel.wait_for_state("done", timeout_s=240)
    panel.wait_for_reach(59_000)
    page.screenshot(tmp_path / "done.png")
    assert len(list(home.glob("*/config.json"))) == 1
    # The saved page asks for the widgets of the kernel that is gone, sooner or later.
    assert [problem for problem in page.problems if "widget model not found" not in problem] == []


def test_a_stopped_run_goes_on_when_resume_is_pressed(page: LabPage) -> None:
    panel = PanelPage.of_code(page, "stopped.ipynb", f"Lab({SETTINGS})")
    panel.button("Train").click()
    reach = panel.wait_for_reach()
    panel.button("Checkpoint now").click()
    panel.root.locator(".rml-log li", has_text="Checkpoint at step").first.wait_for(timeout=60_000)
    panel.button("Stop").click()
    panel.wait_for_state("stopped")
    title = panel.root.locator(".rml-run-title").inner_text()
    assert panel.button("Checkpoint now").count() == 0
    panel.button("Resume").click()
    panel.wait_for_state("running")
    panel.wait_for_reach(reach)
    assert panel.root.locator(".rml-run-title").inner_text() == title
    panel.button("Stop").click()
    panel.wait_for_state("stopped")
    assert page.problems == []


def test_of_a_panel_whose_kernel_was_restarted_one_card_stays(page: LabPage, tmp_path: Path) -> None:
    panel = PanelPage.of_code(page, "one-card.ipynb", f"Lab(home={str(tmp_path / 'runs')!r}, {SETTINGS})")
    panel.field("env_id").get_by_role("button", name="Environment: ").click()
    expect(panel.root.get_by_role("combobox", name="Search environments")).to_be_focused()
    panel.root.locator(".rml-downloads").evaluate("card => card.scrollIntoView()")
    page.page.evaluate(RESTART)
    card = panel.root.get_by_role("alert").filter(has_text="The kernel behind this panel has ended.")
    expect(card).to_be_in_viewport()
    expect(card).to_contain_text("Run the cell again")
    shown = panel.measure(IN_SIGHT)
    assert len(shown) == 1, f"more than the card is shown: {shown}"
    assert panel.measure(DRAWN_BEFORE) == []
    expect(panel.root.locator("dialog")).to_have_count(0)
    expect(panel.root).to_be_focused()
    for theme in THEMES:
        page.set_theme(theme)
        page.screenshot(tmp_path / f"one-card-{theme}.png")
    page.wait_until_idle()
    page.run_cell(0)
    panel.wait_until_drawn()
    expect(card).to_be_hidden()
