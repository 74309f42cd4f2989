"""Runs with trainers that follow a script, and one that really trained."""

from __future__ import annotations

import shutil

import pytest

from retroml_edu.session.experiment import run_experiment
from retroml_edu.session.history import load_run
from retroml_edu.session.session import Session
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, small_config, threads_of_runs


@pytest.fixture(autouse=True)
def _no_thread_stays():
    """Also where a test failed: what it left behind is its own failure, and no other test's to wait for."""
    left_by_others = set(threads_of_runs())
    yield
    own = set(threads_of_runs()) - left_by_others
    for thread in own:
        thread.join(TIMEOUT_S)
    assert not [thread for thread in own if thread.is_alive()]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def start(home):
    """Start a run with a trainer; it is ended at the latest when the test is."""
    started = []

    def start(trainer=None, **settings):
        trainer = trainer or ScriptedTrainer()
        run = Session(home, trainer_for=lambda config: trainer).start(small_config(**settings))
        started.append((run, trainer))
        return run

    yield start
    for run, trainer in started:
        trainer.release.set()
        run.stop()
        run.wait(TIMEOUT_S)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A run that stable-baselines3 trained to its end, and its result: to be read, for all tests have the same."""
    home = tmp_path_factory.mktemp("trained")
    config = small_config(steps=3_000, videos=True, hyperparameters={"n_steps": 256, "n_epochs": 2})
    result = run_experiment(config, home, progress=False)
    return load_run(result.run_id, home), result


@pytest.fixture
def copied(trained, home):
    """The run that really trained, in a home of this test's own."""
    home.mkdir(exist_ok=True)
    shutil.copytree(trained[0].path, home / trained[0].run_id)
    return load_run(trained[0].run_id, home)
