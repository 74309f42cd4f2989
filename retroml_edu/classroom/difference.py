"""How what a student's function returned differs from what is expected, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np

MOST_CHARACTERS = 200
"""Of a value that is shown."""


def difference(found: Any, expected: Any, tolerance: float) -> str:
    """Return in words how a value differs from what is expected; an empty text if it does not.

    Args:
        found: Anything: it may raise whatever is asked of it.
        expected: A number, a truth, an array, a sequence or mapping of these, or anything that equals itself.
        tolerance: By how much numbers may differ, absolutely and as a part of the expected one.
    """
    try:
        return _difference(found, expected, tolerance)
    except Exception:  # noqa: BLE001 - a value of a student's own class, or one that no number can hold
        return _instead(found, expected)


def not_whole(found: Any, expected: Any) -> str:
    """Return in words where a value, right as a number, is no whole number though one is expected.

    A whole number is expected where one stands as an int: it is the number of a place, an action or a tile, and neither
    lists nor arrays nor environments take 3.0 for that. What is a mere quantity is expected as a float.

    Args:
        found: What does not differ by `difference`.
        expected: As there.
    """
    if isinstance(expected, np.ndarray):
        kind = np.asarray(found).dtype.kind
        if expected.dtype.kind not in "iu" or not expected.size or kind in "iu":
            return ""
        return f"returned {'truths' if kind == 'b' else 'floats'}, {shown(found)}; whole numbers (int) are expected."
    if isinstance(expected, Mapping):
        pairs = [(f" under {shown(key)}", found[key], value) for key, value in expected.items()]
    elif isinstance(expected, list | tuple):
        pairs = [(f" at place {place}", *pair) for place, pair in enumerate(zip(found, expected, strict=True))]
    else:
        if isinstance(found, np.generic) or (isinstance(found, np.ndarray) and found.ndim == 0):
            found = found.item()
        if isinstance(expected, bool) or not isinstance(expected, Integral) or isinstance(found, Integral):
            return ""
        return f"returned the {type(found).__name__} {found!r}; a whole number (int) is expected."
    told = ((where, not_whole(one, other)) for where, one, other in pairs)
    return next((text.replace(";", f"{where};", 1) for where, text in told if text), "")


def is_other(now: Any, before: Any) -> bool:
    """Whether a value is another one than its copy was; what can only be compared with itself is not looked at."""
    if isinstance(before, Mapping):
        return now.keys() != before.keys() or any(is_other(now[key], value) for key, value in before.items())
    if is_dataclass(before):
        return any(is_other(getattr(now, each.name), getattr(before, each.name)) for each in fields(before))
    if isinstance(before, list | tuple):
        return len(now) != len(before) or any(map(is_other, now, before))
    if isinstance(before, np.ndarray):
        return now.dtype != before.dtype or not np.array_equal(now, before, equal_nan=before.dtype.kind == "f")
    if isinstance(before, str | bytes | Real):
        return bool(difference(now, before, 0.0))
    return False


def of_type(value: object) -> str:
    """Return what kind of thing a value is, as "a list"."""
    name = type(value).__name__
    return "None" if value is None else f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def shown(value: Any, digits: int = 6) -> str:
    """Return a value as a person reads it, of at most 200 characters."""
    if isinstance(value, np.ndarray):
        # numpy would fill up each number to the width of the longest: [ 0.  ,  0.02, -1.  ]
        formatter: Any = {"float_kind": _short}
        text = np.array2string(value, separator=", ", threshold=20, formatter=formatter).replace("\n", "")
    elif isinstance(value, float | np.floating):
        text = f"{value:.{digits}g}"
    else:
        try:
            text = repr(value.item() if isinstance(value, np.generic) else value)
        except Exception:  # noqa: BLE001 - a student's own class may not show itself
            text = of_type(value)
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]}…"


def _short(number: float) -> str:
    text = f"{number:.6g}"
    return f"{text}." if text.lstrip("-").isdigit() else text  # as numpy does: an array of floats is not a list of ints


def _difference(found: Any, expected: Any, tolerance: float) -> str:
    if isinstance(expected, np.ndarray):
        return _of_arrays(found, expected, tolerance)
    if isinstance(found, np.generic) or (isinstance(found, np.ndarray) and found.ndim == 0):
        found = found.item()
    if isinstance(expected, np.generic):
        expected = expected.item()
    if isinstance(expected, bool):
        return "" if isinstance(found, bool) and found == expected else _instead(found, expected)
    if isinstance(expected, Real):
        return _of_numbers(found, float(expected), tolerance)
    if isinstance(expected, list | tuple):
        return _of_sequences(found, expected, tolerance)
    if isinstance(expected, Mapping):
        return _of_mappings(found, expected, tolerance)
    return "" if type(found) is type(expected) and bool(found == expected) else _instead(found, expected)


def _of_numbers(found: Any, expected: float, tolerance: float) -> str:
    if isinstance(found, bool) or not isinstance(found, Real):
        return f"returned {of_type(found)}; a number is expected: {shown(expected)}."
    return "" if _close(float(found), expected, tolerance) else _instead(found, expected)


def _of_sequences(found: Any, expected: Sequence[Any], tolerance: float) -> str:
    if isinstance(found, range) or hasattr(found, "tolist"):
        found = found.tolist() if hasattr(found, "tolist") else list(found)
    if not isinstance(found, list | tuple):
        return f"returned {of_type(found)}; {_values(expected)} expected: {shown(expected)}."
    if len(found) != len(expected):
        count = "one value" if len(found) == 1 else f"{len(found)} values"
        return f"returned {count}, {shown(found)}; {_values(expected)} expected: {shown(expected)}."
    wrong = any(_difference(a, b, tolerance) for a, b in zip(found, expected, strict=True))
    return _instead(found, expected) if wrong else ""


def _values(expected: Sequence[Any]) -> str:
    return "a list of one value is" if len(expected) == 1 else f"{len(expected)} values are"


def _of_mappings(found: Any, expected: Mapping[Any, Any], tolerance: float) -> str:
    if not isinstance(found, Mapping):
        return f"returned {of_type(found)}; {of_type(expected)} is expected: {shown(expected)}."
    if found.keys() != expected.keys():
        return f"returned the keys {shown(list(found))}; {shown(list(expected))} are expected."
    key = next((key for key, value in expected.items() if _difference(found[key], value, tolerance)), None)
    return "" if key is None else _instead(found[key], expected[key], f" under {shown(key)}")


def _of_arrays(found: Any, expected: np.ndarray, tolerance: float) -> str:
    array = np.asarray(found)
    numeric = array.dtype.kind in "biuf" and expected.dtype.kind in "biuf"
    if not numeric and (array.dtype.kind != expected.dtype.kind or array.dtype.kind == "O"):
        return f"returned {of_type(found)}; an array of shape {expected.shape} is expected, as {shown(expected)}."
    if array.ndim == 0 and expected.ndim:
        return f"returned one number, {shown(found)}; an array of shape {expected.shape} is expected."
    if array.shape != expected.shape:
        return f"returned an array of shape {array.shape}; {expected.shape} is expected."
    for place in np.ndindex(expected.shape):
        a, b = array[place].item(), expected[place].item()
        if not (_close(float(a), float(b), tolerance) if numeric else a == b):
            where = f" at place {place[0] if len(place) == 1 else place}" if place else ""
            return _instead(a, b, where)
    return ""


def _close(found: float, expected: float, tolerance: float) -> bool:
    if math.isnan(expected):
        return math.isnan(found)
    if math.isinf(expected):  # any number is near it, as a part of it
        return found == expected
    return found == expected or abs(found - expected) <= tolerance * max(1.0, abs(expected))


def _instead(found: Any, expected: Any, where: str = "") -> str:
    a, b = shown(found), shown(expected)
    if a == b:  # numbers that differ further behind
        a, b = shown(found, 17), shown(expected, 17)
    return f"returned {a}{where}; {b} is expected{' there' if where else ''}."
