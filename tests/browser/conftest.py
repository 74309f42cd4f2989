"""Fixtures of the tests that need JupyterLab in a browser."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.browser.browser import HEIGHT, LabPage
from tests.browser.chromium import ChromiumNotFoundError, alone, find_chromium, launched, launched_with_profile
from tests.browser.evidence import SECTION, evidence, watch
from tests.browser.jupyterlab import LabServer, running_lab

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect this folder where RETROML_NO_BROWSER_TESTS=1 asks for it; pytest counts what it left out."""
    here = [item for item in items if _HERE in item.path.parents]
    if os.environ.get("RETROML_NO_BROWSER_TESTS") == "1":
        items[:] = [item for item in items if item not in here]
        if here:
            config.hook.pytest_deselected(items=here)
        return
    for item in here:
        item.add_marker(pytest.mark.filterwarnings("always::tests.browser.browser.PageLoadedAgainWarning"))
        # A kernel may overlook a click or a cell, too (see LabPage._wait_until_ready), which no wait can tell from a
        # button that does nothing. So a wait that ended in vain, and nothing else, is tried a second time.
        if not config.option.usepdb:
            item.add_marker(pytest.mark.flaky(reruns=1, only_rerun=[PlaywrightTimeoutError]))
            # pytest-timeout counts both attempts as one.
            item.add_marker(pytest.mark.timeout(2 * float(config.getini("timeout"))))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Add a picture of the page, its text and errors and the server's log to the report of a test that failed."""
    report = yield
    if report.failed and call.when != "teardown" and _HERE in item.path.parents:
        report.sections.append((SECTION, evidence(item)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell which tests passed, if they did, only when they were run a second time, and what stopped the first."""
    reruns = terminalreporter.getreports("rerun")
    if not reruns:
        return
    terminalreporter.write_sep("=", "run a second time", yellow=True, bold=True)
    for report in reruns:
        terminalreporter.write_line(f"RERUN {report.nodeid} - {report.longrepr.reprcrash.message}", yellow=True)
        for name, text in report.sections:
            if name == SECTION:
                terminalreporter.write_line(text)


@pytest.fixture(scope="package")
def lab_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabServer]:
    """One JupyterLab for all browser tests."""
    with running_lab(tmp_path_factory.mktemp("jupyterlab")) as server:
        yield server


# Not scope="session": as long as Playwright runs, its event loop is this thread's running one, and tests of
# other folders that call asyncio.run would fail.
@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Playwright, of which a thread can have one."""
    with sync_playwright() as playwright:
        try:
            find_chromium(playwright)
        except ChromiumNotFoundError as error:
            raise pytest.fail.Exception(str(error), pytrace=False) from None
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """One Chromium for all that needs a context of its own."""
    with launched(playwright) as browser:
        yield browser


@pytest.fixture(scope="package")
def profile(playwright: Playwright) -> Iterator[BrowserContext]:
    """One Chromium for the tabs of all tests: each finds JupyterLab compiled, and nothing that another left."""
    with launched_with_profile(playwright, HEIGHT) as profile:
        yield profile


@pytest.fixture
def page(
    profile: BrowserContext, lab_server: LabServer, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[LabPage]:
    """A tab whose kernels, settings and stored data end with it."""
    with alone(profile, lab_server.url) as context:
        lab = LabPage(context, lab_server)
        watch(request.node, lab, tmp_path)
        yield lab
    lab_server.start_over()
