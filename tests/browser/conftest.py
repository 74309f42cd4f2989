"""Fixtures of the tests that need JupyterLab in a browser."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error

from tests.browser.browser import HEIGHT, LabPage
from tests.browser.chromium import ChromiumNotFoundError, running_chromium
from tests.browser.jupyterlab import LabServer, running_lab

_HERE = Path(__file__).parent
_OPEN_PAGE = pytest.StashKey[tuple[LabPage, Path]]()
LOG_TAIL = 4000


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect this folder where RETROML_NO_BROWSER_TESTS=1 asks for it; pytest counts what it left out."""
    if os.environ.get("RETROML_NO_BROWSER_TESTS") != "1":
        return
    left_out = [item for item in items if _HERE in item.path.parents]
    items[:] = [item for item in items if _HERE not in item.path.parents]
    if left_out:
        config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Add a picture of the page, its errors and the server's log to the report of a test that failed."""
    report = yield
    if call.when == "call" and report.failed and _OPEN_PAGE in item.stash:
        lab, folder = item.stash[_OPEN_PAGE]
        report.sections.append(("browser", _evidence(lab, folder)))
    return report


def _evidence(lab: LabPage, folder: Path) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    log = lab.server.log.read_text("utf-8", "replace")
    (folder / "jupyterlab.log").write_text(log, "utf-8")
    try:
        picture = str(lab.screenshot(folder / "page.png"))
    except Error as error:
        picture = f"none: {error.message}"
    problems = "\n".join(lab.problems) or "none"
    return (
        f"screenshot: {picture}\nconsole errors: {problems}\n"
        f"server log: {folder / 'jupyterlab.log'}, its end:\n{log[-LOG_TAIL:]}"
    )


@pytest.fixture(scope="package")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """One JupyterLab for all browser tests."""
    with running_lab(tmp_path_factory.mktemp("jupyterlab")) as server:
        yield server


# Not scope="session": as long as Playwright runs, its event loop is this thread's running one, and tests of
# other folders that call asyncio.run would fail.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all browser tests."""
    try:
        with running_chromium() as browser:
            yield browser
    except ChromiumNotFoundError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None


@pytest.fixture
def page(browser: Browser, lab_server: LabServer, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LabPage]:
    """A tab with a profile of its own; kernels that it started end with it."""
    artifacts = os.environ.get("RETROML_TEST_ARTIFACTS")
    folder = Path(artifacts, request.node.name) if artifacts else tmp_path / "artifacts"
    with browser.new_context(viewport={"width": 1280, "height": HEIGHT}, accept_downloads=True) as context:
        lab = LabPage(context, lab_server)
        request.node.stash[_OPEN_PAGE] = (lab, folder)
        yield lab
    lab_server.shut_down_kernels()
