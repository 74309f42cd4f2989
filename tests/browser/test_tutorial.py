"""The tutorial in a real JupyterLab: a whole first run, left and found again; by mouse, by keyboard, at every width."""

import re
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from retroml_edu.widgets.tutorial.steps import NUMBERS, STEPS
from tests.browser.axe import findings
from tests.browser.browser import HEIGHT, THEMES, LabPage
from tests.browser.panel import PanelPage

pytestmark = pytest.mark.browser

MOST_MS = 20_000
LAB = "Lab(home={home!r})"
# Where the card and what is ringed stand, in the window.
PLACES = """panel => [panel.querySelector('.rml-tutorial-card'), ...panel.querySelectorAll('.rml-tutorial-ring')]
  .map(node => node.getBoundingClientRect()).map(({left, top, right, bottom}) => [left, top, right, bottom])"""
RINGED = re.compile("rml-tutorial-ring")
RESTART = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"


class TutorialPage(PanelPage):
    """A tab with a panel, and its tutorial."""

    @property
    def card(self) -> Locator:
        return self.root.get_by_role("region", name="Tutorial", exact=True)

    @property
    def line(self) -> Locator:
        return self.root.locator(".rml-tutorial-line")

    @property
    def next(self) -> Locator:
        return self.card.get_by_role("button", name="Next", exact=True)

    def is_at(self, name: str) -> None:
        """Wait until the card shows a step."""
        number = NUMBERS[name]
        expect(self.card.locator("h4")).to_have_text(STEPS[number].title, timeout=MOST_MS)
        expect(self.card.locator(".rml-tutorial-place")).to_have_text(f"Tutorial · {number + 1} of {len(STEPS)}")

    def go_to(self, *names: str) -> None:
        """Press Next until a step is reached, through the steps before it."""
        for name in names:
            expect(self.next).to_have_attribute("aria-disabled", "false", timeout=90_000)
            self.next.click()
            self.is_at(name)

    def stands_beside(self, *, covering: float = 0.0) -> None:
        """Wait until the card is in the window, and beside the first part that is ringed: no more of it is covered."""

        def beside() -> bool:
            card, ringed, *_ = self.measure(PLACES)
            width = max(0.0, min(card[2], ringed[2]) - max(card[0], ringed[0]))
            height = max(0.0, min(card[3], ringed[3]) - max(card[1], ringed[1]))
            share = width * height / ((ringed[2] - ringed[0]) * (ringed[3] - ringed[1]))
            return share <= covering and card[1] >= 0 and card[3] <= HEIGHT

        self.until(beside, "the card beside what it is about", timeout_s=10)


def open_panel(page: LabPage, name: str, home: Path) -> TutorialPage:
    panel = TutorialPage.of_code(page, name, LAB.format(home=str(home)))
    assert isinstance(panel, TutorialPage)
    return panel


def names(first: str, last: str) -> list[str]:
    """Return the steps after one, to another."""
    return [step.name for step in STEPS[NUMBERS[first] + 1 : NUMBERS[last] + 1]]


def choose_what_to_train(panel: TutorialPage) -> None:
    """Go from the line that offers the tutorial to the step that asks for Train."""
    expect(panel.line).to_contain_text("New here?")
    expect(panel.card).to_be_hidden()
    panel.button("Start the tutorial").click()
    panel.is_at("columns")
    expect(panel.line).to_be_hidden()
    expect(panel.root.locator(".rml-tutorial-ring")).to_have_count(3)
    panel.go_to("game")
    panel.stands_beside()
    panel.card.get_by_role("button", name="Choose for me").click()
    expect(panel.card.locator(".rml-tutorial-waiting")).to_contain_text("Chosen: CartPole-v1, PPO", timeout=MOST_MS)
    expect(panel.field("seed").locator("input")).to_have_value("1")
    for name in ("seed", "slider", "train"):
        panel.go_to(name)
        expect(panel.root.locator(STEPS[NUMBERS[name]].points_at)).to_have_class(RINGED)
        panel.stands_beside()


