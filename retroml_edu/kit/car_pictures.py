"""What is drawn of cars that learn: surfaces of what is still to go, the hill, and how long episodes took."""

from __future__ import annotations

from typing import Any

import numpy as np

from retroml_edu.kit.car_runs import CarRun
from retroml_edu.kit.plot import Trace
from retroml_edu.kit.traces import thinned
from retroml_edu.tabular.car import grid

POINTS = 40
"""Places and speeds of a surface."""
GOAL = 0.5
BOTTOM = -1.5
"""Of the picture of the hill, whose lowest point is at -1."""
_MOST_POINTS = 600
"""Of a path that is drawn."""
_LIFT = 0.02
_HILL = np.linspace(-1.2, 0.6, 90)
COLORS = {"A": 0, "B": 1}
_MARKS = {"A": "circle", "B": "diamond"}
_SIDES_OF_ROAD = {"A": 0.2, "B": -0.2}
"""Above and below the line: cars at the same place are both seen."""


def surface(run: CarRun, cost: np.ndarray, top: float, *, solid: bool) -> list[Trace]:
    """Return the surface of what a learner thinks is still to go, with its newest paths.

    Args:
        run: Who learned it.
        cost: Shape (speeds, places).
        top: Cost of the lightest colour.
        solid: Whether it stands as a landscape; else it is a map.
    """
    places, speeds = grid(POINTS)
    bar = {
        "thickness": 10,
        "len": 1.0,
        "title": {"text": "steps to go", "side": "right"},
        "outlinewidth": 0,
        "tickfont": {"size": 11},
    }
    told = "place %{x:.2f}<br>speed %{y:.3f}<br>%{z:.3~g} steps to go<extra></extra>"
    shared: Trace = {
        "x": places,
        "y": speeds,
        "z": cost,
        "colorscale": "Viridis",
        "colorbar": bar,
        "hovertemplate": told,
    }
    paths = (("last episode", _thinned(run.before), 2, 0.55), ("this episode", _thinned(run.now), 3, 1.0))
    here = np.array([run.learner.state])
    if solid:
        lift = _LIFT * top
        traces: list[Trace] = [{**shared, "type": "surface", "cmin": 0.0, "cmax": top, "showscale": True}]
        for name, path, width, strength in paths:
            line = {"color": f"rgba(255, 77, 109, {strength})", "width": 2 * width}
            traces.append(_line3(name, path, cost, lift) | {"mode": "lines", "line": line})
        return [*traces, _line3("car", here, cost, lift) | {"mode": "markers", "marker": {"size": 5, "color": "$text"}}]
    traces = [{**shared, "type": "heatmap", "zmin": 0.0, "zmax": top, "zsmooth": False}]
    for name, path, width, strength in paths:
        # A dark line under a light one: seen on every colour of the map.
        for color, extra in ((f"rgba(0, 0, 0, {0.5 * strength})", 2), (f"rgba(255, 255, 255, {strength})", 0)):
            pen = {"color": color, "width": width - 1 + extra}
            traces.append(_line2(name, path) | {"mode": "lines", "line": pen})
    pen = {"size": 11, "color": "#ffffff", "line": {"color": "#000000", "width": 2}}
    return [*traces, _line2("car", here) | {"mode": "markers", "marker": pen}]


def surface_layout(top: float, *, solid: bool, heading: str = "") -> dict[str, Any]:
    """Return the layout of a map, or of a landscape that is this high, with two lines above it."""
    axis = {"gridcolor": "$grid", "color": "$text", "showbackground": False, "zerolinecolor": "$grid", "nticks": 4}
    name = {"font": {"size": 12}}
    goal = {"type": "line", "x0": GOAL, "x1": GOAL, "y0": 0, "y1": 1, "yref": "paper"}
    return {
        "margin": {"l": 0, "r": 0, "t": 42, "b": 0} if solid else {"l": 48, "r": 8, "t": 42, "b": 44},
        "xaxis": {"range": [-1.2, 0.6]},
        "yaxis": {"range": [-0.07, 0.07]},
        "showlegend": False,
        "annotations": [
            {
                "text": heading,
                "align": "left",
                "showarrow": False,
                "font": {"size": 13},
                "xref": "paper",
                "yref": "paper",
                "x": 0,
                "y": 1,
                "xanchor": "left",
                "yanchor": "bottom",
            }
        ],
        "shapes": [] if solid else [{**goal, "line": {"color": "#ffffff", "width": 2, "dash": "dot"}}],
        "scene": {
            "xaxis": {**axis, "title": {**name, "text": "place"}},
            "yaxis": {**axis, "title": {**name, "text": "speed"}},
            "zaxis": {**axis, "title": {**name, "text": "steps to go"}, "range": [0, top]},
            "camera": {"eye": {"x": -1.35, "y": -1.7, "z": 1.0}, "center": {"x": 0, "y": 0, "z": -0.15}},
            "aspectmode": "manual",
            "aspectratio": {"x": 1.1, "y": 1.1, "z": 0.75},
        },
    }


