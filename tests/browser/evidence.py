"""What a browser test leaves behind when it fails: the page as it was, in a picture and in words."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Error

from tests.browser.browser import LabPage

SECTION = "browser"
LOG_TAIL = 4000
OUTPUT_HEAD = 500
_OPEN_PAGE = pytest.StashKey[tuple[LabPage, Path]]()


def watch(node: pytest.Item | pytest.Collector, lab: LabPage, folder: Path) -> None:
    """Have a tab looked at when a test fails.

    Args:
        node: The test, or the module whose tests share the tab.
        lab: The tab.
        folder: Where picture and log go, unless RETROML_TEST_ARTIFACTS names a place for those of all tests.
    """
    node.stash[_OPEN_PAGE] = lab, folder


def evidence(item: pytest.Item) -> str:
    """Return what a failed test's tab shows, as text; picture and log go to its folder. "" where it has none."""
    attempt = f"attempt-{getattr(item, 'execution_count', 1)}"  # counted by pytest-rerunfailures
    artifacts = os.environ.get("RETROML_TEST_ARTIFACTS")
    for node in reversed(item.listchain()):
        if _OPEN_PAGE in node.stash:
            lab, folder = node.stash[_OPEN_PAGE]
            return _look_at(lab, (Path(artifacts) if artifacts else folder) / item.name / attempt)
    return ""


def _look_at(lab: LabPage, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    log = lab.server.log.read_text("utf-8", "replace")
    (folder / "jupyterlab.log").write_text(log, "utf-8")
    try:
        picture = str(lab.screenshot(folder / "page.png"))
        # A log that is read without the pictures tells by these what was on the page.
        outputs = "\n".join(f"[{i}] {text[:OUTPUT_HEAD]}" for i, text in enumerate(lab.outputs())) or "none"
    except Error as error:
        picture = outputs = f"none: {error.message}"
    problems = "\n".join(lab.problems) or "none"
    return (
        f"screenshot: {picture}\nconsole errors: {problems}\noutputs:\n{outputs}\n"
        f"server log: {folder / 'jupyterlab.log'}, its end:\n{log[-LOG_TAIL:]}"
    )
