"""The tabs Videos and Models in a real JupyterLab: by mouse and by keyboard, at every width, with many videos."""

import re
import zipfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect
from stable_baselines3 import PPO

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.states import RunState
from retroml_edu.session.experiment import run_experiment
from retroml_edu.session.history import load_run
from retroml_edu.session.trash import TRASH
from retroml_edu.storage.video_labels import read_video_labels
from tests.browser.browser import THEMES, LabPage
from tests.browser.panel import PanelPage
from tests.browser.test_accessibility import findings
from tests.session.made_films import made_film, made_test, made_video
from tests.session.made_runs import made_run

pytestmark = pytest.mark.browser

MOST_MS = 15_000
WIDTHS = (560, 800, 1024, 1280, 1600)
MANY = 2_000
PANEL = 'Lab(seed=1, home={home!r}, run_type="custom", total_timesteps=2_000, video={{"enabled": False}})'
# Folders take milliseconds to make; two thousand videos are told to the page as if they had been read.
MANY_FILMS = """
from retroml_edu.core.ids import new_run_id
from retroml_edu.core.states import RunState
from retroml_edu.session.films import Film
from retroml_edu.storage.index import RunRow

run = RunRow(new_run_id(), "CartPole-v1", "PPO", 1, RunState.DONE, name="many")
lab.panel.gallery._show([
    Film(run, f"step-{{number:010d}}.mp4", "training", "", 1_000 + number, 1.7e9 + number, step=number, milestone=0.5,
         episode_return=float(number))
    for number in range({many})
])
"""
SCROLL_MS = """async grid => {
  const times = [];
  for (let i = 1; i <= 60; i += 1) {
    const began = performance.now();
    grid.scrollTop = i * 900;
    grid.dispatchEvent(new Event('scroll'));
    times.push(performance.now() - began);
    await new Promise(requestAnimationFrame);
  }
  return Math.max(...times);
}"""
PLAYS = "player => player.readyState >= 2 && player.videoWidth > 0"


