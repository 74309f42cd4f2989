"""What the lessons of the course ask: questions, exercises with their cases, and tasks that are graded.

It stands here and not in the notebooks: what a student reads does not tell the answers, and a grader needs no notebook.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from retroml_edu.classroom.difference import of_type
from retroml_edu.classroom.exercise import Exercise
from retroml_edu.classroom.graded import Graded
from retroml_edu.classroom.quiz import Question, is_question
from retroml_edu.core.errors import LessonError, UnknownNameError, did_you_mean

LESSONS = {
    "00-first-agent": "first_agent",
    "01-bandits": "bandits",
    "02-value-iteration": "value_iteration",
    "03-monte-carlo-td": "monte_carlo_td",
    "04-sarsa-q-learning": "sarsa_q_learning",
    "05-function-approximation": "function_approximation",
}
"""Modules of this folder by the name of their lesson."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Found = TypeVar("_Found", bound=_Named)


@dataclass(frozen=True)
class Material:
    """What a lesson asks, found by name.

    Attributes:
        lesson: Name of the lesson.
        questions: See `Question`.
        exercises: See `Exercise`.
        tasks: Those that are graded.
    """

    lesson: str
    questions: tuple[Question, ...] = ()
    exercises: tuple[Exercise, ...] = ()
    tasks: tuple[Graded, ...] = ()

    @classmethod
    def of(cls, lesson: str, source: object = None) -> Material:
        """Return the material of a lesson.

        Args:
            lesson: Name of the lesson.
            source: A module, or anything else, with ``QUESTIONS``, ``EXERCISES`` and ``GRADED``, as far as it has them;
                None for that of the course. A lesson that is not of the course has none there.

        Raises:
            LessonError: If one of the three is no row of such things, or has a name twice.
        """
        if source is None and lesson in LESSONS:
            source = importlib.import_module(f"{__name__}.{LESSONS[lesson]}")
        return cls(lesson, *(_row(lesson, source, name) for name in _ROWS))

    def question(self, name: str) -> Question:
        """Return a question by its name.

        Raises:
            UnknownNameError: If there is none; with the closest that there is.
        """
        return self._named("question", name, self.questions)

    def exercise(self, name: str) -> Exercise:
        """Return an exercise by the name of its function.

        Raises:
            UnknownNameError: As `question`.
        """
        return self._named("exercise", name, self.exercises)

    def task(self, name: str) -> Graded:
        """Return a graded task by its name.

        Raises:
            UnknownNameError: As `question`.
        """
        return self._named("graded task", name, self.tasks)

    @property
    def is_empty(self) -> bool:
        """Whether it asks nothing at all."""
        return not (self.questions or self.exercises or self.tasks)

    def _named(self, kind: str, name: str, among: Iterable[_Found]) -> _Found:
        by_name = {each.name: each for each in among}
        if name not in by_name:
            told = f'The lesson "{self.lesson}" has no {kind} "{name}".'
            near = did_you_mean(name, by_name) if by_name else did_you_mean(self.lesson, LESSONS)
            if self.is_empty and not near:
                near = f' It was given no material: begin with Lesson("{self.lesson}", material=...).'
            raise UnknownNameError(told + (near or (f" It has {', '.join(by_name)}." if by_name else "")))
        return by_name[name]


def _row(lesson: str, source: object, name: str) -> tuple[Any, ...]:
    """Return what stands under one of the names of a material.

    Raises:
        LessonError: As `Material.of`.
    """
    kind, is_one = _ROWS[name]
    row = getattr(source, name, ())
    if not isinstance(row, Iterable) or isinstance(row, str | Mapping):
        comma = f" A row of one has a comma: {name} = ({type(row).__name__}(...),)." if is_one(row) else ""
        raise LessonError(f'{name} of the lesson "{lesson}" is {of_type(row)}, and has to be a tuple or list.{comma}')
    things = tuple(row)
    for number, thing in enumerate(things, 1):
        if not is_one(thing):
            raise LessonError(f'{name} of the lesson "{lesson}": entry {number} is {of_type(thing)} and no {kind}.')
    names = [thing.name for thing in things]
    twice = next((each for each in names if names.count(each) > 1), None)
    if twice is not None:
        raise LessonError(f'{name} of the lesson "{lesson}": "{twice}" is there twice. Give each {kind} its own name.')
    return things


_ROWS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "QUESTIONS": ("question", is_question),
    "EXERCISES": ("exercise", lambda thing: isinstance(thing, Exercise)),
    "GRADED": ("graded task", lambda thing: isinstance(thing, Graded)),
}
"""What stands under each name of a material, and whether something is such a thing."""
