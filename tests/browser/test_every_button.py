"""What no other test presses: the rest of the buttons and downloads, and a look whether any button is left out."""

from __future__ import annotations

import ast
import json
import re
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from secrets import token_hex
from xml.etree import ElementTree as ET

import pytest
from playwright.sync_api import Browser, Locator, expect

from retroml_edu.core.states import RunState
from retroml_edu.session.history import Run, load_run
from retroml_edu.storage.config_files import read_config_file
from tests.browser.browser import HEIGHT, LabPage
from tests.browser.evidence import watch
from tests.browser.jupyterlab import LabServer
from tests.browser.panel import PanelPage
from tests.session.made_films import made_film
from tests.session.made_runs import made_run

pytestmark = pytest.mark.browser

MOST_MS = 15_000
LAB = 'Lab(home={home!r}, seed=1, run_type="custom", total_timesteps=2_048, n_envs=2)'
HERE = Path(__file__).parent

BUTTONS = """(panel, kinds) => [...panel.querySelectorAll('button, a[href], .modebar-btn')]
  .filter(node => node.checkVisibility({ visibilityProperty: true }) && !node.matches(kinds))
  .map(node => (node.ariaLabel ?? node.textContent).trim())"""
NOT_BY_NAME = {
    ".rml-fold": "each is pressed in turn here",
    ".rml-help-link": "each is pressed in turn here",
    ".rml-xp-sort": "each is pressed in turn here",
    ".modebar-btn": "plotly's own, which have titles; two are pressed here",
    ".rml-help-entry, .rml-help-see button": "topics are data; test_every_topic_can_be_read opens each",
    "[role=radio]": "the choices of a setting are data, and each setting has its own",
    ".rml-reset": "named after a setting and its default; one is pressed here",
    ".rml-env-chosen": "named after the game; choose_environment presses it",
    "[data-figure]": "named after a figure and its value; test_a_figure_tells_what_it_means presses two",
    ".rml-activity li button": "named after a run; test_what_happened_lately_is_a_click_away presses one",
    ".rml-insight .rml-button": "named after what is to be mended; test_seeds_and_tests_beside_the_run presses one",
}
"""Buttons, by selector, that no test need name, and why."""
RANGE = "() => document.querySelector('.rml-chart .js-plotly-plot')._fullLayout.xaxis.range.map(Number)"


