"""`train --config FILE`: what the file says, what the options put before it, and mistakes in one line."""

from __future__ import annotations

import pytest

from retroml_edu.cli.main import _parser
from retroml_edu.cli.train import config_of
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.session.history import list_runs, load_run
from retroml_edu.storage.config_files import config_text, read_config_file

FILE = """\
env_id: CartPole-v1
run_type: custom
total_timesteps: 400
seed: 11
n_envs: 2
deterministic: true
hyperparameters:
  learning_rate: 0.002
  gamma: 0.9
video:
  length_s: 3
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(FILE, "utf-8")
    return path


@pytest.fixture
def read(file):
    """Return the config that options and the file give together."""
    return lambda options="": config_of(_parser().parse_args(["train", "--config", str(file), *options.split()]))


def test_without_options_it_is_the_file(read, file):
    assert read() == read_config_file(file)


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        ("--seed 3", {"seed": 3}),
        ("--steps 77", {"total_timesteps": 77}),
        ("--length short", {"run_type": "short", "total_timesteps": 500_000}),
        ("--n-envs 4", {"n_envs": 4}),
        ("--device cpu", {"device": "cpu"}),
        ("--engine sb3", {"engine": "sb3"}),
        ("--env Acrobot-v1", {"env_id": "Acrobot-v1"}),
    ],
)
def test_an_option_goes_before_the_file_and_leaves_the_rest(read, options, changes):
    assert read(options).to_json_dict() == read().to_json_dict() | changes


def test_a_set_hyperparameter_goes_before_the_file_and_leaves_the_others(read):
    settings = read("--set gamma=0.5").hyperparameters
    assert (settings.gamma, settings.learning_rate) == (0.5, 0.002)
    assert settings.model_fields_set == {"gamma", "learning_rate"}


def test_another_algorithm_leaves_the_files_hyperparameters_behind(read):
    made = read("--algo DQN --set tau=0.5")
    assert made.hyperparameters.model_fields_set == {"tau"}
    assert made.seed == 11


def test_videos_and_checkpoints_can_be_switched_off(read):
    made = read("--no-video --no-checkpoints")
    assert (made.video.enabled, made.video.length_s) == (False, 3.0)
    assert made.checkpoints.enabled is False


def test_without_a_file_the_options_say_it_all():
    made = config_of(_parser().parse_args(["train", "--env", "CartPole-v1", "--deterministic", "--seed", "1"]))
    assert made == ExperimentConfig(env_id="CartPole-v1", deterministic=True, seed=1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (FILE.replace("0.9", "1.9"), "mine.yaml, line 9: gamma=1.9: it must be less than or equal to 1."),
        (FILE + "sed: 3\n", 'mine.yaml, line 12: "sed" is no setting of a run. Did you mean "seed"?'),
        (FILE + "owner: [", "mine.yaml, line 12: a bracket is opened and never closed."),
        ("env_id: os:CartPole-v1", 'mine.yaml, line 1: env_id="os:CartPole-v1" would import the module "os"'),
        ("env_id: CartPool-v1", 'No environment is called "CartPool-v1". Did you mean'),
        ("env_id: CartPole-v1\ndeterministic: true\ndevice: cuda", "deterministic=True goes with the CPU"),
        ("env_id: Taxi-v4\nalgorithm: DQN\nengine: fast", 'engine="fast" does not fit here: '),
        ("env_id: CartPole-v1\nengine: steam", "mine.yaml, line 2: engine='steam'"),
    ],
)
def test_a_mistake_in_the_file_is_one_line(command, file, text, says):
    file.write_text(text, "utf-8")
    code, out, err = command("train --quiet --config", str(file))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1, err
    assert says in err


@pytest.mark.parametrize("name", ["gone.yaml", "notes.txt"])
def test_a_file_that_is_none_is_one_line(command, tmp_path, name):
    (tmp_path / "notes.txt").write_text("hello", "utf-8")
    code, out, err = command("train --config", str(tmp_path / name))
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert name in err


def test_a_run_is_repeated_from_its_exported_settings(command, scripted, tmp_path, file, home):
    assert command("train --quiet --no-video --config", str(file))[0] == 0
    assert command("export --as yaml --to", str(tmp_path / "again.yaml"))[0] == 0
    assert command("train --quiet --config", str(tmp_path / "again.yaml"))[0] == 0
    again, first = (load_run(row.run_id, home).config for row in list_runs(home))
    assert again == first
    assert (tmp_path / "again.yaml").read_text("utf-8") == config_text(first)
