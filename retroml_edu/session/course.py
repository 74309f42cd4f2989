"""The lessons of the course, where there is one beside the notebook or the package."""

from __future__ import annotations

from pathlib import Path

from retroml_edu.core.sources import PACKAGE

_FORMS = ("notebooks/{}.ipynb", "lessons/{}.ipynb", "lessons/{}.py")
"""Where a lesson lies in the folder of the course: what students open comes first."""


def ways_to_say(file: Path) -> list[str]:
    """Return the path of a file as a notebook server may say it: whole, and with ~ for a person's own folder."""
    paths = [file.as_posix()]
    if file.is_relative_to(Path.home()):
        paths.append(f"~/{file.relative_to(Path.home()).as_posix()}")
    return paths


def find_lesson(name: str, start: Path | None = None) -> Path | None:
    """Return the file of a lesson; None if no course is here, or it has no such lesson.

    It is looked for in the current folder and the folders above it, then where the package was checked out.

    Args:
        name: Such as ``10-ppo``; from the package's own tables, not from a file.
        start: The folder to begin with; the current one if left out.
    """
    if not name:
        return None
    here = start or Path.cwd()
    files = (folder / form.format(name) for folder in (here, *here.parents, PACKAGE.parent) for form in _FORMS)
    return next((file for file in files if file.is_file()), None)
