"""The chart as a picture, by matplotlib: no browser, no pyplot, and none of the notebook's own plot settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from retroml_edu.core.curves import CurveData
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.figures.layout import PANELS
from retroml_edu.figures.palette import THEMES, Theme, ThemeName
from retroml_edu.figures.panel_picture import LOCK, draw_panel, plain, written
from retroml_edu.figures.summary import what_is_drawn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIN_SIDE_PX, MAX_SIDE_PX = 200, 8_000
_WIDTH_INCHES = 8.0
"""Fixed, so that a larger picture is the same picture with more pixels."""
_LEFT = 0.075


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
    with LOCK:
        return written(form, _draw(data, algorithm, solved_return, THEMES[theme], size_px), data.title)


def _draw(
    data: CurveData, algorithm: AlgorithmName, solved_return: float | None, theme: Theme, size_px: tuple[int, int]
) -> Figure:
    from matplotlib.figure import Figure

    dpi = size_px[0] / _WIDTH_INCHES
    figure = Figure(figsize=(_WIDTH_INCHES, size_px[1] / dpi), dpi=dpi, facecolor=theme.surface)
    panels = PANELS[algorithm]
    edges = {"left": _LEFT, "right": 0.97, "top": 0.865 if data.title else 0.935, "bottom": 0.17}
    grid = figure.add_gridspec(2, len(panels) - 1, height_ratios=(1.6, 1), hspace=0.6, wspace=0.3, **edges)
    last_step = max((float(curve.step[-1]) for curve in data.curves.values() if len(curve.step)), default=1.0)
    for number, panel in enumerate(panels):
        axes = figure.add_subplot(grid[0, :] if number == 0 else grid[1, number - 1])
        axes.set_xlim(0, last_step * 1.01)
        draw_panel(axes, data, panel, theme, solved_return=solved_return if number == 0 else None)
    plain(figure.text(_LEFT, 0.955, data.title, va="center"), 13, theme.text, bold=True)
    note = what_is_drawn(data).replace(". ", ".\n")
    plain(figure.text(_LEFT, 0.045, note, va="center"), 7.5, theme.muted)
    return figure
