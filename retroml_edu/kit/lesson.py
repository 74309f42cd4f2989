"""A lesson in a notebook: what it asks, what a student answers, and what they hand in."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from retroml_edu.classroom.answers import EXERCISES, GRADED, PREDICTIONS, QUESTIONS, AnswerSheet, Entry, tries_of
from retroml_edu.classroom.bundle import bundle_name
from retroml_edu.classroom.claims import Claim
from retroml_edu.classroom.course import Material
from retroml_edu.classroom.difference import of_type
from retroml_edu.classroom.exercise import Exercise, Tried
from retroml_edu.classroom.graded import PRACTICE, Graded, Task, plain_variant
from retroml_edu.classroom.quiz import Question, is_question
from retroml_edu.core.errors import LessonError
from retroml_edu.kit.claim_card import Claimed, claimed, telling
from retroml_edu.kit.exercise_card import Checked, OpenExercise
from retroml_edu.kit.export_piece import BundleExport
from retroml_edu.kit.figure import LessonFigure
from retroml_edu.kit.lines import Line
from retroml_edu.kit.own_source import source_of
from retroml_edu.kit.piece import Piece
from retroml_edu.kit.prediction_piece import Axes, Compared, Predicted
from retroml_edu.kit.quiz_card import Asked
from retroml_edu.kit.text_card import TextCard

QUICK = "RETROML_BUDGET"
"""Environment variable that has measurements take their quick budget, where it is ``quick``."""
_WITHOUT_SOURCE = (
    "! Its code cannot be found, and will not be in what you hand in: write the function with `def` in a cell of its "
    "own, run that cell, and this one again."
)
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class Lesson:
    """A lesson: asks, checks, draws and keeps, each in a piece that shows itself as the last value of a cell.

    Answers are kept in a file beside the notebook, such as ``01-bandits.answers.json``: no account, no server.

    Args:
        name: Of the lesson, such as ``01-bandits``.
        variant: For graded tasks: what tells students apart, such as a student number. Without it there is a variant
            for practice, as with None.
        material: For lessons that are not of the course: a module, or anything else, with ``QUESTIONS``, ``EXERCISES``
            and ``GRADED``, as far as it has them.
        folder: Where answers and bundle are kept; by default the current folder, which is the notebook's.

    Attributes:
        name: Of the lesson.
        variant: The variant in its plain spelling; empty if none was given.
        answers: The answer sheet.

    Raises:
        LessonError: If the name is none, or the variant, or the material is not made of what it has to be.

    Example:
        >>> lesson = Lesson("01-bandits")
        >>> lesson.ask("greedy-stuck")
    """

    def __init__(
        self, name: str, variant: str | int | None = None, *, material: object = None, folder: str | Path | None = None
    ) -> None:
        if not _NAME.fullmatch(name) or len(name) > 80:
            raise LessonError(
                f'"{name}" is no name for a lesson: write small letters, digits and dashes, as 01-bandits.'
            )
        self.name = name
        plain = "" if variant is None or not str(variant).strip() else plain_variant(str(variant))
        self.variant = "" if plain == PRACTICE else plain
        self.folder = Path.cwd() if folder is None else Path(folder).absolute()
        self.answers = AnswerSheet(self.folder / f"{name}.answers.json", name)
        self._material = Material.of(name, material)
        self._figures: dict[str, LessonFigure] = {}
        self._predicted: dict[str, Predicted] = {}
        self._taken: dict[tuple[str, str], object] = {}
        self._mentioned = False

    def ask(self, question: str | Question) -> Asked:
        """Return a question to be answered. The answer is judged at once, kept, and shown again after a restart.

        Args:
            question: Name of a question of this lesson, or a question.

        Raises:
            UnknownNameError: If there is no such question.
            LessonError: If it is none, or another one of this name was asked.
        """
        asked: Any = self._material.question(question) if isinstance(question, str) else question
        if not is_question(asked):
            raise LessonError(f"lesson.ask takes a question or the name of one, and this is {of_type(asked)}.")
        self._take("question", asked.name, repr(asked) if is_dataclass(asked) else asked.text)
        return self._kept_question(QUESTIONS, asked.name, asked)

    def predict(
        self,
        name: str,
        *,
        question: str,
        x_end: float,
        x_unit: str = "steps",
        y_name: str = "return",
        low: float = 0.0,
        high: float = 1.0,
    ) -> Predicted:
        """Return a canvas on which the student draws the curve that they expect, before they see it.

        Args:
            name: What it is kept under, and compared by.
            question: What is asked.
            x_end: End of the level axis, which begins at 0.
            x_unit: What is counted along it, such as ``pulls``.
            y_name: What is drawn, such as ``mean reward``.
            low: Lower end of the upright axis.
            high: Its upper end.

        Raises:
            LessonError: If the axes are none, or there is another prediction of this name.
        """
        if not (x_end > 0 and low < high):
            raise LessonError(f'The prediction "{name}" needs x_end above 0, and low below high.')
        axes = Axes(float(x_end), x_unit, y_name, float(low), float(high))
        self._take("prediction", name, (question, axes))
        self._predicted[name] = Predicted(name, question, axes, self.answers)
        return self._predicted[name]

    def compare(self, name: str, x: ArrayLike, y: ArrayLike) -> Compared:
        """Return the prediction of this name with what came laid over it, and how near it was in sentences.

        From then on the prediction can no longer be changed. If nothing was drawn, it says so.

        Args:
            name: Of the prediction.
            x: Shape (n,), along the level axis, rising.
            y: Shape (n,), what came there.

        Raises:
            LessonError: If x and y make no curve, or one that lies beside the axis of the prediction.
        """
        xs, ys = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if xs.ndim != 1 or xs.shape != ys.shape or not xs.size:
            raise LessonError(
                f"x and y are two rows of as many numbers; these have the shapes {xs.shape} and {ys.shape}."
            )
        if np.any(np.diff(xs) < 0):
            raise LessonError("x rises along the axis; these numbers go back.")
        axes = self._predicted[name].axes if name in self._predicted else None
        compared = Compared(name, self.answers.entry(PREDICTIONS, name), xs, ys, axes)
        if compared.said:
            said = {"compared": True, "said": compared.said}
            self.answers.keep(PREDICTIONS, name, lambda before: {**(before or {}), **said})
            if name in self._predicted:
                self._predicted[name].lock_it()
        return compared

    def check(self, function: object, name: str = "") -> Checked:
        """Try a student's function on the exercise of its name.

        Args:
            function: What the student wrote.
            name: Of the exercise, where the function has another.

        Returns:
            How many cases it got right.

        Raises:
            OpenExercise: If it is not right yet: the notebook stops here, with what is wrong and a hint.
            UnknownNameError: If there is no such exercise.
        """
        exercise = self._material.exercise(name or _name_of(function))
        return self._checked(EXERCISES, exercise.name, exercise, function, {})

    def graded(self, name: str | Graded, function: object = None) -> Piece:
        """Return a graded task, as this lesson's variant has it.

        Args:
            name: Of the task, or the task.
            function: What the student wrote, where the task asks for a function.

        Raises:
            OpenExercise: If there is a function and it is not right yet.
            UnknownNameError: If there is no such task.
            LessonError: If it cannot be made, or there is another one of this name.
        """
        graded = self._material.task(name) if isinstance(name, str) else name
        task = graded.task(self.name, self.variant or PRACTICE)
        self._take("graded task", task.name, task.digest)
        key = f"{task.name}@{task.variant}"
        facts = {"task": task.name, "variant": task.variant, "task_digest": task.digest}
        if not isinstance(task.asked, Exercise):
            piece: Piece = self._kept_question(GRADED, key, task.asked, facts)
        elif function is None:
            piece = _told(task)
        else:
            return self._checked(GRADED, key, task.asked, function, facts)
        whose = (
            f'Variant "{task.variant}".'
            if self.variant
            else f'For practice. To be graded, begin with: lesson = Lesson("{self.name}", variant="your number")'
        )
        piece.tell(whose)
        return piece

    def figure(
        self,
        name: str,
        *lines: Line,
        x: str = "",
        y: str = "",
        title: str = "",
        y_range: tuple[float, float] | None = None,
    ) -> LessonFigure:
        """Return a figure with buttons for its numbers and its picture; it goes into the bundle.

        Args:
            name: What its files are called.
            lines: One or more.
            x: What runs to the right.
            y: What runs up.
            title: Heads the figure and its picture.
            y_range: From where to where the upright axis goes; lines run out of it. All of them if left out.

        Raises:
            LessonError: If there are no lines, or the name makes no file.
        """
        figure = LessonFigure(name, lines, x, y, title, y_range=y_range)
        self._figures[name] = figure
        return figure

    def budget(self, full: int, *, quick: int) -> int:
        """Return how many runs to measure: the full number, or the quick one where ``RETROML_BUDGET=quick``."""
        return quick if os.environ.get(QUICK) == "quick" else full

    def claim(
        self,
        text: str,
        measure: Callable[[np.random.Generator], float],
        *,
        above: float | None = None,
        below: float | None = None,
        between: tuple[float, float] | None = None,
        seeds: int = 200,
        quick: int | None = None,
        unit: str = "",
    ) -> Claimed:
        """Measure what is claimed over seeds and return it with its figure; arguments as `classroom.claims.Claim`.

        Raises:
            ClaimError: If it does not hold, or gives no numbers.
            LessonError: If what measures it raises.
        """
        claim = Claim(text, telling(text, measure), above, below, between, seeds, quick, unit)
        return claimed(self.name, claim, quick=os.environ.get(QUICK) == "quick")

    def export(self) -> BundleExport:
        """Return the list of what is handed in, with a button that makes one zip of it beside the notebook."""
        facts = {"lesson": self.name, "variant": self.variant}
        path = self.folder / bundle_name(self.name)
        return BundleExport(facts, path, self.answers.read, self._figures, self._missing)

    def _missing(self) -> list[str]:
        """Return what was not answered yet, in sentences."""
        sheet, material = self.answers.read(), self._material
        variant = self.variant or PRACTICE
        asked, exercises, tasks = _names(material.questions), _names(material.exercises), _names(material.tasks)
        lists = (
            ("Questions not answered yet", [name for name in asked if name not in sheet[QUESTIONS]]),
            ("Exercises not solved yet", [name for name in exercises if not _solved(sheet, name)]),
            ("Graded tasks not done yet", [name for name in tasks if f"{name}@{variant}" not in sheet[GRADED]]),
        )
        told = [f"{what}: {', '.join(names)}." for what, names in lists if names]
        written = {**sheet[EXERCISES], **sheet[GRADED]}
        without = [name for name, entry in written.items() if entry.get("source") == ""]
        if without:
            told.append(f"Without the code of your function, which could not be found: {', '.join(without)}.")
        if material.tasks and not self.variant:
            told.append(f'Graded tasks count with your variant: Lesson("{self.name}", variant="your number").')
        return told

    def _kept_question(self, section: str, key: str, question: Question, facts: dict[str, Any] | None = None) -> Asked:
        def keep(change: Callable[[Entry | None], Mapping[str, Any]]) -> Entry:
            return self.answers.keep(section, key, lambda before: {**change(before), **(facts or {})})

        heading = "" if facts is None else "Graded task"
        piece = Asked(question, keep, self.answers.entry(section, key), heading=heading, judged=facts is None)
        self._mention(piece)
        return piece

    def _checked(self, section: str, key: str, exercise: Exercise, function: object, facts: dict[str, Any]) -> Checked:
        before = self.answers.entry(section, key)
        tried, source = exercise.try_out(function, is_first=tries_of(before) == 0), source_of(function)
        found = {**_result(tried), "source": source, **facts}

        def change(before: Entry | None) -> Entry:
            solved = before if before is not None and before.get("right") is True and not tried.is_right else found
            return {**solved, "tries": tries_of(before) + 1}  # what was right once stays

        if tried.is_written:  # a gap that nobody has touched is no try
            self.answers.keep(section, key, change)
        piece = Checked(exercise, tried)
        if callable(function) and not source:
            piece.tell(_WITHOUT_SOURCE)
        self._mention(piece)
        if not tried.is_right:
            _display(piece)
            raise OpenExercise(exercise, tried)
        return piece

    def _take(self, what: str, name: str, thing: object) -> None:
        """See that nothing else goes by a name; the same cell may run again.

        Raises:
            LessonError: If something else does: one answer would take the place of the other.
        """
        if self._taken.setdefault((what, name), thing) != thing:
            raise LessonError(
                f'There is another {what} "{name}" in this notebook: give each its own name. If this is the same one '
                f'and you have changed it, run the cell with Lesson("{self.name}") again first.'
            )

    def _mention(self, piece: Piece) -> None:
        """Tell once what happened to a sheet that was put aside."""
        if self.answers.said and not self._mentioned:
            self._mentioned = True
            piece.tell(f"! {self.answers.said}")

    def __repr__(self) -> str:
        return f"Lesson({self.name!r}, variant={self.variant!r})" if self.variant else f"Lesson({self.name!r})"


def _told(task: Task) -> Piece:
    return Piece(f"Graded task: {task.name}", TextCard(heading="Graded task", sentences=[task.text]))


def _names(things: Iterable[Question | Exercise | Graded]) -> list[str]:
    return [thing.name for thing in things]


def _solved(sheet: Mapping[str, Any], name: str) -> bool:
    return sheet[EXERCISES].get(name, {}).get("right") is True


def _name_of(function: object) -> str:
    name = getattr(function, "__name__", "")
    if not name or not isinstance(name, str):
        raise LessonError("Give the function that you wrote, without brackets, as in lesson.check(update).")
    return name


def _result(tried: Tried) -> dict[str, Any]:
    return {"right": tried.is_right, "passed": tried.passed, "cases": tried.cases, "told": tried.told}


def _display(piece: Piece) -> None:
    """Show a piece above the error that follows; outside a notebook the error says it all."""
    from IPython.core.getipython import get_ipython
    from IPython.display import display

    if get_ipython() is not None:
        display(piece)  # type: ignore[no-untyped-call]
