"""What is refused before the start, in which words, and that nothing is left of it."""

from __future__ import annotations

import gymnasium
import pytest
import torch
from gymnasium.envs.registration import EnvSpec

from retroml_edu.core.config import SCHEMA_VERSION
from retroml_edu.core.errors import ConfigError, RunBusyError, StorageError
from retroml_edu.session import archive
from retroml_edu.session.check import check
from retroml_edu.session.experiment import run_experiment
from retroml_edu.session.session import Session
from retroml_edu.storage import folder as storage_folder
from retroml_edu.storage.index import RunIndex
from retroml_edu.training import memory
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, small_config

MISTAKES = {
    "unknown environment": (
        {"env_id": "CartPole-v9"},
        "env_id",
        r'No environment is called "CartPole-v9"\. Did you mean "CartPole-v1"\?',
    ),
    "an environment that imports a module": (
        {"env_id": "os:CartPole-v1"},
        "env_id",
        'would import the module "os"',
    ),
    "DQN on continuous actions": (
        {"env_id": "BipedalWalker-v3", "algorithm": "DQN"},
        "algorithm",
        "DQN cannot play .* Choose PPO or A2C",
    ),
    "a batch larger than the rollout": (
        {"hyperparameters": {"n_steps": 16, "batch_size": 64}},
        "hyperparameters.batch_size",
        r"batch_size=64 is larger than the rollout of n_steps\*n_envs=32: lower 'Mini-batch' to 32",
    ),
    "no steps": ({"steps": 0}, "total_timesteps", "total_timesteps|steps"),
    "a negative seed": ({"seed": -1}, "seed", "(?i)seed"),
    "another schema version": (
        {"schema_version": SCHEMA_VERSION + 1},
        "schema_version",
        f"this config has schema version {SCHEMA_VERSION + 1}.*update retroml_edu",
    ),
}


@pytest.mark.parametrize(("settings", "field", "says"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_refused_in_words_and_leaves_nothing(home, settings, field, says):
    with pytest.raises(ConfigError, match=says) as caught:
        Session(home).start(small_config(**settings))
    assert [problem.field for problem in caught.value.problems] == [field]
    assert not home.exists() or not [path for path in home.iterdir() if path.is_dir()]


def test_a_replay_buffer_that_does_not_fit_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available_memory_bytes", lambda: 10**9)
    config = small_config(
        env_id="ALE/Pong-v5", algorithm="DQN", steps=2_000_000, hyperparameters={"buffer_size": 500_000}
    )
    (problem,) = check(config)
    assert (problem.severity, problem.field) == ("error", "hyperparameters.buffer_size")
    assert "0.9 GB of memory can be used" in problem.message


@pytest.mark.parametrize(("engine", "fits"), [("auto", True), ("fast", True), ("sb3", False)])
def test_the_fast_engine_has_room_for_more_pictures(monkeypatch, engine, fits):
    monkeypatch.setattr(memory, "available_memory_bytes", lambda: 10**9)
    hyperparameters = {"buffer_size": 100_000, "learning_starts": 1_000}
    config = small_config(
        env_id="ALE/Pong-v5",
        algorithm="DQN",
        steps=2_000_000,
        engine=engine,
        device="cpu",
        hyperparameters=hyperparameters,
    )
    assert (check(config) == []) is fits


def test_the_space_of_an_environment_that_is_registered_anew_is_looked_at_anew(monkeypatch):
    class Numbers(gymnasium.Env):
        action_space = gymnasium.spaces.Discrete(2)

        def __init__(self, count):
            self.observation_space = gymnasium.spaces.Box(-1.0, 1.0, (count,))

    monkeypatch.setattr(memory, "available_memory_bytes", lambda: 10**9)
    config = small_config(env_id="Numbers-v0", algorithm="DQN", steps=500_000, hyperparameters={"buffer_size": 100_000})
    errors = []
    for count in (3, 30_000):
        spec = EnvSpec("Numbers-v0", Numbers, kwargs={"count": count})
        monkeypatch.setitem(gymnasium.registry, "Numbers-v0", spec)
        errors.append([problem.field for problem in check(config) if problem.severity == "error"])
    assert errors == [[], ["hyperparameters.buffer_size"]]


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    (problem,) = check(small_config(device="cuda"))
    assert (problem.severity, problem.field) == ("error", "device")
    assert str(problem).startswith('device="cuda", but PyTorch finds none on this machine.')


WARNINGS = {
    "a rollout that does not divide": (
        {"hyperparameters": {"n_steps": 50, "batch_size": 64}},
        "hyperparameters.batch_size",
        "The rollout of 100 steps does not divide into mini-batches of 64: the last one has 36.",
    ),
    "a rollout longer than the run": (
        {"hyperparameters": {"n_steps": 1_024, "batch_size": 64}},
        "hyperparameters.n_steps",
        "One rollout takes 2,048 steps, more than the run's 800: there will be a single update.",
    ),
    "a network that is not there": (
        {"env_id": "ALE/Pong-v5", "hyperparameters": {"net_arch": (8, 8)}},
        "hyperparameters.net_arch",
        "net_arch changes nothing here: pictures are read by a network of their own.",
    ),
    "a warm-up longer than the run": (
        {"algorithm": "DQN", "hyperparameters": {"learning_starts": 800}},
        "hyperparameters.learning_starts",
        "Learning starts after 800 steps, but the run has only 800: nothing would be learnt.",
    ),
}


@pytest.mark.parametrize(("settings", "field", "says"), WARNINGS.values(), ids=WARNINGS)
def test_what_is_surely_not_meant_is_a_warning_and_starts(start, settings, field, says):
    (problem,) = check(small_config(**settings))
    assert (problem.severity, problem.field, problem.message) == ("warning", field, says)
    assert start(**settings).wait(TIMEOUT_S).success


def test_a_sound_config_has_no_problems():
    assert check(small_config(hyperparameters={"n_steps": 64, "batch_size": 64})) == []


@pytest.mark.parametrize("below", ["", "further/down"])
def test_a_home_that_cannot_be_written_is_told(tmp_path, below):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"a file is in the way\. Remove it\. Choose another folder with home="):
        run_experiment(small_config(), tmp_path / "file" / below)


def refuse(*args, **kwargs):
    raise StorageError("No space left on device.")


def busy(*args, **kwargs):
    raise RunBusyError("taken")


@pytest.mark.parametrize(
    ("owner", "name", "failure"),
    [
        (storage_folder, "write_json", refuse),
        (archive.Lease, "acquire", busy),
        (archive, "RunWriter", refuse),
        (RunIndex, "record_folder", refuse),
    ],
    ids=["config", "lease", "logs", "index"],
)
def test_a_start_that_fails_half_way_leaves_no_folder(home, monkeypatch, owner, name, failure):
    session = Session(home, trainer_for=lambda config: ScriptedTrainer())
    monkeypatch.setattr(owner, name, failure)
    with pytest.raises((StorageError, RunBusyError)):
        session.start(small_config())
    assert [path for path in home.iterdir() if path.is_dir()] == []


def test_a_second_start_is_a_second_run(start):
    first, second = start(), start()
    assert first.wait(TIMEOUT_S).run_id != second.wait(TIMEOUT_S).run_id
    assert len([path for path in first.path.parent.iterdir() if path.is_dir()]) == 2
