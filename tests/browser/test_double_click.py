"""A double click is one press, however slowly the second click comes: nothing happens twice, and nothing is taken back.

The second click goes to whatever lies under the mouse by then: what a first click hid, closed or moved away has made
room for something else there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Download, Locator, expect

from retroml_edu.core.states import RunState
from retroml_edu.session.history import load_run
from retroml_edu.session.trash import TRASH
from retroml_edu.storage.checkpoints import list_checkpoints
from tests.browser.browser import HEIGHT, LabPage
from tests.browser.evidence import watch
from tests.browser.jupyterlab import LabServer
from tests.browser.panel import PanelPage
from tests.session.made_films import made_film
from tests.session.made_runs import made_run

pytestmark = pytest.mark.browser

MOST_MS = 15_000
ENDLESS = (
    'Lab(home={home!r}, seed=1, run_type="custom", total_timesteps=5_000_000, n_envs=2, video={{"enabled": False}})'
)


class Pressed(PanelPage):
    """A panel whose downloads are counted.

    Attributes:
        home: Its folder of runs.
        saved: Names of the files that it has handed out.
    """

    home: Path
    saved: list[str]

    def to(self, tab: str) -> Locator:
        """Open a tab and return its page."""
        self.root.get_by_role("tab", name=tab, exact=True).click()
        return self.root.locator(f".rml-tab-page-{tab.lower()}")

    def runs(self) -> set[str]:
        """Return the ids of the runs in the home."""
        return {path.parent.name for path in self.home.glob("*/config.json")}

    def row(self, tab: str, name: str) -> Locator:
        """Return a run's row in a table."""
        return self.root.locator(f".rml-tab-page-{tab.lower()} .rml-xp-space .rml-xp-row").filter(has_text=name)

    def train(self) -> str:
        """Have a run that trains, and return its id."""
        self.to("Train")
        if self.state != "running":
            self.type("total_timesteps", "5000000")  # the settings of a short run may have been cloned
            before = self.runs()
            self.button("Train").click()
            self.wait_for_state("running")
            (run_id,) = self.runs() - before
            return run_id
        return max(self.runs())

    def leave(self) -> None:
        """Have no run that goes on."""
        if self.state in ("running", "paused"):
            self.to("Train")
            self.button("Stop").click()
            self.wait_for_state("stopped")

    def asked_checkpoints(self, run_id: str) -> int:
        found = list_checkpoints(load_run(run_id, self.home).folder)
        return sum(checkpoint.reason == "request" for checkpoint in found)


@pytest.fixture(scope="module")
def shared(
    lab_server: LabServer, browser: Browser, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pressed]:
    """One panel for all tests here, on a home with runs that have ended and runs that were cut short."""
    folder = tmp_path_factory.mktemp("double_click")
    home = folder / "runs"
    for number in range(3):
        run = made_run(home, seed=number, seconds_ago=9_000 - number, returns=[5.0 * number] * 30)
        load_run(run.run_id, home).label(name=f"made {number}", tags=["first", "second"] if number == 0 else [])
        for step in (10, 20, 30):
            made_film(run, step)
        made_run(home, seed=20 + number, state=RunState.RUNNING, seconds_ago=100 - number)
    with browser.new_context(viewport={"width": 1280, "height": HEIGHT}, accept_downloads=True) as context:
        tab = LabPage(context, lab_server)
        watch(request.node, tab, folder)
        panel = Pressed.of_code(tab, "double_click.ipynb", ENDLESS.format(home=str(home)))
        assert isinstance(panel, Pressed)
        panel.home, panel.saved = home, []
        tab.page.on("download", lambda download: panel.saved.append(_name(download)))
        yield panel
    lab_server.start_over()


def _name(download: Download) -> str:
    return download.suggested_filename


@pytest.fixture
def panel(shared: Pressed, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pressed]:
    """The panel on its first tab."""
    if getattr(request.node, "execution_count", 1) > 1:  # the second attempt of a test that waited in vain
        shared.tab.reload()
        shared.wait_until_drawn()
    shared.tab.problems.clear()
    shared.saved.clear()
    shared.to("Train")
    yield shared
    shared.tab.screenshot(tmp_path / "page.png")
    assert shared.tab.problems == []


