"""The browser half of the widgets: one script a widget, one style sheet for all."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"
