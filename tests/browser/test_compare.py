"""The tab Compare in a real JupyterLab: from the table of runs, by the list, by keyboard, at every width, live."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from retroml_edu.core.events import EpisodeEvent
from retroml_edu.core.states import RunState
from retroml_edu.session.comparison import MOST_RUNS
from retroml_edu.session.history import load_run
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.writer import RunWriter
from tests.browser.axe import findings
from tests.browser.browser import THEMES, LabPage
from tests.browser.panel import PanelPage
from tests.session.made_runs import made_run

pytestmark = pytest.mark.browser

MOST_MS = 15_000
WIDTHS = (560, 800, 1024, 1280, 1600)
# What hangs out of the panel is cut off by the notebook.
ROOM_BELOW_LIST = """panel => panel.getBoundingClientRect().bottom
  - panel.querySelector('.rml-cmp-picker').getBoundingClientRect().bottom"""
PANEL = 'Lab(seed=1, home={home!r}, run_type="custom", total_timesteps=2_000, video={{"enabled": False}})'


class ComparePanel(PanelPage):
    """A panel with its tab Compare."""

    @property
    def part(self) -> Locator:
        return self.root.locator(".rml-tab-page-compare")

    @property
    def legend(self) -> Locator:
        return self.part.get_by_role("table", name="Runs that are compared").locator("tbody tr")

    def to(self, tab: str) -> None:
        self.root.get_by_role("tab", name=tab, exact=True).click()

    def add(self, *names: str) -> None:
        """Choose runs in the list."""
        self.button("Add runs ▾").click()
        window = self.root.get_by_role("dialog", name="Runs to compare")
        for name in names:
            window.get_by_role("searchbox").fill(name)
            window.get_by_role("checkbox", name=name).click()
            expect(self.legend.filter(has_text=name)).to_have_count(1, timeout=MOST_MS)
        self.page.keyboard.press("Escape")
        expect(window).to_be_hidden()
        expect(self.button("Add runs ▾")).to_be_focused()

    def traces(self) -> list[dict[str, Any]]:
        """Return what plotly draws: names, last points, looks."""
        drawn: list[dict[str, Any]] = self.part.locator(".rml-cmp-chart").evaluate(
            """chart => (chart.data ?? []).map(({name, x, y, line, marker}) =>
              ({name, x: x.at(-1), y: y.at(-1), points: x.length, color: line.color, symbol: marker.symbol}))"""
        )
        return drawn

    def until_drawn(self, *names: str) -> list[dict[str, Any]]:
        """Wait until the chart has these lines, and return them."""
        self.until(lambda: [trace["name"] for trace in self.traces()] == list(names), f"the lines of {names}")
        return self.traces()


def label(home: Path, name: str, **how: Any) -> None:
    load_run(made_run(home, **how).run_id, home).label(name=name)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Runs of two settings and of two games, of different lengths."""
    home = tmp_path / "runs"
    rng = np.random.default_rng(1)
    for number in range(4):
        returns = np.clip(np.cumsum(rng.normal(0.4 + 0.3 * number, 5, 500)) + 20, 9, 500)
        how = {"steps": 40_000 + 10_000 * number, "total_timesteps": 80_000, "returns": returns.round().tolist()}
        settings = {"hyperparameters": {"learning_rate": 1e-3}} if number > 1 else {}
        label(home, f"trial {number}", seed=number, seconds_ago=900 - number, **how, **settings)
    label(home, "another game", env_id="Acrobot-v1", returns=[-400.0, -90.0], seconds_ago=2_000)
    return home


@pytest.fixture
def panel(page: LabPage, home: Path) -> ComparePanel:
    PanelPage.of_code(page, "compare.ipynb", PANEL.format(home=str(home)))
    return ComparePanel(page)


