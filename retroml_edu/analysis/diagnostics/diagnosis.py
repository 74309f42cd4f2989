"""From the text of an error to its cause and remedy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from retroml_edu.analysis.diagnostics.known import KNOWN
from retroml_edu.analysis.diagnostics.known_problem import KnownProblem
from retroml_edu.core.errors import Problem, RetroMLError, StorageError

MAX_TEXT = 20_000
"""Characters of an error that are looked at: its own words stand at the start, those of a traceback at the end."""
MAX_CHAIN = 8
"""Errors behind an error that are looked at."""


def diagnose(text: str) -> KnownProblem | None:
    """Return the problem that an error's text tells of; None if it is none that is known.

    The first row of the table that fits is the one: special problems stand before general ones.

    Args:
        text: What the computer said, best with the name of the exception, as in ``OSError: [Errno 28] ...``.

    Threads: pure, safe anywhere.
    """
    if len(text) > MAX_TEXT:
        text = f"{text[: MAX_TEXT // 2]}\n{text[-MAX_TEXT // 2 :]}"
    return next((known for known in KNOWN if known.fits(text)), None)


def explained(text: str, otherwise: Problem) -> Problem:
    """Return what to show a person of an error.

    Args:
        text: What the computer said.
        otherwise: What is shown of an error that is not known; its field and severity hold for the others, too.

    Returns:
        Cause and remedy with the error's own words, or the other problem.
    """
    known = diagnose(text)
    if known is None:
        return otherwise
    message = f"{known.title}. {known.cause}"
    return replace(
        otherwise, message=message, remedy=known.remedy, original=text.strip().rstrip(":"), topic=_topic(known)
    )


def explained_error(error: BaseException, otherwise: Problem) -> Problem:
    """Return what to show a person of an exception, or of one that it came from; see `explained`.

    What could not be stored names the file and the way out itself: its own sentence stays.
    """
    known = diagnose(story(error))
    if known is not None and isinstance(error, StorageError):
        return replace(otherwise, topic=_topic(known))
    return explained(story(error), otherwise)


def one_line(error: BaseException) -> str:
    """Return an error on one line; with what to do about it, if that is known and it does not say so itself."""
    text = " ".join(_words(error).split())
    if isinstance(error, OSError):  # its own text names the file, and its type says no more
        text = " ".join(str(error).split())
    known = None if isinstance(error, StorageError) else diagnose(story(error))
    return text if known is None else f"{text.rstrip('.')}. {known.title}: {known.remedy}"


def story(error: BaseException) -> str:
    """Return an error and those that it came from, a paragraph each."""
    return "\n".join(filter(None, map(_words, _chain(error))))


def _topic(known: KnownProblem) -> str:
    return f"problem:{known.name}"


def _words(error: BaseException) -> str:
    text = str(error)
    if isinstance(error, RetroMLError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    for _ in range(MAX_CHAIN):
        if current is None:
            return
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
