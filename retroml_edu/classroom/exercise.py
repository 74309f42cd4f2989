"""Exercises: a few lines by the student, tried on cases at once, with a hint that helps where one fails."""

from __future__ import annotations

import copy
import dis
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from retroml_edu.classroom.difference import difference, is_other, not_whole, of_type, shown
from retroml_edu.classroom.time_limit import TookTooLongError, within
from retroml_edu.core.sources import PACKAGE

TOLERANCE = 1e-6
"""By how much numbers may differ, absolutely and as a part of the larger, where an exercise says nothing else."""
MOST_SAID = 500
"""Characters of what a student's error says."""
IDEA = "Work this case out by hand, step by step. Where do your lines do something else?"
"""What to think about after a first attempt, where an exercise says nothing else."""
_AS_WHOLE = (
    "The value is right. But it is the number of something, and lists and arrays take whole numbers alone: `int(…)` "
    "makes one."
)
_AS_WHOLE_ARRAY = (
    "The values are right. But they are numbers of something, and arrays take whole numbers alone: make the array with "
    "`dtype=int`, or end with `.astype(int)`."
)
_FILL_IN = "Write your own lines in place of `raise NotImplementedError`, and run the cell again."


_Told = tuple[str, str]
"""What is wrong, and a hint."""


@dataclass(frozen=True)
class Case:
    """What a function is given, and what it has to return.

    Attributes:
        given: Arguments by name, in the order in which they are shown; the function gets a copy.
        expected: What it returns: numbers, arrays, or sequences of them. Where it stands as an int, a float is told
            to be none, since an index or an action has to be whole; a mere quantity is given as a float.
        hint: Told if it returns something else, from the second attempt on; what to think about, not the solution.
        instead: Hints for wrong answers that a known misconception leads to, as pairs of answer and hint.
        free: True at the places of an array at which any number will do; None where each counts.
    """

    given: Mapping[str, Any]
    expected: Any
    hint: str = ""
    instead: Sequence[tuple[Any, str]] = ()
    free: np.ndarray | None = None

    def counted(self, found: Any) -> Any:
        """Return an answer with what is expected at the places where any number will do."""
        if self.free is None or not isinstance(found, np.ndarray | list | tuple):
            return found
        try:
            array = np.asarray(found)
        except ValueError:  # rows of different lengths
            return found
        fits = array.shape == self.free.shape and array.dtype.kind in "biuf"
        return np.where(self.free, self.expected, array) if fits else found


def cases_of(
    right: Callable[..., Any],
    tried_on: Iterable[tuple[Mapping[str, Any], str]],
    known: Sequence[tuple[Callable[..., Any], str]],
) -> tuple[Case, ...]:
    """Return cases that tell each known mistake by what it returns.

    A mistake that would have failed an earlier case is no longer looked for: whoever comes so far has not made it, and
    two mistakes may return the same.

    Args:
        right: The function that is right.
        tried_on: Arguments and hint of each case.
        known: Functions that are wrong, each with its hint.
    """
    cases, left = [], list(known)
    for given, hint in tried_on:
        expected = right(**copy.deepcopy(dict(given)))
        found = [(wrong(**copy.deepcopy(dict(given))), told) for wrong, told in left]
        instead = mistakes(found, expected)
        cases.append(Case(given, expected, hint, instead))
        left = [each for each, (value, _) in zip(left, found, strict=True) if not mistakes([(value, "")], expected)]
    return tuple(cases)


