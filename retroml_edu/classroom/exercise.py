"""Exercises: a few lines by the student, tried on cases at once, with a hint that helps where one fails."""

from __future__ import annotations

import copy
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retroml_edu.classroom.difference import difference, is_other, of_type, shown
from retroml_edu.classroom.time_limit import TookTooLongError, within
from retroml_edu.core.sources import PACKAGE

TOLERANCE = 1e-6
"""By how much numbers may differ, absolutely and as a part of the larger, where an exercise says nothing else."""
MOST_SAID = 500
"""Characters of what a student's error says."""


@dataclass(frozen=True)
class Case:
    """What a function is given, and what it has to return.

    Attributes:
        given: Arguments by name, in the order in which they are shown; the function gets a copy.
        expected: What it returns: numbers, arrays, or sequences of them.
        hint: Told if it returns something else; what to think about, not the solution.
        instead: Hints for wrong answers that a known misconception leads to, as pairs of answer and hint.
    """

    given: Mapping[str, Any]
    expected: Any
    hint: str = ""
    instead: Sequence[tuple[Any, str]] = ()


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
    """

    passed: int
    cases: int
    told: str = ""
    hint: str = ""

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
    """

    name: str
    cases: Sequence[Case] = field(default_factory=tuple)
    tolerance: float = TOLERANCE
    limit_s: float = 2.0

    def try_out(self, function: object) -> Tried:
        """Call a student's function with every case, up to the first that it gets wrong.

        Nothing that it does raises here, however wrong it is, but the person's own interrupt.
        """
        if function is None or function is Ellipsis:
            return self._tried(0, f"`{self.name}` is not written yet.", "Replace the `...` by your own lines.")
        if not callable(function):
            told = f"`{self.name}` is {of_type(function)}, not a function."
            return self._tried(0, told, f"Begin with `def {self.name}(...):`.")
        for number, case in enumerate(self.cases):
            told, hint = self._wrong(function, case)
            if told:
                return self._tried(number, told, hint)
        return self._tried(len(self.cases))

    def _tried(self, passed: int, told: str = "", hint: str = "") -> Tried:
        return Tried(passed, len(self.cases), told, hint)

    def _wrong(self, function: Callable[..., Any], case: Case) -> tuple[str, str]:
        """Return what is wrong and a hint; two empty texts if nothing is."""
        call = f"{self.name}({', '.join(f'{name}={shown(value)}' for name, value in case.given.items())})"
        given = copy.deepcopy(dict(case.given))
        try:
            found = within(self.limit_s, lambda: function(**given))
        except TookTooLongError:
            told = f"`{call}` had not ended after {self.limit_s:g} seconds."
            return told, "Is there a loop whose condition never becomes false?"
        except NotImplementedError:
            return f"`{self.name}` is not written yet.", case.hint
        except SystemExit:
            return f"`{call}` ends the program.", "Take `exit` out: a function ends with `return`."
        except Exception as error:  # noqa: BLE001 - it is explained to who wrote it
            return f"`{call}` raised {type(error).__name__}{_where(error)}: {_said(error)}".rstrip(": "), _about(
                error, case
            )
        return self._not_right(call, found, case) or self._changed(call, given, case)

    def _not_right(self, call: str, found: Any, case: Case) -> tuple[str, str] | None:
        if found is None and case.expected is not None:
            return f"`{call}` returned nothing.", "Is the `return` missing, or does one way through it end without?"
        problem = difference(found, case.expected, self.tolerance)
        if problem:
            known = (hint for wrong, hint in case.instead if not difference(found, wrong, self.tolerance))
            return f"`{call}` {problem}", next(known, case.hint)
        return None

    def _changed(self, call: str, given: Mapping[str, Any], case: Case) -> tuple[str, str]:
        changed = next((name for name, value in case.given.items() if is_other(given[name], value)), None)
        if changed is None:
            return "", ""
        told = f"`{call}` is right, but it changed its argument `{changed}`, which others still use."
        return told, f"Work on a copy: `{changed} = {changed}.copy()`."


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


def _about(error: Exception, case: Case) -> str:
    if isinstance(error, TypeError) and "argument" in str(error):
        return f"It is called with these arguments, by name: {', '.join(case.given)}."
    if isinstance(error, NameError):
        return "A name is used that nothing has: is it spelled as where it was made?"
    return case.hint
