from pathlib import Path

import pytest

from retroml_edu.core.errors import StorageError
from retroml_edu.storage.paths import inside, path_problem


@pytest.mark.parametrize("relative", ["a", "videos/step-1.mp4", "a/b/c.json", "console.txt", ".hidden", "ä.txt"])
def test_plain_paths_stay(tmp_path: Path, relative: str) -> None:
    assert inside(tmp_path, relative) == tmp_path / relative


LEAVING = ["", "/etc/passwd", "..", "a/../../b", "a//b", "./a", "a/.", "C:/x", "C:x", "a\\b", "..\\x", "\\\\host\\x"]
UNPORTABLE = ["CON", "nul", "a/NUL.txt", "com1", "Lpt9.log", "COM¹", "a.", "a ", "file:stream", "what?", "a\0b"]


@pytest.mark.parametrize("relative", [*LEAVING, *UNPORTABLE, "a" * 2_000])
def test_paths_that_leave_or_name_devices_are_refused(tmp_path: Path, relative: str) -> None:
    assert path_problem(relative)
    with pytest.raises(StorageError, match="not accepted"):
        inside(tmp_path, relative)


def test_links_may_not_lead_out(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    (folder / "real").mkdir(parents=True)
    try:
        (folder / "out").symlink_to(tmp_path)
        (folder / "in").symlink_to(folder / "real")
    except OSError as error:
        pytest.skip(f"this system lets us make no links: {error}")
    with pytest.raises(StorageError, match="a link on the way leaves"):
        inside(folder, "out/secret.txt")
    assert inside(folder, "in/a.txt") == folder / "in" / "a.txt"


def test_a_link_that_leads_to_itself_is_refused(tmp_path: Path) -> None:
    try:
        (tmp_path / "round").symlink_to(tmp_path / "round")
    except OSError as error:
        pytest.skip(f"this system lets us make no links: {error}")
    with pytest.raises(StorageError, match="not accepted"):
        inside(tmp_path, "round/a.txt")
