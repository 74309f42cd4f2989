"""`retroml-edu lesson`: make the notebooks of lessons from their sources, and begin a lesson of one's own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retroml_edu.cli import lesson_answers
from retroml_edu.cli.lesson_files import modules_of, put_modules, put_notebook, shown, writing
from retroml_edu.core.errors import LessonError, UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from retroml_edu.classroom.builds import BuildName

SOURCES, NOTEBOOKS = "lessons", "notebooks"
TEMPLATE = Path(__file__).with_name("lesson_template.txt")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `lesson` to the command line."""
    parser = subparsers.add_parser("lesson", help="make notebooks of lessons, begin your own, or see answers")
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    build = actions.add_parser(
        "build",
        help="make notebooks from the sources of lessons",
        description=f"Make the notebooks of lessons from their sources in the nearest folder '{SOURCES}': those for "
        f"students into '{NOTEBOOKS}' beside it, those for instructors, with solutions, where you say.",
    )
    build.add_argument("names", nargs="*", metavar="NAME", help="lessons, such as 01-bandits; all, if left out")
    build.add_argument("--instructor", action="store_true", help="with solutions and notes; needs --to")
    build.add_argument("--to", type=Path, metavar="FOLDER", help=f"where notebooks go (default: '{NOTEBOOKS}')")
    add_from(build)
    build.add_argument(
        "--force",
        action="store_true",
        help="replace notebooks that were changed by hand too; what was there is kept as NAME-before.ipynb",
    )
    build.set_defaults(run=run_build)
    new = actions.add_parser("new", help="begin a lesson of your own: a source with the whole frame of a lesson")
    new.add_argument("name", metavar="NAME", help="two digits and words in small letters: 20-my-lesson")
    new.add_argument("title", metavar="TITLE", help='what it is called: "My lesson"')
    add_from(new)
    new.set_defaults(run=run_new)
    lesson_answers.add_parser(actions)


def add_from(parser: argparse.ArgumentParser) -> None:
    """Add ``--from``."""
    parser.add_argument(
        "--from",
        dest="sources",
        type=Path,
        metavar="FOLDER",
        help=f"the folder of sources (default: the nearest '{SOURCES}', here or above)",
    )


def run_build(args: argparse.Namespace) -> int:
    """Write notebooks and say of each whether it is new.

    Raises:
        UnknownNameError: If there is no such lesson, or none at all.
        LessonError: If a source cannot be built, solutions would come among students' notebooks, or a notebook was
            changed by hand.
    """
    kind: BuildName = "instructor" if args.instructor else "student"
    sources = find_sources(args.sources)
    beside = sources.parent / NOTEBOOKS
    if kind == "instructor":
        _check_apart(args.to, beside)
    target = beside if args.to is None else args.to
    changed = build_lessons(chosen(sources, args.names), target, kind, (sources, beside), force=args.force)
    if changed:
        raise LessonError(
            f"Changed by hand since built, and left as it is: {', '.join(map(shown, changed))}. "
            "Take the changes over into the source, then build with --force; or build elsewhere with --to FOLDER."
        )
    return 0


def run_new(args: argparse.Namespace) -> int:
    """Write the source of a new lesson.

    Raises:
        LessonError: If it cannot be called so, or is there already.
    """
    path = begin_lesson(args.sources or _nearest() or Path(SOURCES), args.name, args.title)
    print(f"{shown(path)}: written")
    print(f"Edit it, then make its notebook: retroml-edu lesson build {args.name}")
    return 0


