"""What a lesson is made of: questions, predictions, exercises, and the widgets in which one idea is seen.

The public names are those of `__all__`, for the lessons of the course and for lessons that an instructor writes.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "controls": ("Button", "Controls", "Select", "Slider", "Switch"),
    "grid_board": ("GridBoard",),
    "piece": ("Piece",),
    "player": ("Player",),
    "plot": ("Plot",),
    "traces": ("bars", "heat", "level", "line"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Button",
    "Controls",
    "GridBoard",
    "Piece",
    "Player",
    "Plot",
    "Select",
    "Slider",
    "Switch",
    "bars",
    "heat",
    "level",
    "line",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