@cache
def texts_of_tests() -> frozenset[str]:
    """Return every text that stands in the source of a browser test or of what they share."""
    trees = [ast.parse(file.read_text("utf-8")) for file in HERE.glob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


class WholePanel(PanelPage):
    """A panel of which everything is pressed.

    Attributes:
        home: Its folder of runs.
    """

    home: Path

    def to(self, tab: str) -> Locator:
        """Open a tab and return its page."""
        self.root.get_by_role("tab", name=tab, exact=True).click()
        return self.root.locator(f".rml-tab-page-{tab.lower()}")

    def unpressed(self) -> dict[str, list[str]]:
        """Return the names of buttons that no browser test names, by the tab on which they are in sight."""
        kinds = ", ".join(NOT_BY_NAME)
        found = {}
        for tab in self.root.get_by_role("tab").all():
            tab.click()
            self.tab.settle()
            names = set(self.root.evaluate(BUTTONS, kinds)) - texts_of_tests()
            if names:
                found[tab.inner_text()] = sorted(names)
        return found

    def trained(self) -> Run:
        """Have a finished run in the panel, and return it."""
        self.to("Train")
        if self.state == "ready":
            self.button("Train").click()
            self.wait_for_state("done", timeout_s=90)
            expect(self.button("CSV")).to_have_attribute("aria-disabled", "false")
            self.wait_for_points(0)
        title = self.root.locator(".rml-run-title").inner_text()
        return load_run(title.partition(" · run ")[2].partition(" ")[0], self.home)

    def number_of(self, tab: str) -> int:
        """Return how many videos or models a tab says that there are."""
        shown = self.root.locator(f".rml-tab-page-{tab.lower()}").locator(".rml-gal-shown, .rml-xp-shown")
        expect(shown).to_have_text(re.compile("^[1-9]"), timeout=MOST_MS)
        return int(shown.inner_text().split()[0])

    def reads(self, title: str) -> None:
        """Wait until the help shows a topic."""
        expect(self.root.locator(".rml-help-article h3")).to_have_text(title, timeout=MOST_MS)


@pytest.fixture(scope="module")
def shared(
    lab_server: LabServer, browser: Browser, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholePanel]:
    """One panel for all tests here, on a home without runs."""
    folder = tmp_path_factory.mktemp("every_button")
    with browser.new_context(viewport={"width": 1280, "height": HEIGHT}, accept_downloads=True) as context:
        tab = LabPage(context, lab_server)
        watch(request.node, tab, folder)
        panel = WholePanel.of_code(tab, "every_button.ipynb", LAB.format(home=str(folder / "runs")))
        assert isinstance(panel, WholePanel)
        panel.home = folder / "runs"
        yield panel
    lab_server.start_over()


@pytest.fixture
def panel(shared: WholePanel, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WholePanel]:
    """The panel on its first tab."""
    if getattr(request.node, "execution_count", 1) > 1:  # the second attempt of a test that waited in vain
        shared.tab.reload()
        shared.wait_until_drawn()
    shared.tab.problems.clear()
    shared.to("Train")
    yield shared
    shared.tab.screenshot(tmp_path / "page.png")
    assert shared.tab.problems == []


def test_every_button_in_sight_is_named_in_a_browser_test(panel: WholePanel) -> None:
    assert panel.unpressed() == {}
    panel.trained()
    table = panel.to("Experiments")
    row = table.locator(".rml-xp-space .rml-xp-row").first
    row.locator("input").click(timeout=MOST_MS)
    row.locator('[data-column="env_id"]').click()
    panel.to("Videos").locator(".rml-gal-tile").first.click(timeout=MOST_MS)
    panel.to("Models").get_by_label("The model that was chosen").wait_for(timeout=MOST_MS)
    assert panel.unpressed() == {}
    panel.to("Experiments")
    panel.button("Clear choice").click()

    name = f"Launch {token_hex(4)}"
    made = panel.root.locator(".rml-runbar-row")
    made.evaluate(
        "(row, name) => row.append(Object.assign(document.createElement('button'), {textContent: name}))", name
    )
    tabs = panel.root.get_by_role("tab").all_inner_texts()
    assert panel.unpressed() == {tab: [name] for tab in tabs}, "what no test names is not found"
    panel.button(name).evaluate("button => button.remove()")


def test_a_run_is_saved_in_every_form(panel: WholePanel, tmp_path: Path) -> None:
    run = panel.trained()
    columns = json.loads(panel.download("JSON", tmp_path).read_text("utf-8"))
    assert columns["run_id"] == run.run_id
    assert len(columns["data"]["step"]) > 20
    assert {column["name"] for column in columns["columns"]} == set(columns["data"])
    drawing = panel.download("SVG", tmp_path)
    assert drawing.name.endswith("curves.svg")
    assert ET.parse(drawing).getroot().tag.endswith("}svg")
    assert read_config_file(panel.download("YAML", tmp_path)) == run.config

    curves = panel.download("HTML", tmp_path)
    with panel.page.context.browser.new_context(offline=True) as alone:
        sheet = alone.new_page()
        wrong: list[str] = []
        sheet.on("pageerror", lambda error: wrong.append(str(error)))
        sheet.on("request", lambda asked: asked.url.startswith("http") and wrong.append(asked.url))
        sheet.goto(curves.as_uri())
        sheet.locator(".js-plotly-plot .main-svg").first.wait_for()
        assert sheet.evaluate("document.querySelector('.js-plotly-plot')._fullData.some(trace => trace.x?.length > 5)")
        assert wrong == []


def test_the_chart_has_buttons_of_its_own(panel: WholePanel, tmp_path: Path) -> None:
    panel.trained()
    card = panel.root.locator(".rml-chart")
    plot = card.locator(".nsewdrag").first
    plot.hover()
    whole, box = panel.page.evaluate(RANGE), plot.bounding_box()
    assert box is not None
    panel.page.mouse.down()
    panel.page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + box["height"] / 2, steps=5)
    panel.page.mouse.up()
    panel.until(lambda: panel.page.evaluate(RANGE)[0] > whole[0], "a part of the curve")
    card.locator('[data-title="Reset axes"]').click()
    panel.until(lambda: panel.page.evaluate(RANGE) == whole, "the whole curve")
    picture = panel.tab.download(card.locator('[data-title="Download plot as a PNG"]'), tmp_path).read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert min(struct.unpack(">II", picture[16:24])) > 300


