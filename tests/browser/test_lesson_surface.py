"""The value surface and the triad bench of lesson 5 in a real JupyterLab, by keyboard and mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.browser import LabPage

pytestmark = pytest.mark.browser

SURFACE = "from retroml_edu.kit import TriadBench, ValueSurface\nsurface = ValueSurface()\nsurface"
TRIAD = "TriadBench()"
EYE = "document.querySelector('.js-plotly-plot').layout.scene.camera.eye.z"
BURST = "for _ in range(40):\n    surface.player.go(1)"
COUNT_DRAWN = """chart => {
    window.drawn = 0;
    chart.on("plotly_afterplot", () => (window.drawn += 1));
}"""


def test_two_cars_learn_and_three_parts_diverge(page: LabPage) -> None:
    page.open(page.server.add_notebook("surface.ipynb", [SURFACE, BURST, TRIAD]))
    page.run_cell(0)
    bench = page.wait_for(".rml-kit >> nth=0")
    place = bench.locator(".rml-player-place")
    headings = bench.locator(".rml-kit-pair .annotation-text")

    # Thousands of steps at once, beside each other.
    bench.get_by_role("combobox", name="Speed").select_option("1000")
    bench.get_by_role("button", name="Play").click()
    expect(place).to_have_text(re.compile(r"step \d+,\d{3}"), timeout=20_000)
    bench.get_by_role("button", name="Pause").click()
    expect(headings.first).to_contain_text("A: 12 × 12 tiles")
    expect(headings.nth(1)).to_contain_text(re.compile(r"episode \d+, step \d+"))

    # Another representation begins anew, with controls of its own.
    bench.get_by_role("combobox", name="Car A learns with").select_option("Fourier features")
    expect(place).to_have_text("step 0")
    expect(headings.first).to_contain_text("A: 16 waves")
    box = bench.get_by_role("textbox", name="Step size α").first
    box.fill("1")
    box.press("Enter")
    bench.get_by_role("button", name="1,000 steps").click()
    expect(bench.locator(".rml-kit-told")).to_contain_text("A has stopped. The values have grown beyond all bounds")
    expect(headings.first).to_contain_text("diverged in episode 1")

    # As a landscape.
    bench.get_by_role("switch", name="Landscape (3D)").press(" ")
    expect(bench.locator(".gl-container canvas").first).to_be_visible()
    roomy = page.page.evaluate(EYE)
    page.set_width(800)  # from farther away, or the names of its axes are cut off
    page.page.wait_for_function(f"roomy => {EYE} > 1.2 * roomy", arg=roomy)
    page.set_width(1280)
    assert findings(page, ".rml-kit") == []

    # Of landscapes that follow each other closely some are left out, the last one never.
    page.page.evaluate(COUNT_DRAWN, bench.locator(".rml-kit-pair .js-plotly-plot").nth(1).element_handle())
    page.run_cell(1)
    expect(place).to_have_text("step 1,040")
    expect(headings.nth(1)).to_contain_text("episode 1, step 1,040")
    assert page.page.evaluate("() => window.drawn") < 40

    # The triad, part by part.
    page.run_cell(2)
    triad = page.wait_for(".rml-kit >> nth=1")
    told = triad.locator(".rml-kit-told")
    expect(told).to_contain_text("On: function approximation. It is stable.")
    for name, says in (("Bootstrapping", "It is stable"), ("Off policy", "It diverges")):
        triad.get_by_role("switch", name=name).press(" ")
        expect(told).to_contain_text(f"{'bootstrapping' if name == 'Bootstrapping' else 'off-policy updates'}. {says}")
    assert page.problems == []
