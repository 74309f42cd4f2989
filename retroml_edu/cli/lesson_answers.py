"""`retroml-edu lesson answers`: what a variant's graded tasks are, and which answers they expect."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from retroml_edu.core.errors import LessonError, RetroMLError, UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from retroml_edu.classroom.course import Material
    from retroml_edu.classroom.graded import Task

_WIDTH = 110


def add_parser(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `lesson answers` to the command line."""
    parser = actions.add_parser(
        "answers",
        help="print a variant's graded tasks with the answers that they expect",
        description="Print the graded tasks of a lesson as a student has them, with the answers that they expect.",
    )
    parser.add_argument("name", metavar="NAME", help="a lesson, such as 01-bandits")
    parser.add_argument(
        "--variant", nargs="+", metavar="VARIANT", help="whose tasks: one or more (default: those for practice)"
    )
    parser.add_argument(
        "--material", type=Path, metavar="FILE", help="of a lesson of your own: the Python file with its GRADED"
    )
    parser.set_defaults(run=run_answers)


def run_answers(args: argparse.Namespace) -> int:
    """Print the tasks of one variant after another.

    Raises:
        UnknownNameError: If there is no such lesson.
        LessonError: If it has no graded tasks, a variant is none, or the material cannot be taken.
    """
    from retroml_edu.classroom.graded import PRACTICE

    material = find_material(args.name, args.material)
    if not material.tasks:
        raise LessonError(f'The lesson "{material.lesson}" has no graded tasks.')
    variants = args.variant or [PRACTICE]
    tasks = [[graded.task(material.lesson, variant) for graded in material.tasks] for variant in variants]
    for each in tasks:
        print(f"{material.lesson}, variant {each[0].variant}\n")
        for task in each:
            print("\n".join(lines(task)) + "\n")
    return 0


def find_material(name: str, file: Path | None = None) -> Material:
    """Return the material of a lesson.

    Args:
        name: Of the lesson; of one of the course its number will do.
        file: The module of a lesson of one's own. It is run.

    Raises:
        UnknownNameError: If the course has no such lesson, and there is no file.
        LessonError: If the file cannot be run, or holds no material.
    """
    from retroml_edu.classroom.course import LESSONS, Material

    if file is not None:
        return Material.of(name, _module(file))
    found = next((each for each in LESSONS if name in (each, each.partition("-")[0])), None)
    if found is None:
        hint = did_you_mean(name, LESSONS) or f" It has {', '.join(LESSONS)}."
        raise UnknownNameError(
            f'The course has no lesson "{name}".{hint} Of a lesson of your own, name the module after --material.'
        )
    return Material.of(found)


def lines(task: Task) -> Iterator[str]:
    """Yield what is printed of a task."""
    yield f"{task.name} (task_digest {task.digest})"
    for line in task.text.splitlines():
        yield textwrap.fill(line, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    yield from (f"  {line}" for line in expected(task))


def expected(task: Task) -> Iterator[str]:
    """Yield what answer a task expects, in words."""
    from retroml_edu.classroom.difference import shown
    from retroml_edu.classroom.exercise import Exercise
    from retroml_edu.classroom.quiz import Choice, Number, Order

    asked = task.asked
    if isinstance(asked, Exercise):
        yield f"Expected: a function, called {asked.name} here, that is right in {len(asked.cases)} cases:"
        for case in asked.cases:
            given = ", ".join(f"{name}={shown(value)}" for name, value in case.given.items())
            yield f"  {asked.name}({given}) returns {shown(case.expected)}"
    elif isinstance(asked, Number):
        yield f"Expected: {asked.expected:.10g}" + (f", give or take {asked.tolerance:g}" if asked.tolerance else "")
    elif isinstance(asked, Choice):
        yield f"Expected: {' | '.join(option.text for option in asked.options if option.right)}"
    elif isinstance(asked, Order):
        yield f"Expected, in this order: {' | '.join(asked.steps)}"
    else:
        yield "Expected: a text, which a person judges."


def _module(file: Path) -> object:
    """Return what a Python file defines.

    Raises:
        LessonError: If it cannot be run.
    """
    spec = importlib.util.spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise LessonError(f"{file} is no Python file: --material takes the one with the GRADED of your lesson.")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(file.resolve().parent))  # it may take another file beside it
    try:
        spec.loader.exec_module(module)
    except RetroMLError:
        raise
    except Exception as error:
        raise LessonError(f"{file} cannot be run: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(str(file.resolve().parent))
    return module
