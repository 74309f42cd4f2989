"""The chart as a picture, by matplotlib: no browser, no pyplot, and none of the notebook's own plot settings."""

from __future__ import annotations

import io
import threading
from typing import TYPE_CHECKING, Any, Literal

from retroml_edu.core.curves import CurveData
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.figures.layout import (
    BAND_LABEL,
    LINE_LABEL,
    PANELS,
    POINTS_LABEL,
    X_TITLE,
    Layers,
    Panel,
    layers,
    solved_text,
)
from retroml_edu.figures.palette import THEMES, Theme, ThemeName
from retroml_edu.figures.summary import short_number, what_is_drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text

MIN_SIDE_PX, MAX_SIDE_PX = 200, 8_000
_WIDTH_INCHES = 8.0
"""Fixed, so that a larger picture is the same picture with more pixels."""
_LEFT = 0.075
_FONT = "DejaVu Sans"
"""Comes with matplotlib, so that a picture is the same on every machine."""

# matplotlib's text layout and font cache are shared by all threads and are not safe in two at once.
_LOCK = threading.Lock()


def to_png(
    data: CurveData,
    algorithm: AlgorithmName,
    *,
    solved_return: float | None = None,
    theme: ThemeName = "light",
    size_px: tuple[int, int] = (1280, 800),
) -> bytes:
    """Return the chart as a PNG file.

    Args:
        data: What to draw; its title heads the picture.
        algorithm: Decides on the panels.
        solved_return: Return that counts as solved, for a dashed line.
        theme: ``light`` or ``dark``.
        size_px: Width and height.

    Raises:
        ValueError: If a side is outside 200 to 8,000 pixels.

    Threads: safe anywhere; one picture is drawn at a time.
    """
    return _save("png", data, algorithm, solved_return, theme, size_px)


def to_svg(
    data: CurveData,
    algorithm: AlgorithmName,
    *,
    solved_return: float | None = None,
    theme: ThemeName = "light",
    size_px: tuple[int, int] = (1280, 800),
) -> bytes:
    """Return the chart as an SVG file, UTF-8; arguments, errors and threads as for `to_png`."""
    return _save("svg", data, algorithm, solved_return, theme, size_px)


def _save(
    form: Literal["png", "svg"],
    data: CurveData,
    algorithm: AlgorithmName,
    solved_return: float | None,
    theme: ThemeName,
    size_px: tuple[int, int],
) -> bytes:
    if not all(MIN_SIDE_PX <= side <= MAX_SIDE_PX for side in size_px):
        raise ValueError(
            f"size_px={size_px}: width and height must be between {MIN_SIDE_PX} and {MAX_SIDE_PX:,} pixels."
        )
    with _LOCK:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.backends.backend_svg import FigureCanvasSVG

        figure = _draw(data, algorithm, solved_return, THEMES[theme], size_px)
        file = io.BytesIO()
        # Not savefig: it takes what is not said (borders, transparency) from the notebook's settings.
        canvas: Any = FigureCanvasAgg(figure) if form == "png" else FigureCanvasSVG(figure)
        if form == "png":
            canvas.print_png(file, metadata={"Title": data.title})
        else:
            canvas.print_svg(file, metadata={"Title": data.title, "Date": None})
        return file.getvalue()


