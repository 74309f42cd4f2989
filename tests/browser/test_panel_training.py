"""From Train to the final video, in a real JupyterLab."""

import csv
import io
import json
import shutil
import struct
import zipfile
from pathlib import Path

import pytest

from tests.browser.browser import LabPage
from tests.browser.panel import PanelPage
from tests.kernel.kernelspec import CHECKOUT

pytestmark = pytest.mark.browser

QUICKSTART = CHECKOUT / "notebooks" / "quickstart.ipynb"
LONG_RUN = 'Lab(seed=1, run_type="custom", total_timesteps=2_000_000)'
PLAYED = """() => {
  const player = document.querySelector('.rml-videos video');
  return player.ended || (player.duration > 0 && player.currentTime >= player.duration - 0.05);
}"""

MOVING_AT_PROGRESS = """() => new Promise(done => {
  let changes = 0;
  const watcher = new MutationObserver(() => {
    const moving = document.querySelector('.rml-panel').getAnimations({subtree: true}).length;
    if (!moving && ++changes < 3) return;
    watcher.disconnect();
    done(moving);
  });
  watcher.observe(document.querySelector('.rml-progress > div'), {attributes: true, attributeFilter: ['style']});
})"""
LOADED = "() => document.querySelector('.rml-videos video').readyState >= 2"
STANDS_STILL = """() => {
  const player = document.querySelector('.rml-videos video');
  return player.paused && player.currentTime === 0;
}"""


def test_the_quickstart_from_train_to_the_final_video(page: LabPage, tmp_path: Path) -> None:
    shutil.copy(QUICKSTART, page.server.notebooks)
    page.open(QUICKSTART.name)
    page.run_cell(1, timeout_s=60)
    panel = PanelPage(page).wait_until_drawn()
    assert panel.state == "ready"
    assert panel.button("CSV").get_attribute("aria-disabled") == "true"

    panel.button("Train").click()
    few = panel.wait_for_points(0)
    panel.wait_for_points(few)
    first = panel.wait_for_picture()
    panel.wait_for_picture(other_than=first)
    panel.root.locator(".rml-videos .rml-chip", has_text="start").wait_for(timeout=60_000)

    panel.wait_for_state("done", timeout_s=120)
    assert panel.root.locator(".rml-state").inner_text() == "Done"
    assert panel.root.get_by_role("progressbar").get_attribute("aria-valuenow") == "100"
    assert panel.root.locator(".rml-videos .rml-chip").all_inner_texts() == ["start", "25%", "50%", "75%", "final"]
    final = panel.root.locator(".rml-videos .rml-chip", has_text="final")
    assert final.get_attribute("aria-pressed") == "true", "the newest video is the one on show"
    page.page.wait_for_function(PLAYED, timeout=60_000)
    assert panel.page.evaluate("document.querySelector('.rml-videos video').videoWidth") > 100

    table = list(csv.DictReader(io.StringIO(panel.download("CSV", tmp_path).read_text("utf-8"))))
    assert len(table) > 20
    assert float(table[-1]["step"]) > float(table[0]["step"]) >= 0
    picture = panel.download("PNG", tmp_path).read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert (width, height) > (600, 300)
    run = panel.download("ZIP", tmp_path)
    with zipfile.ZipFile(run) as bundle:
        names = {Path(name).name: name for name in bundle.namelist()}
        assert bundle.testzip() is None
        assert {"config.json", "metrics.jsonl", "model.zip", "summary.json"} <= names.keys()
        assert json.loads(bundle.read(names["config.json"]))["seed"] == 42
        assert sum(name.endswith(".mp4") for name in names) == 5
    panel.root.locator(".rml-downloads [role=status]", has_text="run.zip saved").wait_for()
    assert page.problems == []


def test_a_reload_and_a_second_tab_find_the_run_and_every_button_works(page: LabPage) -> None:
    panel = PanelPage.of_code(page, "reload.ipynb", LONG_RUN)
    panel.button("Train").click()
    before = panel.wait_for_reach()
    panel.root.locator(".rml-videos .rml-chip", has_text="start").wait_for(timeout=60_000)

    page.reload()
    panel.wait_until_drawn()
    assert panel.wait_for_reach() >= before
    assert panel.points > 1, "the curve began anew"
    assert panel.state == "running"
    assert panel.root.locator(".rml-videos .rml-chip", has_text="start").is_visible()
    panel.wait_for_reach(panel.reach)
    panel.wait_for_picture()

    other = PanelPage(page.second_tab()).wait_until_drawn()
    assert other.wait_for_reach() >= before
    assert other.state == "running"
    other.wait_for_reach(other.reach)

    panel.button("Pause").click()
    for each in (panel, other):
        each.wait_for_state("paused")
        assert each.button("Resume").is_visible()
    # A pause holds: what was on its way arrives, then nothing moves while other things do.
    panel.wait_for_picture(other_than=panel.wait_for_picture())
    step, reach = panel.step, panel.reach
    panel.wait_for_picture(other_than=panel.wait_for_picture())
    assert (panel.step, panel.reach) == (step, reach)

    other.button("Resume").click()
    panel.wait_for_state("running")
    panel.wait_for_reach(reach)
    panel.button("Stop").click()
    for each in (panel, other):
        each.wait_for_state("stopped")
        each.until(lambda each=each: each.button("Train").get_attribute("aria-disabled") == "false", "Train")
    panel.button("Train").click()
    panel.wait_for_state("running")
    panel.button("Stop").click()
    panel.wait_for_state("stopped")
    assert page.problems == []
    assert other.tab.problems == []


def test_while_an_agent_trains_only_the_live_picture_moves_by_itself(page: LabPage) -> None:
    panel = PanelPage.of_code(page, "still.ipynb", LONG_RUN)
    panel.button("Train").click()
    start = panel.root.locator(".rml-videos .rml-chip", has_text="start")
    start.wait_for(timeout=60_000)
    page.page.wait_for_function(LOADED)
    assert page.page.evaluate(MOVING_AT_PROGRESS) == 0, "an animation paints sixty times a second"
    assert panel.state == "running"
    assert page.page.evaluate(STANDS_STILL)
    start.click()
    page.page.wait_for_function(f"() => !({STANDS_STILL})()")
    panel.button("Stop").click()
    panel.wait_for_state("stopped")
    assert page.problems == []


def test_breakout_starts_with_two_clicks(page: LabPage) -> None:
    panel = PanelPage.of_code(page, "breakout.ipynb")
    panel.choose_environment("ALE/Breakout-v5")
    panel.root.locator(".rml-badge", has_text="Discrete 4").wait_for()
    panel.button("Train").click()
    panel.wait_for_state("running", timeout_s=90)
    panel.until(lambda: panel.step > 0 or panel.points > 0, "progress")
    assert "ALE/Breakout-v5 · PPO · seed 1" in panel.root.locator(".rml-run-title").inner_text()
    panel.button("Stop").click()
    panel.wait_for_state("stopped")
    assert page.problems == []


def test_after_a_kernel_restart_the_panel_says_that_the_kernel_has_ended(page: LabPage) -> None:
    panel = PanelPage.of_code(page, "restart.ipynb")
    page.page.evaluate("() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    panel.root.locator(".rml-gone", has_text="The kernel behind this panel has ended.").wait_for()
    page.wait_until_idle()
    page.run_cell(0, timeout_s=60)
    panel.wait_until_drawn()
    assert panel.root.locator(".rml-gone").is_hidden()
    panel.button("Stop").focus()
    assert panel.state == "ready"
