"""The browser harness itself, on small notebooks."""

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, WebSocketRoute, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.browser import browser as harness
from tests.browser.browser import HEIGHT, LabPage, PageLoadedAgainWarning
from tests.browser.chromium import alone
from tests.browser.jupyterlab import LabServer

pytestmark = pytest.mark.browser

REMEMBERED = "async name => (await (await fetch('/lab/api/workspaces')).text()).includes(name)"
BUTTON = """
import ipywidgets
button = ipywidgets.Button(description="Train")
progress = ipywidgets.IntProgress(value=0, max=3)
label = ipywidgets.Label("pressed 0 times")
def on_click(_):
    progress.value += 1
    label.value = f"pressed {progress.value} times"
button.on_click(on_click)
ipywidgets.VBox([button, progress, label])
"""

# A stock FigureWidget tells a page that comes later only what it was made with.
FIGURE = """
import ipywidgets, numpy as np, plotly.graph_objects as go
class Figure(go.FigureWidget):
    def get_state(self, key=None, drop_defaults=False):
        state = super().get_state(key, drop_defaults)
        if hasattr(self, "_data") and hasattr(self, "_layout_obj"):
            now = {"_widget_data": self._data, "_widget_layout": self._layout_obj._props}
            for trait in now.keys() & state.keys():
                state[trait] = self.trait_metadata(trait, "to_json")(now[trait], self)
        return state
figure = Figure(data=[go.Scatter(x=np.zeros(0), y=np.zeros(0))])
button = ipywidgets.Button(description="Grow")
def on_click(_):
    n = len(figure.data[0].y) + 5
    with figure.batch_update():
        figure.data[0].x = np.arange(n, dtype=float)
        figure.data[0].y = np.arange(n, dtype=float) ** 2
        figure.layout.xaxis.title.text = f"{n} points"
button.on_click(on_click)
ipywidgets.VBox([button, figure])
"""
POINTS = """n => [...document.querySelectorAll('.js-plotly-plot')].some(
    plot => plot.data?.[0].y.length === n && plot.querySelector('svg path.js-line'))"""

STORE = """async () => {
  localStorage.setItem('left', 1);
  sessionStorage.setItem('left', 1);
  document.cookie = 'left=1; path=/';
  await caches.open('left');
  await new Promise((done, failed) => {
    const opening = indexedDB.open('left');
    opening.onsuccess = done;
    opening.onerror = failed;
  });
}"""
STORED = """async () => JSON.stringify([
  Object.keys(localStorage), Object.keys(sessionStorage), document.cookie, await caches.keys(),
  (await indexedDB.databases()).map(database => database.name)])"""
MAY_READ_CLIPBOARD = "async () => (await navigator.permissions.query({name: 'clipboard-read'})).state"


def test_widgets_live_through_a_reload_and_in_a_second_tab(page: LabPage) -> None:
    page.open(page.server.add_notebook("button.ipynb", [BUTTON]))
    page.run_all()
    page.button("Train").click()
    page.wait_for_text("pressed 1 times")

    page.reload()
    page.wait_for_text("pressed 1 times")
    page.button("Train").click()
    page.wait_for_text("pressed 2 times")

    other = page.second_tab()
    other.wait_for_text("pressed 2 times")
    other.button("Train").click()
    page.wait_for_text("pressed 3 times")
    assert page.problems == []
    assert other.problems == []


def lose(page: LabPage, what: bytes, *, loads: int) -> None:
    """Have the kernel not hear of some requests while the page is loaded so many times, as ipykernel 7.3 does."""
    left = loads

    def connect(socket: WebSocketRoute) -> None:
        nonlocal left
        lossy, server = left > 0, socket.connect_to_server()
        left -= 1
        socket.on_message(lambda told: None if lossy and what in _bytes(told) else server.send(told))

    page.page.route_web_socket(re.compile(r"/api/kernels/.*/channels"), connect)


def _bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lost", "missing"),
    [
        (b"comm_", "the saved widgets were not restored"),
        # What the kernel answers to the server's own question may pass for a status.
        (b"_request", "(no kernel was connected|the kernel did not answer)"),
    ],
    ids=["widgets", "kernel"],
)
def test_a_page_that_a_kernel_leaves_waiting_is_loaded_again(
    page: LabPage, monkeypatch: pytest.MonkeyPatch, lost: bytes, missing: str
) -> None:
    page.open(page.server.add_notebook("lost.ipynb", [BUTTON]))
    page.run_all()
    lose(page, lost, loads=1)
    monkeypatch.setattr(harness, "PATIENCE_S", (6.0, 30.0, 60.0))
    with pytest.warns(PageLoadedAgainWarning, match=rf"lost\.ipynb: {missing} in 6 s"):
        page.reload()
    page.wait_for_text("pressed 0 times")


