"""Under the live picture and in the right column: record, begin anew, and what happened lately, in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.browser.browser import LabPage
from tests.browser.panel import PanelPage

pytestmark = pytest.mark.browser

ENDLESS = 'Lab(run_type="custom", total_timesteps=5_000_000, n_envs=2, seed=1, video={"enabled": False})'
SHORT = 'Lab(run_type="custom", total_timesteps=2_048, n_envs=2, seed=1, video={"enabled": False})'


def test_what_is_watched_is_recorded_and_begun_anew(page: LabPage, tmp_path: Path) -> None:
    panel = PanelPage.of_code(page, "live.ipynb", ENDLESS)
    assert panel.button("Record").count() == 0
    panel.button("Train").click()
    panel.wait_for_picture()
    standing = panel.root.locator(".rml-feed-standing")
    words = re.compile(r"Game \d+ \+?\d+ *return (plus )?\d+")
    panel.until(lambda: bool(words.match(standing.inner_text().replace("\n", " "))), "the game and its return")

    record = panel.button("Record")
    record.focus()
    page.page.keyboard.press("Enter")
    sign = panel.root.locator(".rml-feed-recording")
    sign.wait_for()
    assert sign.inner_text() == "recording"
    panel.root.locator(".rml-feed-said", has_text="0:02").wait_for()
    page.screenshot(tmp_path / "recording.png")
    assert panel.nameless == []
    assert panel.too_wide == []

    game = int(standing.locator(".rml-feed-game").inner_text().split()[-1])
    panel.button("Reset").click()
    panel.until(lambda: int(standing.locator(".rml-feed-game").inner_text().split()[-1]) > game, "a new game")

    panel.button("Stop recording").click()
    chip = panel.root.locator(".rml-videos .rml-chip", has_text="live")
    chip.wait_for()
    sign.wait_for(state="hidden")
    assert "Kept as videos/live-" in panel.root.locator(".rml-feed-said").inner_text()
    chip.click()
    page.page.wait_for_function("() => document.querySelector('.rml-videos video').videoHeight > 0")
    page.screenshot(tmp_path / "recorded.png")

    panel.root.locator(".rml-feed select").select_option("training")
    panel.button("Reset").wait_for(state="hidden")
    panel.button("Record").wait_for()  # the other picture comes in a moment
    panel.button("Stop").click()
    panel.wait_for_state("stopped")
    panel.button("Record").wait_for(state="hidden")
    assert page.problems == []


def test_what_happened_lately_is_a_click_away(page: LabPage, tmp_path: Path) -> None:
    code = f"{SHORT[:-1]}, home={str(tmp_path / 'runs')!r})"
    panel = PanelPage.of_code(page, "activity.ipynb", code)
    lines = panel.root.locator(".rml-activity li button")
    assert lines.count() == 0
    panel.button("Train").click()
    panel.wait_for_state("done")
    panel.type("seed", "2")
    panel.button("Train").click()
    panel.root.locator(".rml-run-title", has_text="seed 2").wait_for()
    panel.wait_for_state("done")
    panel.root.locator(
        ".rml-activity li:first-child", has_text="Done CartPole-v1 · PPO · seed 2 mean return"
    ).wait_for()
    assert lines.count() == 2
    assert panel.nameless == []
    assert panel.too_wide == []
    panel.root.locator(".rml-activity").scroll_into_view_if_needed()
    page.screenshot(tmp_path / "activity.png")
    lines.last.focus()
    page.page.keyboard.press("Enter")
    panel.root.locator(".rml-run-title", has_text="seed 1").wait_for()
    assert page.problems == []