def train(panel: TutorialPage, folder: Path) -> None:
    """Go on to the comparison; nothing goes on before Train is pressed and before the run has ended."""
    expect(panel.next).to_have_attribute("aria-disabled", "true")
    panel.next.click(force=True)
    panel.tab.reload()
    panel.wait_until_drawn()
    panel.is_at("train")
    panel.button("Train").click()
    panel.go_to("watch")
    panel.stands_beside()
    panel.tab.screenshot(folder / "watch.png")
    panel.go_to("meaning")
    panel.stands_beside()
    expect(panel.card.locator(".rml-tutorial-waiting")).to_contain_text("ended")
    panel.wait_for_state("done", timeout_s=180)
    panel.go_to("compare")
    panel.stands_beside(covering=0.15)  # a tall card beside a wide part: there may not be room for both


def leave_and_lose_the_kernel(panel: TutorialPage) -> None:
    """Leave the tutorial, restart the kernel, and run the cell again."""
    panel.card.get_by_role("button", name="Leave the tutorial").click()
    expect(panel.line).to_contain_text("The tutorial waits for you.", timeout=MOST_MS)
    panel.tab.save()
    panel.page.evaluate(RESTART)
    panel.root.locator(".rml-gone", has_text="has ended").wait_for()
    panel.tab.wait_until_idle()
    panel.tab.run_cell(0)
    panel.wait_until_drawn()


def read_the_comparison(panel: TutorialPage, folder: Path) -> None:
    chart = panel.card.get_by_role("img", name=re.compile("your run and the recorded run"))
    expect(chart).to_be_visible(timeout=MOST_MS)
    expect(chart.locator("polyline")).to_have_count(2)
    assert chart.locator(".rml-tutorial-recorded").evaluate("line => getComputedStyle(line).strokeDasharray") != "none"
    expect(panel.card.locator(".rml-tutorial-key")).to_contain_text("recorded run")
    expect(panel.card).to_contain_text(re.compile(r"Mean return of the last 20 games: \d+"))
    for theme in THEMES:
        panel.tab.set_theme(theme)
        panel.tab.settle()
        panel.tab.screenshot(folder / f"compare-{theme}.png")
        assert findings(panel.tab, ".rml-tutorial") == []


@pytest.mark.slow
def test_a_first_run_step_by_step_left_and_found_again_beside_the_recorded_one(page: LabPage, tmp_path: Path) -> None:
    panel = open_panel(page, "tutorial.ipynb", tmp_path / "runs")
    choose_what_to_train(panel)
    train(panel, tmp_path)
    leave_and_lose_the_kernel(panel)
    panel.button("Go on with the tutorial, step 8 of 9").click()
    panel.is_at("compare")
    panel.wait_for_state("done")
    read_the_comparison(panel, tmp_path)

    panel.go_to("further")
    panel.card.get_by_role("button", name="Open the help").click()
    expect(panel.root.locator(".rml-help-article h3")).to_have_text("First steps", timeout=MOST_MS)
    expect(panel.card).to_be_hidden()
    panel.button("Back to the tutorial").click()
    panel.is_at("further")
    panel.stands_beside()
    panel.card.get_by_role("button", name="Done").click()
    expect(panel.card).to_be_hidden(timeout=MOST_MS)
    expect(panel.line).to_be_hidden()
    expect(panel.root.locator(".rml-tutorial-ring")).to_have_count(0)
    panel.root.get_by_role("tab", name="Help").click()
    expect(panel.button("Start the tutorial")).to_be_visible(timeout=MOST_MS)
    # The saved page asks for the widgets of the kernel that is gone, sooner or later.
    assert [problem for problem in page.problems if "widget model not found" not in problem] == []


