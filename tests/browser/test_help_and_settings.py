"""Settings, Help and the problem box in a real JupyterLab, by mouse and by keyboard, at every width."""

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.browser import HEIGHT, THEMES, LabPage
from tests.browser.evidence import watch
from tests.browser.jupyterlab import LabServer
from tests.browser.panel import PanelPage

pytestmark = pytest.mark.browser

MOST_MS = 20_000
LAB = 'Lab(home={home!r}, seed=1, run_type="custom", total_timesteps=2_048, n_envs=2, video={{"enabled": False}})'
# A machine without memory: real ones take too long to fill.
NO_MEMORY = """
import retroml_edu.training

class NoMemory:
    def train(self, *arguments):
        return bytearray(10**15)

retroml_edu.training.trainer_for = lambda config: NoMemory()
"""


class HelpedPage(PanelPage):
    """A tab with a panel, and its help."""

    @property
    def search(self) -> Locator:
        return self.root.get_by_role("searchbox", name="Search the help")

    @property
    def article(self) -> Locator:
        return self.root.locator(".rml-help-article")

    def tab_named(self, name: str) -> Locator:
        return self.root.get_by_role("tab", name=name, exact=True)

    def open_tab(self, name: str) -> None:
        self.tab_named(name).click()
        page = ".rml-help-entry" if name == "Help" else f".rml-tab-page-{name.lower()}"
        self.root.locator(page).first.wait_for(timeout=MOST_MS)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def reads(self, title: str) -> None:
        """Wait until the help shows a topic."""
        expect(self.article.locator("h3")).to_have_text(title, timeout=MOST_MS)

    def counts(self, text: str) -> None:
        """Wait until the line under the search holds a text."""
        expect(self.root.locator(".rml-help-count")).to_contain_text(text, timeout=MOST_MS)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("settings") / "runs"


@pytest.fixture(scope="module")
def shared(
    lab_server: LabServer,
    browser: Browser,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    home: Path,
) -> Iterator[HelpedPage]:
    """One panel for all tests here: opening it takes longer than the tests."""
    with browser.new_context(viewport={"width": 1280, "height": HEIGHT}) as context:
        tab = LabPage(context, lab_server)
        watch(request.node, tab, tmp_path_factory.mktemp("help"))
        panel = HelpedPage.of_code(tab, "help.ipynb", LAB.format(home=str(home)))
        assert isinstance(panel, HelpedPage)
        yield panel
    lab_server.start_over()