def begin_lesson(folder: Path, name: str, title: str) -> Path:
    """Write the source of a lesson, with all of its frame and a small example, and return where it is.

    Args:
        folder: Of sources; made if need be.
        name: Of the lesson.
        title: Of the lesson.

    Raises:
        LessonError: If it cannot be called so, or is there already.
    """
    from retroml_edu.classroom.builds import check_name, is_guide
    from retroml_edu.storage.atomic import write_new

    check_name(name)
    title = " ".join(title.split())
    if is_guide(name) or not title:
        raise LessonError('A lesson has a number and a title: retroml-edu lesson new 20-my-lesson "My lesson".')
    path = folder / f"{name}.py"
    text = TEMPLATE.read_text("utf-8").replace("{NAME}", name).replace("{TITLE}", title)
    with writing(folder, "--from"):
        try:
            write_new(path, text.encode())
        except FileExistsError:
            raise LessonError(f"{shown(path)} is there already: choose another name, or edit that file.") from None
    return path


def find_sources(folder: Path | None = None) -> Path:
    """Return the folder that holds the sources of lessons.

    Args:
        folder: The one that was named; without it the nearest `lessons`, here or above.

    Raises:
        UnknownNameError: If there is none.
    """
    found = folder or _nearest()
    if found is None or not found.is_dir():
        where = f"no folder {folder}" if folder else f"no folder '{SOURCES}' here or above"
        raise UnknownNameError(
            f"There is {where}. Name the folder of sources after --from, or begin a lesson: "
            'retroml-edu lesson new 20-my-lesson "My lesson".'
        )
    return found


def chosen(sources: Path, names: Sequence[str] = ()) -> list[Path]:
    """Return the sources of these lessons, or of all; a name may be a number, or the path of a source.

    Raises:
        UnknownNameError: If there is no such lesson, or none at all.
    """
    from retroml_edu.classroom.builds import is_name

    known = {path.stem: path for path in sorted(sources.glob("*.py")) if is_name(path.stem)}
    if not known:
        raise UnknownNameError(f"There is no lesson in {sources}: begin one with 'retroml-edu lesson new'.")
    found: dict[str, Path] = {}
    for name in names or known:
        stem = Path(name).stem
        fits = [each for each in known if each == stem or each.startswith(f"{stem}-")]
        if not fits:
            hint = did_you_mean(stem, known) or f" There are: {', '.join(known)}."
            raise UnknownNameError(f'There is no lesson "{name}" in {sources}.{hint}')
        found |= {each: known[each] for each in fits}
    return list(found.values())


def build_lessons(
    sources: Sequence[Path], folder: Path, kind: BuildName, modules: Sequence[Path] = (), *, force: bool = False
) -> list[Path]:
    """Write the notebooks of lessons and print what was done; return those left alone, which a person has changed.

    Nothing is written if one of the sources cannot be built.

    Args:
        sources: Of the lessons.
        folder: Where notebooks go; made if need be.
        kind: Which build.
        modules: Folders of Python files of one's own: those that a lesson takes go with its notebook.
        force: Whether to replace those that a person has changed too; what was there is kept beside it.

    Raises:
        LessonError: If a source cannot be built, or the folder not be written.
    """
    from retroml_edu.classroom.builds import build, is_guide, notebook_text

    builds = {
        _notebook_name(source.stem, kind): build(source, kind)
        for source in sources
        if kind == "student" or not is_guide(source.stem)
    }
    with writing(folder, "--to"):
        put_modules(modules_of(builds.values(), modules, folder), folder)
        return [
            folder / name
            for name, notebook in builds.items()
            if not put_notebook(folder / name, notebook_text(notebook), force=force)
        ]


def _notebook_name(lesson: str, kind: BuildName) -> str:
    return f"{lesson}.ipynb" if kind == "student" else f"{lesson}-instructor.ipynb"


def _check_apart(to: Path | None, beside: Path) -> None:
    """See that solutions do not come among what students open."""
    if to is None:
        raise LessonError("--instructor needs --to FOLDER: notebooks with solutions go where students do not look.")
    target = to.resolve()
    if target.is_relative_to(beside.resolve()) or target.name == NOTEBOOKS:
        raise LessonError(f"{to} is where students open notebooks: name another folder for those with solutions.")


def _nearest() -> Path | None:
    here = Path.cwd()
    return next((each / SOURCES for each in (here, *here.parents) if (each / SOURCES).is_dir()), None)