def _draw(
    data: CurveData, algorithm: AlgorithmName, solved_return: float | None, theme: Theme, size_px: tuple[int, int]
) -> Figure:
    from matplotlib.figure import Figure

    dpi = size_px[0] / _WIDTH_INCHES
    figure = Figure(figsize=(_WIDTH_INCHES, size_px[1] / dpi), dpi=dpi, facecolor=theme.surface)
    panels = PANELS[algorithm]
    edges = {"left": _LEFT, "right": 0.97, "top": 0.865, "bottom": 0.17}
    grid = figure.add_gridspec(2, len(panels) - 1, height_ratios=(1.6, 1), hspace=0.6, wspace=0.3, **edges)
    last_step = max((float(curve.step[-1]) for curve in data.curves.values() if len(curve.step)), default=1.0)
    for number, panel in enumerate(panels):
        axes = figure.add_subplot(grid[0, :] if number == 0 else grid[1, number - 1])
        axes.set_xlim(0, last_step * 1.01)
        _style(axes, panel, theme)
        _fill(axes, layers(data, panel), panel, theme)
        if number == 0 and solved_return is not None:
            _mark_solved(axes, solved_return, theme)
        _tick(axes, theme)
    _plain(figure.text(_LEFT, 0.955, data.title, va="center"), 13, theme.text, bold=True)
    note = what_is_drawn(data).replace(". ", ".\n")
    _plain(figure.text(_LEFT, 0.045, note, va="center"), 7.5, theme.muted)
    return figure


def _fill(axes: Axes, drawn: Layers, panel: Panel, theme: Theme) -> None:
    from matplotlib.lines import Line2D

    color = theme.lines[panel.role]
    if not len(drawn.line_step):
        axes.tick_params(labelbottom=False, labelleft=False)
        axes.grid(visible=False)
        note = axes.text(0.5, 0.3, panel.missing, ha="center", va="center", transform=axes.transAxes)
        _plain(note, 9, theme.muted)
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
    if panel.trend:
        legend = axes.legend(loc="lower right", bbox_to_anchor=(1.005, 1.0), ncols=3, frameon=False, fontsize=8)
        for text in legend.get_texts():
            _plain(text, 8, theme.text)


def _mark_solved(axes: Axes, solved_return: float, theme: Theme) -> None:
    axes.axhline(solved_return, color=theme.muted, linestyle="--", linewidth=1, zorder=1)
    place: dict[str, Any] = {"xycoords": ("axes fraction", "data"), "xytext": (3, -3), "textcoords": "offset points"}
    _plain(axes.annotate(solved_text(solved_return), (0, solved_return), va="top", **place), 8, theme.muted)


def _style(axes: Axes, panel: Panel, theme: Theme) -> None:
    axes.set_facecolor(theme.surface)
    for side, spine in axes.spines.items():
        spine.set(visible=side == "bottom", color=theme.grid, linewidth=0.8)
    axes.grid(visible=False)
    axes.grid(axis="y", visible=True, color=theme.grid, linewidth=0.7, linestyle="-", alpha=1.0)
    axes.set_axisbelow(True)
    ticks: dict[str, Any] = {"which": "both", "color": theme.grid, "labelcolor": theme.muted, "labelsize": 8}
    axes.tick_params(axis="x", **ticks, length=3, width=0.8, direction="out", bottom=True, top=False, labelbottom=True)
    axes.tick_params(axis="y", **ticks, length=0, left=False, right=False, labelleft=True)
    _plain(axes.set_title(panel.title, loc="left", pad=6), 10 if panel.trend else 9, theme.text, bold=True)
    _plain(axes.set_xlabel(X_TITLE, labelpad=3), 8, theme.muted)


def _tick(axes: Axes, theme: Theme) -> None:
    from matplotlib.ticker import MaxNLocator

    # Fixed, so that every label exists now and can be told not to follow the notebook's settings.
    for axis in (axes.xaxis, axes.yaxis):
        low, high = axis.get_view_interval()
        places = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        places = [place for place in places if low <= place <= high]
        axis.set_ticks(places, [short_number(round(place, 12)) for place in places])
        for tick in axis.get_major_ticks():
            _plain(tick.label1, 8, theme.muted)


def _plain(text: Text, size: float, color: str, *, bold: bool = False) -> None:
    """Set every property of a text: what a notebook did to matplotlib's defaults shall not change it."""
    text.set(fontfamily=_FONT, fontsize=size, color=color, weight="bold" if bold else "normal")
    text.set(usetex=False, parse_math=False)
