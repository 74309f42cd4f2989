"""Find and start a headless Chromium."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

# The machine's own browser comes first: it plays H.264, which Playwright's build may not.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
PLACES = (
    "/usr/bin/chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
)


class ChromiumNotFoundError(RuntimeError):
    """No Chromium is on this machine."""


def find_chromium(playwright: Playwright) -> str:
    """Return the path of the Chromium to test with.

    Raises:
        ChromiumNotFoundError: If RETROML_CHROMIUM names no file, or no Chromium is found anywhere.
    """
    named = os.environ.get("RETROML_CHROMIUM")
    if named:
        if Path(named).is_file():
            return named
        raise ChromiumNotFoundError(f"RETROML_CHROMIUM={named} is no file: name the Chromium's executable.")
    candidates = [*map(shutil.which, NAMES), *PLACES, playwright.chromium.executable_path]
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return candidate
    raise ChromiumNotFoundError(
        "No Chromium or Chrome was found. Install one with 'python -m playwright install chromium', "
        "or name yours in RETROML_CHROMIUM, or leave the browser tests out with RETROML_NO_BROWSER_TESTS=1."
    )


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """Start a headless Chromium with a fresh profile.

    Raises:
        ChromiumNotFoundError: If there is none.
    """
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser


@contextmanager
def launched(playwright: Playwright) -> Iterator[Browser]:
    """Start a headless Chromium beside others. Each context of it begins with nothing and leaves nothing."""
    browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=list(FLAGS))
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def launched_with_profile(playwright: Playwright, height: int) -> Iterator[BrowserContext]:
    """Start a headless Chromium as people have it, with a profile on the disk.

    It keeps what JupyterLab's megabytes of JavaScript were compiled to from one page to the next, which Chromium does
    in no other context. Whatever else a page leaves there is for `alone` to take away.
    """
    context = playwright.chromium.launch_persistent_context(
        "",  # a temporary folder
        executable_path=find_chromium(playwright),
        args=list(FLAGS),
        viewport={"width": 1280, "height": height},
        accept_downloads=True,
    )
    try:
        yield context
    finally:
        context.close()


@contextmanager
def alone(profile: BrowserContext, url: str) -> Iterator[BrowserContext]:
    """Lend a profile, and take away what was left in it: tabs, permissions, and all that the pages of a site stored."""
    first = profile.pages[0]  # the empty one that the browser opened with: without a tab it would end
    try:
        yield profile
    finally:
        for tab in profile.pages:
            if tab != first:
                tab.close()
        profile.clear_permissions()
        profile.clear_cookies()
        protocol = profile.new_cdp_session(first)
        protocol.send("Storage.clearDataForOrigin", {"origin": url.rstrip("/"), "storageTypes": "all"})
        protocol.detach()
