"""How what a student's function returned differs from what is expected, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

MOST_CHARACTERS = 200
"""Of a value that is shown."""


def difference(found: Any, expected: Any, tolerance: float) -> str:
    """Return in words how a value differs from what is expected; an empty text if it does not.

    Args:
        found: Anything.
        expected: A number, a truth, an array, a sequence of these, or anything that equals itself.
        tolerance: By how much numbers may differ, absolutely and as a part of the larger.
    """
    if isinstance(expected, np.ndarray):
        return _of_arrays(found, expected, tolerance)
    if isinstance(expected, bool | np.bool_):
        same = isinstance(found, bool | np.bool_) and bool(found) == bool(expected)
        return "" if same else _instead(found, expected)
    if isinstance(expected, int | float | np.number):
        return _of_numbers(found, float(expected), tolerance)
    if isinstance(expected, list | tuple):
        return _of_sequences(found, expected, tolerance)
    return "" if type(found) is type(expected) and found == expected else _instead(found, expected)


def of_type(value: object) -> str:
    """Return what kind of thing a value is, as "a list"."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def shown(value: Any) -> str:
    """Return a value as a person reads it, of at most 200 characters."""
    if isinstance(value, np.ndarray):
        text = np.array2string(value, precision=4, separator=", ", threshold=20).replace("\n", "")
    elif isinstance(value, float | np.floating):
        text = f"{value:.6g}"
    else:
        try:
            text = repr(value)
        except Exception:  # noqa: BLE001 - a student's own class may not show itself
            text = of_type(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def _of_numbers(found: Any, expected: float, tolerance: float) -> str:
    if isinstance(found, np.ndarray) and found.ndim == 0:
        found = found.item()
    if isinstance(found, bool) or not isinstance(found, int | float | np.number):
        return f"returned {of_type(found)}; a number is expected: {shown(expected)}."
    same = math.isclose(found, expected, rel_tol=tolerance, abs_tol=tolerance)
    return "" if same or (math.isnan(found) and math.isnan(expected)) else _instead(found, expected)


def _of_sequences(found: Any, expected: Sequence[Any], tolerance: float) -> str:
    if isinstance(found, np.ndarray):
        found = found.tolist()
    if not isinstance(found, list | tuple):
        return f"returned {of_type(found)}; {len(expected)} values are expected: {shown(expected)}."
    if len(found) != len(expected):
        return f"returned {len(found)} values, {shown(found)}; {len(expected)} are expected: {shown(expected)}."
    wrong = any(difference(a, b, tolerance) for a, b in zip(found, expected, strict=True))
    return _instead(found, expected) if wrong else ""


def _of_arrays(found: Any, expected: np.ndarray, tolerance: float) -> str:
    try:
        array = np.asarray(found, dtype=float)
    except (TypeError, ValueError):
        return f"returned {of_type(found)}; an array of shape {expected.shape} is expected."
    if array.shape != expected.shape:
        return f"returned an array of shape {array.shape}; {expected.shape} is expected."
    same = np.isclose(array, expected, rtol=tolerance, atol=tolerance, equal_nan=True)
    if same.all():
        return ""
    place = tuple(int(i) for i in np.argwhere(~same)[0])
    where = f" at place {place[0] if len(place) == 1 else place}" if place else ""
    return f"returned {shown(array[place].item())}{where}; {shown(expected[place].item())} is expected there."


def _instead(found: Any, expected: Any) -> str:
    return f"returned {shown(found)}; {shown(expected)} is expected."