def test_of_two_runs_that_were_cut_short_one_is_dealt_with(panel: Pressed) -> None:
    notice = panel.root.locator(".rml-recovery")
    title, more = notice.locator("b"), notice.locator(".rml-recovery-more")
    first = title.inner_text()
    expect(more).to_have_text("and 2 more")
    panel.press_twice(panel.button(f"Discard {first}"), lambda: expect(title).not_to_have_text(first, timeout=MOST_MS))
    undo = notice.get_by_role("button", name="Undo")
    panel.press_twice(undo, lambda: expect(title).to_have_text(first, timeout=MOST_MS))
    expect(more).to_have_text("and 2 more")
    assert list((panel.home / TRASH).iterdir()) == []
    panel.press_twice(panel.button(f"Keep {first}"), lambda: expect(title).not_to_have_text(first, timeout=MOST_MS))
    expect(more).to_have_text("and 1 more")
    expect(notice.locator(".rml-recovery-done")).to_contain_text(f"{first} stays as it is")


def test_a_run_is_begun_paused_resumed_stored_and_stopped_once(panel: Pressed) -> None:
    before = panel.runs()
    panel.button("Train").dblclick()
    panel.wait_for_state("running")
    (run_id,) = panel.runs() - before
    reach = panel.wait_for_reach()
    panel.press_twice(panel.button("Pause"), lambda: panel.wait_for_state("paused"))
    panel.wait_for_picture(other_than=panel.wait_for_picture())
    assert panel.state == "paused", "the second click has resumed it"
    panel.press_twice(panel.button("Resume"), lambda: panel.wait_for_state("running"))
    panel.wait_for_reach(panel.wait_for_reach(reach))

    asked = panel.asked_checkpoints(run_id)
    stored = partial(panel.until, lambda: panel.asked_checkpoints(run_id) > asked, "the checkpoint")
    panel.press_twice(panel.button("Checkpoint now"), stored)
    panel.button("Stop").dblclick()
    panel.wait_for_state("stopped")
    assert panel.asked_checkpoints(run_id) == asked + 1
    panel.press_twice(panel.button("Resume"), lambda: panel.wait_for_state("running"))
    panel.wait_for_reach(panel.wait_for_reach(panel.reach))
    assert panel.state == "running", "the second click has paused it"
    panel.press_twice(panel.button("Stop"), lambda: panel.wait_for_state("stopped"))
    panel.button("Start training").dblclick()
    panel.wait_for_state("running")
    assert len(panel.runs()) == len(before) + 2
    assert panel.problems == ""


def test_a_film_and_a_test_are_not_ended_by_the_click_that_began_them(panel: Pressed) -> None:
    run = load_run(panel.train(), panel.home)
    sign, said = panel.root.locator(".rml-feed-recording"), panel.root.locator(".rml-feed-said")
    panel.wait_for_picture()
    panel.press_twice(panel.button("Record"), sign.wait_for)
    said.filter(has_text="0:02").wait_for()
    panel.press_twice(panel.button("Stop recording"), lambda: expect(said).to_contain_text("Kept as"))
    panel.wait_for_picture(other_than=panel.wait_for_picture())
    expect(sign).to_be_hidden()
    assert len(list(run.folder.videos_dir.glob("live-*.mp4"))) == 1

    card = panel.root.locator(".rml-evaluation")
    card.get_by_label("Games", exact=True).first.fill("1")
    card.get_by_label("Games", exact=True).first.press("Tab")
    test = card.get_by_role("button", name=re.compile("^(Test|Stop test)$")).last
    panel.press_twice(test, lambda: expect(test).to_have_text("Stop test"))
    expect(card.locator("dt", has_text="Kept as")).to_be_visible(timeout=60_000)
    expect(card.locator("tbody tr")).to_have_count(1)
    assert len(list(run.folder.eval_dir.glob("*.json"))) == 1


def test_a_download_comes_once(panel: Pressed, tmp_path: Path) -> None:
    panel.train()
    panel.leave()
    told = panel.root.locator(".rml-downloads [role=status]")
    for name, end in (("CSV", "metrics.csv saved"), ("Text report", "report.txt saved")):
        panel.press_twice(panel.button(name), lambda end=end: expect(told).to_contain_text(end, timeout=MOST_MS))
    file = panel.root.locator(".rml-settings-file [role=status]")
    panel.press_twice(panel.button("Save settings"), lambda: expect(file).to_contain_text("settings.yaml saved"))

    table = panel.to("Experiments")
    panel.row("Experiments", "made 0").locator("input").click(timeout=MOST_MS)
    panel.button("Export ▾").click()
    exported = table.locator(".rml-xp-notice")
    download = table.get_by_role("button", name="Download", exact=True)
    panel.press_twice(download, lambda: expect(exported).to_contain_text("1_run.zip saved", timeout=MOST_MS))
    panel.button("Clear choice").click()

    videos = panel.to("Videos")
    videos.locator(".rml-gal-tile").first.click(timeout=MOST_MS)
    save = videos.get_by_role("button", name="Download", exact=True)
    expect(save).to_have_attribute("aria-disabled", "false", timeout=MOST_MS)
    panel.press_twice(save)
    videos.get_by_role("button", name="Close the video").click()

    detail = panel.to("Models").get_by_label("The model that was chosen")
    export = detail.get_by_role("button", name="Export", exact=True)
    panel.press_twice(export, lambda: expect(detail).to_contain_text("zip saved", timeout=MOST_MS))
    panel.to("Train")
    panel.download("JSON report", tmp_path)  # what was asked for before has come before
    ends = ["metrics.csv", "report.txt", "settings.yaml", "1_run.zip", ".mp4", ".zip", "report.json"]
    assert [name[-len(end) :] for name, end in zip(panel.saved, ends, strict=True)] == ends