def test_from_the_table_of_runs_to_the_chart(panel: ComparePanel) -> None:
    panel.to("Experiments")
    rows = panel.root.locator(".rml-tab-page-experiments .rml-xp-space .rml-xp-row")
    for name in ("trial 0", "trial 3"):
        rows.filter(has_text=name).locator("input").click(timeout=MOST_MS)
    panel.button("Compare").click()
    expect(panel.root.get_by_role("tab", name="Compare")).to_have_attribute("aria-selected", "true")
    first, second = sorted(panel.until_drawn(*reversed(["trial 0", "trial 3"])), key=lambda trace: str(trace["name"]))
    assert (first["x"], second["x"]) == (40_000, 70_000)
    assert first["color"] != second["color"]
    assert first["symbol"] != second["symbol"]
    expect(panel.legend.filter(has_text="trial 0")).to_contain_text("Done")
    differences = panel.part.get_by_role("table", name="Settings that differ")
    assert differences.locator("th").all_inner_texts() == ["Seed", "Learning rate"]
    expect(differences).to_contain_text("0.001")
    expect(panel.part).to_contain_text("no conclusion about settings can be drawn from one seed each")
    expect(panel.part.locator(".rml-cmp-summary")).to_contain_text("The highest end is that of")

    panel.to("Train")
    panel.to("Compare")
    assert len(panel.traces()) == 2
    panel.button("Add runs ▾").focus()
    panel.page.keyboard.press("F1")
    expect(panel.root.get_by_role("heading", name="Compare", exact=True)).to_be_visible()
    assert panel.tab.problems == []


def test_what_is_drawn_is_chosen_hidden_and_taken_off(panel: ComparePanel) -> None:
    panel.to("Compare")
    expect(panel.part).to_contain_text("Choose up to 12 runs", timeout=MOST_MS)
    panel.add("trial 1", "trial 2", "another game")
    panel.until_drawn("trial 1", "trial 2", "another game")
    expect(panel.part).to_contain_text("their returns cannot be compared")
    title = panel.part.locator(".rml-cmp-title")
    expect(title).to_have_text("Return (points), mean of last 20")
    panel.part.get_by_label("Drawn as").select_option(label="Single episodes")
    expect(title).to_have_text("Return (points), single episodes")
    panel.part.get_by_label("Curve").select_option(label="Length")
    expect(title).to_have_text("Length (steps), single values")
    panel.until(lambda: panel.traces()[0]["y"] == 40, "the lengths")
    panel.part.get_by_label("Over").select_option(label="Training time")
    panel.until(lambda: panel.traces()[0]["x"] == pytest.approx(50_000 / 500), "seconds")

    hide = panel.button("Hide trial 2")
    hide.focus()
    panel.page.keyboard.press("Enter")
    panel.until_drawn("trial 1", "another game")
    expect(panel.button("Show trial 2")).to_be_focused()
    panel.page.keyboard.press("Enter")
    panel.until_drawn("trial 1", "trial 2", "another game")
    panel.button("Take trial 1 off the comparison").click()
    panel.until_drawn("trial 2", "another game")
    expect(panel.button("Add runs ▾")).to_be_focused()
    panel.button("Take all off").click()
    expect(panel.part).to_contain_text("Choose up to 12 runs")
    assert panel.tab.problems == []


def test_a_thirteenth_run_is_refused_with_a_sentence(panel: ComparePanel, home: Path) -> None:
    for number in range(4, MOST_RUNS + 1):
        label(home, f"trial {number}", seed=number, returns=[float(number)] * 30)
    panel.to("Experiments")
    rows = panel.root.locator(".rml-tab-page-experiments .rml-xp-space .rml-xp-row")
    expect(rows.first).to_be_visible(timeout=MOST_MS)
    panel.root.get_by_role("checkbox", name="Select all runs that are shown").click()
    panel.button("Compare").click()
    panel.wait_for_problem("14 runs would be compared, and 12 are the most")
    expect(panel.root.get_by_role("tab", name="Experiments")).to_have_attribute("aria-selected", "true")

    panel.root.locator(".rml-tab-page-experiments").get_by_role("searchbox").fill("trial")
    rows.filter(has_text="trial 0").locator("input").click()
    panel.button("Compare").click()
    expect(panel.legend).to_have_count(MOST_RUNS, timeout=MOST_MS)
    panel.until(lambda: len({trace["symbol"] for trace in panel.traces()}) == MOST_RUNS, "twelve signs")
    panel.button("Add runs ▾").click()
    window = panel.root.get_by_role("dialog", name="Runs to compare")
    last = window.get_by_role("checkbox", name="trial 0")
    last.click()
    expect(panel.part.get_by_role("alert")).to_contain_text("13 runs would be compared")
    expect(last).not_to_be_checked()
    window.get_by_role("checkbox", name="trial 11").click()
    expect(panel.legend).to_have_count(MOST_RUNS - 1)
    expect(panel.part.get_by_role("alert")).to_have_text("")
    last.click()
    expect(last).to_be_checked()
    assert panel.tab.problems == []


