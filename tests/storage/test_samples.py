"""What earlier versions wrote, read by this one; see tests/samples/README.md."""

import json
import shutil
from pathlib import Path

import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.events import EpisodeEvent, MetricEvent
from retroml_edu.core.migration import SCHEMA_VERSION
from retroml_edu.core.states import RunState
from retroml_edu.storage.certificate import config_digest, read_certificate
from retroml_edu.storage.config_files import config_of_text, config_text, read_config_file
from retroml_edu.storage.folder import list_run_folders, read_config
from retroml_edu.storage.frames import episodes_frame, metrics_frame
from retroml_edu.storage.index import RunIndex
from retroml_edu.storage.index.run_index import INDEX_FILE
from retroml_edu.storage.json_text import read_json_object
from retroml_edu.storage.labels import change_labels
from retroml_edu.storage.manifest import check_manifest
from retroml_edu.storage.model_files import load_model
from retroml_edu.storage.reader import read_events, run_state
from tests.samples.make import INDEX, RUN

SAMPLES = Path(__file__).parents[1] / "samples"
VERSIONS = sorted(path.name for path in SAMPLES.glob("v*"))


@pytest.fixture(params=VERSIONS)
def sample(request, tmp_path):
    """A copy of a version's samples, to be opened and written to."""
    return Path(shutil.copytree(SAMPLES / request.param, tmp_path / request.param))


@pytest.fixture
def folder(sample):
    (found,) = list_run_folders(sample / RUN)
    return found


def test_there_is_a_sample_of_every_version():
    assert {f"v{number}" for number in range(1, SCHEMA_VERSION + 1)} == set(VERSIONS)
    for version in VERSIONS:
        written = json.loads((SAMPLES / version / "config.json").read_text("utf-8"))
        assert f"v{written['schema_version']}" == version


def test_its_config_is_read(sample):
    config = ExperimentConfig(**read_json_object(sample / "config.json"))
    assert config.schema_version == SCHEMA_VERSION
    assert (config.env_id, config.seed, config.total_timesteps, config.n_envs) == ("CartPole-v1", 7, 300, 2)
    assert (config.hyperparameters.n_steps, config.hyperparameters.net_arch) == (32, (8,))
    assert read_config_file(sample / "config.json") == config
    assert config_of_text(config_text(config), "a.yaml") == config


def test_its_files_of_settings_are_read(sample):
    for file in sample.glob("settings.*"):
        config = read_config_file(file)
        assert config.schema_version == SCHEMA_VERSION
        assert (config.env_id, config.seed, config.hyperparameters.batch_size) == ("CartPole-v1", 7, 16)


def test_its_run_opens(folder):
    assert read_config(folder).schema_version == SCHEMA_VERSION
    assert run_state(folder) is RunState.DONE
    assert check_manifest(folder) == []
    events = list(read_events(folder))
    metrics = [event for event in events if isinstance(event, MetricEvent)]
    episodes = [event for event in events if isinstance(event, EpisodeEvent)]
    assert len(metrics_frame(folder)) == len(metrics) > 3
    assert len(episodes_frame(folder)) == len(episodes) > 3
    assert read_json_object(folder.summary_file)["steps"] >= 300
    weights, description = load_model(folder)
    assert weights
    assert description["env_id"] == "CartPole-v1"


def test_its_certificate_is_that_of_its_config(folder):
    if folder.certificate_file.exists():  # version 1 wrote none
        assert read_certificate(folder).config_digest == config_digest(folder)


def test_its_index_opens_with_the_run(sample, folder):
    shutil.copy(sample / INDEX, sample / RUN / INDEX_FILE)
    with RunIndex(sample / RUN) as index:
        (row,) = index.list_runs()
        assert index.warnings == ()
        assert (row.run_id, row.env_id, row.state) == (folder.run_id, "CartPole-v1", RunState.DONE)
        change_labels(folder, name="kept")
        index.rebuild()
        assert index.get(row.run_id).name == "kept"
        assert index.get(row.run_id).episodes == row.episodes


def test_its_folder_is_listed_without_an_index(sample, folder):
    with RunIndex(sample / RUN) as index:
        (row,) = index.list_runs()
    assert (row.run_id, row.steps, row.problem) == (folder.run_id, read_json_object(folder.summary_file)["steps"], "")