def test_in_the_table_of_runs_one_press_is_one_change(panel: Pressed) -> None:
    panel.leave()
    part = panel.to("Experiments")
    notice, before = part.locator(".rml-xp-notice"), panel.runs()
    panel.row("Experiments", "made 1").locator("input").click(timeout=MOST_MS)
    remove = part.get_by_role("button", name="Delete", exact=True)
    panel.press_twice(remove, lambda: expect(notice).to_contain_text("1 run deleted", timeout=MOST_MS))
    assert len(panel.runs()) == len(before) - 1
    undo = part.get_by_role("button", name="Undo")
    panel.press_twice(undo, lambda: expect(notice).to_contain_text("1 run brought back", timeout=MOST_MS))
    assert panel.runs() == before

    # What comes under the mouse is not pressed: another tag, a run's name, a tab of its own.
    panel.row("Experiments", "made 0").locator('[data-column="env_id"]').click()
    detail = part.get_by_label("Details of the run")
    first = detail.get_by_role("button", name="Take the tag first off")
    panel.press_twice(first, lambda: expect(first).to_have_count(0, timeout=MOST_MS))
    expect(detail.get_by_role("button", name="Take the tag second off")).to_be_visible()
    detail.get_by_role("button", name="Close the details").click()
    part.get_by_role("searchbox").fill("nothing like it")
    row = panel.row("Experiments", "made 2")
    panel.press_twice(part.get_by_role("button", name="Show all runs"), row.wait_for)
    expect(part.get_by_role("grid").get_by_role("textbox")).to_have_count(0)
    expect(detail).to_be_hidden()
    row.locator('[data-column="env_id"]').click()
    shown = panel.root.get_by_role("tab", name="Train", exact=True)
    for name in ("Clone settings", "Open"):
        panel.to("Experiments")
        button = detail.get_by_role("button", name=name, exact=True)
        panel.press_twice(button, lambda: expect(shown).to_have_attribute("aria-selected", "true", timeout=MOST_MS))
        assert panel.root.get_by_role("dialog").count() == 0
    expect(panel.field("seed").locator("input")).to_have_value("2", timeout=MOST_MS)
    assert panel.runs() == before


def test_of_two_runs_that_are_compared_one_is_taken_off(panel: Pressed) -> None:
    panel.to("Experiments")
    for name in ("made 1", "made 2"):
        panel.row("Experiments", name).locator("input").click(timeout=MOST_MS)
    panel.button("Compare").dblclick()
    lines = panel.root.get_by_role("table", name="Runs that are compared").locator("tbody tr")
    expect(lines).to_have_count(2, timeout=MOST_MS)
    toggle = lines.first.locator(".rml-button")
    panel.press_twice(toggle, lambda: expect(toggle).to_have_text("Show", timeout=MOST_MS))
    expect(toggle).to_have_text("Show")
    panel.press_twice(lines.first.locator(".rml-icon"), lambda: expect(lines).to_have_count(1, timeout=MOST_MS))
    toggle.click()
    expect(toggle).to_have_text("Show", timeout=MOST_MS)  # answered after whatever was asked before
    expect(lines).to_have_count(1)
    panel.button("Take all off").click()


def test_of_the_videos_one_is_deleted_and_brought_back(panel: Pressed) -> None:
    part = panel.to("Videos")
    foot, player, shown = part.locator(".rml-gal-foot"), part.locator("video"), part.locator(".rml-gal-shown")
    part.locator(".rml-gal-tile").first.click(timeout=MOST_MS)
    before = shown.inner_text()
    remove = part.get_by_role("button", name="Delete", exact=True)
    panel.press_twice(remove, lambda: expect(foot).to_contain_text("1 video deleted", timeout=MOST_MS))
    expect(player).to_be_hidden()
    undo = part.get_by_role("button", name="Undo")
    panel.press_twice(undo, lambda: expect(foot).to_contain_text("1 video brought back", timeout=MOST_MS))
    expect(shown).to_have_text(before)