def test_an_open_list_is_not_cut_off_where_the_page_is_low(panel: ComparePanel, tmp_path: Path) -> None:
    panel.to("Compare")
    expect(panel.part).to_contain_text("Choose up to 12 runs", timeout=MOST_MS)
    height = panel.measure("panel => panel.offsetHeight")
    panel.button("Add runs ▾").click()
    window = panel.root.get_by_role("dialog", name="Runs to compare")
    expect(window.get_by_role("checkbox")).to_have_count(5)
    panel.until(lambda: panel.measure(ROOM_BELOW_LIST) >= 0, "room for the whole list")
    panel.tab.screenshot(tmp_path / "list.png")
    panel.page.keyboard.press("Escape")
    expect(window).to_be_hidden()
    assert panel.measure("panel => panel.offsetHeight") == height
    assert panel.tab.problems == []


def test_by_keyboard_and_no_key_reaches_the_notebook(panel: ComparePanel) -> None:
    cells = panel.tab.cell_count()
    panel.root.get_by_role("tab", name="Train", exact=True).focus()
    keys = panel.page.keyboard
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    expect(panel.root.get_by_role("tab", name="Compare")).to_be_focused()
    keys.press("Tab")
    expect(panel.button("Add runs ▾")).to_be_focused()
    keys.press("d")
    keys.press("d")
    keys.press("Enter")
    window = panel.root.get_by_role("dialog", name="Runs to compare")
    expect(window.get_by_role("searchbox")).to_be_focused()
    expect(window.get_by_role("checkbox")).to_have_count(5, timeout=MOST_MS)
    keys.type("acrobot")
    keys.press("ArrowDown")
    keys.press("Space")
    panel.until_drawn("another game")
    expect(window.get_by_role("checkbox")).to_be_focused()
    expect(window.get_by_role("checkbox")).to_be_checked()
    keys.press("Space")
    expect(panel.legend).to_have_count(0)
    keys.press("Escape")
    expect(window).to_be_hidden()
    assert panel.tab.cell_count() == cells
    assert panel.tab.problems == []


def test_what_is_shown_is_saved(panel: ComparePanel, tmp_path: Path) -> None:
    panel.to("Compare")
    panel.add("trial 0", "trial 1")
    panel.until_drawn("trial 0", "trial 1")
    table = panel.tab.download(panel.part.get_by_role("button", name="CSV", exact=True), tmp_path)
    assert table.name == "compare_episode-return_2-runs.csv"
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["name"] for row in rows} == {"trial 0", "trial 1"}
    for trace in panel.traces():
        own = [row for row in rows if row["name"] == trace["name"]]
        assert len(own) == trace["points"]
        assert float(own[-1]["value"]) == pytest.approx(trace["y"], rel=1e-5)
    picture = panel.tab.download(panel.part.get_by_role("button", name="PNG", exact=True), tmp_path)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert panel.tab.problems == []


def test_the_pointer_tells_the_values_of_all_runs(panel: ComparePanel) -> None:
    panel.to("Compare")
    panel.add("trial 0", "trial 1")
    panel.until_drawn("trial 0", "trial 1")
    box = panel.part.locator(".rml-cmp-chart .nsewdrag").first.bounding_box()
    assert box is not None
    panel.page.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    told = panel.part.locator(".hoverlayer .legend")
    for name in ("trial 0: ", "trial 1: "):
        expect(told).to_contain_text(name, timeout=MOST_MS)