def test_settings_go_to_a_file_and_come_back(panel: WholePanel, tmp_path: Path) -> None:
    panel.type("hyperparameters.gamma", "0.97")
    said = panel.root.locator(".rml-settings-file [role=status]")
    file = panel.download("Save settings", tmp_path)
    assert file.name == "CartPole-v1_PPO_seed1_settings.yaml"
    config = read_config_file(file)
    assert (config.seed, config.hyperparameters.gamma, config.total_timesteps) == (1, 0.97, 2_048)

    changed = config.changed(seed=77).model_dump(mode="json")
    (tmp_path / "mine.json").write_text(json.dumps(changed), "utf-8")
    (tmp_path / "wrong.yaml").write_text("env_id: CartPole-v1\nseed: many\n", "utf-8")
    gamma = panel.field("hyperparameters.gamma").locator(".rml-number")
    seed = panel.field("seed").locator(".rml-number")
    panel.type("hyperparameters.gamma", "0.5")
    for name, told, seeds in (
        (file.name, f"{file.name} loaded", "1"),
        ("mine.json", "mine.json loaded", "77"),
        ("wrong.yaml", "✕ Not loaded: wrong.yaml, line 2", "77"),
    ):
        with panel.page.expect_file_chooser() as chooser:
            panel.button("Load settings").click()
        chooser.value.set_files(tmp_path / name)
        expect(said).to_contain_text(told, timeout=MOST_MS)
        expect(seed).to_have_value(seeds)
        expect(gamma).to_have_value("0.97")


def test_stop_ends_the_measuring_of_this_computer(panel: WholePanel) -> None:
    panel.trained()
    before = panel.state
    names = ("Measure this computer", "Measure again")  # a run as short as this tells its speed on slow machines alone
    panel.root.get_by_role("button", name=re.compile("|".join(names))).click()
    panel.wait_for_state("measuring")
    panel.button("Stop").click()
    panel.wait_for_state(before)
    panel.wait_for_problem("called off")


def test_a_setting_is_drawn_taken_back_and_set_by_the_third_preset(panel: WholePanel) -> None:
    seed = panel.field("seed").locator(".rml-number")
    before = seed.input_value()
    panel.button("Draw a random seed").click()
    expect(seed).not_to_have_value(before)
    gamma = panel.field("hyperparameters.gamma")
    panel.type("hyperparameters.gamma", "0.5")
    back = gamma.get_by_role("button", name="back to the default")
    default = str(back.get_attribute("aria-label")).rpartition(", ")[2]
    back.click()
    expect(gamma.locator(".rml-number")).to_have_value(default)
    expect(back).to_be_hidden()
    high = panel.root.locator(".rml-presets").get_by_role("button", name="High score", exact=True)
    high.click()
    expect(high).to_have_attribute("aria-pressed", "true", timeout=MOST_MS)
    expect(panel.root.locator(".rml-preset-details summary")).to_contain_text("High score changed")


def test_every_card_folds_and_tells_what_it_is(panel: WholePanel) -> None:
    panel.trained()
    cards = panel.root.locator(".rml-tab-page-train .rml-card:visible")
    assert cards.count() >= 9
    for card in cards.all():
        fold, body = card.locator(".rml-fold"), card.locator(".rml-card-body")
        fold.click()
        expect(body).to_be_hidden()
        expect(fold).to_have_attribute("aria-expanded", "false")
        fold.click()
        expect(body).to_be_visible()
        expect(fold).to_have_attribute("aria-expanded", "true")
    for sign in panel.root.locator(".rml-tab-page-train .rml-help-link:visible").all():
        title = str(sign.get_attribute("title"))
        sign.click()
        panel.reads(title.removeprefix("Help: "))
        panel.to("Train")

    article = panel.to("Help").locator(".rml-help-article")
    here = article.locator("h3").inner_text()
    further = article.locator(".rml-help-see button").first
    title = further.inner_text()
    further.click()
    panel.reads(title)
    panel.button("Back").click()
    panel.reads(here)


