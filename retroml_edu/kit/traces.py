"""What a lesson draws, as plotly's traces: lines with their intervals, levels, bars, heat maps.

Names stand in the page as they are: plotly would take ``<`` for the beginning of a tag.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from retroml_edu.figures.parts import plain
from retroml_edu.kit.plot import Trace

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""One for each colour: lines are told apart without colours too."""


def thinned(count: int, most: int) -> np.ndarray:
    """Return which of so many points are drawn, the first and the last among them: all, or `most` evenly apart."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))


def line(
    name: str,
    x: np.ndarray,
    y: np.ndarray,
    low: np.ndarray | None = None,
    high: np.ndarray | None = None,
    *,
    color: int = 0,
    dash: bool = True,
) -> list[Trace]:
    """Return a line and, where there is one, the band of its interval.

    Args:
        name: For the legend.
        x: Shape (n,).
        y: Shape (n,).
        low: Shape (n,), lower end of the interval.
        high: Shape (n,), upper end.
        color: Number of the colour, from 0; the seventh is the first again.
        dash: Whether the line also has a pattern of its own.
    """
    paint = f"$line{color % len(DASHES)}"
    traces: list[Trace] = []
    if low is not None and high is not None:
        traces.append(
            {
                "type": "scatter",
                "x": np.concatenate((x, x[::-1])),
                "y": np.concatenate((high, low[::-1])),
                "fill": "toself",
                "fillcolor": f"{paint}/0.18",
                "line": {"width": 0},
                "mode": "lines",
                "hoverinfo": "skip",
                "showlegend": False,
                "legendgroup": name,
            }
        )
    pattern = DASHES[color % len(DASHES)] if dash else "solid"
    traces.append(
        {
            "type": "scatter",
            "mode": "lines",
            "name": plain(name),
            "x": x,
            "y": y,
            "line": {"color": paint, "width": 2, "dash": pattern},
            "legendgroup": name,
        }
    )
    return traces


def level(value: float, text: str, x: tuple[float, float] = (0.0, 1.0)) -> list[Trace]:
    """Return a dashed level line, with its words in the legend.

    Args:
        value: Where it lies.
        text: What it is.
        x: From where to where.
    """
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": plain(text),
            "x": np.array(x),
            "y": np.array([value, value]),
            "line": {"color": "$muted", "width": 1.5, "dash": "dash"},
        }
    ]


def bars(name: str, x: Sequence[str] | np.ndarray, y: np.ndarray, *, color: int = 0, text: Any = None) -> list[Trace]:
    """Return bars.

    Args:
        name: For the legend.
        x: Names or places of the bars.
        y: Shape (n,), their heights.
        color: Number of the colour.
        text: What stands at each bar.
    """
    trace = {"type": "bar", "name": plain(name), "x": x, "y": y, "marker": {"color": f"$line{color % len(DASHES)}"}}
    return [trace if text is None else trace | {"text": text, "textposition": "auto"}]


def heat(x: np.ndarray, y: np.ndarray, z: np.ndarray, *, title: str = "") -> list[Trace]:
    """Return a heat map in colours that everybody tells apart, from dark to light.

    Args:
        x: Shape (columns,).
        y: Shape (rows,).
        z: Shape (rows, columns).
        title: Of the scale.
    """
    bar = {"title": {"text": plain(title)}}
    return [{"type": "heatmap", "x": x, "y": y, "z": z, "colorscale": "Cividis", "colorbar": bar}]
