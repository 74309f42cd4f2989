"""The run on show, deleted in the table of runs and brought back; and a game without a picture, tested."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.browser import LabPage
from tests.browser.panel import PanelPage
from tests.browser.test_panel_handling import QUICK

pytestmark = pytest.mark.browser

MOST_MS = 15_000
UNDRAWN = """
import gymnasium
from gymnasium.envs.classic_control import CartPoleEnv

class Blind(CartPoleEnv):
    metadata = {"render_modes": []}

gymnasium.register("Blind-v0", Blind, max_episode_steps=100)
"""


def test_a_run_that_is_deleted_says_so_and_comes_back_with_its_downloads(page: LabPage, tmp_path: Path) -> None:
    panel = PanelPage.of_code(page, "deleted.ipynb", QUICK)
    panel.button("Train").click()
    panel.wait_for_state("done", timeout_s=90)
    told, csv = panel.root.locator(".rml-deleted"), panel.button("CSV")
    expect(csv).to_have_attribute("aria-disabled", "false")
    expect(told).to_have_text("")

    panel.root.get_by_role("tab", name="Experiments").click()
    panel.root.locator(".rml-xp-space input").first.click(timeout=MOST_MS)
    panel.button("Delete").click()
    expect(panel.root.locator(".rml-xp-notice")).to_contain_text("1 run deleted", timeout=MOST_MS)
    expect(told).to_have_text("✕ Deleted")
    panel.root.get_by_role("tab", name="Train", exact=True).click()
    expect(csv).to_have_attribute("aria-disabled", "true")
    where = panel.root.locator(".rml-where")
    expect(where).to_have_text("This run was deleted. Undo in Experiments brings it back.")
    page.screenshot(tmp_path / "deleted.png")

    panel.root.get_by_role("tab", name="Experiments").click()
    panel.button("Undo").click()
    expect(told).to_have_text("", timeout=MOST_MS)
    panel.root.get_by_role("tab", name="Train", exact=True).click()
    file = panel.download("CSV", tmp_path)
    assert file.read_text("utf-8").startswith("kind,step,")
    expect(where).to_contain_text("This run is kept in")
    assert page.problems == []


def test_a_game_without_a_picture_is_tested_by_its_figures(page: LabPage, tmp_path: Path) -> None:
    panel = PanelPage.of_code(page, "blind.ipynb", QUICK.replace("seed=1", 'env_id="Blind-v0", seed=1'), UNDRAWN)
    panel.button("Train").click()
    panel.wait_for_state("done", timeout_s=90)
    card = panel.root.locator(".rml-evaluation")
    card.get_by_role("button", name="Test", exact=True).last.click()
    expect(card.locator("dd", has_text="no film: this game has no picture")).to_be_visible(timeout=MOST_MS)
    assert card.locator("tbody tr").count() == 10
    page.screenshot(tmp_path / "blind.png")
    assert page.problems == []