class TabPage(PanelPage):
    """A panel with one of its tabs open."""

    def to(self, tab: str) -> Locator:
        """Open a tab and return its page."""
        self.root.get_by_role("tab", name=tab, exact=True).click()
        return self.part(tab)

    def part(self, tab: str) -> Locator:
        return self.root.locator(f".rml-tab-page-{tab.lower()}")

    def tile(self, title: str) -> Locator:
        """Return the tile of a video by the line under its picture."""
        return self.root.locator(".rml-gal-tile").filter(
            has=self.page.locator(".rml-gal-title", has_text=re.compile(f"^{re.escape(title)}$"))
        )

    def titles(self) -> list[str]:
        """Return the titles of the tiles in the page, in reading order."""
        found = self.root.locator(".rml-gal-tile").evaluate_all(
            """tiles => tiles.map(tile => [parseFloat(tile.style.top), parseFloat(tile.style.left),
              tile.querySelector('.rml-gal-title').textContent])"""
        )
        return [title for _, _, title in sorted(found)]

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def fits(self, at: str) -> None:
        assert self.too_wide == [], at
        assert self.nameless == [], at


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Runs of three games with videos of every kind, one with a name, and one run that was stopped."""
    home = tmp_path / "runs"
    for number, (env_id, algorithm) in enumerate([("CartPole-v1", "PPO"), ("ALE/Breakout-v5", "DQN")]):
        folder = made_run(home, env_id=env_id, algorithm=algorithm, seed=number, seconds_ago=4_000 - number)
        for share in (0.0, 0.5, 1.0):
            made_film(folder, int(share * 1_000) + number, milestone=share, episode_return=100 * share + number)
        made_test(folder, "2026-01-02T030405000Z", returns=(31.0 + number, 5.0))
        load_run(folder.run_id, home).label(name=f"trial {number}")
    other = made_run(home, env_id="Acrobot-v1", seed=5, state=RunState.STOPPED, seconds_ago=50)
    made_video(other, "recording-of-a-long-evening.mp4", frames=60)
    return home


@pytest.fixture
def panel(page: LabPage, home: Path) -> TabPage:
    PanelPage.of_code(page, "tabs.ipynb", PANEL.format(home=str(home)))
    return TabPage(page)


def test_videos_look(panel: TabPage, tmp_path: Path) -> None:
    part = panel.to("Videos")
    expect(part.locator(".rml-gal-shown")).to_contain_text("9 videos", timeout=MOST_MS)
    expect(part.locator(".rml-gal-picture img:visible")).to_have_count(9, timeout=MOST_MS)
    for chosen, theme, width in product((False, True), THEMES, WIDTHS):
        panel.tab.set_theme(theme)
        panel.tab.set_width(width)
        panel.tab.settle()
        if chosen:
            part.locator(".rml-gal-tile").first.click()
            expect(part.locator("video")).to_be_visible()
            if width == 1280:
                assert findings(panel.tab) == []
        panel.tab.screenshot_output(0, tmp_path / f"videos-{width}-{theme}-{chosen}.png")
        panel.fits(f"videos at {width} pixels, {theme}, chosen: {chosen}")
        if chosen:
            part.get_by_role("button", name="Close the video").click()
    assert panel.tab.problems == []


def test_a_video_is_found_played_named_deleted_and_brought_back(panel: TabPage, home: Path, tmp_path: Path) -> None:
    part = panel.to("Videos")
    search = part.get_by_role("searchbox")
    search.fill("breakout final")
    expect(part.locator(".rml-gal-shown")).to_contain_text("1 of 9 videos", timeout=MOST_MS)
    panel.tile("Final · return 101").click()
    player = part.locator("video")
    panel.until(lambda: bool(player.evaluate(PLAYS)), "the video to play")
    expect(part.locator(".rml-gal-facts")).to_contain_text("ALE/Breakout-v5 · DQN")
    expect(part.locator(".rml-gal-facts")).to_contain_text("trial 1")
    saved = panel.tab.download(part.get_by_role("button", name="Download"), tmp_path)
    assert saved.name.startswith("ALE-Breakout-v5_DQN_seed1_run-")
    assert b"ftyp" in saved.read_bytes()[:12]

    part.get_by_role("button", name="Rename").click()
    panel.page.keyboard.type("<b>the best</b>")
    panel.press("Enter")
    search.fill("the best")
    expect(panel.tile("<b>the best</b>")).to_be_visible(timeout=MOST_MS)
    run = next(
        run for run in (load_run(path.name, home) for path in home.glob("*-*")) if "Breakout" in run.config.env_id
    )
    panel.until(lambda: "<b>the best</b>" in read_video_labels(run.folder).values(), "the name on disk")

    part.get_by_role("button", name="Delete").click()
    expect(part.locator(".rml-gal-foot")).to_contain_text("1 video deleted", timeout=MOST_MS)
    expect(part.locator("video")).to_be_hidden()
    assert len(list((home / TRASH).rglob("*.mp4"))) == 1
    part.get_by_role("button", name="Undo").click()
    expect(panel.tile("<b>the best</b>")).to_be_visible(timeout=MOST_MS)

    search.fill("nothing like it")
    part.get_by_role("button", name="Show all videos").click()
    part.get_by_label("Which videos").select_option("Tests")
    expect(part.locator(".rml-gal-shown")).to_contain_text("2 of 9 videos")
    part.get_by_label("Which videos").select_option("All videos")
    part.get_by_label("Order").select_option("Highest return first")
    assert panel.titles()[:3] == ["<b>the best</b>", "Final · return 100", "50% · return 51"]
    part.get_by_label("Order").select_option("Largest first")
    assert panel.titles()[0] == "Recording"
    part.get_by_label("Order").select_option("By name")
    assert panel.titles()[0] == "<b>the best</b>"

    panel.tile("Test · return 31").click()
    part.get_by_role("button", name="Open run").click()
    expect(panel.root.get_by_role("tab", name="Train", exact=True)).to_have_attribute(
        "aria-selected", "true", timeout=MOST_MS
    )
    expect(panel.root.locator(".rml-run-title")).to_contain_text("CartPole-v1", timeout=MOST_MS)
    assert panel.tab.problems == []


def test_videos_by_keyboard(panel: TabPage, home: Path) -> None:
    cells = panel.tab.cell_count()
    part = panel.to("Videos")
    expect(part.locator(".rml-gal-shown")).to_contain_text("9 videos", timeout=MOST_MS)
    part.get_by_role("searchbox").focus()
    panel.press("ArrowDown")
    grid = part.get_by_role("listbox")
    expect(grid).to_be_focused()
    here = grid.get_attribute("aria-activedescendant")
    panel.press("ArrowRight")
    assert grid.get_attribute("aria-activedescendant") not in (here, None)
    panel.press("Home", "End", "Home", "Enter")
    expect(grid.get_by_role("option", selected=True)).to_have_count(1)
    panel.until(lambda: bool(part.locator("video").evaluate(PLAYS)), "the video to play")
    panel.press("F2")
    panel.page.keyboard.type("d d named")  # D D would delete the cell
    panel.press("Enter")
    expect(grid).to_be_focused()
    expect(panel.tile("d d named")).to_be_visible(timeout=MOST_MS)
    panel.press("d", "d", "Delete")
    expect(part.locator(".rml-gal-foot")).to_contain_text("1 video deleted", timeout=MOST_MS)
    panel.press("Control+z")
    expect(panel.tile("d d named")).to_be_visible(timeout=MOST_MS)
    panel.press("Enter")
    expect(part.locator("video")).to_be_visible()
    panel.press("Escape")
    expect(part.locator("video")).to_be_hidden()
    assert panel.tab.cell_count() == cells
    assert panel.tab.problems == []


def test_two_thousand_videos(page: LabPage, tmp_path: Path) -> None:
    made_film(made_run(tmp_path / "runs"), 0)
    code = PANEL.format(home=str(tmp_path / "runs"))
    page.open(page.server.add_notebook("many.ipynb", [f"from retroml_edu import Lab\nlab = {code}\nlab", "pass"]))
    page.run_cell(0)
    panel = TabPage(page)
    panel.wait_until_drawn()
    part = panel.to("Videos")
    expect(part.locator(".rml-gal-shown")).to_contain_text("1 video", timeout=MOST_MS)
    page.page.locator(".jp-Cell").nth(1).locator(".cm-content").fill(MANY_FILMS.format(many=MANY))
    page.run_cell(1)
    expect(part.locator(".rml-gal-shown")).to_contain_text("2,000 videos", timeout=MOST_MS)
    grid = part.get_by_role("listbox")
    grid.scroll_into_view_if_needed()
    slowest = grid.evaluate(SCROLL_MS)
    drawn = part.locator(".rml-gal-tile").count()
    print(f"slowest jump of scrolling: {slowest:.0f} ms, {drawn} tiles in the page")
    assert drawn < 60
    part.get_by_role("searchbox").fill("return 1777")
    expect(part.locator(".rml-gal-shown")).to_contain_text("1 of 2,000 videos")
    assert page.problems == []


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A home with a run that really trained to its end."""
    config = ExperimentConfig(
        env_id="CartPole-v1",
        algorithm="PPO",
        seed=4,
        n_envs=2,
        run_type="custom",
        total_timesteps=512,
        video={"enabled": False},
        hyperparameters={"n_steps": 128, "batch_size": 128, "n_epochs": 1},
    )
    run_experiment(config, tmp_path / "runs", progress=False)
    return tmp_path / "runs"


