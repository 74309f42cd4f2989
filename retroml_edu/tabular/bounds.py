"""Numbers that have to lie somewhere."""

from __future__ import annotations

import math
from numbers import Integral

from retroml_edu.core.errors import TabularError


def between(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside its bounds, or that is none.

    Raises:
        TabularError: With its name and the bounds.
    """
    if not low <= value <= high:
        raise TabularError(f"{name}={value:g} does not lie between {low:g} and {high:g}.")


def whole(name: str, value: int, low: int, high: float = math.inf) -> None:
    """Refuse what is no whole number, or one outside its bounds.

    Raises:
        TabularError: With its name.
    """
    if not isinstance(value, Integral):
        raise TabularError(f"{name}={value} is no whole number.")
    if value < low:
        raise TabularError(f"{name}={value} is too few: {low} is the least.")
    if value > high:
        raise TabularError(f"{name}={value} is too many: {high:,} is the most.")
