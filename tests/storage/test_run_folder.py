import json
import os
from pathlib import Path

import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import ConfigError, StorageError, UnknownNameError
from retroml_edu.core.ids import new_run_id
from retroml_edu.storage.folder import (
    RunFolder,
    create_run_folder,
    list_run_folders,
    open_run_folder,
    read_config,
)
from retroml_edu.storage.home import Home


def test_a_new_folder_holds_config_and_environment(home: Home, config: ExperimentConfig) -> None:
    run_id = new_run_id()
    folder = create_run_folder(home.path, run_id, config, {"python": "3"})
    assert read_config(folder) == config
    assert json.loads(folder.environment_file.read_text()) == {"python": "3"}
    assert open_run_folder(home.path, run_id) == folder
    if os.name == "posix":
        assert folder.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("run_id", ["../out", "CON", "", "x" * 36, "0" * 32])
def test_only_run_ids_become_folders(home: Home, config: ExperimentConfig, run_id: str) -> None:
    with pytest.raises(StorageError, match="no run id"):
        create_run_folder(home.path, run_id, config, {})
    assert list(home.path.iterdir()) == []


def test_an_id_is_taken_once(home: Home, folder: RunFolder, config: ExperimentConfig) -> None:
    with pytest.raises(StorageError, match="already"):
        create_run_folder(home.path, folder.run_id, config, {})


def test_runs_are_listed_newest_first_and_nothing_else(home: Home, config: ExperimentConfig) -> None:
    ids = ["01a1fbe4-343a-7d04-a8cc-a27c2b2a5d0" + digit for digit in "123"]
    for run_id in ids:
        create_run_folder(home.path, run_id, config, {})
    (home.path / "notes").mkdir()
    (home.path / new_run_id()).write_text("a file")
    assert [folder.run_id for folder in list_run_folders(home.path)] == ids[::-1]
    assert list_run_folders(home.path / "missing") == []


def test_a_run_is_found_by_the_beginning_of_its_id(home: Home, config: ExperimentConfig) -> None:
    first, second = "01a1fbe4-343a-7d04-a8cc-a27c2b2a5dd1", "01a1fbe4-343a-7d04-a8cc-b27c2b2a5dd2"
    for run_id in (first, second):
        create_run_folder(home.path, run_id, config, {})
    assert open_run_folder(home.path, first[:25]).run_id == first
    with pytest.raises(UnknownNameError, match=r"2 runs .*Write more"):
        open_run_folder(home.path, first[:8])
    with pytest.raises(UnknownNameError, match=f'Did you mean "{second}"'):
        open_run_folder(home.path, second[:-1] + "9")
    with pytest.raises(UnknownNameError, match='"01a" is too short'):
        open_run_folder(home.path, first[:3])
    assert open_run_folder(home.path, second[-4:]).run_id == second  # ids of one afternoon begin alike


@pytest.mark.parametrize("name", ["../..", "/", "nothing"])
def test_an_unknown_run_is_said(home: Home, name: str) -> None:
    with pytest.raises(UnknownNameError, match=r"no run.*holds no runs yet"):
        open_run_folder(home.path, name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no config"),
        ("[]", "not a JSON object"),
        ("[" * 5_000, "nested too deeply"),
        ('{"a":' * 50 + "1" + "}" * 50, "levels deep"),
        (" " * (2**20 + 1), "larger than"),
        ('{"env_id": "CartPole-v1", "schema_version": 99}', "schema version 99.*update retroml_edu"),
        ('{"env_id": "CartPole-v1", "sed": 3}', 'Did you mean "seed"'),
        ('{"self": 1}', '"self" is no setting'),
        ('{"env_id": "os:CartPole-v1"}', 'would import the module "os"'),
    ],
)
def test_a_bad_config_names_its_file(folder: RunFolder, text: str, said: str) -> None:
    folder.config_file.write_text(text)
    with pytest.raises(ConfigError, match=rf"config\.json.*{said}"):
        read_config(folder)


def test_a_missing_config_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"config\.json.*No such file"):
        read_config(RunFolder(tmp_path))


def test_kept_files_leave_out_what_passes(folder: RunFolder) -> None:
    passing = (folder.lease_file, folder.lease_lock, folder.control_log, folder.acknowledged_file, folder.latest_jpg)
    for file in passing:
        file.write_text("x")
    (folder.path / ".a.json.1234.tmp").write_text("x")
    folder.videos_dir.mkdir()
    (folder.videos_dir / "b.mp4").write_text("x")
    (folder.path / "notes.txt").write_text("kept")
    try:
        (folder.path / "link").symlink_to("/etc")
        (folder.path / "file-link").symlink_to(folder.config_file)
    except OSError as error:
        pytest.skip(f"this system lets us make no links: {error}")
    names = [name for name, _ in folder.kept_files()]
    assert names == ["config.json", "environment.json", "notes.txt", "videos/b.mp4"]
