"""A real JupyterLab server in folders of its own, for tests and for screenshots."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

import psutil

from tests.kernel.kernelspec import KERNEL_NAME, kernel_environment, write_kernelspec

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0
# The end of a kernel that trains on a busy machine is the slowest of all answers.
API_TIMEOUT_S = 60.0
POLL_S = 0.1

# What would cover the page or reach out to the network: the news question, the update check, and a first
# look at the file browser. Everything else stays as people have it.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/extensionmanager-extension:plugin": {"enabled": False},
}

# The panel mends the shell of the kernel that it runs in, which is too late for the cell that imports it: of a hundred
# first cells that follow the connection at once, as these tests' do and people's do not, three were never answered.
MENDED = "--IPKernelApp.exec_lines=__import__('retroml_edu.widgets.kernel', fromlist=['']).keep_shell_answering()"

# Of what a kernel does when it ends, taking Python itself apart takes longest: two seconds a test, in which nothing is
# tested. It ends before, once all that wanted to hear of its end was told. What was registered first is called last,
# hence this line before all others.
ENDS_EARLY = "--IPKernelApp.exec_lines=__import__('atexit').register(__import__('os')._exit, 0)"


@dataclass(frozen=True)
class LabServer:
    """A running server.

    Attributes:
        url: Its address, ending in a slash.
        token: What lets a client in.
        notebooks: The folder that it serves.
        runs: ``RETROML_HOME`` of its kernels.
        settings: What people changed in its menus; the folder may not exist.
        workspaces: Which documents were open, to be opened again by the next page; the folder may not exist.
        log: File with everything that the server and its kernels printed.
    """

    url: str
    token: str
    notebooks: Path
    runs: Path
    settings: Path
    workspaces: Path
    log: Path

    def add_notebook(self, name: str, cells: Sequence[str]) -> str:
        """Write a notebook of code cells into the served folder and return its path there."""
        code: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        notebook = {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"kernelspec": {"name": KERNEL_NAME, "display_name": "Python 3", "language": "python"}},
            "cells": [code | {"id": f"cell-{i}", "source": source} for i, source in enumerate(cells)],
        }
        (self.notebooks / name).write_text(json.dumps(notebook), "utf-8")
        return name

    def api(self, path: str, method: str = "GET") -> Any:
        """Call the server's REST API and return the decoded reply, None where it is empty."""
        request = Request(f"{self.url}api/{path}", method=method, headers={"Authorization": f"token {self.token}"})
        with urlopen(request, timeout=API_TIMEOUT_S) as reply:
            body = reply.read()
        return json.loads(body) if body else None

    def start_over(self) -> None:
        """End all kernels with their sessions and forget changed settings and open documents.

        One test's notebook is neither another's load nor open beside its own, and a test that died in the dark theme
        leaves the next a light one.
        """
        for session in self.api("sessions"):
            self.api(f"sessions/{session['id']}", "DELETE")
        for folder in (self.settings, self.workspaces):
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_lab(folder: Path) -> Iterator[LabServer]:
    """Start JupyterLab on a free port of 127.0.0.1 and end it, kernels included, afterwards.

    Args:
        folder: A temporary folder; settings, log, runs and notebooks go below it, and nothing outside it is
            read but what belongs to the Python installation.

    Yields:
        The server, ready to answer.

    Raises:
        RuntimeError: If it does not come up; the message holds its log.
    """
    token = token_hex(16)
    notebooks = folder / "notebooks"
    notebooks.mkdir(parents=True)
    environment = _write_settings(folder)
    log = folder / "jupyterlab.log"
    command = [sys.executable, "-m", "jupyterlab", *_options(token, notebooks)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            cwd=notebooks,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        url = _wait_until_ready(process, folder / "runtime", token, log)
        yield LabServer(url, token, notebooks, folder / "runs", folder / "settings", folder / "workspaces", log)
    finally:
        _end_tree(process)


def _write_settings(folder: Path) -> dict[str, str]:
    config = folder / "config"
    (config / "labconfig").mkdir(parents=True)
    (config / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(SETTINGS), "utf-8")
    write_kernelspec(folder / "data" / "kernels", ENDS_EARLY, MENDED)
    return kernel_environment(folder) | {
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        # Else an environment's own kernelspecs come before the one written above.
        "JUPYTER_PREFER_ENV_PATH": "0",
        "PYTHONUNBUFFERED": "1",
    }


def _options(token: str, notebooks: Path) -> list[str]:
    return [
        "--no-browser",
        "--allow-root",
        "--expose-app-in-browser",
        "--ip=127.0.0.1",
        "--port=0",
        f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={notebooks}",
        "--ServerApp.terminals_enabled=False",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]


def _wait_until_ready(process: subprocess.Popen[bytes], runtime: Path, token: str, log: Path) -> str:
    """Poll for the file in which the server says its port, then its API, and return its address."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            told = next(runtime.glob("jpserver-*.json"), None)
            if told is not None:
                url = str(json.loads(told.read_text("utf-8"))["url"])
                LabServer(url, token, runtime, runtime, runtime, runtime, log).api("kernelspecs")
                return url
        except (URLError, ConnectionError, TimeoutError, json.JSONDecodeError):
            pass  # the file is half written, or the port not yet open
        time.sleep(POLL_S)
    state = "took too long" if process.returncode is None else f"ended with {process.returncode}"
    raise RuntimeError(f"JupyterLab {state} at its start; its log:\n{log.read_text('utf-8', 'replace')}")


def _end_tree(process: subprocess.Popen[bytes]) -> None:
    """End the server and all that it started, politely first."""
    try:
        parent = psutil.Process(process.pid)
        tree = [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        tree = []
    for end in (psutil.Process.terminate, psutil.Process.kill):
        for member in tree:
            try:
                end(member)
            except psutil.NoSuchProcess:
                continue
        _, tree = psutil.wait_procs(tree, timeout=STOP_TIMEOUT_S)
    process.wait()
