"""The runs table in a real JupyterLab, by mouse and by keyboard, at every width, and with five thousand runs."""

import re
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from retroml_edu.core.states import RunState
from retroml_edu.session.history import load_run
from retroml_edu.session.trash import TRASH
from retroml_edu.storage.lease import Lease
from tests.browser.browser import THEMES, LabPage
from tests.browser.panel import PanelPage
from tests.session.made_runs import made_run

pytestmark = pytest.mark.browser

MOST_MS = 15_000
MANY = 5_000
CELL = """
import traceback
from contextlib import contextmanager
from pathlib import Path
import ipywidgets
from retroml_edu.widgets.experiments import ExperimentsTable
from retroml_edu.widgets.page import Page

said = ipywidgets.Label("nothing yet")

@contextmanager
def guarded():
    try:
        yield
    except Exception:
        said.value = traceback.format_exc()

def opened(run_id):
    said.value = f"opened {{run_id}}"

def cloned(config):
    said.value = f"cloned {{config.env_id}} {{config.algorithm}} seed {{config.seed}}"

def compared(run_ids):
    said.value = f"compared {{len(run_ids)}}"

table = ExperimentsTable(Path({home!r}), opened, cloned, compared, lambda: None, guarded)
box = ipywidgets.VBox([Page(), table])
box.add_class("rml-panel")
ipywidgets.VBox([box, said])
"""
# Rows of a run folder take milliseconds to make; five thousand are told to the table as if they had been read.
MANY_ROWS = """
from retroml_edu.core.ids import new_run_id
from retroml_edu.core.states import RunState
from retroml_edu.storage.index import RunRow

rows = [
    RunRow(new_run_id(), "CartPole-v1", "PPO", seed, RunState.DONE, name=f"trial {{seed}}", steps=seed,
           total_timesteps={many}, return_mean=seed / 10, created_utc="2026-01-31T12:00:00.000Z")
    for seed in range({many})
]
table._show(rows)
"""
SIGNS = """rows => Object.fromEntries(rows.map(row => {
  const word = row.querySelector('.rml-xp-state');
  return [word.dataset.state, getComputedStyle(word, '::before').content];
}))"""
SCROLL_MS = """async grid => {
  const times = [];
  for (let i = 1; i <= 60; i += 1) {
    const began = performance.now();
    grid.scrollTop = i * 2801;
    grid.dispatchEvent(new Event('scroll'));
    times.push(performance.now() - began);
    await new Promise(requestAnimationFrame);
  }
  return Math.max(...times);
}"""