def test_every_column_sorts(panel: WholePanel) -> None:
    panel.trained()
    for tab in ("Experiments", "Models"):
        heads = panel.to(tab).get_by_role("columnheader").filter(has=panel.page.locator(".rml-xp-sort:visible"))
        expect(heads.first).to_be_visible()
        assert heads.count() >= 6
        for head in heads.all():
            before = head.get_attribute("aria-sort")
            head.get_by_role("button").click()
            expect(head).to_have_attribute("aria-sort", "ascending" if before == "descending" else re.compile("ing$"))


def test_the_likeliest_actions_are_tested(panel: WholePanel) -> None:
    run = panel.trained()
    card = panel.root.locator(".rml-evaluation")
    card.get_by_label("Games", exact=True).first.fill("1")
    card.get_by_label("Games", exact=True).first.press("Tab")
    card.get_by_label("Actions").select_option(label="likeliest")
    card.get_by_label("Shown at").select_option(label="As fast as it goes")
    card.get_by_role("button", name="Test", exact=True).last.click()
    expect(card.locator("dd", has_text="likeliest actions")).to_be_visible(timeout=60_000)
    (kept,) = run.folder.eval_dir.glob("*.json")
    assert json.loads(kept.read_text("utf-8"))["deterministic"] is True


def test_another_run_is_found_opened_and_cloned_from_every_list(panel: WholePanel) -> None:
    mine = panel.trained()
    videos = panel.to("Videos")
    films, number = videos.locator(".rml-gal-shown"), panel.number_of("Videos")
    other = made_run(panel.home, env_id="Acrobot-v1", seed=8, state=RunState.STOPPED)
    made_film(other, 10)
    videos.get_by_role("button", name="Refresh").click()
    expect(films).to_contain_text(f"{number + 1} videos", timeout=MOST_MS)
    models = panel.to("Models")
    number = panel.number_of("Models")
    other.model_dir.mkdir()
    (other.model_dir / "policy.safetensors").write_bytes(b"weights")
    models.get_by_role("button", name="Refresh").click()
    expect(models.locator(".rml-xp-shown")).to_have_text(f"{number + 1} models", timeout=MOST_MS)

    title = panel.root.locator(".rml-run-title")
    this = f".rml-xp-space .rml-xp-row[data-run='{other.run_id}']"
    models.locator(this).click()
    models.get_by_role("button", name="Open run").click()
    expect(title).to_contain_text("Acrobot-v1", timeout=MOST_MS)

    part = panel.to("Experiments")
    rows = part.locator(".rml-xp-space .rml-xp-row")
    chosen = part.get_by_role("toolbar", name="What to do with the chosen runs")
    rows.filter(has_text="CartPole-v1").first.locator("input").check()
    chosen.get_by_role("button", name="Open", exact=True).click()
    expect(title).to_have_attribute("title", re.compile(mine.run_id), timeout=MOST_MS)
    panel.to("Experiments")
    chosen.get_by_role("button", name="Clear choice").click()
    part.locator(this).locator("input").check()
    chosen.get_by_role("button", name="Clone settings").click()
    expect(panel.field("env_id").locator(".rml-env-chosen")).to_contain_text("Acrobot-v1", timeout=MOST_MS)
    expect(panel.root.get_by_role("tab", name="Train", exact=True)).to_have_attribute("aria-selected", "true")
    panel.to("Experiments")
    part.locator(this).locator('[data-column="env_id"]').click()
    part.get_by_label("Details of the run").get_by_role("button", name="Open", exact=True).click()
    expect(title).to_contain_text("Acrobot-v1", timeout=MOST_MS)


def test_the_tutorial_shows_what_it_means_and_is_left_from_another_tab(panel: WholePanel) -> None:
    panel.to("Help")
    panel.button("Start the tutorial").click()
    card = panel.root.get_by_role("region", name="Tutorial", exact=True)
    card.get_by_role("button", name="Next", exact=True).click()
    show = card.get_by_role("button", name=re.compile("^Show it: "))
    show.click()
    ringed = panel.root.locator(".rml-tutorial-ring").first
    panel.until(lambda: bool(ringed.evaluate("part => part.contains(document.activeElement)")), "the focus in the ring")
    panel.to("Experiments")
    panel.button("Leave it").click()
    expect(panel.root.locator(".rml-tutorial-line")).to_contain_text("The tutorial waits for you.", timeout=MOST_MS)
    panel.button("Put it away").click()
    expect(panel.root.locator(".rml-tutorial-line")).to_be_hidden(timeout=MOST_MS)