def test_a_model_is_stored_trained_on_and_loaded_once(panel: Pressed, tmp_path: Path) -> None:
    run_id = panel.train()
    asked = panel.asked_checkpoints(run_id)
    part = panel.to("Models")
    row = part.locator(f'.rml-xp-space .rml-xp-row[data-run="{run_id}"]')
    row.locator('[data-column="game"]').click(timeout=MOST_MS)
    detail = part.get_by_label("The model that was chosen")
    save = detail.get_by_role("button", name="Save", exact=True)
    expect(save).to_have_attribute("aria-disabled", "false", timeout=MOST_MS)
    panel.press_twice(save, lambda: expect(detail).to_contain_text("Asked: its checkpoint", timeout=MOST_MS))
    panel.until(lambda: panel.asked_checkpoints(run_id) > asked, "the checkpoint")
    panel.leave()
    assert panel.asked_checkpoints(run_id) == asked + 1

    before = panel.runs()
    panel.to("Models")
    evaluate = detail.get_by_role("button", name="Evaluate only")
    test = panel.root.locator(".rml-evaluation").get_by_role("button", name="Test", exact=True).last
    panel.press_twice(evaluate, lambda: expect(test).to_be_focused(timeout=MOST_MS))
    assert panel.state == "stopped"
    panel.to("Models")
    goes_on = detail.get_by_role("button", name="Continue", exact=True)
    panel.press_twice(goes_on, lambda: panel.wait_for_state("running"))
    panel.wait_for_reach(panel.wait_for_reach())
    assert panel.state == "running"
    panel.leave()
    panel.to("Models")
    detail.locator("summary").click()
    newest = detail.get_by_role("button", name=re.compile("^Continue from step")).last
    panel.press_twice(newest, lambda: panel.wait_for_state("running"))
    panel.wait_for_reach(panel.wait_for_reach())
    panel.leave()
    assert panel.runs() == before, "it went on in the same run"

    panel.to("Models")
    part.get_by_role("button", name="Load …").click()
    card = part.get_by_role("dialog", name="Load a model")
    card.get_by_label("Environment").fill("CartPole-v1")
    with panel.page.expect_file_chooser() as chooser:
        card.get_by_role("button", name="Choose the file …").click()
    chooser.value.set_files(load_run(run_id, panel.home).path / "model.zip")
    load = card.get_by_role("button", name="Load", exact=True)
    said = part.locator(".rml-mod-loading")
    panel.press_twice(load, lambda: expect(said).to_contain_text("model.zip loaded", timeout=MOST_MS))
    assert len(panel.runs()) == len(before) + 1


def test_the_tutorial_goes_one_step_and_a_prediction_is_skipped_once(panel: Pressed) -> None:
    panel.leave()
    panel.to("Help")
    card = panel.root.get_by_role("region", name="Tutorial", exact=True)
    place, line = card.locator(".rml-tutorial-place"), panel.root.locator(".rml-tutorial-line")
    panel.press_twice(panel.button("Start the tutorial"), card.wait_for)
    expect(place).to_have_text("Tutorial · 1 of 9")
    following = card.get_by_role("button", name="Next", exact=True)
    panel.press_twice(following, lambda: expect(place).to_have_text("Tutorial · 2 of 9", timeout=MOST_MS))
    panel.press_twice(card.get_by_role("button", name="Leave the tutorial"), line.wait_for)
    expect(panel.button("Go on with the tutorial, step 2 of 9")).to_be_visible()
    panel.press_twice(panel.button("Put it away"), lambda: expect(line).to_be_hidden(timeout=MOST_MS))
    expect(card).to_be_hidden()

    panel.to("Settings")
    panel.field("predict").get_by_role("radio", name="Asked").click()
    panel.to("Train")
    asked = panel.root.locator(".rml-prediction")
    skipped = asked.get_by_text("goes without a prediction")
    panel.press_twice(panel.button("Skip"), lambda: skipped.wait_for(timeout=MOST_MS))
    expect(skipped).to_be_visible()
    panel.press_twice(panel.button("Predict after all"), lambda: expect(skipped).to_be_hidden(timeout=MOST_MS))
    expect(skipped).to_be_hidden()
