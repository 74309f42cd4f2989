"""Fixtures of the storage tests: a home, a run folder, and a throw-away PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.ids import new_run_id
from retroml_edu.storage.folder import RunFolder, create_run_folder
from retroml_edu.storage.home import Home, open_home
from tests.storage.postgres import Cluster, running_cluster


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "runs")


@pytest.fixture
def config() -> ExperimentConfig:
    return ExperimentConfig(env_id="CartPole-v1", algorithm="PPO", seed=7)


@pytest.fixture
def folder(home: Home, config: ExperimentConfig) -> RunFolder:
    return create_run_folder(home.path, new_run_id(), config, {})


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster
