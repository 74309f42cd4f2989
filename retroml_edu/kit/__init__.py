"""What a lesson is made of: questions, predictions, exercises, and the widgets in which one idea is seen.

The public names are those of `__all__`, for the lessons of the course and for lessons that an instructor writes.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES = {
    "bandit_bench": ("BanditBench",),
    "controls": (
        "Button",
        "Controls",
        "Select",
        "Slider",
        "Switch",
    ),
    "exercise_card": ("OpenExercise",),
    "games": ("play_games",),
    "grid_board": ("GridBoard",),
    "grid_lab": (
        "GridLab",
        "two_goals",
    ),
    "lesson": ("Lesson",),
    "lines": ("Line",),
    "piece": ("Piece",),
    "player": ("Player",),
    "plot": ("Plot",),
    "progress": ("tracked",),
    "retroml_edu.classroom.exercise": (
        "Case",
        "Exercise",
    ),
    "retroml_edu.classroom.graded": ("Graded",),
    "retroml_edu.classroom.quiz": (
        "Choice",
        "FreeText",
        "Number",
        "Option",
        "Order",
    ),
    "side_by_side": ("SideBySide",),
    "traces": (
        "bars",
        "heat",
        "level",
        "line",
    ),
    "triad_bench": ("TriadBench",),
    "value_surface": ("ValueSurface",),
    "walk_bench": ("WalkBench",),
    "walk_charts": (
        "WalkErrors",
        "WalkStudy",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "BanditBench",
    "Button",
    "Case",
    "Choice",
    "Controls",
    "Exercise",
    "FreeText",
    "Graded",
    "GridBoard",
    "GridLab",
    "Lesson",
    "Line",
    "Number",
    "OpenExercise",
    "Option",
    "Order",
    "Piece",
    "Player",
    "Plot",
    "Select",
    "SideBySide",
    "Slider",
    "Switch",
    "TriadBench",
    "ValueSurface",
    "WalkBench",
    "WalkErrors",
    "WalkStudy",
    "bars",
    "heat",
    "level",
    "line",
    "play_games",
    "tracked",
    "two_goals",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOME_OF[name]
    return getattr(importlib.import_module(home if "." in home else f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
