"""The learners of lesson 4 in a real JupyterLab: played, turned while they learn, set up anew."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import findings
from tests.browser.browser import THEMES, LabPage

pytestmark = pytest.mark.browser

BENCH = """
from retroml_edu.kit import SideBySide
bench = SideBySide()
bench
"""
# What is noted on the chart.
_NOTES = """() => {
  const chart = document.querySelector('.rml-kit .js-plotly-plot');
  return (chart.layout.annotations ?? []).map(({ text }) => text);
}"""


def place(bench: Locator) -> int:
    """Return where the player is."""
    return int(re.sub(r"\D", "", bench.locator(".rml-player-place").inner_text()))


def drawn_until(page: LabPage, episode: int) -> None:
    page.page.wait_for_function(
        "episode => document.querySelector('.rml-kit .js-plotly-plot')?.data?.length === 2"
        " && document.querySelector('.rml-kit .js-plotly-plot').data.every(({ x }) => x[x.length - 1] >= episode)",
        arg=episode,
    )


def test_learners_are_played_and_turned_side_by_side(page: LabPage) -> None:
    page.open(page.server.add_notebook("cliff.ipynb", [BENCH]))
    page.run_cell(0)
    bench = page.wait_for(".rml-kit")
    cards, boards = bench.locator(".rml-text-card"), bench.locator(".rml-board")
    expect(cards).to_have_text([re.compile("^SARSA"), re.compile("^Q-learning")])
    expect(boards).to_have_count(2)

    # Step by step: the first one falls, and the value of that direction changes on the board.
    bench.get_by_label("Play by").select_option("step")
    one = bench.get_by_role("button", name="One step", exact=True)
    one.click()
    expect(bench.locator(".rml-player-place")).to_have_text("step 1")
    expect(boards.nth(0).locator("[aria-label*='right −50']")).to_have_count(1)

    # By episodes, playing: both lines grow, words and boards follow.
    bench.get_by_label("Play by").select_option("episode")
    bench.get_by_label("Speed").select_option("25")
    bench.get_by_role("button", name="Play", exact=True).click()
    bench.locator(".rml-plot").scroll_into_view_if_needed()
    drawn_until(page, 300)
    bench.get_by_role("button", name="Pause", exact=True).click()
    expect(bench.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect(cards.nth(1)).to_contain_text("Without exploring: 13 steps to the goal.")
    expect(cards.nth(0)).to_contain_text(re.compile(r"Last 50: mean return −\d+\.\d, .*falls?\."))
    expect(boards.nth(1).locator(".rml-board-plan")).to_have_count(1)

    # ε to 0 by the keyboard: it acts at once, and the chart says when.
    epsilon = bench.get_by_label("Exploring ε").first
    epsilon.fill("0")
    epsilon.press("Enter")
    expect(bench.locator(".rml-kit-status")).to_contain_text("ε = 0 from episode")
    before = place(bench)
    bench.get_by_role("button", name="25 episodes", exact=True).click()
    expect(cards.nth(1)).to_contain_text(f"Episode {before + 25}: return −13 in 13 steps.")
    drawn_until(page, before + 25)
    assert page.page.evaluate(_NOTES) == ["ε = 0"]

    # What is shown: values and arrows in place of triangles. Another learner begins anew.
    bench.get_by_label("On the boards").select_option("best value, arrow")
    expect(boards.nth(1).locator("[data-kind~='four']")).to_have_count(0)
    bench.get_by_role("combobox", name="Left").select_option("expected SARSA")
    expect(cards.nth(0)).to_contain_text("expected SARSA")
    expect(bench.locator(".rml-player-place")).to_have_text("episode 0")

    for theme in THEMES:
        page.set_theme(theme)
        assert not findings(page, ".rml-kit")
    assert not page.problems


NARROW = """
from retroml_edu.kit import GridBoard, SideBySide
from retroml_edu.tabular import GridWorld
pays = {(0, 0): -12.5, (0, 1): -100.0, (0, 2): 3.0, (0, 3): -1_000_000.0}
GridBoard(GridWorld(("." * 12,) * 2, goals={(1, 10): -123.25, (1, 11): 1_000.0}, rewards=pays))
"""
# Texts of fields that do not lie within their field, and how many texts there are.
_CUT = """() => {
  const cut = [];
  const texts = [...document.querySelectorAll('.rml-board-field > span')].filter(({ textContent }) => textContent);
  for (const text of texts) {
    const words = document.createRange();
    words.selectNodeContents(text);
    const [inner, outer] = [words.getBoundingClientRect(), text.parentNode.getBoundingClientRect()];
    const over = Math.max(outer.left - inner.left, inner.right - outer.right, inner.bottom - outer.bottom);
    if (over > 0 || text.scrollWidth > text.parentNode.clientWidth) cut.push(`${text.textContent}: ${over}`);
  }
  return [cut, texts.length];
}"""


def test_no_number_of_a_field_is_cut(page: LabPage) -> None:
    page.open(page.server.add_notebook("narrow.ipynb", [f"{BENCH}bench.go(40)\nbench", NARROW]), single_document=False)
    page.run_all()
    cliffs, rewards = page.output(0).locator(".rml-board"), page.output(1).locator(".rml-board")
    for width in (1280, 800):
        page.set_width(width)
        for shown in ("four values a field", "best value, arrow"):
            page.output(0).get_by_label("On the boards").select_option(shown)
            numbers = cliffs.first.locator(".rml-board-number:not(:empty)")
            expect(numbers).to_have_count(1 if shown.startswith("four") else 38)  # the goal's; of each field
            page.settle()
            cut, count = page.page.evaluate(_CUT)
            assert cut == []
            assert count > 2 * 12
        # What pays is told in the field or under the board.
        for board, pays in ((cliffs.first, "−100"), (rewards, "−12.5")):
            expect(board).to_contain_text(pays)
