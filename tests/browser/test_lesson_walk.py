"""The random walk of lesson 3 in a real JupyterLab: stepped through, played, and its curves under sliders."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.browser import LabPage

pytestmark = pytest.mark.browser

CELLS = ["from retroml_edu.kit import WalkBench, WalkErrors\n\nbench = WalkBench()\nbench", "WalkErrors()"]
_WALKED_TO_THE_LEFT_END = """() => {
  const left = name => document.querySelector(`.rml-walk-${name}`).getBoundingClientRect().left;
  return Math.abs(left("walker") - left("end")) < 30;
}"""


def test_a_walk_is_stepped_through_and_its_curves_follow_a_slider(page: LabPage) -> None:
    page.open(page.server.add_notebook("walk.ipynb", CELLS))
    page.run_all()
    bench, errors = page.output(0), page.output(1)
    told, said = bench.locator(".rml-walk-told"), bench.locator(".rml-walk-said")
    expect(told).to_have_text("Episode 1 begins in C.")

    one = bench.get_by_role("button", name="One move", exact=True)
    one.focus()
    page.page.keyboard.press("Enter")
    expect(said).to_have_text(
        ["leaves C at 0.500: that is its target, 0 + V(D) = 0.500.", "waits for the end of the episode."]
    )
    expect(bench.locator(".rml-walk-one .rml-walk-halo")).to_have_count(1)
    expect(bench.locator(".rml-walk-two .rml-walk-halo")).to_have_count(0)
    bench.get_by_role("button", name="To the end of the episode").click()
    expect(said.first).to_contain_text("moves A: 0.500 → 0.450")
    expect(bench.locator(".rml-walk-one .rml-walk-halo")).to_have_count(1)
    expect(bench.locator(".rml-walk-two .rml-walk-halo")).to_have_count(5)
    page.page.wait_for_function(_WALKED_TO_THE_LEFT_END)  # it glides there

    bench.get_by_role("combobox", name="Walk").select_option("19 states")
    expect(bench.locator(".rml-walk-state")).to_have_count(19)
    expect(told).to_have_text("Episode 1 begins in 10.")
    bench.get_by_role("combobox", name="Speed").select_option("100")
    bench.get_by_role("button", name="Play").click()
    expect(told).to_have_text(re.compile(r"Episode ([5-9]|\d\d+)[, ]"))
    bench.get_by_role("button", name="Pause").click()

    errors.locator(".rml-plot").scroll_into_view_if_needed()  # a chart is drawn when it is seen
    page.wait_for(".rml-plot .main-svg")
    errors.get_by_role("button", name="Pin").click()
    slider = errors.get_by_role("slider", name="Step size α")
    slider.focus()
    page.page.keyboard.press("ArrowRight")
    expect(errors.locator(".legendtext")).to_have_text(["TD(0), α = 0.1", "TD(0), α = 0.11"])

    for theme in ("light", "dark"):
        page.set_theme(theme)
        page.settle()
        assert findings(page, ".rml-kit") == []
    assert page.problems == []