def test_models(page: LabPage, trained: Path, tmp_path: Path) -> None:
    PanelPage.of_code(page, "models.ipynb", PANEL.format(home=str(trained)))
    panel = TabPage(page)
    part = panel.to("Models")
    expect(part.locator(".rml-xp-shown")).to_have_text("1 model", timeout=MOST_MS)
    detail = part.get_by_label("The model that was chosen")
    expect(detail).to_contain_text("It has reached its end. A new run begins with its exact state")
    for theme, width in product(THEMES, WIDTHS):
        panel.tab.set_theme(theme)
        panel.tab.set_width(width)
        panel.tab.settle()
        panel.tab.screenshot_output(0, tmp_path / f"models-{width}-{theme}.png")
        panel.fits(f"models at {width} pixels, {theme}")
    panel.tab.set_width(1280)

    file = panel.tab.download(detail.get_by_role("button", name="Export"), tmp_path)
    with zipfile.ZipFile(file) as archive:
        assert {"model.zip", "play.py"} <= set(archive.namelist())
    assert detail.get_by_role("button", name="Save").get_attribute("aria-disabled") == "true"
    detail.get_by_text("checkpoint", exact=False).last.click()
    expect(detail.locator("li").first).to_contain_text("Step 512", timeout=MOST_MS)

    detail.get_by_role("button", name="Rename").click()
    panel.page.keyboard.type("d d champion")
    panel.press("Enter")
    (run,) = [load_run(path.name, trained) for path in trained.glob("*-*") if path.is_dir()]
    panel.until(lambda: run.labels.name == "d d champion", "the name on disk")

    detail.get_by_role("button", name="Evaluate only").click()
    test = panel.root.locator(".rml-evaluation").get_by_role("button", name="Test", exact=True).last
    expect(test).to_be_focused(timeout=MOST_MS)
    expect(test).to_have_attribute("aria-disabled", "false")

    panel.to("Models")
    detail.get_by_label("How many more steps").fill("many")
    detail.get_by_role("button", name="Continue", exact=True).click()
    expect(detail).to_contain_text("Give a whole number above 0")
    detail.get_by_label("How many more steps").fill("1,024")
    detail.get_by_role("button", name="Continue", exact=True).click()
    panel.wait_for_state("done", timeout_s=120)
    part = panel.to("Models")
    expect(part.locator(".rml-xp-shown")).to_have_text("2 models", timeout=MOST_MS)
    assert panel.tab.problems == []


