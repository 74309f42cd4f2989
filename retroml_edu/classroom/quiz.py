"""Questions and how answers are judged: a choice, a number, an order, a free text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from retroml_edu.core.errors import QuizError

MOST_CHARACTERS = 4_000
"""Of a free text."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """What is said of an answer.

    Attributes:
        right: Whether it is right; None where only a person can judge.
        told: Why, or what to think about: never the solution of a question that can be tried again.
    """

    right: bool | None
    told: str


class Question(Protocol):
    """Something that is asked."""

    @property
    def name(self) -> str:
        """What its answer is kept under; the only one of its lesson."""

    @property
    def text(self) -> str:
        """What is asked."""

    def judge(self, answer: object) -> Feedback:
        """Say what is right or wrong about an answer.

        Raises:
            QuizError: If it is no answer to such a question; says what would be one.
        """


def is_question(thing: object) -> bool:
    """Return whether something can be asked: has what `Question` says."""
    return not isinstance(thing, type) and all(hasattr(thing, name) for name in ("name", "text", "judge"))


@dataclass(frozen=True)
class Option:
    """One of the answers to choose from.

    Attributes:
        text: What it says.
        told: Said to who chooses it: why it is right, or which misconception leads there.
        right: Whether it is.
    """

    text: str
    told: str
    right: bool = False


@dataclass(frozen=True)
class Choice:
    """One or several of some answers.

    Attributes:
        name: See `Question`.
        text: See `Question`.
        options: Two or more; where several are right, all of them have to be chosen and no other.
    """

    name: str
    text: str
    options: Sequence[Option]

    def __post_init__(self) -> None:
        if len(self.options) < 2 or not any(option.right for option in self.options):
            raise QuizError(f'The question "{self.name}" needs two options or more, and one that is right.')

    @property
    def takes_several(self) -> bool:
        """Whether more than one option is right."""
        return sum(option.right for option in self.options) > 1

    def judge(self, answer: object) -> Feedback:
        """Say what is right or wrong about the numbers of the chosen options, counted from 0."""
        chosen = _whole_numbers(answer, len(self.options))
        if not chosen or (len(chosen) > 1 and not self.takes_several):
            raise QuizError("Choose one or more answers." if self.takes_several else "Choose one answer.")
        wrong = [self.options[number] for number in chosen if not self.options[number].right]
        if wrong:
            return Feedback(False, wrong[0].told)
        missing = sum(option.right for option in self.options) - len(chosen)
        if missing:
            return Feedback(False, "What you have chosen is right, and something is missing.")
        return Feedback(True, " ".join(self.options[number].told for number in chosen))


@dataclass(frozen=True)
class Number:
    """A number.

    Attributes:
        name: See `Question`.
        text: See `Question`.
        expected: The right one.
        tolerance: By how much an answer may differ from it.
        told: Said of the right one.
        hint: Said of a wrong one.
        instead: Hints for numbers that a known misconception leads to.
    """

    name: str
    text: str
    expected: float
    tolerance: float = 0.0
    told: str = ""
    hint: str = ""
    instead: Mapping[float, str] = field(default_factory=dict)

    def judge(self, answer: object) -> Feedback:
        """Say what is right or wrong about a number, or a text that is one, as ``0.75``, ``0,75`` or ``3/4``."""
        number = _number(answer)
        slack = self.tolerance + 1e-9
        if abs(number - self.expected) <= slack:
            return Feedback(True, self.told)
        known = (hint for wrong, hint in self.instead.items() if abs(number - wrong) <= slack)
        return Feedback(False, next(known, self.hint))


@dataclass(frozen=True)
class Order:
    """Things to be put in an order.

    Attributes:
        name: See `Question`.
        text: See `Question`.
        steps: In the right order; two or more, no two alike.
        told: Said of the right order.
        hint: Said of a wrong one, with the first step that is out of place.
    """

    name: str
    text: str
    steps: Sequence[str]
    told: str = ""
    hint: str = ""

    def __post_init__(self) -> None:
        if len(set(self.steps)) < max(2, len(self.steps)):
            raise QuizError(f'The question "{self.name}" needs two steps or more, no two alike.')

    def judge(self, answer: object) -> Feedback:
        """Say what is right or wrong about the steps' numbers, in the order that they were put in."""
        order = _whole_numbers(answer, len(self.steps))
        if len(order) != len(self.steps):
            raise QuizError(f"All {len(self.steps)} steps have a place in the order.")
        for place, number in enumerate(order):
            if number != place:
                told = (
                    f'The first {place} are right; "{self.steps[number]}" is not the next.'
                    if place
                    else (f'"{self.steps[number]}" is not the first.')
                )
                return Feedback(False, f"{told} {self.hint}".strip())
        return Feedback(True, self.told)


@dataclass(frozen=True)
class FreeText:
    """A few sentences; what they have to speak of can be looked for, the rest a person judges.

    Attributes:
        name: See `Question`.
        text: See `Question`.
        speaks_of: Hints by pattern (a regular expression, any case): the hint of the first that is not found is told.
        told: Said when all were found.
        fewest_words: So that an answer is one.
    """

    name: str
    text: str
    speaks_of: Mapping[str, str] = field(default_factory=dict)
    told: str = "Kept. Compare it with what follows."
    fewest_words: int = 5

    def __post_init__(self) -> None:
        for pattern in self.speaks_of:
            try:
                re.compile(pattern)
            except re.error as error:
                raise QuizError(
                    f'The question "{self.name}" looks for {pattern!r}, which is no pattern: {error}.'
                ) from None

    def judge(self, answer: object) -> Feedback:
        """Say what an answer has left out; whether it is right is left to people."""
        if not isinstance(answer, str) or len(answer) > MOST_CHARACTERS:
            raise QuizError(f"Write a text of up to {MOST_CHARACTERS:,} characters.")
        if len(answer.split()) < self.fewest_words:
            raise QuizError(f"Write a sentence: {self.fewest_words} words or more.")
        for pattern, hint in self.speaks_of.items():
            if not re.search(pattern, answer, re.IGNORECASE):
                return Feedback(None, hint)
        return Feedback(None, self.told)


def _whole_numbers(answer: object, below: int) -> list[int]:
    numbers = [answer] if isinstance(answer, int) else answer
    if not isinstance(numbers, list | tuple) or any(type(each) is not int or not 0 <= each < below for each in numbers):
        raise QuizError(f"An answer is made of the numbers 0 to {below - 1}.")
    if len(set(numbers)) < len(numbers):
        raise QuizError("No answer is given twice.")
    return list(numbers)


def _number(answer: object) -> float:
    if isinstance(answer, int) and not isinstance(answer, bool) and abs(answer) < 10**15:
        return float(answer)
    if isinstance(answer, float) and math.isfinite(answer):
        return answer
    text = answer.strip().replace("−", "-") if isinstance(answer, str) else type(answer).__name__
    percent = text.endswith("%")
    if re.search(r"\d,\d{3}(?!\d)", text):
        raise QuizError(f'"{text[:40]}" can be read in two ways. Write it without the comma, or as 0.75.')
    above, _, below = text.rstrip("% ").replace(",", ".").partition("/")
    try:
        number = float(above) / (float(below) if below else 1.0) / (100 if percent else 1)
    except (ValueError, ZeroDivisionError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise QuizError(f'"{text[:40]}" is no number. Write it as 0.75 or 3/4.')
    return number
