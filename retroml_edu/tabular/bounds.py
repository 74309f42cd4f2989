"""Numbers that have to lie somewhere."""

from __future__ import annotations

from retroml_edu.core.errors import TabularError


def between(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside its bounds, or that is none.

    Raises:
        TabularError: With its name and the bounds.
    """
    if not low <= value <= high:
        raise TabularError(f"{name}={value:g} does not lie between {low:g} and {high:g}.")
