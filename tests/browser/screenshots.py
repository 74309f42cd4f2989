"""Take pictures of a notebook's panel in a real JupyterLab: ``python -m tests.browser.screenshots NOTEBOOK FOLDER``."""

import argparse
import shutil
import tempfile
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

from tests.browser.browser import HEIGHT, LabPage
from tests.browser.chromium import running_chromium
from tests.browser.jupyterlab import running_lab

RUN_TIMEOUT_S = 300.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a notebook and write, for each moment, theme and width, the window and the panel's whole output."""
    asked = _parser().parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        running_lab(Path(folder)) as server,
        running_chromium() as browser,
        browser.new_context(viewport={"width": asked.widths[0], "height": HEIGHT}) as context,
    ):
        shutil.copy(asked.notebook, server.notebooks)
        lab = LabPage(context, server)
        lab.open(asked.notebook.name)
        lab.run_all(timeout_s=RUN_TIMEOUT_S)
        cell = _last_widget_cell(lab) if asked.cell is None else asked.cell
        if asked.click:
            lab.button(asked.click).click()
        clicked = time.monotonic()
        if asked.wait_text:
            lab.wait_for_text(asked.wait_text, timeout_s=RUN_TIMEOUT_S)
        for moment in sorted(asked.at):
            lab.page.wait_for_timeout(max(0.0, clicked + moment - time.monotonic()) * 1000)
            for theme, width in product(asked.themes, asked.widths):
                lab.set_theme(theme)
                lab.set_width(width)
                lab.settle()
                name = f"{asked.notebook.stem}-{moment:03g}s-{width}-{theme}"
                taken = time.monotonic() - clicked
                lab.screenshot(asked.folder / f"{name}-page.png")
                lab.screenshot_output(cell, asked.folder / f"{name}-panel.png")
                print(f"{asked.folder / name}-page.png, -panel.png: {taken:.1f} s after the start")
        print("console errors:", *(lab.problems or ["none"]), sep="\n  ")


def _last_widget_cell(lab: LabPage) -> int:
    cells = lab.page.locator(".jp-Notebook .jp-Cell")
    shown = [i for i in range(cells.count()) if cells.nth(i).locator(".jupyter-widgets").count()]
    if not shown:
        raise SystemExit("No cell of this notebook shows a widget: name the cell with --cell.")
    return shown[-1]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots", description=main.__doc__)
    parser.add_argument("notebook", type=Path, help="run as a copy: the file itself stays as it is")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--widths", type=_integers, default=[1280, 800], help="of the window, as 1280,800")
    parser.add_argument("--themes", type=lambda text: text.split(","), default=["light", "dark"])
    parser.add_argument("--click", help="name of a button to press after the cells have run")
    parser.add_argument("--wait-text", help="text to wait for before the first picture")
    parser.add_argument("--at", type=_integers, default=[0], help="seconds after the click, as 0,5,20")
    parser.add_argument("--cell", type=int, help="cell with the panel, from 0; else the last with a widget")
    return parser


def _integers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


if __name__ == "__main__":
    main()
