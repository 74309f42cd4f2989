"""The bandit bench in a real JupyterLab: sliders by keyboard, arms by hand, a strategy that plays, curves compared."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.axe import findings
from tests.browser.browser import LabPage

pytestmark = pytest.mark.browser

MOST_MS = 20_000


def test_a_student_plays_by_hand_watches_a_strategy_and_compares_averages(page: LabPage) -> None:
    cells = [
        'from retroml_edu.kit import BanditBench\n\nBanditBench(method="by hand", seed=3)',
        'BanditBench("many problems at once", seed=3)',
    ]
    page.set_width(1280, 1_600)
    page.open(page.server.add_notebook("bandits.ipynb", cells))
    page.run_all()
    keys = page.page.keyboard
    hand, many = (page.output(cell).locator(".rml-kit") for cell in (0, 1))
    arm = {number: hand.get_by_role("button", name=re.compile(rf"^Pull arm {number}:")) for number in (3, 4, 6)}

    # By hand: keys, then a click into the picture above an arm. The truth is not in the page before it is shown.
    arm[3].focus()
    keys.press("Enter")
    expect(arm[3]).to_contain_text("× 1", timeout=MOST_MS)
    keys.press("ArrowRight")
    keys.press("Enter")
    expect(arm[4]).to_contain_text("× 1", timeout=MOST_MS)
    hand.locator(".rml-bandit-hit").nth(5).click()
    expect(arm[6]).to_contain_text("× 1", timeout=MOST_MS)
    expect(hand.locator(".rml-bandit-told")).to_have_text(re.compile(r"Pull 3: arm 6, your choice\. It paid"))
    expect(hand.locator(".rml-bandit-mean")).to_have_count(0)
    assert "true mean" not in (arm[3].get_attribute("aria-label") or "")
    hand.get_by_role("button", name="Compare me with the strategies").press("Enter")
    expect(hand.locator(".rml-kit-told")).to_contain_text("You earned more than", timeout=MOST_MS)
    expect(hand.locator(".rml-bandit-mean")).to_have_count(10)

    # A strategy plays on the same problem, and says why.
    hand.get_by_role("combobox", name="Who plays").select_option("UCB")
    one = hand.get_by_role("button", name="One pull", exact=True)
    one.click(timeout=MOST_MS)
    expect(hand.locator(".rml-bandit-told")).to_contain_text("not tried yet", timeout=MOST_MS)
    hand.get_by_role("combobox", name="Speed").select_option("10")
    play = hand.get_by_role("button", name="Play", exact=True)
    play.click()
    expect(hand.locator(".rml-bandit-told")).to_contain_text("highest bound: estimate", timeout=MOST_MS)
    hand.get_by_role("button", name="Pause", exact=True).click()
    expect(hand.locator(".rml-bandit-bound")).to_have_count(10)

    # Many problems: what is told goes from the first of them to all.
    told = many.locator(".rml-kit-told")
    expect(told).to_contain_text("over 2,000 problems", timeout=MOST_MS)
    many.get_by_role("slider", name="ε", exact=True).focus()
    for _ in range(10):
        keys.press("ArrowRight")
    expect(told).to_contain_text("ε-greedy, ε = 0.2, 1,000 pulls", timeout=MOST_MS)
    many.get_by_role("button", name="Pin this curve").press("Enter")
    many.get_by_role("combobox", name="Who plays").select_option("Thompson sampling")
    many.get_by_role("combobox", name="Drawn").select_option("cumulative regret")
    legend = many.locator(".legend .legendtext")
    expect(legend).to_have_text(["ε-greedy, ε = 0.2 (pinned)", "Thompson"], timeout=MOST_MS)
    expect(told).to_contain_text(re.compile(r"Thompson.* over 2,000 problems"), timeout=MOST_MS)

    for theme in ("dark", "light"):
        page.set_theme(theme)
        page.settle()
        assert findings(page, ".rml-kit") == []
    expect(page.page.get_by_role("alert").filter(visible=True)).to_have_count(0)
    assert page.problems == []


def test_the_word_best_lies_over_nothing_else_that_is_written_in_its_column(page: LabPage) -> None:
    cells = [
        'from retroml_edu.kit import BanditBench\n\nBanditBench(method="UCB", seed=2)',
        "bench = BanditBench(method='gradient bandit', seed=1)\nbench.set('alpha', 1.0)\nbench.player.go(300)\nbench",
    ]
    page.set_width(1280, 1_600)
    page.open(page.server.add_notebook("best.ipynb", cells))
    page.run_all()
    for cell, others in enumerate((".rml-bandit-endless", ".rml-bandit-percent")):
        chart = page.output(cell).locator(".rml-bandit-chart")
        expect(chart.locator(others)).to_have_count(10, timeout=MOST_MS)
        best = chart.locator(".rml-bandit-besttext").bounding_box()
        assert best is not None
        for each in chart.locator(others).all():
            box = each.bounding_box()
            assert box is not None
            apart = box["y"] >= best["y"] + best["height"] or best["y"] >= box["y"] + box["height"]
            beside = box["x"] >= best["x"] + best["width"] or best["x"] >= box["x"] + box["width"]
            assert apart or beside
