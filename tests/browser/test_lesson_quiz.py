"""A lesson's questions in a real JupyterLab: each kind answered by keyboard, and there again after a restart."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import findings
from tests.browser.browser import THEMES, LabPage
from tests.browser.busy import BusyCell

pytestmark = pytest.mark.browser

MOST_MS = 15_000
STEPS = ["choose an arm", "pull it", "move the estimate"]
RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
SETUP = """
from ipywidgets import VBox
from retroml_edu.kit import Case, Choice, Exercise, FreeText, Lesson, Number, Option, Order


class Mine:
    QUESTIONS = (
        Choice(
            "one",
            "What is `Q[a]`?",
            (Option("a return", "It is *an* <b>estimate</b>."), Option("an estimate", "Yes: `Q`.", True)),
        ),
        Choice("several", "Which are even?", (Option("2", "", True), Option("3", "Odd."), Option("4", "Both.", True))),
        Number("number", "Mean of 2 and 4?", 3.0, hint="Add and halve."),
        Order("order", "Put one step into order.", ("choose an arm", "pull it", "move the estimate"), told="So it is."),
        FreeText("text", "Why does it forget? " + 40 * "Say it in your own words. "),
    )
    EXERCISES = (Exercise("double", (Case({"x": 1}, 2, "Twice."),)),)


def double(x):
    return 2 * x


