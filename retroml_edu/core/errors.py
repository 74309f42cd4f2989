"""The package's own errors, and the problems a person can be shown before anything starts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from retroml_edu.core.own_lines import own_lines, what_is_behind


class RetroMLError(Exception):
    """Base of every error that retroml_edu raises for a foreseeable mistake.

    Its text is written for the person at the keyboard: what is wrong, where, and the way out.

    A notebook shows no traceback of it, whose lines would be none of the reader's. The error is kept whole: ``%debug``
    and ``traceback.print_last()`` go through all of it.
    """

    def _render_traceback_(self) -> list[str]:
        """Return the lines that IPython shows instead of a traceback: kind, text, and the reader's own line."""
        said = f"{type(self).__name__}: {self}".splitlines()
        return [*said, *own_lines(self), *what_is_behind(self, (RetroMLError, OSError))]


class UnknownNameError(RetroMLError, LookupError):
    """A name that nothing goes by: an environment, a run, a metric."""


class EnvironmentUnusableError(RetroMLError):
    """An environment that exists but that no algorithm here can learn in."""


class StorageError(RetroMLError):
    """A run folder or index that cannot be read or written."""


class LabelError(RetroMLError, ValueError):
    """A name, tag or note that cannot be kept as it is."""


class PredictionError(RetroMLError, ValueError):
    """A prediction that is missing where one is wanted, or that is none."""


class TabularError(RetroMLError, ValueError):
    """A small decision process, or what is asked of it, makes no sense."""


class DivergedError(TabularError):
    """What is learned grows beyond all bounds."""


class QuizError(RetroMLError, ValueError):
    """A question cannot be asked like this, or an answer is none to it."""


class LessonError(RetroMLError, ValueError):
    """A lesson, or what a student gives to it, makes no sense; or its answers cannot be kept."""


class ClaimError(RetroMLError, ValueError):
    """What a lesson claims is not what its figures show, or cannot be measured."""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: the claim says where it stands."""
        return [f"Claim: {self}"]


class RunBusyError(RetroMLError):
    """An action that the run's state does not allow, such as a second Train."""


class TrainingError(RetroMLError):
    """Training could not go on."""


class WaitTimeoutError(RetroMLError, TimeoutError):
    """A run did not finish within the time that the caller allowed."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that keeps a configuration from running, in the learner's words.

    Attributes:
        field: Dotted path of the setting that is wrong, such as ``hyperparameters.batch_size``.
        message: What is wrong.
        remedy: What to do about it; empty where the message says it already.
        severity: An ``error`` prevents the start, a ``warning`` does not.
        original: What the computer said, where the message tells it in other words.
        topic: Of the help; empty if there is none.
        of_value: What is wrong with the value, to be said after the label of its control; empty where the message names
            no field.
    """

    field: str
    message: str
    remedy: str = ""
    severity: Literal["error", "warning"] = "error"
    original: str = ""
    topic: str = ""
    of_value: str = ""

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def under(self, label: str) -> Problem:
        """Return the problem as it is said where the setting goes by a label instead of the name of its field."""
        return replace(self, message=f"{label}: {self.of_value}", of_value="") if self.of_value else self


class ConfigError(RetroMLError, ValueError):
    """A configuration that cannot be run, or cannot be read.

    Attributes:
        problems: What is wrong, one entry a setting.
    """

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems) or (Problem("", message),)

    @classmethod
    def of(cls, problems: Iterable[Problem]) -> ConfigError:
        """Return one error that says all the problems."""
        problems = tuple(problems)
        return cls(" ".join(str(problem) for problem in problems), problems)


def raise_problems(problems: Iterable[Problem]) -> None:
    """Raise one `ConfigError` that lists every error among the problems.

    Raises:
        ConfigError: If any problem has severity ``error``.
    """
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise ConfigError.of(errors)


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """Return ``' Did you mean "X"?'`` for the closest candidate, or an empty string."""
    by_lowercase = {candidate.lower(): candidate for candidate in candidates}
    close = difflib.get_close_matches(name.lower(), by_lowercase, n=1, cutoff=0.6)
    return f' Did you mean "{by_lowercase[close[0]]}"?' if close else ""