@pytest.mark.slow
def test_a_page_that_never_gets_ready_says_what_it_lacks(page: LabPage, monkeypatch: pytest.MonkeyPatch) -> None:
    page.open(page.server.add_notebook("lost.ipynb", [BUTTON]))
    page.run_all()
    lose(page, b"comm_", loads=1)
    monkeypatch.setattr(harness, "PATIENCE_S", (6.0,))
    with pytest.raises(PlaywrightTimeoutError, match="the saved widgets were not restored, however often"):
        page.reload()
    assert page.outputs() == ["Loading widget..."]


def test_a_figure_keeps_its_points_through_a_reload(page: LabPage) -> None:
    page.open(page.server.add_notebook("figure.ipynb", [FIGURE]), single_document=False)
    page.run_all()
    page.wait_for("svg.main-svg")
    page.button("Grow").click()
    page.page.wait_for_function(POINTS, arg=5)

    page.reload()
    page.page.wait_for_function(POINTS, arg=5)
    page.wait_for_text("5 points")
    page.button("Grow").click()
    page.page.wait_for_function(POINTS, arg=10)
    assert page.problems == []


def test_a_picture_holds_the_whole_output_in_each_theme(page: LabPage, tmp_path: Path) -> None:
    tall = "import ipywidgets; ipywidgets.VBox([ipywidgets.Label(str(i)) for i in range(60)])"
    page.open(page.server.add_notebook("tall.ipynb", [tall]))
    page.run_all()
    page.wait_for_text("59")
    page.set_width(800)
    page.set_theme("dark")
    dark = page.screenshot_output(0, tmp_path / "dark.png").read_bytes()
    page.set_theme("light")
    light = page.screenshot_output(0, tmp_path / "light.png").read_bytes()
    assert dark != light
    height = int.from_bytes(light[20:24], "big")  # the PNG header's
    assert height > HEIGHT
    assert page.page.viewport_size == {"width": 800, "height": HEIGHT}


def test_of_what_a_page_stored_the_next_one_finds_nothing(profile: BrowserContext, lab_server: LabServer) -> None:
    for _ in range(2):
        with alone(profile, lab_server.url) as context:
            assert context.cookies() == []
            tab = context.new_page()
            tab.goto(f"{lab_server.url}api/kernelspecs?token={lab_server.token}")
            assert "left" not in tab.evaluate(STORED)
            assert tab.evaluate(MAY_READ_CLIPBOARD) != "granted"
            tab.evaluate(STORE)
            context.grant_permissions(["clipboard-read"], origin=lab_server.url)
            assert tab.evaluate(STORED).count("left") == 5
            assert tab.evaluate(MAY_READ_CLIPBOARD) == "granted"
            context.new_page()
        assert len(profile.pages) == 1


def test_a_failing_cell_fails_the_test_with_its_error(page: LabPage) -> None:
    page.open(page.server.add_notebook("failing.ipynb", ["1/0", "2"]))
    with pytest.raises(AssertionError, match="ZeroDivisionError: division by zero"):
        page.run_all()


def test_the_kernel_is_this_interpreter_with_runs_of_its_own(page: LabPage) -> None:
    source = "import os, sys; print(sys.executable, os.environ['RETROML_HOME'], sep='|')"
    page.open(page.server.add_notebook("kernel.ipynb", [source]))
    page.run_all()
    assert page.output(0).inner_text().strip() == f"{sys.executable}|{page.server.runs}"


def test_a_kernel_that_ends_tells_all_who_wanted_to_hear_of_it(page: LabPage) -> None:
    register = "import atexit, pathlib; _ = atexit.register(pathlib.Path('told').touch)"
    page.open(page.server.add_notebook("told.ipynb", [register]))
    page.run_all()
    page.server.start_over()
    assert (page.server.notebooks / "told").exists()


def test_what_was_open_is_not_opened_again_by_the_next_page(profile: BrowserContext, lab_server: LabServer) -> None:
    """JupyterLab's server remembers the documents that were open, and shows them beside the one that is asked for."""
    for name in ("before.ipynb", "after.ipynb"):
        with alone(profile, lab_server.url) as context:
            lab = LabPage(context, lab_server)
            lab.open(lab_server.add_notebook(name, [BUTTON]), single_document=False)
            expect(lab.page.locator(".jp-NotebookPanel")).to_have_count(1)
            lab.page.wait_for_function(REMEMBERED, arg=name)
        lab_server.start_over()
