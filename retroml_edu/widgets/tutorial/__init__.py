"""The tutorial: trains a first model step by step, and sets it beside a recorded run."""

from __future__ import annotations

from retroml_edu.widgets.tutorial.card import Tutorial

__all__ = ["Tutorial"]
