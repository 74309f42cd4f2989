"""One panel as matplotlib draws it: for the picture of a whole chart, and for one that stands alone."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any, Literal

from retroml_edu.core.curves import CurveData
from retroml_edu.figures.layout import (
    BAND_LABEL,
    LINE_LABEL,
    POINTS_LABEL,
    X_TITLE,
    Layers,
    Panel,
    layers,
    solved_text,
)
from retroml_edu.figures.palette import Theme
from retroml_edu.figures.summary import short_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

LOCK = threading.Lock()
"""Held while a figure is made and written: matplotlib's text layout and font cache are shared by all threads, and are
not safe in two at once."""
_FONT = "DejaVu Sans"
"""Comes with matplotlib, so that a picture is the same on every machine."""


def draw_panel(
    axes: Axes, data: CurveData, panel: Panel, theme: Theme, *, solved_return: float | None = None, legend: bool = True
) -> None:
    """Draw a panel into axes whose range of steps is set.

    Args:
        axes: Empty.
        data: The curves.
        panel: Which of them.
        theme: Colours.
        solved_return: Return that counts as solved, for a dashed line.
        legend: Whether the panel of the return says what its marks stand for.
    """
    style_axes(axes, theme)
    plain(axes.set_title(panel.title, loc="left", pad=6), 10 if panel.trend else 9, theme.text, bold=True)
    plain(axes.set_xlabel(X_TITLE, labelpad=3), 8, theme.muted)
    _fill(axes, layers(data, panel), panel, theme)
    if legend and panel.trend and len(data[panel.metric].step):
        _add_legend(axes, theme)
    if solved_return is not None:
        _mark_solved(axes, solved_return, theme)
    tick(axes, theme)


def written(form: Literal["png", "svg"], figure: Figure, title: str) -> bytes:
    """Return a figure as a file; the caller holds `LOCK`."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    file = io.BytesIO()
    # Not savefig: it takes what is not said (borders, transparency) from the notebook's settings.
    canvas: Any = FigureCanvasAgg(figure) if form == "png" else FigureCanvasSVG(figure)
    if form == "png":
        canvas.print_png(file, metadata={"Title": title})
    else:
        canvas.print_svg(file, metadata={"Title": title, "Date": None})
    return file.getvalue()


def _fill(axes: Axes, drawn: Layers, panel: Panel, theme: Theme) -> None:
    from matplotlib.lines import Line2D

    color = theme.lines[panel.role]
    if not len(drawn.line_step):
        axes.tick_params(labelbottom=False, labelleft=False)
        axes.grid(visible=False)
        note = axes.text(0.5, 0.3, panel.missing, ha="center", va="center", transform=axes.transAxes)
        plain(note, 9, theme.muted)
        return
    axes.margins(y=0.09)
    if len(drawn.band_step):
        band: dict[str, Any] = {"color": color, "alpha": 0.25, "linewidth": 0, "label": BAND_LABEL}
        axes.fill_between(drawn.band_step, drawn.low, drawn.high, **band)
    if len(drawn.point_step):
        dots = Line2D(drawn.point_step, drawn.point, linestyle="none", marker="o", markersize=3)
        dots.set(color=color, alpha=0.5, markeredgewidth=0, label=POINTS_LABEL)
        axes.add_line(dots)
    line = Line2D(drawn.line_step, drawn.line, linestyle="-", linewidth=2.2 if panel.trend else 1.3, marker="")
    line.set(color=color, label=LINE_LABEL)
    axes.add_line(line)
    axes.autoscale_view(scalex=False)


def _add_legend(axes: Axes, theme: Theme) -> None:
    legend = axes.legend(loc="lower right", bbox_to_anchor=(1.005, 1.0), ncols=3, frameon=False, fontsize=8)
    for text in legend.get_texts():
        plain(text, 8, theme.text)


def _mark_solved(axes: Axes, solved_return: float, theme: Theme) -> None:
    axes.axhline(solved_return, color=theme.muted, linestyle="--", linewidth=1, zorder=1)
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "xytext": (-3, -3), "textcoords": "offset points"}
    text = axes.annotate(solved_text(solved_return), (1, solved_return), ha="right", va="top", **place)
    plain(text, 8, theme.muted)


def style_axes(axes: Axes, theme: Theme) -> None:
    """Set the looks of axes that hold nothing yet."""
    axes.set_facecolor(theme.surface)
    for side, spine in axes.spines.items():
        spine.set(visible=side == "bottom", color=theme.grid, linewidth=0.8)
    axes.grid(visible=False)
    axes.grid(axis="y", visible=True, color=theme.grid, linewidth=0.7, linestyle="-", alpha=1.0)
    axes.set_axisbelow(True)
    ticks: dict[str, Any] = {"which": "both", "color": theme.grid, "labelcolor": theme.muted, "labelsize": 8}
    axes.tick_params(axis="x", **ticks, length=3, width=0.8, direction="out", bottom=True, top=False, labelbottom=True)
    axes.tick_params(axis="y", **ticks, length=0, left=False, right=False, labelleft=True)


def tick(axes: Axes, theme: Theme) -> None:
    """Put ticks on axes whose ranges are final."""
    from matplotlib.ticker import MaxNLocator

    # Fixed, so that every label exists now and can be told not to follow the notebook's settings.
    for axis in (axes.xaxis, axes.yaxis):
        low, high = axis.get_view_interval()
        places = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        places = [place for place in places if low <= place <= high]
        axis.set_ticks(places, [short_number(round(place, 12)) for place in places])
        for tick in axis.get_major_ticks():
            plain(tick.label1, 8, theme.muted)


def plain(text: Text, size: float, color: str, *, bold: bool = False) -> None:
    """Set every property of a text: what a notebook did to matplotlib's defaults shall not change it."""
    text.set(fontfamily=_FONT, fontsize=size, color=color, weight="bold" if bold else "normal")
    text.set(usetex=False, parse_math=False)
