"""The command line, in this process with trainers that follow a script, and as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retroml_edu.cli.main import main
from retroml_edu.session.experiment import run_experiment
from retroml_edu.session.history import load_run
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, small_config

ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def command(capsys, home):
    """Run a command in this process on a home of its own; return its exit code and both outputs."""

    def command(text, *more, home=home):
        capsys.readouterr()
        try:
            code = main([*text.split(), *more, "--home", str(home)])
        except SystemExit as end:  # argparse ends this way
            code = end.code
        return code, *capsys.readouterr()

    return command


@pytest.fixture
def scripted(monkeypatch):
    """Let every run follow a script from now on."""

    def follow(**script):
        monkeypatch.setattr("retroml_edu.training.trainer_for", lambda config: ScriptedTrainer(**script))

    follow()
    return follow


@pytest.fixture
def stored(scripted, home):
    """A run that has ended well."""
    result = run_experiment(small_config(), home, progress=False)
    return load_run(result.run_id, home)


@pytest.fixture
def spawn(home):
    """Start `python -m retroml_edu` with a home of its own; it is ended at the latest when the test is."""
    processes = []

    def spawn(text, **settings):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
        environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": ""}
        process = subprocess.Popen(
            [sys.executable, "-m", "retroml_edu", *text.split(), "--home", str(home)],
            **pipes | {"env": environment} | settings,
        )
        processes.append(process)
        return process

    yield spawn
    for process in processes:
        process.kill()
        process.wait(TIMEOUT_S)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
