"""One notebook in one browser tab, as a person uses it."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from playwright.sync_api import BrowserContext, ConsoleMessage, Error, Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.browser.jupyterlab import LabServer

# As long as it takes on a machine whose cores have other work, too: what passes waits no longer than it must.
TIMEOUT_S = 60.0
# How long a page that was just loaded may take to be ready; all but the last are followed by another load.
PATIENCE_S = (15.0, 30.0, TIMEOUT_S)
Theme = Literal["light", "dark"]
# Light last: JupyterLab remembers the theme, and the other tests find it.
THEMES: tuple[Theme, ...] = ("dark", "light")

# A laptop's height: what a student sees at once.
HEIGHT = 900

_READY = """() => {
  if (document.querySelector('.jp-Dialog')) return true;
  const panel = window.jupyterapp?.shell.currentWidget;
  const kernel = panel?.sessionContext?.session?.kernel;
  return Boolean(panel?.context?.isReady && panel.content?.model?.cells.length
    && kernel?.connectionStatus === 'connected' && ['idle', 'busy'].includes(kernel.status));
}"""
# A cell that runs while JupyterLab is still making its acquaintance with the kernel may never be answered.
_ACQUAINTED = """limit_ms => document.querySelector('.jp-Dialog') ? true : Promise.race([
  window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.info.then(() => true),
  new Promise(done => setTimeout(() => done(false), limit_ms)),
])"""
# "Loading widget..." stays until the kernel has told the page of its widgets. An error in its place is no matter of
# patience: it is left to the test. Cells out of sight may have no output drawn yet.
_WIDGETS_SHOWN = """() => !!document.querySelector('.jp-Dialog')
  || window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code' && !cell.isPlaceholder())
  .every(cell => {
    const drawn = [...cell.node.querySelectorAll('.jp-OutputArea-output')];
    return drawn.length >= cell.model.outputs.length
      && drawn.every(output => !output.checkVisibility() || output.textContent !== 'Loading widget...');
  })"""
# A widget may hold outputs of its own: they are part of the one around them.
_OUTPUTS = """() => [...document.querySelectorAll(
  '.jp-OutputArea-output:not(.jp-OutputArea-output .jp-OutputArea-output)')].map(output => output.innerText.trim())"""
_IDLE = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
_COUNT = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
_EXECUTE = "([command, args]) => window.jupyterapp.commands.execute(command, args)"
# The promise of a run ends with the cell, which may wait for a click: it is not handed back.
_START = "([command, args]) => { void window.jupyterapp.commands.execute(command, args); }"
_SELECT = "cell => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = cell; }"
_FINISHED = """cell => {
  const cells = window.jupyterapp.shell.currentWidget.content.widgets;
  const ran = c => c.model.type !== 'code' || !c.model.sharedModel.source.trim()
    || (c.model.executionCount !== null && c.model.executionState === 'idle');
  const failed = c => c.model.type === 'code' && c.model.executionState === 'idle'
    && c.model.outputs.toJSON().some(o => o.output_type === 'error');
  return cell === null ? cells.every(ran) || cells.some(failed) : ran(cells[cell]);
}"""
# Observers of sizes run between two frames, and what they change is drawn with the second.
_TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
_FAILED = """cell => window.jupyterapp.shell.currentWidget.content.widgets
  .filter((c, i) => c.model.type === 'code' && (cell === null || cell === i))
  .flatMap(c => c.model.outputs.toJSON()).filter(o => o.output_type === 'error')
  .map(o => `${o.ename}: ${o.evalue}`)"""


class PageLoadedAgainWarning(UserWarning):
    """A kernel left a page waiting, which was then loaded once more."""


class LabPage:
    """A tab of JupyterLab.

    Attributes:
        page: Playwright's page, for everything that this class does not name.
        problems: Errors of the console and uncaught exceptions, oldest first.
    """

    def __init__(self, context: BrowserContext, server: LabServer) -> None:
        self.server = server
        self.page: Page = context.new_page()
        self.page.set_default_timeout(TIMEOUT_S * 1000)
        self.problems: list[str] = []
        self._path = ""
        self._single_document = True
        self.page.on("console", self._note_console)
        self.page.on("pageerror", self._note_exception)

    def open(self, path: str, *, single_document: bool = True) -> None:
        """Open a notebook and wait for its kernel.

        Args:
            path: The notebook's path below the server's folder.
            single_document: Without the side bars, as ``/doc``; else the whole of JupyterLab.

        Raises:
            AssertionError: If JupyterLab asks something first, such as which kernel a notebook wants that
                names none.
        """
        self._path, self._single_document = path, single_document
        mode = "doc" if single_document else "lab"
        self.page.goto(f"{self.server.url}{mode}/tree/{quote(path)}?token={self.server.token}")
        self._wait_until_ready()

    def reload(self, *, save: bool = True) -> None:
        """Load the page again, as F5 does, and attach to the kernel that still runs.

        Args:
            save: Save first, as JupyterLab's autosave does by and by. What was not saved is not there after
                a reload: cells, outputs and with them the places where widgets are shown.
        """
        if save:
            self.save()
        self.page.reload()
        self._wait_until_ready()

    def second_tab(self) -> LabPage:
        """Open the same notebook, with the same kernel, in another tab."""
        other = LabPage(self.page.context, self.server)
        other.open(self._path, single_document=self._single_document)
        return other

    def save(self) -> None:
        """Save the notebook."""
        self.command("docmanager:save")

    def command(self, name: str, **args: Any) -> None:
        """Run a command of JupyterLab and wait for its end."""
        self.page.evaluate(_EXECUTE, [name, args])

    def start_cell(self, cell: int) -> None:
        """Run a cell without waiting for it."""
        self.page.evaluate(_SELECT, cell)
        self.page.evaluate(_START, ["notebook:run-cell", {}])

    def run_cell(self, cell: int, *, timeout_s: float = TIMEOUT_S) -> None:
        """Run a cell and wait for its end."""
        self.start_cell(cell)
        self.wait_for_cell(cell, timeout_s=timeout_s)

    def run_all(self, *, timeout_s: float = TIMEOUT_S) -> None:
        """Run all cells and wait for the end of the last."""
        self.page.evaluate(_START, ["notebook:run-all-cells", {}])
        self.wait_for_cell(None, timeout_s=timeout_s)

    def wait_for_cell(self, cell: int | None, *, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until a cell, or every cell (None), has run.

        Raises:
            AssertionError: If it ended with an exception.
        """
        self.page.wait_for_function(_FINISHED, arg=cell, timeout=timeout_s * 1000)
        failed = self.page.evaluate(_FAILED, cell)
        if failed:
            raise AssertionError(f"a cell failed with {failed[0]}")

    def wait_until_idle(self, *, timeout_s: float = TIMEOUT_S) -> None:
        """Wait until the kernel runs no cell."""
        self.page.wait_for_function(_IDLE, timeout=timeout_s * 1000)

    def wait_for_text(self, text: str, *, timeout_s: float = TIMEOUT_S) -> Locator:
        """Wait until a text is shown in an output, and return where."""
        return self.wait_for(f".jp-OutputArea-output :text({text!r})", timeout_s=timeout_s)

    def wait_for(self, selector: str, *, timeout_s: float = TIMEOUT_S) -> Locator:
        """Wait until an element is visible, and return it."""
        found = self.page.locator(selector).first
        found.wait_for(timeout=timeout_s * 1000)
        return found

    def cell_count(self) -> int:
        """Return the number of cells in the notebook."""
        return int(self.page.evaluate(_COUNT))

    def output(self, cell: int) -> Locator:
        """Return the whole output of a cell."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-OutputArea").first

    def outputs(self) -> list[str]:
        """Return the visible text of each output, from top to bottom."""
        return list(self.page.evaluate(_OUTPUTS))

    def button(self, name: str) -> Locator:
        """Return the button of that name in the outputs."""
        return self.page.locator(".jp-OutputArea").get_by_role("button", name=name, exact=True).first

    def set_theme(self, theme: Theme) -> None:
        """Switch JupyterLab to light or dark and wait until it is."""
        self.command("apputils:change-theme", theme=f"JupyterLab {theme.title()}")
        self.page.locator(f"body[data-jp-theme-light='{str(theme == 'light').lower()}']").wait_for(state="attached")

    def set_width(self, width: int, height: int = HEIGHT) -> None:
        """Set the size of the window in CSS pixels."""
        self.page.set_viewport_size({"width": width, "height": height})

    def settle(self) -> None:
        """Wait until the page has drawn what was changed, layout observers included."""
        self.page.evaluate(_TWO_FRAMES)

    def screenshot(self, file: Path) -> Path:
        """Write a PNG of the window."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=file)
        return file

    def screenshot_output(self, cell: int, file: Path) -> Path:
        """Write a PNG of a cell's output in full, also where it is higher than the window.

        The window grows for the picture and goes back: the notebook scrolls within itself, so that a picture
        of the whole page would end at the window's edge. The width, which the layout hangs on, stays.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        before = self.page.viewport_size
        output = self.output(cell)
        box = output.bounding_box()
        if before is None or box is None:
            raise Error(f"cell {cell} has no output to take a picture of")
        self.set_width(before["width"], max(before["height"], int(box["height"]) + HEIGHT))
        try:
            output.screenshot(path=file)
        finally:
            self.page.set_viewport_size(before)
        return file

    def download(self, click_on: Locator, folder: Path) -> Path:
        """Click on something that hands out a file, and return the file under the name it came with."""
        folder.mkdir(parents=True, exist_ok=True)
        with self.page.expect_download() as begun:
            click_on.click()
        file = folder / begun.value.suggested_filename
        begun.value.save_as(file)
        return file

    def _wait_until_ready(self) -> None:
        """Wait until page and kernel know each other and the saved widgets are shown.

        ipykernel 7.0 to 7.3 can overlook what a page asks while it answers something else, and then reads nothing
        more from that page: the kernel stays "Unknown", or a widget "Loading widget...". The next connection wakes it
        (https://github.com/ipython/ipykernel/issues/1554). So whoever sits before it loads the page again; so does
        this, twice at most and with a warning, so that it is seen how often that happens.

        Raises:
            AssertionError: If JupyterLab asks a question instead.
            PlaywrightTimeoutError: If the last load did not help either.
        """
        for patience_s in PATIENCE_S[:-1]:
            known = len(self.problems)
            missing = self._still_missing(patience_s)
            if not missing:
                break
            message = f"{self._path}: {missing} in {patience_s:g} s, so the page was loaded again"
            # What went wrong on the page that is given up is told here, and not held against the next.
            warnings.warn("\n  ".join([message, *self.problems[known:]]), PageLoadedAgainWarning, stacklevel=3)
            del self.problems[known:]
            self.page.reload()
        else:
            missing = self._still_missing(PATIENCE_S[-1])
            if missing:
                raise PlaywrightTimeoutError(f"{self._path}: {missing}, however often the page was loaded")
        dialog = self.page.locator(".jp-Dialog")
        if dialog.count():
            raise AssertionError(f"JupyterLab opened with a question instead: {dialog.inner_text()!r}")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def _still_missing(self, patience_s: float) -> str:
        """Wait until the page is ready and return "", or what it still lacked when patience ended."""
        patience_ms = patience_s * 1000
        try:
            self.page.wait_for_function(_READY, timeout=patience_ms)
        except PlaywrightTimeoutError:
            return "no kernel was connected"
        if not self.page.evaluate(_ACQUAINTED, patience_ms):
            return "the kernel did not answer"
        try:
            self.page.wait_for_function(_WIDGETS_SHOWN, timeout=patience_ms)
        except PlaywrightTimeoutError:
            return "the saved widgets were not restored"
        return ""

    def _note_exception(self, error: Error) -> None:
        # JupyterLab's own React code now and then trips over a node that is gone already, as when a theme changes.
        frames = re.findall(r"(?:https?|blob):[^\s)]+", error.stack or "")
        if not frames or not all("/static/lab/" in frame for frame in frames):
            self.problems.append(error.stack or str(error))

    def _note_console(self, message: ConsoleMessage) -> None:
        source = message.location.get("url", "")
        # JupyterLab says so of what the kernel closes for a page that was loaded again, or for a second tab.
        stray = message.text.startswith("Comm not found") and "/static/lab/" in source
        if message.type == "error" and not stray:
            self.problems.append(f"{message.text} ({source})")
