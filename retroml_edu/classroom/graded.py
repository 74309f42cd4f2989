"""Tasks that are graded: each student has their own variant, so that a published solution is not an answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from retroml_edu.classroom.difference import of_type
from retroml_edu.classroom.exercise import Exercise
from retroml_edu.classroom.quiz import Question, is_question
from retroml_edu.core.errors import LessonError, RetroMLError

PRACTICE = "practice"
"""The variant of who has not said theirs; it is not graded."""
MOST_VARIANT = 100
_STAND_INS = frozenset(
    {
        "",  # "..."
        *(f"{whose}{what}" for whose in ("", "your ", "my ") for what in ("number", "student number", "variant")),
    }
)
"""Words that stand for somebody's own variant: who copies them would have the tasks of all others who did."""

Asked = Question | tuple[str, Exercise]
"""A question, which has its text; or the text of an exercise and the exercise."""


@dataclass(frozen=True, slots=True)
class Task:
    """A graded task as one student has it.

    Attributes:
        name: Of the graded task.
        variant: Whose it is, in the one spelling of `plain_variant`.
        text: What is asked.
        asked: The question or exercise that it is.
    """

    name: str
    variant: str
    text: str
    asked: Question | Exercise

    @property
    def digest(self) -> str:
        """Tells this task from every other, so that a marker sees whether an answer is one to the task they have."""
        name = f"\n{self.asked.name}" if isinstance(self.asked, Exercise) else ""
        return sha256(f"{self.text}{name}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Graded:
    """A task in as many variants as there are students.

    Attributes:
        name: What its answer is kept under; the only one of its lesson.
        make: Makes the task from the variant's own generator: a question, or a text and an exercise. All that differs
            from student to student is drawn from that generator.
    """

    name: str
    make: Callable[[np.random.Generator], Asked]

    def task(self, lesson: str, variant: str) -> Task:
        """Return the task of a variant: the same on every machine.

        Args:
            lesson: Name of the lesson.
            variant: Any text that tells students apart, such as their number.

        Raises:
            LessonError: If the variant is none, or what makes the task raises or makes something else.
        """
        variant = plain_variant(variant)
        try:
            asked: Any = self.make(variant_generator(lesson, self.name, variant))
        except RetroMLError:
            raise
        except Exception as error:
            raise LessonError(
                f'The graded task "{self.name}" cannot be made: {type(error).__name__}: {error}.'
            ) from error
        match asked:
            case (str(text), Exercise() as exercise) if isinstance(asked, tuple):
                return Task(self.name, variant, text, exercise)
        if is_question(asked):
            question: Question = asked
            return Task(self.name, variant, question.text, question)
        raise LessonError(
            f'The graded task "{self.name}": what makes it has to return a question, or a text and an Exercise, and '
            f"returned {of_type(asked)}."
        )


def plain_variant(variant: str) -> str:
    """Return the one spelling of a variant: capitals, and spaces around it, make no other task.

    Raises:
        LessonError: If it is empty or too long, or only stands for a student's own, as in the text of a lesson.
    """
    plain = unicodedata.normalize("NFKC", variant).strip().casefold()
    if not plain or len(plain) > MOST_VARIANT:
        raise LessonError(f"A variant is a text of 1 to {MOST_VARIANT} characters, such as your student number.")
    if re.sub(r"[\W_]+", " ", plain).strip() in _STAND_INS:
        raise LessonError(f'variant="{variant}" stands for your own: write your number there, as in "s1234567".')
    return plain


def variant_generator(lesson: str, task: str, variant: str) -> np.random.Generator:
    """Return the generator of one student's variant of one task.

    Its bit generator is named, and seeded by a digest of the three texts, so that the numbers are the same everywhere.
    """
    digest = sha256("\n".join((lesson, task, plain_variant(variant))).encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest)))
