"""The home of runs: the folder in which every run has its own."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from retroml_edu.core.errors import StorageError

MARKER = ".retroml"
VARIABLE = "RETROML_HOME"
_WAY_OUT = f"Choose another folder with home=... or the environment variable {VARIABLE}."


@dataclass(frozen=True, slots=True)
class Home:
    """Where runs live.

    Attributes:
        path: The folder, absolute.
        why: Why it is this one, in a few words for panels and commands.
    """

    path: Path
    why: str


def find_home(home: str | Path | None = None) -> Home:
    """Return the home of runs, whether or not it exists yet.

    It is the argument, else ``RETROML_HOME``, else the nearest folder upwards that holds ``.retroml``, else
    ``./runs``.
    """
    if home is not None:
        return Home(_absolute(home), "given as home=")
    variable = os.environ.get(VARIABLE)
    if variable:
        return Home(_absolute(variable), f"from {VARIABLE}")
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / MARKER).exists():
            return Home(folder, f"it holds {MARKER}")
    return Home(here / "runs", "runs, in the current folder")


def open_home(home: str | Path | None = None) -> Home:
    """Return the home of runs, made if it is missing, and proven to be writable.

    Raises:
        StorageError: If it cannot be made or written to.
    """
    found = find_home(home)
    try:
        found.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=found.path) as probe:
            probe.write(b"writable")
    except (FileExistsError, NotADirectoryError) as error:
        raise StorageError(
            f"Runs cannot be kept in {found.path} ({found.why}): a file is in the way. Remove it. {_WAY_OUT}"
        ) from error
    except OSError as error:
        raise StorageError(
            f"Runs cannot be kept in {found.path} ({found.why}): {error.strerror or error}. {_WAY_OUT}"
        ) from error
    return found


def _absolute(path: str | Path) -> Path:
    return Path(os.path.abspath(Path(path).expanduser()))  # noqa: PTH100 - resolve() would follow links
