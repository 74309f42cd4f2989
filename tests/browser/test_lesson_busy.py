"""What is pressed in a lesson while the kernel is busy, in a page that is loaded again, or in one of two views."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.browser import LabPage
from tests.browser.busy import BusyCell

pytestmark = pytest.mark.browser

MOST_MS = 20_000
TICK_MS = 100
PIECES = """
from ipywidgets import VBox
from retroml_edu.kit import BanditBench, Button, Controls, GridBoard, Lesson, Line, Piece, Player, Slider
from retroml_edu.tabular import GridWorld

controls = Controls(
    Slider("alpha", "Step size", 0.1, 0.0, 1.0, step=0.01),
    Button("pin", "Pin"),
    on_press=lambda name: piece.tell(f"pinned {controls.values['alpha']:g}"),
)
player = Player(lambda position: None)
board = GridBoard(GridWorld(("S..", "..."), goals={(1, 2): 1.0}), editable=True)
piece = Piece("Mine", controls, player, board)
bench = BanditBench(method="by hand")
figure = Lesson("97-busy").figure("curve", Line("it", [0, 1], [0, 1]))
VBox([each.box for each in (piece, bench, figure)])
"""
ENDLESS = """
from retroml_edu.kit import Piece, Player

piece = Piece("Endless", Player(lambda position: None))
piece
"""


def place(piece: Locator) -> Locator:
    return piece.locator(".rml-player-place")


def is_greyed_out(button: Locator) -> None:
    expect(button).to_have_attribute("aria-disabled", "true")


def test_what_is_pressed_while_the_kernel_is_busy_is_done_afterwards(page: LabPage, tmp_path: Path) -> None:
    busy = BusyCell("piece.lock, bench.lock, figure.lock", tmp_path)
    page.set_width(1280, 1_600)
    page.open(page.server.add_notebook("busy.ipynb", [PIECES, busy.source]))
    page.run_cell(0)
    piece = page.wait_for(".rml-kit")
    one = piece.get_by_role("button", name="One step", exact=True)
    arm = page.page.get_by_role("button", name="Pull arm 3:")
    csv, png = (page.page.get_by_role("button", name=f"Save {form}") for form in ("CSV", "PNG"))
    field = piece.get_by_role("gridcell").nth(1)
    keys = page.page.keyboard
    busy.start(page, 1)

    for _ in range(3):
        one.press("Enter")
    piece.get_by_role("slider", name="Step size").focus()
    for _ in range(3):
        keys.press("ArrowRight")
    piece.get_by_role("button", name="Pin").press("Enter")
    piece.get_by_role("gridcell").first.focus()
    for key in ("ArrowRight", "Enter", "Enter", "Control+z"):  # a wall, none, and that taken back
        keys.press(key)
    for button in (csv, png):
        button.press("Enter")
        is_greyed_out(button)
    for _ in range(11):
        expect(arm).not_to_have_attribute("aria-disabled", "true")
        arm.press("Enter")
    is_greyed_out(arm)
    expect(place(piece)).to_have_text("step 0")

    with (
        page.page.expect_download(lambda file: file.suggested_filename == "curve.csv"),
        page.page.expect_download(lambda file: file.suggested_filename == "curve.png"),
    ):
        busy.end()
    expect(place(piece)).to_have_text("step 3", timeout=MOST_MS)
    expect(piece.locator(".rml-kit-told")).to_have_text("pinned 0.13", timeout=MOST_MS)
    expect(field).to_have_attribute("aria-label", re.compile("^Row 0, column 1: wall"), timeout=MOST_MS)
    expect(arm).to_contain_text("× 11", timeout=MOST_MS)
    for button in (arm, csv, png):
        expect(button).not_to_have_attribute("aria-disabled", "true")
    assert page.problems == []


def test_what_plays_goes_on_in_a_page_that_is_loaded_again(page: LabPage) -> None:
    page.open(page.server.add_notebook("again.ipynb", [ENDLESS]))
    page.run_cell(0)
    piece = page.wait_for(".rml-kit")
    piece.get_by_role("button", name="Play", exact=True).click()
    expect(place(piece)).not_to_have_text("step 0")
    page.reload()
    pause = piece.get_by_role("button", name="Pause", exact=True)
    expect(pause).to_be_visible()
    before = place(piece).inner_text()
    expect(place(piece)).not_to_have_text(before, timeout=MOST_MS)
    pause.click()
    expect(piece.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert page.problems == []


def test_a_slider_that_is_moved_while_it_plays_stops_it_where_it_was_moved_to(page: LabPage) -> None:
    cell = ENDLESS.replace("position: None", "position: None, length=100_000, back=True")
    page.open(page.server.add_notebook("moved.ipynb", [cell]))
    page.run_cell(0)
    piece = page.wait_for(".rml-kit")
    piece.get_by_role("button", name="Play", exact=True).click()
    expect(place(piece)).not_to_have_text("step 0 of 100,000")
    piece.get_by_role("slider", name="Which step").fill("70000")
    expect(place(piece)).to_have_text("step 70,000 of 100,000")
    expect(piece.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert page.problems == []


def test_two_views_of_a_player_play_no_faster_than_one(page: LabPage) -> None:
    page.open(page.server.add_notebook("twice.ipynb", [ENDLESS, "piece"]))
    page.run_all()
    pieces = page.page.locator(".rml-kit")
    expect(pieces).to_have_count(2)
    clock, first = page.page.clock, place(pieces.first)
    clock.install()
    clock.pause_at(page.page.evaluate("Date.now() + 1_000"))
    pieces.first.get_by_role("button", name="Play", exact=True).evaluate("button => button.click()")
    elapsed_ms = 0
    for _ in range(20):
        before, wait_ms = first.inner_text(), TICK_MS
        while first.inner_text() == before:  # where the kernel answers late, the next tick is due some moments later
            clock.run_for(wait_ms)
            elapsed_ms += wait_ms
            wait_ms = 1
    assert int(first.inner_text().split()[-1]) <= elapsed_ms / TICK_MS + 1
    # The one that was there first goes, and the other one plays on.
    clock.resume()
    page.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0; }")
    page.command("notebook:delete-cell")
    expect(pieces).to_have_count(1)
    before = first.inner_text()
    expect(first).not_to_have_text(before, timeout=MOST_MS)
    assert page.problems == []