def test_a_file_is_loaded(page: LabPage, trained: Path, tmp_path: Path) -> None:
    PPO("MlpPolicy", "CartPole-v1", device="cpu", policy_kwargs={"net_arch": [500, 500]}).save(tmp_path / "theirs.zip")
    assert (tmp_path / "theirs.zip").stat().st_size > 2**20  # it comes in more than one piece
    PanelPage.of_code(page, "load.ipynb", PANEL.format(home=str(trained)))
    panel = TabPage(page)
    part = panel.to("Models")
    expect(part.locator(".rml-xp-shown")).to_have_text("1 model", timeout=MOST_MS)
    part.get_by_role("button", name="Load …").click()
    card = part.get_by_role("dialog", name="Load a model")
    expect(card.get_by_label("Environment")).to_have_value("CartPole-v1", timeout=MOST_MS)
    panel.fits("the window for a file")
    panel.tab.screenshot_output(0, tmp_path / "load.png")
    with panel.page.expect_file_chooser() as chooser:
        card.get_by_role("button", name="Choose the file …").click()
    chooser.value.set_files(tmp_path / "theirs.zip")
    card.get_by_role("button", name="Load", exact=True).click()
    expect(part.locator(".rml-mod-loading")).to_contain_text("Its layers are [500, 500]", timeout=MOST_MS)
    part.get_by_role("button", name="Load …").click()
    card.get_by_label("Layers").fill("500, 500")
    card.get_by_role("button", name="Load", exact=True).click()
    expect(part.locator(".rml-mod-loading")).to_contain_text("theirs.zip loaded", timeout=MOST_MS)
    expect(part.locator(".rml-xp-shown")).to_have_text("2 models")
    expect(part.get_by_label("The model that was chosen")).to_contain_text("It holds weights alone")
    assert panel.tab.problems == []
