"""The names and shapes that lessons, graders and scripts stand on."""

from __future__ import annotations

import dataclasses
import inspect
import os
import subprocess
import sys

import pytest

import retroml_edu
from retroml_edu import ExperimentConfig, RetroMLError, Run, RunResult, Session, list_runs, load_run, run_experiment
from retroml_edu.cli.main import COMMANDS

CONFIG = {
    "env_id": "CartPole-v1",
    "algorithm": "PPO",
    "run_type": "quick",
    "seed": 42,
    "hyperparameters": {"learning_rate": 3e-4},
}


@pytest.mark.parametrize("name", retroml_edu.__all__)
def test_every_public_name_is_there(name):
    assert getattr(retroml_edu, name) is not None
    assert name in dir(retroml_edu)


def test_waiting_threads_of_torch_leave_the_processor_to_others():
    """Unless somebody wants it otherwise; torch reads it when it is loaded, so it is said before."""
    code = """
import os, sys, retroml_edu
print('torch' in sys.modules, *(os.environ.get(name) for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")))
"""
    ours = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "4000"}
    for wanted, found in (
        ({}, ours),
        ({"OMP_WAIT_POLICY": "ACTIVE"}, {"OMP_WAIT_POLICY": "ACTIVE", "GOMP_SPINCOUNT": None}),
        ({"GOMP_SPINCOUNT": "7"}, ours | {"GOMP_SPINCOUNT": "7"}),
    ):
        environment = {name: value for name, value in os.environ.items() if name not in ours} | wanted
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["False", *map(str, found.values())]


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Laboratory'"):
        _ = retroml_edu.Laboratory


def test_a_config_becomes_the_model_of_its_algorithm_and_is_frozen():
    config = ExperimentConfig(**CONFIG)
    assert type(config.hyperparameters).__name__ == "PPOHyperparameters"
    assert config.total_timesteps == 10_000
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 1


@pytest.mark.parametrize("steps", [{"run_type": "quick", "total_timesteps": 500}, {"run_type": "custom"}])
def test_steps_go_with_a_custom_run_and_only_with_it(steps):
    with pytest.raises(RetroMLError, match="custom"):
        ExperimentConfig(**CONFIG | steps)
    assert ExperimentConfig(**CONFIG | {"run_type": "custom", "total_timesteps": 500}).total_timesteps == 500


def test_a_result_has_its_fields():
    names = {field.name for field in dataclasses.fields(RunResult)}
    wanted = "run_id success state summary path metrics_path model_path video_path error training_time_s"
    assert names == set(wanted.split())


@pytest.mark.parametrize(
    "name", ["config", "metrics", "episodes", "events", "videos", "checkpoints", "export", "report", "labels", "label"]
)
def test_a_run_has_its_members(name):
    assert hasattr(Run, name)


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (run_experiment, ["config", "home", "progress"]),
        (load_run, ["run_id", "home"]),
        (list_runs, ["home", "env_id", "algorithm", "state", "limit"]),
        (Session.start, ["self", "config"]),
        (Session.check, ["self", "config"]),
        (Run.export, ["self", "what", "target"]),
        (Run.report, ["self", "form", "target"]),
    ],
)
def test_functions_take_what_they_took(function, parameters):
    assert list(inspect.signature(function).parameters)[: len(parameters)] == parameters


def test_a_whole_experiment_from_a_script(tmp_path):
    small = {"run_type": "custom", "total_timesteps": 300, "n_envs": 2, "video": {"enabled": False}}
    result = run_experiment(ExperimentConfig(**CONFIG | small), home=tmp_path, progress=False)
    run = load_run(result.run_id, tmp_path)
    assert run.config.hyperparameters.learning_rate == 3e-4
    assert type(run.metrics()).__name__ == "DataFrame"
    assert [row.run_id for row in list_runs(tmp_path)] == [result.run_id]


@pytest.mark.parametrize("name", ["start", "stop", "wait", "wait_async", "trained", "run"])
def test_the_lab_has_the_same_buttons_from_code(name):
    from retroml_edu import Lab

    assert hasattr(Lab, name)


def test_the_commands_are_there():
    names = {command.__name__.rpartition(".")[2] for command in COMMANDS}
    assert {"lab", "train", "stop", "resume", "test", "runs", "show", "export", "report", "verify", "doctor"} <= names
    done = subprocess.run(
        [sys.executable, "-m", "retroml_edu", "--version"], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == f"retroml-edu {retroml_edu.__version__}\n"
