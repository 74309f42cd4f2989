"""`retroml-edu lab` finds the notebook, keeps JupyterLab quiet and says where it is."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest

from retroml_edu.cli.lab import CHECKOUT, QUICKSTART, Place, address, can_open_browser, find_place, server_options
from retroml_edu.core.errors import UnknownNameError

NEWS = ".Toastify__toast"


@pytest.fixture
def checkout(tmp_path):
    (tmp_path / "notebooks").mkdir()
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1 + 1")],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    )
    nbformat.write(notebook, tmp_path / QUICKSTART)
    (tmp_path / "notebooks" / "deeper").mkdir()
    return tmp_path


@pytest.mark.parametrize("below", [".", "notebooks", "notebooks/deeper"])
def test_the_quickstart_of_the_nearest_folder_is_opened(checkout, monkeypatch, below):
    monkeypatch.chdir(checkout / below)
    assert find_place() == Place(checkout, QUICKSTART)


def test_elsewhere_it_is_the_quickstart_of_the_checkout_or_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    has_one = (CHECKOUT / QUICKSTART).is_file()
    assert find_place() == (Place(CHECKOUT, QUICKSTART) if has_one else Place(tmp_path, None))


def test_a_folder_that_is_named_is_the_one_that_is_shown(tmp_path):
    assert find_place(folder=tmp_path) == Place(tmp_path, None)


def test_a_notebook_that_is_named_is_opened_in_its_checkout(checkout, monkeypatch):
    other = checkout / "notebooks" / "deeper" / "other.ipynb"
    other.touch()
    monkeypatch.chdir(other.parent)
    assert find_place(Path("other.ipynb")) == Place(checkout, Path("notebooks/deeper/other.ipynb"))


@pytest.mark.parametrize(
    ("notebook", "folder", "says"),
    [
        (None, "nowhere", "There is no folder .*nowhere: name one"),
        ("notebooks/quickstrat.ipynb", None, r'Did you mean ".*quickstart\.ipynb"\?'),
        ("notebooks/quickstart.ipynb", "notebooks/deeper", "lies outside"),
    ],
)
def test_a_wrong_place_is_named_with_the_way_out(checkout, monkeypatch, notebook, folder, says):
    monkeypatch.chdir(checkout)
    with pytest.raises(UnknownNameError, match=says):
        find_place(notebook and Path(notebook), folder and Path(folder))


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no administrator by number")
@pytest.mark.parametrize(("user", "allowed"), [(0, True), (1000, False)])
def test_root_is_allowed_only_for_root(monkeypatch, user, allowed):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    options = server_options(Place(Path(), None), port=8888, ip=None, browser=False)
    assert ("--ServerApp.allow_root=True" in options) is allowed


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("darwin", {}, True),
        ("win32", {}, True),
    ],
)
def test_a_browser_needs_a_screen(platform, environment, expected):
    assert can_open_browser(environment, platform) is expected


def test_the_address_carries_the_token_plainly():
    assert address("http://localhost:8888/lab?token=...", "abc") == "http://localhost:8888/lab?token=abc"
    assert address("http://localhost:8888/lab?token=...", "") == "http://localhost:8888/lab"


@contextmanager
def running(folder, home):
    """Run the command as a person would, in a home of its own, and yield the address that it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    env = kept | {"HOME": str(home), "USERPROFILE": str(home), "PYTHONPATH": str(CHECKOUT), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "retroml_edu", "lab", "--no-browser"]
    with (home / "lab.log").open("w+", encoding="utf-8") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            lines = iter(process.stdout.readline, "")
            yield next((line.strip() for line in lines if line.startswith("http")), None)
        finally:
            process.terminate()
            process.communicate(timeout=30)


@pytest.mark.browser
def test_the_quickstart_opens_without_a_pop_up(checkout, tmp_path_factory):
    from tests.browser.chromium import running_chromium

    home = tmp_path_factory.mktemp("person")
    with (
        running(checkout, home) as first,
        running(checkout, home) as second,
        running_chromium() as chromium,
    ):
        shape = re.compile(r"http://localhost:(\d+)/lab/tree/notebooks/quickstart\.ipynb\?token=\w{20,}")
        ports = [int(shape.fullmatch(url)[1]) for url in (first, second)]
        assert len(set(ports)) == 2  # a port that is taken is no obstacle
        page = chromium.new_page()
        page.goto(first)
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=60_000)
        # Not until the kernel is idle: ipykernel can lose the first question of a page, and this is about the page.
        page.locator(".jp-KernelName", has_text="Python 3").wait_for(timeout=60_000)
        page.wait_for_timeout(1_000)  # the question would come once the page has settled
        assert page.locator(NEWS).count() == 0
        assert page.locator(".jp-Dialog").count() == 0
