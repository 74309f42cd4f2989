"""Predict, then train, in a real JupyterLab: drawn by mouse and by keyboard, kept, laid over the curve, judged."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import findings
from tests.browser.browser import THEMES, LabPage
from tests.browser.panel import PanelPage

pytestmark = pytest.mark.browser

MOST_MS = 15_000
LAB = (
    'Lab(seed=1, run_type="custom", total_timesteps=2_048, n_envs=2, video={{"enabled": False}}, '
    "home={home!r}, predict={predict!r})"
)
# What plotly has drawn of the expected curve.
_EXPECTED = """() => document.querySelector('.rml-chart .js-plotly-plot').data
  .filter(trace => trace.name === 'Expected')
  .map(({ x, y, line, xaxis }) => ({ x: [...x], y: [...y], dash: line.dash, xaxis }))"""


def opened(page: LabPage, home: Path, name: str, *, predict: bool | str = True) -> PanelPage:
    """Return a panel that asks for a prediction, all of it in the window."""
    page.set_width(1280, 1_600)
    return PanelPage.of_code(page, name, LAB.format(home=str(home), predict=predict))


def card(panel: PanelPage) -> Locator:
    return panel.root.locator(".rml-prediction")


def points(panel: PanelPage) -> list[float]:
    """Return where the points stand, as a screen reader is told."""
    sliders = card(panel).get_by_role("slider", name=re.compile("^return at"))
    return [float(value) for value in sliders.evaluate_all("all => all.map(one => one.ariaValueNow)")]


def stroke(panel: PanelPage, *places: tuple[float, float]) -> None:
    """Draw from place to place, as shares of the canvas."""
    box = card(panel).locator(".rml-canvas-frame").bounding_box()
    assert box is not None
    ways = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    mouse = panel.page.mouse
    mouse.move(*ways[0])
    mouse.down()
    for way in ways[1:]:
        mouse.move(*way, steps=20)
    mouse.up()


def expected(panel: PanelPage) -> list[dict[str, Any]]:
    panel.root.locator(".rml-chart").scroll_into_view_if_needed()  # what nobody sees is not drawn
    return list(panel.page.evaluate(_EXPECTED))


def answered(panel: PanelPage) -> None:
    """Wait until the kernel knows what was drawn: then the question under the buttons is gone."""
    expect(panel.root.locator(".rml-problems")).not_to_contain_text("Draw first", timeout=MOST_MS)


def asked_again(panel: PanelPage) -> bool:
    panel.button("Train").focus()
    panel.page.keyboard.press("Enter")
    return "Draw first" in panel.problems


def kept(home: Path) -> list[dict[str, Any]]:
    return [json.loads(file.read_text("utf-8")) for file in sorted(home.glob("*/prediction.json"))]


def test_a_curve_drawn_by_mouse_is_kept_lies_over_what_comes_and_is_judged(page: LabPage, tmp_path: Path) -> None:
    home = tmp_path / "runs"
    panel = opened(page, home, "predict.ipynb")
    expect(card(panel)).to_contain_text("What will the mean return do?")
    assert findings(page, ".rml-prediction") == []

    panel.button("Train").click()
    panel.wait_for_problem("Draw first what you expect of the mean return")
    assert panel.state == "ready"
    assert not home.exists() or kept(home) == []

    stroke(panel, (0.12, 0.8), (0.5, 0.6), (0.97, 0.1))
    answered(panel)
    rising = points(panel)
    assert len(rising) == 11
    assert all(after > before for before, after in pairwise(rising))
    assert rising[0] < 100
    assert rising[-1] > 400
    sure = card(panel).get_by_role("slider", name="I am 80 % sure within")
    sure.focus()
    for _ in range(4):
        panel.page.keyboard.press("ArrowRight")
    expect(card(panel).locator("output")).to_have_text("± 20", timeout=MOST_MS)
    assert panel.nameless == []
    for theme in THEMES:
        page.set_theme(theme)
        assert findings(page, ".rml-prediction") == []
        assert panel.too_wide == []

    panel.button("Train").click()
    panel.wait_for_state("done")
    expect(card(panel)).to_contain_text("On average your curve was", timeout=MOST_MS)
    expect(card(panel)).to_contain_text("of the curve lay within your band", timeout=MOST_MS)
    (prediction,) = kept(home)
    assert (prediction["returns"], prediction["within"]) == (rising, 20)
    assert prediction["steps"][-1] == 2_048
    panel.wait_for_points(1)
    panel.until(lambda: len(expected(panel)) == 1, "the expected curve in the chart")
    (trace,) = expected(panel)
    assert (trace["y"], trace["dash"], trace["xaxis"]) == (rising, "dash", "x")
    assert card(panel).locator(".rml-canvas-actual").count() == 1
    assert card(panel).get_by_role("slider").count() == 0
    for theme in THEMES:
        page.set_theme(theme)
        assert findings(page, ".rml-prediction") == []
        assert panel.too_wide == []

    # The page is loaded again, and the next run is asked about.
    page.reload()
    panel.wait_until_drawn()
    expect(card(panel)).to_contain_text("On average your curve was", timeout=MOST_MS)
    panel.button("Predict the next run").click()
    expect(card(panel).locator(".rml-canvas-hint")).to_be_visible(timeout=MOST_MS)
    panel.button("Skip").click()
    expect(card(panel)).to_contain_text("goes without a prediction", timeout=MOST_MS)
    panel.button("Predict after all").click()
    expect(card(panel).locator(".rml-canvas-hint")).to_be_visible(timeout=MOST_MS)
    assert page.problems == []


def test_by_keyboard_alone_where_a_teacher_requires_it(page: LabPage, tmp_path: Path) -> None:
    home = tmp_path / "runs"
    panel = opened(page, home, "keys.ipynb", predict="required")
    keys = panel.page.keyboard
    assert panel.button("Skip").count() == 0
    for _ in range(2):
        panel.button("Train").focus()
        keys.press("Enter")
        panel.wait_for_problem("Draw first")
    cells = page.cell_count()

    first = card(panel).get_by_role("slider", name="return at 0 steps")
    first.focus()
    keys.press("Home")
    for _ in range(2):
        keys.press("ArrowUp")
    assert points(panel) == [20.0] * 11, "those that nobody has set follow"
    for _ in range(5):
        keys.press("Tab")
    expect(card(panel).get_by_role("slider", name=re.compile("return at 1,024 steps"))).to_be_focused()
    keys.press("End")
    keys.press("PageDown")
    keys.type("dd")
    assert points(panel) == [20.0] * 3 + [450.0] * 8
    expect(card(panel).get_by_role("slider", name="return at 1,024 steps")).to_have_attribute("aria-valuetext", "450")
    assert page.cell_count() == cells

    # Start over: what is gone cannot be trained with, and one key makes another curve.
    answered(panel)
    panel.button("Start over").focus()
    keys.press("Enter")
    expect(card(panel).locator(".rml-canvas-hint")).to_be_visible()
    panel.until(lambda: asked_again(panel), "the question")
    first.focus()
    keys.press("PageUp")
    answered(panel)
    panel.button("Train").focus()
    keys.press("Enter")
    panel.wait_for_state("done")
    (prediction,) = kept(home)
    assert prediction["returns"] == [100.0] * 11
    assert prediction["within"] is None
    expect(card(panel)).to_contain_text("On average your curve was", timeout=MOST_MS)
    expect(card(panel)).not_to_contain_text("within your band")
    assert page.problems == []


def test_the_settings_page_switches_it_on_and_a_narrow_page_holds_it(page: LabPage, tmp_path: Path) -> None:
    home = tmp_path / "runs"
    panel = PanelPage.of_code(page, "setting.ipynb", f"Lab(seed=1, home={str(home)!r})")
    expect(card(panel)).to_be_hidden()
    panel.root.get_by_role("tab", name="Settings").click()
    panel.field("predict").get_by_role("radio", name="Asked").click()
    panel.root.get_by_role("tab", name="Train").click()
    expect(card(panel).locator(".rml-canvas-hint")).to_be_visible(timeout=MOST_MS)
    panel.choose_environment("MountainCar-v0")
    expect(card(panel).get_by_role("slider").first).to_have_attribute("aria-valuemin", "-200", timeout=MOST_MS)
    for width in (1440, 1024, 800, 560):
        page.set_width(width)
        page.settle()
        assert panel.too_wide == [], f"at {width} pixels"
    panel.button("Help: Your prediction").click()
    expect(panel.root.locator(".rml-help-article h3")).to_have_text("Your prediction", timeout=MOST_MS)
    assert page.problems == []