def mistakes(known: Iterable[tuple[Any, str]], expected: Any) -> tuple[tuple[Any, str], ...]:
    """Return the known wrong answers, each with its hint, that are wrong in this case too.

    With a discount of 1, forgetting it is no mistake.
    """
    return tuple((wrong, hint) for wrong, hint in known if difference(wrong, expected, TOLERANCE))


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying a function.

    Attributes:
        passed: Cases that it got right, up to the first that it did not.
        cases: Cases that there are.
        told: What is wrong with the first that failed, in words; empty if none did.
        hint: What to think about.
        is_written: Whether there is anything to be tried: False as long as the function is as it was given.
    """

    passed: int
    cases: int
    told: str = ""
    hint: str = ""
    is_written: bool = True

    @property
    def is_right(self) -> bool:
        """Whether every case is right."""
        return self.passed == self.cases


@dataclass(frozen=True)
class Exercise:
    """A function to be written, and the cases that it is tried on.

    Attributes:
        name: Of the function, as the student writes it.
        cases: From the simplest on: the first that fails is explained.
        tolerance: By how much numbers may differ, absolutely and as a part of the larger.
        limit_s: Seconds for each case.
        idea: What to think about after a first attempt whose mistake is not known: less than the hints of the cases.
    """

    name: str
    cases: Sequence[Case] = field(default_factory=tuple)
    tolerance: float = TOLERANCE
    limit_s: float = 2.0
    idea: str = IDEA

    def try_out(self, function: object, *, is_first: bool = False) -> Tried:
        """Call a student's function with every case, up to the first that it gets wrong.

        Nothing that it does raises here, however wrong it is, but the person's own interrupt.

        Args:
            function: What the student wrote.
            is_first: Whether it is their first attempt: then they are told the idea, not yet the hint of the case. What
                is known of a mistake is told at once.
        """
        if function is None or function is Ellipsis:
            return self._not_written("Replace the `...` by your own lines, and run the cell again.")
        if not callable(function):
            told = f"`{self.name}` is {of_type(function)}, not a function."
            return self._tried(0, told, f"Begin with `def {self.name}(...):`.")
        only_changed = None
        for number, case in enumerate(self.cases):
            try:
                wrong, changed = self._problems(function, case, self.idea if is_first else case.hint)
            except _NothingWrittenError as error:
                if number == 0:
                    return self._not_written(str(error))
                told = f"`{self.name}` is not written to its end: a gap is left in it."
                wrong, changed = (told, str(error)), None
            if wrong is not None:
                return self._tried(number, *wrong)
            if changed is not None and only_changed is None:
                only_changed = self._tried(number, *changed)
        # Told last: what is wrong in a later case may come of the change, and to work on a copy may not mend it.
        return only_changed or self._tried(len(self.cases))

    def _not_written(self, what_to_do: str) -> Tried:
        return Tried(0, len(self.cases), f"`{self.name}` is not written yet.", what_to_do, is_written=False)

    def _tried(self, passed: int, told: str = "", hint: str = "") -> Tried:
        return Tried(passed, len(self.cases), told, hint)

    def _problems(self, function: Callable[..., Any], case: Case, hint: str) -> tuple[_Told | None, _Told | None]:
        """Return what is wrong with an answer, and what if it is right, each with a hint; None where nothing is."""
        call = f"{self.name}({', '.join(f'{name}={shown(value)}' for name, value in case.given.items())})"
        given = copy.deepcopy(dict(case.given))
        try:
            found = within(self.limit_s, lambda: function(**given))
        except TookTooLongError:
            told = f"`{call}` had not ended after {self.limit_s:g} seconds."
            return (told, "Is there a loop whose condition never becomes false?"), None
        except NotImplementedError:
            raise _NothingWrittenError(_FILL_IN) from None
        except SystemExit:
            return (f"`{call}` ends the program.", "Take `exit` out: a function ends with `return`."), None
        except Exception as error:  # noqa: BLE001 - it is explained to who wrote it
            told = f"`{call}` raised {type(error).__name__}{_where(error)}: {_said(error)}".rstrip(": ")
            return (told, _about(error, case, hint)), None
        if found is Ellipsis or (found is None and _is_empty(function)):
            raise _NothingWrittenError("Write your own lines in its body, and run the cell again.")
        return self._not_right(call, found, case, hint), self._changed(call, given, case)

    def _not_right(self, call: str, found: Any, case: Case, hint: str) -> _Told | None:
        if found is None and case.expected is not None:
            return f"`{call}` returned nothing.", "Is the `return` missing, or does one way through it end without?"
        found = case.counted(found)
        problem = difference(found, case.expected, self.tolerance)
        if problem:
            known = (told for wrong, told in case.instead if not difference(found, wrong, self.tolerance))
            return f"`{call}` {problem}", next(known, hint)
        problem = not_whole(found, case.expected)
        if problem:
            return f"`{call}` {problem}", _AS_WHOLE_ARRAY if isinstance(case.expected, np.ndarray) else _AS_WHOLE
        return None

    def _changed(self, call: str, given: Mapping[str, Any], case: Case) -> _Told | None:
        changed = next((name for name, value in case.given.items() if is_other(given[name], value)), None)
        if changed is None:
            return None
        told = f"`{call}` is right, but it changed its argument `{changed}`, which others still use."
        return told, f"Work on a copy: `{changed} = {changed}.copy()`."


class _NothingWrittenError(Exception):
    """A gap was reached; says what to do there."""


def _is_empty(function: object) -> bool:
    """Whether a function has no lines of its own: `...` or `pass`, perhaps below a docstring."""
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    left = [each for each in dis.get_instructions(code) if each.opname not in ("RESUME", "NOP")]
    return left[0].opname in ("LOAD_CONST", "RETURN_CONST") and left[0].argval is None and len(left) <= 2


def _where(error: Exception) -> str:
    """Return in which of the student's lines it was raised."""
    lines = traceback.extract_tb(error.__traceback__)
    own = [line for line in lines if not Path(line.filename).is_relative_to(PACKAGE)]
    return f" in its line `{own[0].line}`" if own and own[0].line else ""


def _said(error: Exception) -> str:
    try:
        return str(error)[:MOST_SAID]
    except Exception:  # noqa: BLE001 - a student's own class
        return ""


def _about(error: Exception, case: Case, hint: str) -> str:
    if isinstance(error, TypeError) and "argument" in str(error):
        return f"It is called with these arguments, by name: {', '.join(case.given)}."
    if isinstance(error, UnboundLocalError):
        return "A name is read before it has a value here: give it one first, in a line that is always run."
    if isinstance(error, NameError):
        return f"{_name(error)} is not defined: is it spelled as in the line that made it?"
    if isinstance(error, ValueError) and any(word in str(error) for word in ("matmul", "broadcast", "not aligned")):
        return f"The shapes do not fit: look at `.shape` of each array in that line. {hint}"
    return hint


def _name(error: NameError) -> str:
    return f"`{error.name}`" if error.name else "A name"
