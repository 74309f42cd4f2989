"""Lines with their intervals as a picture, by matplotlib: a figure of a lesson, for a report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from retroml_edu.figures.palette import THEMES, Theme, ThemeName
from retroml_edu.figures.panel_picture import LOCK, plain, style_axes, tick, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DASHES = ("-", "--", ":", "-.", (0, (10, 3)), (0, (8, 3, 2, 3)))
"""One for each colour, so that lines are told apart without colours too."""
_WIDTH_INCHES, _CHART_INCHES, _LINE_INCHES = 8.0, 4.0, 0.2
_DPI = 160
_MOST_LETTERS, _MOST_TITLE = 85, 70
_COLUMNS = {3: 24, 2: 46, 1: _MOST_LETTERS}
"""Of the legend, by how many letters the longest name may have."""


class DrawnLine(Protocol):
    """What is drawn: see `retroml_edu.kit.Line`."""

    name: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray | None
    high: np.ndarray | None


def lines_png(
    title: str,
    lines: Sequence[DrawnLine],
    x: str,
    y: str,
    *,
    theme: ThemeName = "light",
    y_range: tuple[float, float] | None = None,
) -> bytes:
    """Return lines as a PNG file, with their legend.

    Args:
        title: Heads the picture.
        lines: One or more; bands are their intervals.
        x: What runs to the right.
        y: What runs up.
        theme: ``light`` or ``dark``.
        y_range: From where to where the upright axis goes; all that is drawn if left out.

    Threads: safe anywhere; one picture is drawn at a time.
    """
    from matplotlib.figure import Figure

    colors = THEMES[theme]
    longest = max((len(_short(line.name)) for line in lines), default=0)
    columns = next(columns for columns, most in _COLUMNS.items() if longest <= most)
    below = 0.75 + _LINE_INCHES * -(-len(lines) // columns)
    height = _CHART_INCHES + below
    with LOCK:
        figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=_DPI, facecolor=colors.surface)
        axes = figure.add_axes((0.1, below / height, 0.87, 1 - (below + 0.5) / height))
        style_axes(axes, colors)
        plain(axes.set_title(_short(title, _MOST_TITLE), loc="left", pad=8), 11, colors.text, bold=True)
        plain(axes.set_xlabel(_short(x, _MOST_TITLE), labelpad=3), 9, colors.muted)
        plain(axes.set_ylabel(_short(y, _MOST_TITLE // 2), labelpad=5), 9, colors.muted)
        for number, line in enumerate(lines):
            _draw(axes, line, number, colors)
        axes.margins(x=0.01, y=0.06)
        axes.autoscale_view()
        if y_range is not None:
            axes.set_ylim(y_range)
        tick(axes, colors)
        place = (0.09, (below - 0.5) / height)
        legend = figure.legend(loc="upper left", bbox_to_anchor=place, ncols=columns, frameon=False, handlelength=3.5)
        for text in legend.get_texts():
            plain(text, 8, colors.text)
        return written("png", figure, title)


def _short(text: str, most: int = _MOST_LETTERS) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _draw(axes: Axes, line: DrawnLine, number: int, theme: Theme) -> None:
    from matplotlib.lines import Line2D

    color = theme.runs[number % len(theme.runs)]
    if line.low is not None and line.high is not None:
        band: dict[str, Any] = {"color": color, "alpha": 0.2, "linewidth": 0}
        axes.fill_between(line.x, line.low, line.high, **band)
    looks: dict[str, Any] = {"color": color, "linewidth": 1.8, "linestyle": DASHES[number % len(DASHES)], "marker": ""}
    axes.add_line(
        Line2D(line.x, line.y, label=f"\u200b{_short(line.name)}", **looks)
    )  # a name with _ first would be left out