lesson = Lesson("99-mine", material=Mine)
asked = [lesson.ask(each) for each in Mine.QUESTIONS]
curve = lesson.predict("curve", question="What will it do?", x_end=100, x_unit="pulls", y_name="mean reward")
VBox([each.box for each in (*asked, curve, lesson.check(double), lesson.export())])
"""
_TOO_WIDE = """quiz => [...quiz.querySelectorAll('*')]
  .filter(node => node.checkVisibility() && !node.closest('.rml-unseen, svg'))
  .filter(node => node.getBoundingClientRect().right > quiz.getBoundingClientRect().right + 1)
  .map(node => node.outerHTML)"""


def told(quiz: Locator, text: str) -> None:
    expect(quiz.locator(".rml-quiz-feedback")).to_have_text(text, timeout=MOST_MS)


def texts_in_order(quiz: Locator) -> list[str]:
    return quiz.locator(".rml-quiz-step .rml-quiz-text").all_inner_texts()


def choose(page: LabPage, one: Locator, several: Locator) -> None:
    keys = page.page.keyboard
    one.get_by_role("radio").first.focus()
    keys.press("Space")
    keys.press("Enter")
    told(one, "✕Not yet. It is *an* <b>estimate</b>.")
    assert one.locator(".rml-quiz-question code").inner_text() == "Q[a]"
    keys.press("ArrowDown")
    expect(one.locator(".rml-quiz-feedback")).to_have_class("rml-quiz-feedback rml-quiz-stale")
    keys.press("Enter")
    told(one, "✓Right. Yes: Q.")
    expect(one.locator(".rml-quiz-tries")).to_have_text("2 tries")

    keys.press("Tab")  # to the button
    keys.press("Tab")  # to the next question
    expect(several.get_by_role("checkbox").first).to_be_focused()
    keys.press("Enter")
    told(several, "!Choose one or more answers.")
    keys.press("Space")
    keys.press("Enter")
    told(several, "✕Not yet. What you have chosen is right, and something is missing.")
    several.get_by_role("checkbox", name="4").focus()
    keys.press("Space")
    keys.press("Enter")
    told(several, "✓Right. Both.")


def write(page: LabPage, number: Locator, text: Locator) -> None:
    keys = page.page.keyboard
    cells = page.cell_count()
    number.get_by_role("textbox", name="Mean of 2 and 4?").focus()
    keys.type("6dd")
    keys.press("Enter")
    told(number, '!"6dd" is no number. Write it as 0.75 or 3/4.')
    keys.press("Backspace")
    keys.press("Backspace")
    keys.press("Enter")
    told(number, "✕Not yet. Add and halve.")

    text.get_by_role("textbox").focus()
    keys.type("Old rewards count")
    keys.press("Enter")
    keys.type("less and less.")
    keys.press("Control+Enter")
    told(text, "●Kept. Compare it with what follows.")
    assert page.cell_count() == cells


def sort(page: LabPage, order: Locator) -> None:
    keys = page.page.keyboard
    assert sorted(texts_in_order(order)) == sorted(STEPS)
    for place, step in enumerate(STEPS):
        button = order.get_by_role("button", name=f"Move up: {step}")
        button.focus()
        while texts_in_order(order)[place] != step:
            keys.press("ArrowUp")
        expect(button).to_be_focused()
    order.get_by_role("button", name="Check").focus()
    keys.press("Enter")
    told(order, "✓Right. So it is.")


def drag_the_last_to_the_top(page: LabPage, order: Locator) -> None:
    items = order.locator(".rml-quiz-step")
    items.last.scroll_into_view_if_needed()
    start, end = items.last.bounding_box(), items.first.bounding_box()
    assert start is not None
    assert end is not None
    page.page.mouse.move(start["x"] + 60, start["y"] + 12)
    page.page.mouse.down()
    page.page.mouse.move(end["x"] + 60, end["y"] + 6, steps=20)
    page.page.mouse.up()
    assert texts_in_order(order) == [STEPS[2], *STEPS[:2]]


def all_there_again(one: Locator, several: Locator, number: Locator, order: Locator, text: Locator) -> None:
    told(one, "✓Right. Yes: Q.")
    expect(one.get_by_role("radio", name="an estimate")).to_be_checked()
    expect(several.get_by_role("checkbox", name="4")).to_be_checked()
    expect(number.get_by_role("textbox")).to_have_value("6")
    assert texts_in_order(order) == STEPS
    expect(text.get_by_role("textbox")).to_have_value("Old rewards count\nless and less.")


def test_each_kind_is_answered_by_keyboard_and_there_again_after_a_restart(page: LabPage) -> None:
    page.open(page.server.add_notebook("quiz.ipynb", [SETUP]))
    page.run_cell(0)
    one, several, number, order, text = (page.page.locator(".rml-quiz").nth(place) for place in range(5))
    choose(page, one, several)
    write(page, number, text)
    sort(page, order)
    for theme in THEMES:
        page.set_theme(theme)
        assert findings(page, ".rml-kit") == []
    page.set_width(800)
    page.settle()
    pieces = page.page.locator(".rml-kit")
    assert [pieces.nth(place).evaluate(_TOO_WIDE) for place in range(pieces.count())] == [[]] * 8

    drag_the_last_to_the_top(page, order)
    # What was kept is there again: in a page that is loaded anew, and from a kernel that is.
    page.reload()
    all_there_again(one, several, number, order, text)
    page.page.evaluate(RESTART)
    page.page.locator(".rml-gone", has_text="has ended").first.wait_for()
    page.wait_until_idle()
    page.run_cell(0)
    all_there_again(one, several, number, order, text)
    assert page.problems == []


def test_what_is_answered_while_the_answer_before_is_judged_is_judged_too(page: LabPage, tmp_path: Path) -> None:
    busy = BusyCell("asked[0].lock", tmp_path)
    page.open(page.server.add_notebook("queue.ipynb", [SETUP.replace("99-mine", "98-queue"), busy.source]))
    page.run_cell(0)
    one = page.page.locator(".rml-quiz").first
    check = one.get_by_role("button", name="Check")
    keys = page.page.keyboard
    busy.start(page, 1)
    one.get_by_role("radio").first.focus()
    keys.press("Space")
    keys.press("Enter")
    expect(check).to_have_attribute("aria-disabled", "true")
    keys.press("Enter")  # the same once more is no other answer
    keys.press("ArrowDown")
    expect(check).to_have_attribute("aria-disabled", "false")
    keys.press("Enter")
    expect(check).to_have_attribute("aria-disabled", "true")
    expect(one.locator(".rml-quiz-feedback")).to_be_hidden()
    busy.end()
    told(one, "✓Right. Yes: Q.")
    expect(check).to_have_attribute("aria-disabled", "false")
    expect(one.locator(".rml-quiz-tries")).to_have_text("2 tries")
    expect(one.get_by_role("radio", name="an estimate")).to_be_checked()
    expect(one.locator(".rml-quiz-feedback")).to_have_class("rml-quiz-feedback")
    assert page.problems == []
