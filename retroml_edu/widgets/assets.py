"""The browser half of the widgets: one script a widget, one style sheet for all."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"


def script(*names: str) -> str:
    """Return scripts as one: what several widgets share stands before what is a widget's own."""
    return "\n".join((STATIC / name).read_text("utf-8") for name in names)
