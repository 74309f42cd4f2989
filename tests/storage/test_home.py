import os
from pathlib import Path

import pytest

from retroml_edu.core.errors import StorageError
from retroml_edu.storage.home import find_home, open_home


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RETROML_HOME", raising=False)


def test_the_argument_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETROML_HOME", str(tmp_path / "other"))
    assert find_home(tmp_path / "mine").path == tmp_path / "mine"
    assert "home=" in find_home(tmp_path / "mine").why


def test_then_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETROML_HOME", str(tmp_path / "other"))
    assert find_home().path == tmp_path / "other"
    assert "RETROML_HOME" in find_home().why


@pytest.mark.parametrize("marker_is_folder", [True, False])
def test_then_the_nearest_marked_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marker_is_folder: bool
) -> None:
    below = tmp_path / "course" / "week"
    below.mkdir(parents=True)
    marker = tmp_path / "course" / ".retroml"
    marker.mkdir() if marker_is_folder else marker.touch()
    monkeypatch.chdir(below)
    assert find_home().path == tmp_path / "course"
    assert ".retroml" in find_home().why


def test_else_runs_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert find_home().path == tmp_path / "runs"
    assert not (tmp_path / "runs").exists()


def test_opening_makes_it_private(tmp_path: Path) -> None:
    home = open_home(tmp_path / "a" / "runs")
    assert home.path.is_dir()
    assert list(home.path.iterdir()) == []
    if os.name == "posix":
        assert home.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("inside", ["", "deeper"])
def test_a_file_in_the_way_is_named(tmp_path: Path, inside: str) -> None:
    (tmp_path / "runs").write_text("not a folder")
    with pytest.raises(StorageError, match=r"runs.*a file is in the way.*home="):
        open_home(tmp_path / "runs" / inside)


def test_an_unwritable_folder_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(StorageError, match=r"Permission denied.*RETROML_HOME"):
        open_home(tmp_path)