def test_the_tutorial_by_keyboard(page: LabPage, tmp_path: Path) -> None:
    page.set_width(800)
    panel = open_panel(page, "by_keyboard.ipynb", tmp_path / "runs")
    cells = page.cell_count()
    press = page.page.keyboard.press
    panel.button("Start the tutorial").focus()
    press("Enter")
    panel.is_at("columns")
    expect(panel.card.locator("h4")).to_be_focused()
    for key in ("d", "d", "a"):
        press(key)
    assert page.cell_count() == cells
    for _ in range(6):
        press("Tab")
        if panel.next.evaluate("button => button === document.activeElement"):
            break
    for name in names("columns", "seed"):
        press("Enter")
        panel.is_at(name)
        expect(panel.next).to_be_focused()
    press("F6")
    expect(panel.field("seed").locator("input")).to_be_focused()
    press("F6")
    expect(panel.card.locator("h4")).to_be_focused()
    press("Escape")
    go_on = panel.button("Go on with the tutorial, step 3 of 9")
    expect(go_on).to_be_focused(timeout=MOST_MS)
    press("Enter")
    panel.is_at("seed")
    expect(panel.card.locator("h4")).to_be_focused()
    panel.stands_beside()
    assert page.problems == []


def test_it_reads_well_at_every_width_and_finds_what_is_hidden(page: LabPage, tmp_path: Path) -> None:
    page.page.emulate_media(reduced_motion="reduce")
    panel = open_panel(page, "widths.ipynb", tmp_path / "runs")
    for width, theme in product((560, 800, 1280), THEMES):
        page.set_width(width)
        page.set_theme(theme)
        page.settle()
        page.screenshot(tmp_path / f"line-{width}-{theme}.png")
        assert findings(page, ".rml-tutorial") == []
    panel.button("Start the tutorial").click()
    for name in names("columns", "train"):
        panel.is_at(STEPS[NUMBERS[name] - 1].name)
        for width in (1280, 800, 560):
            page.set_width(width)
            panel.until(lambda: panel.too_wide == [], f"a panel that fits {width} pixels", timeout_s=10)
            assert panel.nameless == []
            page.screenshot(tmp_path / f"{name}-{width}.png")
        page.set_width(1280)
        assert findings(page, ".rml-tutorial") == []
        panel.go_to(name)
    assert all(panel.root.locator(step.points_at).count() for step in STEPS)

    # What a step is about is unfolded and brought into sight for who asks for it.
    panel.card.get_by_role("button", name="Back").click()
    panel.is_at("slider")
    rate = panel.field("hyperparameters.learning_rate")
    section = rate.locator("xpath=ancestor::details")
    section.locator("summary").first.click()
    expect(panel.card).to_be_hidden(timeout=MOST_MS)
    panel.button("Back to the tutorial").click()
    panel.is_at("slider")
    expect(rate).to_be_visible()

    # On another tab a line leads back.
    panel.root.get_by_role("tab", name="Experiments").click()
    expect(panel.card).to_be_hidden(timeout=MOST_MS)
    expect(panel.line).to_contain_text("goes on where you left it")
    panel.button("Back to the tutorial").click()
    panel.is_at("slider")
    panel.stands_beside()

    # The form is made anew for another game: the ring goes along.
    panel.choose_environment("Acrobot-v1")
    expect(panel.field("hyperparameters.learning_rate")).to_have_class(RINGED, timeout=MOST_MS)
    assert page.problems == []


def test_who_declines_is_not_asked_again(page: LabPage, tmp_path: Path) -> None:
    panel = open_panel(page, "declined.ipynb", tmp_path / "runs")
    panel.button("No, thank you").click()
    expect(panel.line).to_be_hidden(timeout=MOST_MS)
    page.run_cell(0)
    panel.wait_until_drawn()
    expect(panel.line).to_be_hidden()
    panel.root.get_by_role("tab", name="Help").click()
    panel.button("Start the tutorial").click()
    panel.is_at("columns")
    expect(panel.root.get_by_role("tab", name="Train")).to_have_attribute("aria-selected", "true")
    panel.stands_beside()
    assert page.problems == []