@pytest.fixture
def panel(shared: HelpedPage, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[HelpedPage]:
    """The panel on its first tab."""
    if getattr(request.node, "execution_count", 1) > 1:  # the second attempt of a test that waited in vain
        shared.tab.reload()
        shared.tab_named("Train").click()  # the page comes back on the tab that it was left on
        shared.wait_until_drawn()
    shared.tab.problems.clear()
    shared.tab_named("Train").click()
    yield shared
    shared.tab.screenshot(tmp_path / "page.png")
    assert shared.tab.problems == []


def test_the_search_answers_as_one_types_and_marks_what_it_found(panel: HelpedPage) -> None:
    panel.open_tab("Help")
    panel.reads("First steps")
    panel.counts("topics. Press /")
    panel.search.fill("")
    panel.search.press_sequentially("clip range")
    panel.counts("found")
    first = panel.root.locator(".rml-help-entry").first
    expect(first.locator(".rml-help-title")).to_have_text("Clip range ε")
    expect(first.locator("mark").first).to_have_text("Clip", ignore_case=True)
    panel.search.fill("xyzzy")
    panel.counts("Nothing found")
    panel.search.fill("RuntimeError: CUDA out of memory. Tried to allocate 12.50 MiB (GPU 0; 10.92 GiB total capacity)")
    panel.counts("come near")
    expect(panel.root.locator(".rml-help-title").first).to_have_text("The GPU has no memory left")
    panel.search.press("Enter")
    panel.reads("The GPU has no memory left")
    expect(panel.article.locator("mark").first).to_be_visible()
    panel.search.press("Escape")
    panel.counts("topics. Press /")
    expect(panel.article.locator("mark")).to_have_count(0)


@pytest.mark.parametrize(
    ("question", "found", "words"),
    [
        ("how do I stop", "Train, Pause, Stop", {"stop"}),
        ("What is the clip range?", "Clip range ε", {"clip", "range"}),
        ("Can't I lower γ", "Discount γ", {"lower", "γ"}),
        ("what is I", "What may be concluded from a run", {"what", "is"}),
    ],
)
def test_of_a_question_the_words_that_tell_are_searched_for_and_marked(
    panel: HelpedPage, question: str, found: str, words: set[str]
) -> None:
    panel.open_tab("Help")
    panel.search.fill(question)
    marks = panel.root.locator(".rml-help mark")
    expect(marks.first).to_be_visible(timeout=MOST_MS)
    expect(panel.root.locator(".rml-help-title").first).to_have_text(found)
    panel.search.press("Enter")
    panel.reads(found)
    assert {text.lower() for text in marks.all_text_contents()} == words
    panel.search.press("Escape")


def test_who_searches_for_nan_finds_what_to_do(panel: HelpedPage) -> None:
    panel.open_tab("Help")
    panel.search.fill("nan")
    panel.counts("found")
    expect(panel.root.locator(".rml-help-title").first).to_have_text("The policy became not-a-number")
    panel.search.press("Enter")
    expect(panel.article).to_contain_text("Lower 'Learning rate' to a tenth")
    panel.search.press("Escape")


def test_the_help_by_keyboard(panel: HelpedPage) -> None:
    cells = panel.tab.cell_count()
    panel.open_tab("Help")
    panel.tab_named("Help").focus()
    panel.root.locator(".rml-help summary").first.focus()
    panel.press("/")
    expect(panel.search).to_be_focused()
    panel.page.keyboard.type("entropy dd")
    panel.search.fill("entropy")
    panel.counts("found")
    panel.press("ArrowDown", "ArrowDown", "ArrowUp", "Enter")
    panel.reads("Entropy coefficient")
    expect(panel.article.locator("h3")).to_be_focused()
    panel.press("/")
    expect(panel.search).to_be_focused()
    panel.search.fill("levelled")
    panel.press("ArrowDown", "Enter")
    panel.reads("The return has levelled off below the goal")
    panel.button("Back").click()
    panel.reads("Entropy coefficient")
    panel.press("d", "d")
    assert panel.tab.cell_count() == cells
    panel.search.fill("")


def test_f1_and_the_signs_beside_titles_open_their_topics(panel: HelpedPage) -> None:
    panel.field("hyperparameters.gamma").locator("input").first.focus()
    panel.press("F1")
    panel.reads("Discount γ")
    panel.tab_named("Train").click()
    panel.root.locator("[data-figure=loss]").focus()
    panel.press("F1")
    panel.reads("The figures Value loss and Loss")
    panel.tab_named("Train").click()
    for card in ("Insights", "Live", "Learning curves", "Test", "Events", "System", "Videos", "Last 100 episodes"):
        panel.button(f"Help: {card}").click()
        panel.reads(card)
        panel.tab_named("Train").click()
    panel.open_tab("Settings")
    panel.field("test_games").locator("input").first.focus()
    panel.press("F1")
    panel.reads("Games of a test")
    expect(panel.search).to_have_value("")


def test_every_topic_can_be_read(panel: HelpedPage) -> None:
    panel.open_tab("Help")
    read = panel.root.evaluate(
        """panel => [...panel.querySelectorAll('.rml-help-entry')].map(entry => {
          entry.closest('details').open = true;
          entry.click();
          const article = panel.querySelector('.rml-help-article');
          return [entry.textContent, article.querySelector('h3').textContent, article.children.length,
            /undefined|null|NaN|\\[object/.test(article.textContent)];
        })"""
    )
    assert len(read) > 100
    assert [entry for entry in read if entry[0] != entry[1] or entry[2] < 3 or entry[3]] == []


def test_settings_take_effect_are_kept_and_can_be_reset(panel: HelpedPage, home: Path) -> None:
    panel.open_tab("Settings")
    panel.type("test_games", "25")
    panel.field("motion").get_by_role("radio", name="Reduced").click()
    panel.field("first_page").locator("select").select_option("Help")
    expect(panel.page.locator(".rml-panel.rml-still")).to_have_count(1, timeout=MOST_MS)
    panel.tab_named("Train").click()
    expect(panel.root.get_by_label("Games", exact=True)).to_have_value("25", timeout=MOST_MS)
    kept = json.loads((home / "settings.json").read_text())
    assert (kept["test_games"], kept["motion"], kept["first_page"]) == (25, "reduced", "Help")
    panel.open_tab("Settings")
    panel.type("test_games", "1000")
    expect(panel.field("test_games").locator(".rml-field-problem")).to_contain_text(
        "Games of a test: 1,000 is too large"
    )
    expect(panel.field("test_games").locator("[aria-invalid=true]")).to_have_count(2)  # the number and its slider
    assert json.loads((home / "settings.json").read_text())["test_games"] == 25
    panel.root.locator(".rml-preferences").get_by_role("button", name="Reset to defaults").click()
    expect(panel.field("test_games").locator(".rml-number")).to_have_value("10", timeout=MOST_MS)
    expect(panel.page.locator(".rml-panel.rml-still")).to_have_count(0, timeout=MOST_MS)


def test_looks(panel: HelpedPage, tmp_path: Path) -> None:
    for name in ("Settings", "Help"):
        panel.open_tab(name)
        if name == "Help":
            panel.search.fill("learning rate")
            panel.press("ArrowDown", "Enter")
        for theme, width in product(THEMES, (560, 800, 1024, 1280, 1440)):
            panel.tab.set_theme(theme)
            panel.tab.set_width(width)
            panel.tab.settle()
            panel.tab.screenshot_output(0, tmp_path / f"{name}-{width}-{theme}.png")
            assert panel.too_wide == [], f"{name} at {width} pixels"
            assert panel.nameless == []
    panel.tab.set_theme(THEMES[0])
    panel.tab.set_width(1280)
    panel.search.fill("")


def test_a_run_that_finds_no_memory_is_told_with_cause_and_remedy(page: LabPage, home: Path, tmp_path: Path) -> None:
    panel = HelpedPage.of_code(page, "memory.ipynb", LAB.format(home=str(home)), NO_MEMORY)
    assert isinstance(panel, HelpedPage)
    panel.button("Train").click()
    panel.wait_for_state("failed")
    panel.wait_for_problem("no memory left")
    assert "Replay buffer" in panel.problems
    words = panel.root.locator(".rml-problem pre")
    expect(words).to_be_hidden()
    panel.root.get_by_text("What the computer said").click()
    expect(words).to_have_text("MemoryError")
    for width in (560, 1280):
        page.set_width(width)
        page.settle()
        page.screenshot_output(1, tmp_path / f"problem-{width}.png")
        assert panel.too_wide == []
    panel.button("Help: this problem").click()
    panel.reads("This machine has no memory left for that")