def hill(runs: dict[str, CarRun]) -> list[Trace]:
    """Return the hill with the cars on it, and the flag at the goal."""
    height = np.sin(3 * _HILL)
    ground: Trace = {"type": "scatter", "x": _HILL, "mode": "lines", "hoverinfo": "skip"}
    traces: list[Trace] = [
        ground | {"y": np.full(len(_HILL), BOTTOM), "line": {"width": 0}},
        ground | {"y": height, "line": {"color": "$muted", "width": 2}, "fill": "tonexty", "fillcolor": "$muted/0.12"},
        {
            "type": "scatter",
            "x": np.array([GOAL, GOAL]),
            "y": np.sin(3 * GOAL) + np.array([0.0, 0.45]),
            "mode": "lines+text",
            "text": ["", "goal"],
            "textposition": "top center",
            "line": {"color": "$text", "width": 2},
            "hoverinfo": "skip",
        },
    ]
    for name, run in runs.items():
        pen = {
            "size": 20,
            "symbol": _MARKS[name],
            "color": f"$line{COLORS[name]}",
            "line": {"color": "$surface", "width": 1},
        }
        traces.append(
            {
                "type": "scatter",
                "x": np.array([run.place]),
                "y": np.array([np.sin(3 * run.place) + _SIDES_OF_ROAD[name]]),
                "mode": "markers+text",
                "text": [name],
                "textfont": {"color": "#ffffff", "size": 11},
                "marker": pen,
                "hovertemplate": f"{name}: place %{{x:.2f}}<extra></extra>",
            }
        )
    return traces


def lengths(runs: dict[str, CarRun]) -> list[Trace]:
    """Return how long the episodes took: each as a point, and the mean of the last ten as a line."""
    traces: list[Trace] = []
    for name, run in runs.items():
        number, taken, mean = run.curve()
        paint = f"$line{COLORS[name]}"
        keep = thinned(len(taken), _MOST_POINTS)
        point = {"size": 4, "color": f"{paint}/0.45", "symbol": _MARKS[name]}
        told = f"{name}, episode %{{x}}: %{{y}} steps<extra></extra>"
        shared: Trace = {"type": "scatter", "x": number[keep], "hovertemplate": told}
        traces.append(shared | {"y": taken[keep], "mode": "markers", "marker": point, "showlegend": False})
        newest = f", last ten: {mean[-1]:.0f} steps" if len(mean) else ""
        pen = {"color": paint, "width": 2.5, "dash": "solid" if name == "A" else "dash"}
        traces.append(shared | {"y": mean[keep], "mode": "lines", "line": pen, "name": f"{name}: {run.kind}{newest}"})
    return traces


def _thinned(path: np.ndarray) -> np.ndarray:
    every = max(1, -(-len(path) // _MOST_POINTS))
    return path if every == 1 else np.concatenate((path[:-1:every], path[-1:]))


def _line2(name: str, path: np.ndarray) -> Trace:
    return {"type": "scatter", "x": path[:, 0], "y": path[:, 1], "name": name, "hoverinfo": "skip"}


def _line3(name: str, path: np.ndarray, cost: np.ndarray, lift: float) -> Trace:
    places, speeds = grid(POINTS)
    column = np.abs(path[:, :1] - places).argmin(axis=1)
    row = np.abs(path[:, 1:] - speeds).argmin(axis=1)
    flat = {"x": path[:, 0], "y": path[:, 1], "z": cost[row, column] + lift}
    return {"type": "scatter3d", **flat, "name": name, "hoverinfo": "skip"}
