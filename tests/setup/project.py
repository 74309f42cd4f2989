"""The project's own files, read once for the tests of the set-up."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TORCH_HOST = "download.pytorch.org"


def normal(name: str) -> str:
    """Return the name as package tools compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def asked() -> list[Requirement]:
    """Return every requirement, those of the tests too."""
    project = PROJECT["project"]
    return [Requirement(text) for text in [*project["dependencies"], *project["optional-dependencies"]["test"]]]


def locked() -> Iterator[tuple[str, Version]]:
    """Yield name and version of each line of the lock; a name may have one version for each Python."""
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            requirement = Requirement(line)
            (pin,) = requirement.specifier
            assert pin.operator == "==", line
            yield normal(requirement.name), Version(pin.version)