class TablePage(PanelPage):
    """A tab with a runs table alone."""

    @property
    def grid(self) -> Locator:
        return self.root.get_by_role("grid")

    @property
    def rows(self) -> Locator:
        return self.root.locator(".rml-xp-space .rml-xp-row")

    def row(self, name: str) -> Locator:
        """Return the row of a run by its name."""
        return self.rows.filter(has=self.page.locator('[data-column="name"]', has_text=re.compile(f"^{name}$")))

    def names(self) -> list[str]:
        """Return the names of the rows in the page, from the top."""
        found = self.rows.evaluate_all(
            "rows => rows.map(row => [parseFloat(row.style.top), row.querySelector('[data-column=name]').textContent])"
        )
        return [name for _, name in sorted(found)]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def shown(self, text: str) -> None:
        expect(self.root.locator(".rml-xp-shown")).to_have_text(text, timeout=MOST_MS)

    def said(self, text: str) -> None:
        expect(self.page.locator(".widget-label").last).to_have_text(text, timeout=MOST_MS)

    def notice(self, text: str) -> None:
        expect(self.root.locator(".rml-xp-notice")).to_contain_text(text, timeout=MOST_MS)

    def chosen(self, number: int) -> None:
        expect(self.rows.locator("input:checked")).to_have_count(number, timeout=MOST_MS)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Thirty runs of many kinds, one of which this process goes on with."""
    home = tmp_path / "runs"
    kinds = [("CartPole-v1", "PPO"), ("LunarLander-v3", "DQN"), ("ALE/Breakout-v5", "PPO"), ("Acrobot-v1", "A2C")]
    endings = [RunState.DONE, RunState.DONE, RunState.DONE, RunState.STOPPED, RunState.FAILED]
    ages = [90, 700, 4_000, 30_000, 100_000, 400_000, 3_000_000]
    for number in range(29):
        env_id, algorithm = kinds[number % 4]
        folder = made_run(
            home,
            env_id=env_id,
            algorithm=algorithm,
            seed=number,
            state=endings[number % 5],
            returns=[number * 3.7 - 20] * 5,
            steps=1_000 * (number + 1),
            total_timesteps=30_000,
            seconds_ago=ages[number // 5] + number,
        )
        name = "a very long name that tells what was tried and why it was tried once more" if number == 7 else ""
        load_run(folder.run_id, home).label(
            name=name or f"trial {number}" if number % 3 else "",
            tags=["baseline", "lesson 3"] if number % 4 == 0 else [],
            notes="The learning rate was too high." if number == 4 else "",
        )
    going_on = made_run(home, state=RunState.RUNNING, steps=4_200, total_timesteps=10_000, seconds_ago=30)
    load_run(going_on.run_id, home).label(name="going on")
    lease = Lease.acquire(going_on)
    yield home
    lease.release()


@pytest.fixture
def table(page: LabPage, home: Path) -> TablePage:
    page.open(page.server.add_notebook("experiments.ipynb", [CELL.format(home=str(home)), "pass"]))
    page.run_cell(0)
    table = TablePage(page)
    table.shown("30 runs")
    return table


def test_each_ending_has_a_sign_beside_its_colour(table: TablePage) -> None:
    expect(table.rows.first).to_be_visible(timeout=MOST_MS)
    signs = table.rows.evaluate_all(SIGNS)
    assert {state: sign[1] for state, sign in signs.items() if state != "running"} == {
        "done": "✓",
        "stopped": "■",
        "failed": "✕",
    }


def test_looks(table: TablePage, tmp_path: Path) -> None:
    page = table.tab
    expect(table.rows.first).to_be_visible(timeout=MOST_MS)
    for theme, width in product(THEMES, (560, 800, 1024, 1280, 1600)):
        page.set_theme(theme)
        page.set_width(width)
        page.settle()
        page.screenshot(tmp_path / f"plain-{width}-{theme}.png")
        assert table.too_wide == [], f"at {width} pixels"
        assert table.nameless == []
    table.row("trial 4").click()
    table.row("trial 2").locator("input").click()
    for theme, width in product(THEMES, (560, 800, 1024, 1280, 1600)):
        page.set_theme(theme)
        page.set_width(width)
        page.settle()
        page.screenshot_output(0, tmp_path / f"detail-{width}-{theme}.png")
        assert table.too_wide == [], f"at {width} pixels with details"
        if width >= 800:
            expect(table.root.get_by_role("columnheader", name="Seed")).to_be_visible()
        assert table.nameless == []
        cut = table.measure(
            """panel => [...panel.querySelectorAll('.rml-xp-cell, .rml-chip, h4')]
              .filter(node => node.scrollWidth > node.clientWidth + 1 && node.textContent && !node.title
                && !node.querySelector('[title]')).map(node => node.outerHTML.slice(0, 200))"""
        )
        assert cut == [], f"cut off without a title at {width} pixels"
    assert page.problems == []


def test_a_seed_of_seven_digits_is_read_whole(page: LabPage, tmp_path: Path) -> None:
    home = tmp_path / "runs"
    for seed in (8_888_888, 8_888_889):
        made_run(home, seed=seed)
    page.open(page.server.add_notebook("seeds.ipynb", [CELL.format(home=str(home)), "pass"]))
    page.run_cell(0)
    table = TablePage(page)
    table.shown("2 runs")
    seeds = table.rows.locator('[data-column="seed"]')
    for width in (800, 1280, 1600):
        page.set_width(width)
        page.settle()
        assert sorted(seeds.all_inner_texts()) == ["8888888", "8888889"]
        cut = seeds.evaluate_all("cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).length")
        assert cut == 0, f"at {width} pixels"


def test_small_windows_stay_within_the_table(table: TablePage, tmp_path: Path) -> None:
    table.row("trial 2").locator("input").click()
    for width, name in product((560, 1280), ("Tags ▾", "Environment ▾", "Tag ▾", "Export ▾")):
        table.tab.set_width(width)
        button = table.button(name)
        button.click()
        expect(table.root.get_by_role("dialog")).to_be_visible()
        table.tab.settle()
        table.tab.screenshot_output(0, tmp_path / f"{name[:-2]}-{width}.png")
        assert table.too_wide == [], f"{name} at {width} pixels"
        assert table.nameless == []
        table.press("Escape")
        expect(table.root.get_by_role("dialog")).to_be_hidden()
        expect(button).to_be_focused()
    assert table.tab.problems == []


def test_search_filter_and_sort(table: TablePage) -> None:
    search = table.root.get_by_role("searchbox")
    search.fill("breakout TRIAL")
    table.shown("5 of 30 runs")
    search.fill("learning rate was")
    table.shown("1 of 30 runs")
    assert table.names() == ["trial 4"]
    search.fill(str(table.rows.first.get_attribute("data-run"))[-6:])
    table.shown("1 of 30 runs")
    search.fill("seed 2")  # and neither 12 nor 20
    table.shown("1 of 30 runs")
    assert table.names() == ["trial 2"]
    search.fill("nothing like it")
    table.shown("0 of 30 runs")
    expect(table.root.locator(".rml-xp-empty")).to_contain_text("No run matches what is searched.")
    table.button("Show all runs").click()
    table.shown("30 runs")

    chip = table.root.get_by_role("button", name="State ▾")
    chip.focus()
    table.press("Enter")
    card = table.root.get_by_role("dialog", name="Filter by state")
    assert card.get_by_role("checkbox").count() == 4
    card.get_by_label("Failed").check()
    table.shown("5 of 30 runs")
    card.get_by_label("Stopped").check()
    table.shown("11 of 30 runs")
    table.press("Escape")
    expect(card).to_be_hidden()
    expect(table.root.get_by_role("button", name="State: Failed, Stopped ▾")).to_be_focused()
    table.root.get_by_role("button", name="Algorithm ▾").click()
    table.root.get_by_role("dialog").get_by_label("DQN").check()
    table.root.locator(".rml-xp-shown").click()
    expect(table.root.get_by_role("dialog")).to_be_hidden()
    table.shown("2 of 30 runs")
    table.button("Clear").click()
    table.shown("30 runs")

    head = table.root.get_by_role("columnheader", name="Return")
    assert head.get_attribute("aria-sort") == "none"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert table.names()[0] == "trial 28"
    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    table.root.get_by_role("columnheader", name="Name").get_by_role("button").click()
    assert table.names()[0].startswith("a very long name")
    assert table.tab.problems == []


def test_by_keyboard(table: TablePage, home: Path) -> None:
    cells = table.tab.cell_count()
    table.root.get_by_role("searchbox").focus()
    table.press("ArrowDown")
    expect(table.grid).to_be_focused()
    active = table.root.locator(".rml-xp-space .rml-xp-active")
    expect(active).to_contain_text("going on")
    here = table.grid.get_attribute("aria-activedescendant")
    assert here == active.get_attribute("id")
    assert "42 %" in active.inner_text()

    table.press("ArrowDown", "Enter")
    newest = active.get_attribute("data-run")
    table.said(f"opened {newest}")
    table.press("F2")
    name = table.grid.get_by_role("textbox")
    expect(name).to_be_focused()
    name.fill("never")
    table.press("Escape")
    expect(table.grid).to_be_focused()
    assert load_run(str(newest), home).labels.name == ""
    table.press("F2")
    table.page.keyboard.type("d d named")  # D D would delete the cell
    table.press("Enter")
    expect(table.row("d d named")).to_be_visible(timeout=MOST_MS)
    expect(table.grid).to_be_focused()
    table.until(lambda: load_run(str(newest), home).labels.name == "d d named", "the name on disk")

    table.press("Space", "ArrowDown", "Space")
    table.chosen(2)
    table.press("Shift+ArrowDown", "Shift+ArrowDown")
    table.chosen(4)
    table.press("Escape")
    table.chosen(0)
    table.press("Control+a")
    expect(table.root.locator(".rml-xp-chosen")).to_have_text("30 chosen")
    table.press("Escape", "Home", "ArrowDown", "Delete")
    table.notice("1 run deleted")
    table.shown("29 runs")
    assert (home / TRASH / str(newest)).is_dir()
    table.press("Control+z")
    table.shown("30 runs")
    table.press("End")
    expect(active).to_be_in_viewport()
    table.press("Home", "ArrowUp", "ArrowRight", "ArrowRight", "Enter")
    assert table.root.get_by_role("columnheader", name="Name").get_attribute("aria-sort") == "ascending"
    table.press("Escape")
    assert table.tab.cell_count() == cells
    assert table.tab.problems == []


def test_one_run_by_mouse(table: TablePage, home: Path) -> None:
    table.row("trial 1").locator('[data-column="env_id"]').click()
    detail = table.root.get_by_label("Details of the run")
    expect(detail).to_contain_text("LunarLander-v3 · DQN · seed 1")
    notes = detail.get_by_label("Notes")
    notes.fill("What came of it.")
    tag = detail.get_by_label("Add a tag")
    tag.fill("<b>fresh</b>")
    tag.press("Enter")
    run_id = str(table.row("trial 1").get_attribute("data-run"))
    table.until(lambda: load_run(run_id, home).labels.notes == "What came of it.", "the note on disk")
    table.until(lambda: load_run(run_id, home).labels.tags == ("<b>fresh</b>",), "the tag on disk")
    detail.get_by_role("button", name="Take the tag <b>fresh</b> off").click()
    table.until(lambda: load_run(run_id, home).labels.tags == (), "the tag to go")
    detail.get_by_role("button", name="Clone settings").click()
    table.said("cloned LunarLander-v3 DQN seed 1")
    detail.get_by_role("button", name="Close the details").click()
    expect(detail).to_be_hidden()

    # What is written stays with its run, also when the search does not find that any more.
    search = table.root.get_by_role("searchbox")
    search.fill("learning rate")
    table.row("trial 4").click()
    notes.fill("Too")
    table.shown("0 of 30 runs")
    expect(detail).to_contain_text("trial 4")
    notes.press_sequentially(" high.")
    search.fill("")
    detail.get_by_role("button", name="Rename").click()
    table.grid.get_by_role("textbox").fill("fourth")
    table.press("Enter")
    fourth = load_run(str(table.row("fourth").get_attribute("data-run")), home)
    table.until(lambda: (fourth.labels.name, fourth.labels.notes) == ("fourth", "Too high."), "name and notes")

    table.row("trial 2").locator('[data-column="name"]').dblclick()
    table.grid.get_by_role("textbox").fill("renamed")
    table.root.locator(".rml-xp-shown").click()
    expect(table.row("renamed")).to_be_visible()
    assert table.tab.problems == []


def test_who_writes_a_tag_keeps_the_keyboard_while_the_run_goes_on(table: TablePage, home: Path) -> None:
    table.row("going on").locator('[data-column="env_id"]').click()
    run = load_run(str(table.row("going on").get_attribute("data-run")), home)
    detail = table.root.get_by_label("Details of the run")
    tag = detail.get_by_label("Add a tag")
    tag.focus()
    table.page.keyboard.type("fr")
    run.label(name="goes on", tags=["first"])
    expect(detail.locator("h4")).to_have_text("goes on", timeout=MOST_MS)
    expect(tag).to_be_focused()
    table.page.keyboard.type("esh")
    table.press("Enter")
    table.until(lambda: run.labels.tags == ("first", "fresh"), "both tags on disk")
    assert table.tab.problems == []


def test_many_runs_by_mouse(table: TablePage, home: Path, tmp_path: Path) -> None:
    table.row("trial 1").locator("input").click()
    table.row("trial 5").locator("input").click(modifiers=["Shift"])
    table.chosen(5)
    expect(table.button("Open")).to_have_attribute("aria-disabled", "true")
    table.button("Tag ▾").click()
    card = table.root.get_by_role("dialog", name="Tags of the chosen runs")
    card.get_by_role("textbox").fill("seen")
    table.press("Enter")
    expect(card.get_by_label("seen")).to_be_checked()
    table.press("Escape")
    table.button("Tags ▾").click()
    table.root.get_by_role("dialog", name="Filter by tags").get_by_label("seen").check()
    table.shown("5 of 30 runs")
    table.press("Escape")
    table.button("Clear").click()

    table.button("Export ▾").click()
    table.root.get_by_role("dialog").get_by_label("YAML").check()
    file = table.tab.download(table.button("Download"), tmp_path)
    assert file.name == "5_runs.zip"
    with zipfile.ZipFile(file) as archive:
        assert len(archive.namelist()) == 11
    table.button("Clear choice").click()

    table.root.get_by_label("Select all runs that are shown").click()
    table.button("Delete").click()
    table.notice("29 runs deleted")
    table.shown("1 run")
    expect(table.root.get_by_role("alert")).to_contain_text("belongs to a running process")
    table.button("Undo").click()
    table.shown("30 runs")
    table.notice("29 runs brought back")

    new = made_run(home, seconds_ago=1)
    table.button("Refresh").click()
    table.shown("31 runs")
    assert table.rows.first.get_attribute("data-run") is not None
    assert new.run_id in [row.get_attribute("data-run") for row in table.rows.all()]
    assert table.tab.problems == []


def test_five_thousand_runs(table: TablePage) -> None:
    table.tab.page.evaluate(
        "code => { window.jupyterapp.shell.currentWidget.content.widgets[1].model.sharedModel.source = code; }",
        MANY_ROWS.format(many=MANY),
    )
    table.tab.run_cell(1)
    table.shown("5,000 runs")
    assert table.rows.count() < 40, "rows out of sight are in the page"
    assert table.grid.get_attribute("aria-rowcount") == "5001"
    print("slowest scroll, ms:", table.grid.evaluate(SCROLL_MS))
    table.root.get_by_role("searchbox").fill("trial 4999")
    table.shown("1 of 5,000 runs")
    assert table.names() == ["trial 4999"]
    table.button("Clear").click()
    table.grid.focus()
    table.press("End")
    expect(table.root.locator(".rml-xp-space .rml-xp-active")).to_be_in_viewport()
    assert table.rows.count() < 40
    assert table.tab.problems == []


def test_a_page_that_is_loaded_again_has_the_table_as_it_is(table: TablePage) -> None:
    table.row("trial 1").locator("input").click()
    table.button("Delete").click()
    table.shown("29 runs")
    table.tab.reload()
    table.shown("29 runs")
    table.button("Undo").click()
    table.shown("30 runs")


def test_a_home_without_runs_says_so(page: LabPage, tmp_path: Path) -> None:
    page.open(page.server.add_notebook("empty.ipynb", [CELL.format(home=str(tmp_path / "none"))]))
    page.run_cell(0)
    table = TablePage(page)
    expect(table.root.locator(".rml-xp-empty")).to_contain_text("There are no runs yet. Train one", timeout=MOST_MS)
    table.shown("0 runs")
    page.screenshot(tmp_path / "empty.png")
    assert page.problems == []
