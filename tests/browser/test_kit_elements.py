"""The elements of lessons in a real JupyterLab: controls, player and chart, by keyboard and mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.browser import LabPage

pytestmark = pytest.mark.browser

BENCH = """
import time
import numpy as np
from retroml_edu.kit import Button, Controls, Piece, Player, Plot, Select, Slider, Switch, level, line

heard = []
plot = Plot("step", "value")
second = Plot("step", "other value")


def show(position):
    x = np.arange(10.0)
    plot.show(*line("curve", x, x + position, x + position - 1, x + position + 1), *level(3, "goal", (0, 9)))
    second.show(*line("curve", x, -x))


def changed(values):
    with piece.problems():
        time.sleep(0.05)
        heard.append(values["alpha"])
        if values["method"] == "broken":
            raise ValueError("that one is broken")
        piece.tell(f"step size {values['alpha']:g}, changed {len(heard)} times")


controls = Controls(
    Slider("alpha", "Step size", 0.1, 0.0, 1.0, step=0.01, hint="How far a value moves."),
    Select("method", "Method", "whole", ("whole", "broken")),
    Switch("on", "Bootstrapping", True),
    Button("pin", "Pin"),
    on_change=changed,
    on_press=lambda name: piece.tell(f"pressed {name}"),
)
player = Player(show, length=12, rates=(1, 5), back=True, restart=lambda: None)
piece = Piece("Bench", controls, player, plot, second)
show(0)
piece
"""


def test_a_bench_is_driven_by_keyboard_and_mouse(page: LabPage) -> None:
    page.open(page.server.add_notebook("kit.ipynb", [BENCH]))
    page.run_cell(0)
    bench = page.wait_for(".rml-kit")
    told, problem = bench.locator(".rml-kit-told"), bench.get_by_role("alert")

    # Both charts draw with one copy of the library, which the notebook does not keep.
    bench.locator(".rml-plot").last.scroll_into_view_if_needed()
    page.wait_for(".rml-plot .main-svg")
    expect(bench.locator(".rml-plot .js-plotly-plot")).to_have_count(2)

    slider = bench.get_by_role("slider", name="Step size")
    slider.focus()
    for _ in range(12):
        page.page.keyboard.press("ArrowRight")
    expect(told).to_contain_text("step size 0.22, changed ")
    expect(bench.get_by_role("textbox", name="Step size")).to_have_value("0.22")
    # Twelve presses while each change takes a while: the newest counts, and they do not all queue up.
    assert int(told.inner_text().split()[-2]) <= 12

    bench.get_by_role("combobox", name="Method").select_option("broken")
    expect(problem).to_contain_text("that one is broken")
    bench.get_by_role("combobox", name="Method").select_option("whole")
    expect(problem).to_be_hidden()

    bench.get_by_role("button", name="Pin").press("Enter")
    expect(told).to_have_text("pressed pin")

    place = bench.locator(".rml-player-place")
    bench.get_by_role("button", name="One step", exact=True).click()
    expect(place).to_have_text("step 1 of 12")
    bench.get_by_role("combobox", name="Speed").select_option("5")
    play = bench.get_by_role("button", name="Play")
    play.focus()
    page.page.keyboard.press("Space")
    expect(place).to_have_text("step 12 of 12")
    expect(play).to_be_visible()  # it has stopped by itself
    bench.get_by_role("button", name="From the beginning").click()
    expect(place).to_have_text("step 0 of 12")
    bench.get_by_role("slider", name="Which step").fill("7")
    expect(place).to_have_text("step 7 of 12")

    for theme in ("light", "dark"):
        page.set_theme(theme)
        page.settle()
        assert findings(page, ".rml-kit") == []
    assert page.problems == []
