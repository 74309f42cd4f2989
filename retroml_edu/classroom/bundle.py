"""What a student hands in: one zip with answers, their functions, figures, and a manifest of it all."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

from retroml_edu.classroom.answers import EXERCISES, GRADED, PREDICTIONS, QUESTIONS
from retroml_edu.core.errors import LessonError, StorageError
from retroml_edu.core.ids import utc_now
from retroml_edu.storage.atomic import write_bytes
from retroml_edu.storage.json_text import to_text
from retroml_edu.storage.paths import path_problem

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
ANSWERS = "answers.json"
MOST_BYTES = 64 * 2**20
_SAME_TIME = (1980, 1, 1, 0, 0, 0)
"""Of every file in the zip, so that equal content makes equal files; when it was made stands in the manifest."""


def bundle_name(lesson: str) -> str:
    """Return what the bundle of a lesson is called."""
    return f"{lesson}-bundle.zip"


def bundle_files(sheet: Mapping[str, Any], figures: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a bundle by their path in it.

    Args:
        sheet: What `AnswerSheet.read` gives.
        figures: Files of figures by their names.

    Raises:
        LessonError: If a name makes no file name on every system.
    """
    files = {ANSWERS: to_text(sheet).encode()}
    sources = {**sheet.get(EXERCISES, {}), **sheet.get(GRADED, {})}
    for name, entry in sources.items():
        source = entry.get("source")
        if isinstance(source, str) and source:
            path, number = f"exercises/{_file_name(name)}.py", 1
            while path in files:
                number += 1
                path = f"exercises/{_file_name(name)}-{number}.py"
            files[path] = source.encode("utf-8", "replace")
    files |= {f"figures/{name}": content for name, content in figures.items()}
    for path in files:
        problem = path_problem(path)
        if problem:
            raise LessonError(f'"{path}" cannot go into the bundle: {problem}.')
    return dict(sorted(files.items()))


def contents(sheet: Mapping[str, Any], figures: Sequence[str]) -> list[str]:
    """Return in sentences what a bundle holds, before it is made.

    Args:
        sheet: What `AnswerSheet.read` gives.
        figures: Their names.
    """
    questions, exercises = sheet.get(QUESTIONS, {}), sheet.get(EXERCISES, {})
    graded, predictions = sheet.get(GRADED, {}), sheet.get(PREDICTIONS, {})
    solved = sum(entry.get("right") is True for entry in exercises.values())
    drawn = (
        f"{_count(len(figures), 'figure')}, as CSV and PNG" if figures else "0 figures: run the cells that draw them"
    )
    return [
        f"{_count(len(questions), 'answer')} to questions" + _named(questions),
        f"{_count(len(predictions), 'prediction')}" + _named(predictions),
        f"{_count(len(exercises), 'exercise')}, {solved} solved, with the code of your functions" + _named(exercises),
        f"{_count(len(graded), 'graded task')}" + _named(graded),
        drawn + _named(figures),
        "a manifest with the SHA-256 of each file; nothing about you or your computer",
    ]


def packed(files: Mapping[str, bytes], facts: Mapping[str, str]) -> bytes:
    """Return the zip.

    Args:
        files: By their path in it.
        facts: What the manifest says beside them: whose bundle it is.

    Raises:
        LessonError: If it is too large.
    """
    listed = {name: {"sha256": sha256(data).hexdigest(), "size_bytes": len(data)} for name, data in files.items()}
    if sum(map(len, files.values())) > MOST_BYTES:
        raise LessonError(f"The bundle would be larger than {MOST_BYTES // 2**20} MiB: draw fewer or smaller figures.")
    manifest = {"format_version": FORMAT_VERSION, **facts, "made_utc": utc_now(), "files": listed}
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**files, MANIFEST: to_text(manifest).encode()}.items():
            archive.writestr(zipfile.ZipInfo(name, _SAME_TIME), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def write_bundle(path: Path, content: bytes) -> None:
    """Write a bundle beside the notebook, whole or not at all.

    Raises:
        LessonError: If it cannot be written.
    """
    try:
        write_bytes(path, content)
    except StorageError as error:
        why = getattr(error.__cause__, "strerror", None) or str(error)
        raise LessonError(
            f"{path} cannot be written: {why}. Close it where it is open, or free some space, and try again."
        ) from error


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")[:80] or "unnamed"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _named(names: Collection[str]) -> str:
    return f": {', '.join(names)}" if names else ""
