"""The board of lesson 2 in a real JupyterLab: rebuilt by mouse and by keyboard, planned in sweep by sweep."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import findings
from tests.browser.browser import THEMES, LabPage

pytestmark = pytest.mark.browser

LAB = """
from retroml_edu.kit import GridLab
lab = GridLab()
lab
"""
# What plotly has drawn: names of the lines, and how many points each has.
_DRAWN = """() => document.querySelector('.rml-kit .js-plotly-plot').data
  .map(({ name, y }) => [name.split(':')[0], [...y].filter(Number.isFinite).length])"""
# Counts what changes inside the fields while something is done.
_WATCH = """() => {
  window.changes = 0;
  const everything = { subtree: true, childList: true, attributes: true, characterData: true };
  new MutationObserver(all => { window.changes += all.length; })
    .observe(document.querySelector('.rml-board-grid'), everything);
}"""


def field(board: Locator, row: int, column: int) -> Locator:
    return board.get_by_role("gridcell", name=re.compile(f"^Row {row}, column {column}:"))


def said(board: Locator, row: int, column: int, words: str) -> None:
    """Wait until a field's label says something."""
    expect(field(board, row, column)).to_have_attribute("aria-label", re.compile(re.escape(words)))


def test_a_world_is_rebuilt_and_planned_in(page: LabPage) -> None:
    page.open(page.server.add_notebook("grid.ipynb", [LAB]))
    page.run_cell(0)
    lab = page.wait_for(".rml-kit")
    goes_sweep_by_sweep(page, lab)
    shows_no_way_to_the_cloud(page, lab)
    is_read_by_the_last_that_moved(page, lab.locator(".rml-board"))
    is_rebuilt(page, lab.locator(".rml-board"))
    is_changed_while_it_plays(page, lab)
    for theme in THEMES:
        page.set_theme(theme)
        assert findings(page, ".rml-kit") == []
    assert page.problems == []


def goes_sweep_by_sweep(page: LabPage, lab: Locator) -> None:
    """Values come, arrows turn, the chart has both methods."""
    board, told = lab.locator(".rml-board"), lab.locator(".rml-kit-told")
    said(board, 2, 7, "Value 0.")
    lab.get_by_role("button", name="One sweep", exact=True).click()
    expect(told).to_have_text(re.compile("^Sweep 1 of 39"))
    said(board, 2, 7, "Value 0.8. Goes right.")
    expect(field(board, 2, 7).locator(".rml-board-number")).to_have_text("0.80")
    expect(field(board, 2, 7).locator(".rml-board-arrow")).to_have_attribute("d", re.compile("^M3 12L21"))
    lab.locator(".rml-plot").scroll_into_view_if_needed()
    page.page.wait_for_function(f"() => document.querySelector('.rml-kit .js-plotly-plot') && ({_DRAWN})().length > 3")
    drawn = dict(page.page.evaluate(_DRAWN))
    assert drawn["value iteration"] == 39
    assert drawn["policy iteration"] > 100


def shows_no_way_to_the_cloud(page: LabPage, lab: Locator) -> None:
    """Plotly's buttons are there, none of them sends the chart anywhere, and they cover no name of a line."""
    lab.locator(".rml-plot").hover()
    bar = lab.locator(".rml-plot .modebar")
    titles = bar.locator(".modebar-btn").evaluate_all("all => all.map(each => each.dataset.title)")
    assert titles
    assert not [title for title in titles if re.search("cloud|share", title, re.IGNORECASE)]
    covered = page.page.evaluate("""() => {
      const box = document.querySelector('.rml-plot .modebar-group').getBoundingClientRect();
      const names = [...document.querySelectorAll('.rml-plot .legendtext')].map(each => each.getBoundingClientRect());
      return names.filter(({ left, right, top, bottom }) =>
        left < box.right && right > box.left && top < box.bottom && bottom > box.top).length;
    }""")
    assert covered == 0


def is_read_by_the_last_that_moved(page: LabPage, board: Locator) -> None:
    """A key is followed though the mouse rests on another field, and nothing below moves while fields are read."""
    told = board.locator(".rml-board-told")
    heights = set()
    for place in ((2, 0), (2, 7), (2, 8), (4, 1)):
        field(board, *place).hover()
        expect(told).to_contain_text(f"Row {place[0]}, column {place[1]}:")
        heights.add(told.bounding_box()["height"])
    board.locator(".rml-board-field[tabindex='0']").focus()
    expect(told).to_contain_text("Row 0, column 0:")
    page.page.keyboard.press("ArrowRight")
    expect(told).to_contain_text("Row 0, column 1:")
    page.page.mouse.move(0, 0)
    field(board, 4, 1).hover()
    expect(told).to_contain_text("Row 4, column 1:")
    assert len(heights) == 1, heights


def is_rebuilt(page: LabPage, board: Locator) -> None:
    """By mouse, by keyboard, and back."""
    keys, mouse = page.page.keyboard, page.page.mouse
    # A stroke of walls, from field to field.
    first, last = field(board, 0, 4), field(board, 1, 4)
    first.scroll_into_view_if_needed()
    (a, b) = (first.bounding_box(), last.bounding_box())
    assert a is not None
    assert b is not None
    mouse.move(a["x"] + 20, a["y"] + 20)
    mouse.down()
    mouse.move(b["x"] + 20, b["y"] + 20)
    mouse.up()
    said(board, 0, 4, "wall")
    said(board, 1, 4, "wall")

    # The board is one tab stop; a pit is set on the way, and the start is left alone.
    keys.press("p")
    expect(board.get_by_role("button", name="Pit")).to_have_attribute("aria-pressed", "true")
    for _ in range(3):
        keys.press("ArrowRight")
    keys.press("Enter")
    said(board, 0, 7, "pit, reward −1")
    expect(board.get_by_role("gridcell").and_(page.page.locator("[tabindex='0']"))).to_have_count(1)
    keys.press("w")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    keys.press("Home")
    keys.press(" ")
    expect(board.get_by_role("status")).to_have_text("Episodes start here. Set the start on another field first.")
    said(board, 2, 0, "start")
    # One undo for the pit, one for the whole stroke.
    keys.press("Control+z")
    said(board, 0, 7, "free")
    keys.press("Control+z")
    said(board, 0, 4, "free")
    said(board, 1, 4, "free")


def is_changed_while_it_plays(page: LabPage, lab: Locator) -> None:
    """It goes on, and ends with values that have settled; what shows nothing new changes no field."""
    board, told = lab.locator(".rml-board"), lab.locator(".rml-kit-told")
    lab.locator("button", has_text="Play").first.click()
    field(board, 4, 8).click()
    said(board, 4, 8, "wall")
    expect(told).to_have_text(re.compile("Values have settled.$"), timeout=20_000)

    page.settle()
    page.page.evaluate(_WATCH)
    lab.get_by_label("Chart over").select_option("backups")
    expect(lab.locator(".rml-plot")).to_contain_text("backups (values of a state and an action)")
    assert page.page.evaluate("() => window.changes") == 0

    lab.get_by_label("Value of each direction").check()
    expect(board.locator("[data-kind~='four']").first).to_be_visible()
