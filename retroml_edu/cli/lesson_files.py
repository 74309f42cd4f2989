"""What a build of lessons puts into a folder: notebooks, and modules that they take; what a person changed is kept."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from retroml_edu.core.errors import LessonError, StorageError

if TYPE_CHECKING:
    from nbformat import NotebookNode

_IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+(\w+)|import[ \t]+([^#\n]+))", re.MULTILINE)


def put_notebook(path: Path, text: str, *, force: bool) -> bool:
    """Write a notebook and print what was done; return False where a person's changes stand in the way.

    Args:
        path: Where it goes.
        text: What stands in it.
        force: Whether to replace one that a person has changed; that is kept beside it.
    """
    from retroml_edu.classroom.builds import has_outputs, is_as_built

    before = path.read_bytes() if path.exists() else None
    was = (before or b"").decode("utf-8", "replace")
    changed = before is not None and was != text and not is_as_built(was)
    if changed and not force:
        return False
    note = "its outputs are gone: run it again" if has_outputs(was) else ""
    _put(path, text.encode(), before, note, keep=changed)
    return True


def put_modules(modules: Iterable[Path], folder: Path) -> None:
    """Copy modules into a folder; another one of the same name is kept beside it."""
    for module in modules:
        path = folder / module.name
        before = path.read_bytes() if path.exists() else None
        _put(path, module.read_bytes(), before, f"from {shown(module)}", keep=before is not None)


def modules_of(notebooks: Iterable[NotebookNode], folders: Sequence[Path], target: Path) -> list[Path]:
    """Return the files that notebooks import, and that those import, where they are not in the target already.

    Args:
        notebooks: Those that go into the target.
        folders: Where such files may be; the first that has one gives it.
        target: Where the notebooks go.
    """
    codes = [cell.source for notebook in notebooks for cell in notebook.cells if cell.cell_type == "code"]
    found: dict[str, Path] = {}
    while codes:
        for name in _imported(codes.pop()):
            file = next((folder / f"{name}.py" for folder in folders if (folder / f"{name}.py").is_file()), None)
            if file is not None and name not in found:
                found[name] = file
                codes.append(file.read_text("utf-8", errors="replace"))
    return [file for _, file in sorted(found.items()) if file.resolve().parent != target.resolve()]


@contextmanager
def writing(folder: Path, option: str) -> Iterator[None]:
    """See that there is a folder, and tell in one line what stands in the way of writing into it.

    Args:
        folder: Made if need be.
        option: Of the command line, which names another folder.

    Raises:
        LessonError: If it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise LessonError(f"{shown(folder)} is a file, and this needs a folder: name one after {option}.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except (OSError, StorageError) as error:
        system = error.__cause__ if isinstance(error, StorageError) else error
        why = getattr(system, "strerror", None) or str(error)
        at = getattr(system, "filename", None) or folder
        raise LessonError(
            f"{shown(Path(at))} cannot be read or written: {why}. Change its rights, or name another folder after "
            f"{option}."
        ) from None  # what is behind it would be told as a mistake in where runs are kept


def shown(path: Path) -> str:
    """Return a path as it is shown: from here on, if it is below."""
    here = Path.cwd()
    path = path.resolve()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _put(path: Path, content: bytes, before: bytes | None, note: str, *, keep: bool) -> None:
    from retroml_edu.storage.atomic import write_bytes

    if before == content:
        print(f"{shown(path)}: unchanged")
        return
    notes = [note] if note else []
    if keep and before is not None:
        aside = _unused(path)
        write_bytes(aside, before, durable=False)
        notes = [f"what was there is kept as {aside.name}"]
    write_bytes(path, content, durable=False)
    print(f"{shown(path)}: written{f' ({notes[0]})' if notes else ''}")


def _unused(path: Path) -> Path:
    """Return a name beside a file for what was in it."""
    number, aside = 1, path.with_name(f"{path.stem}-before{path.suffix}")
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{path.stem}-before-{number}{path.suffix}")
    return aside


def _imported(code: str) -> set[str]:
    names = set()
    for whole, several in _IMPORT.findall(code):
        firsts = [whole] if whole else [each.split()[0] for each in several.split(",") if each.strip()]
        names |= {each.partition(".")[0] for each in firsts}
    return names
