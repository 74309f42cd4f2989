"""The chart of several runs as a picture, by matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from retroml_edu.figures.overlay import MARKS, SIGNS, OverlaidRun, Overlay, color_of
from retroml_edu.figures.palette import THEMES, Theme, ThemeName
from retroml_edu.figures.panel_picture import LOCK, plain, style_axes, tick, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MARKS = {"circle": "o", "square": "s", "diamond": "D", "triangle-up": "^", "triangle-down": "v", "star": "*"}
_WIDTH_INCHES, _CHART_INCHES, _LINE_INCHES = 8.0, 4.2, 0.2
_DPI = 160
_MOST_LETTERS = 46
"""Of a name in the legend, which has two columns."""


def overlay_png(overlay: Overlay, remarks: str = "", *, theme: ThemeName = "light") -> bytes:
    """Return the chart as a PNG file, with its legend.

    Args:
        overlay: What to draw.
        remarks: Footnote, a line each.
        theme: ``light`` or ``dark``.

    Threads: safe anywhere; one picture is drawn at a time.
    """
    from matplotlib.figure import Figure

    colors = THEMES[theme]
    legend_lines = -(-len(overlay.runs) // 2)
    lines = _wrapped(remarks)
    below = 0.6 + _LINE_INCHES * (legend_lines + len(lines) + 0.5)
    height = _CHART_INCHES + below
    with LOCK:
        figure = Figure(figsize=(_WIDTH_INCHES, height), dpi=_DPI, facecolor=colors.surface)
        axes = figure.add_axes((0.09, below / height, 0.88, 1 - (below + 0.5) / height))
        style_axes(axes, colors)
        plain(axes.set_title(overlay.title, loc="left", pad=8), 11, colors.text, bold=True)
        plain(axes.set_xlabel(overlay.x_title, labelpad=3), 8, colors.muted)
        for run in overlay.runs:
            _draw(axes, overlay.x(run), run, colors)
        axes.margins(x=0.01, y=0.06)
        axes.autoscale_view()
        tick(axes, colors)
        if overlay.runs:
            place = (0.09, (below - 0.6) / height)
            legend = figure.legend(loc="upper left", bbox_to_anchor=place, ncols=2, frameon=False, handlelength=3.5)
            for text in legend.get_texts():
                plain(text, 8, colors.text)
        note = figure.text(0.09, 0.12 / height, "\n".join(lines), va="bottom", linespacing=1.4)
        plain(note, 7.5, colors.muted)
        return written("png", figure, overlay.title)


def _draw(axes: Axes, x: np.ndarray, run: OverlaidRun, theme: Theme) -> None:
    from matplotlib.lines import Line2D

    sign, color = SIGNS[run.place], color_of(run.place, theme)
    looks: dict[str, Any] = {
        "color": color,
        "linewidth": 1.8,
        "linestyle": "--" if sign.open else "-",
        "marker": _MARKS[sign.shape],
        "markersize": 5.5,
        "markerfacecolor": "none" if sign.open else color,
        "markeredgecolor": color,
        "markevery": max(1, len(x) // MARKS),
    }
    name = run.name if len(run.name) <= _MOST_LETTERS else f"{run.name[: _MOST_LETTERS - 1]}…"
    axes.add_line(Line2D(x, run.value, label=f"\u200b{name}", **looks))  # a name with _ first would be left out


def _wrapped(text: str) -> list[str]:
    from textwrap import wrap

    return [line for paragraph in text.splitlines() for line in wrap(paragraph, 120)]