@pytest.fixture
def going_on(home: Path) -> Iterator[RunWriter]:
    """The writer of a run that another process trains."""
    folder = made_run(home, state=RunState.RUNNING, returns=(), total_timesteps=10_000, seconds_ago=5)
    load_run(folder.run_id, home).label(name="going on")
    lease = Lease.acquire(folder)
    with closing(RunWriter(folder)) as writer:
        writer.handle([EpisodeEvent(10, 1.0, 0, 5.0, 10)])
        yield writer
    lease.release()


def test_a_run_that_trains_grows_while_somebody_looks(going_on: RunWriter, panel: ComparePanel) -> None:
    panel.to("Compare")
    panel.add("going on", "trial 0")
    assert panel.until_drawn("going on", "trial 0")[0]["x"] == 10
    going_on.handle([EpisodeEvent(4_000, 9.0, 0, 7.0, 10)])
    panel.until(lambda: panel.traces()[0]["x"] == 4_000, "the new game")
    expect(panel.legend.filter(has_text="going on")).to_contain_text("Training, 40 %")


def test_a_run_that_is_deleted_meanwhile_is_told(panel: ComparePanel) -> None:
    panel.to("Compare")
    panel.add("trial 0", "trial 1")
    panel.to("Experiments")
    row = panel.root.locator(".rml-tab-page-experiments .rml-xp-space .rml-xp-row").filter(has_text="trial 1")
    row.locator("input").click(timeout=MOST_MS)
    panel.button("Delete").click()
    expect(panel.root.locator(".rml-tab-page-experiments .rml-xp-notice")).to_contain_text("1 run deleted")
    panel.to("Compare")
    panel.until_drawn("trial 0")
    expect(panel.part).to_contain_text("trial 1 was deleted, and its curve with it.")
    expect(panel.legend.filter(has_text="trial 1")).to_contain_text("Deleted")
    panel.to("Experiments")
    panel.button("Undo").click()
    expect(panel.root.locator(".rml-tab-page-experiments .rml-xp-notice")).to_contain_text("brought back")
    panel.to("Compare")
    panel.until_drawn("trial 0", "trial 1")
    assert panel.tab.problems == []


def test_a_page_that_is_loaded_again_has_the_comparison_as_it_was(panel: ComparePanel) -> None:
    panel.to("Compare")
    panel.add("trial 2", "trial 0")
    panel.until_drawn("trial 2", "trial 0")
    panel.tab.reload()
    panel.to("Compare")
    panel.until_drawn("trial 2", "trial 0")


def test_looks(panel: ComparePanel, home: Path, tmp_path: Path) -> None:
    for number in range(4, 9):
        name = (
            "a long name that tells what was tried and why it was tried once more" if number == 8 else f"trial {number}"
        )
        label(home, name, seed=number, returns=[float(number * 30 + game) for game in range(40)], steps=70_000)
    panel.to("Compare")
    panel.tab.screenshot_output(0, tmp_path / "empty.png")
    panel.add("trial 0", "trial 1", "trial 2", "trial 3", "trial 4", "trial 5", "trial 6", "a long name")
    panel.until(lambda: len(panel.traces()) == 8, "the lines")
    for theme, width in product(THEMES, WIDTHS):
        panel.tab.set_theme(theme)
        panel.tab.set_width(width, 1_900)
        panel.tab.settle()
        panel.tab.screenshot_output(0, tmp_path / f"compare-{width}-{theme}.png")
        assert panel.too_wide == [], f"at {width} pixels"
        assert panel.nameless == []
        if width in (800, 1280):
            assert findings(panel.tab) == [], f"at {width} pixels, {theme}"
    panel.button("Add runs ▾").click()
    panel.tab.settle()
    panel.tab.screenshot_output(0, tmp_path / "picker.png")
    assert panel.too_wide == []
    assert findings(panel.tab) == []
    assert panel.tab.problems == []
