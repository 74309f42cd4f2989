"""A picture of one curve with a marked window: what an insight rests on."""

from __future__ import annotations

from typing import Any

from retroml_edu.core.curves import CurveData
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.figures.layout import Panel
from retroml_edu.figures.marks import Mark, band_alpha, panel_of
from retroml_edu.figures.palette import THEMES, Theme, ThemeName
from retroml_edu.figures.panel_picture import LOCK, draw_panel, written

_SIZE_INCHES = (3.6, 1.75)


def evidence_svg(
    data: CurveData,
    algorithm: AlgorithmName,
    mark: Mark,
    *,
    solved_return: float | None = None,
    theme: ThemeName = "light",
) -> bytes:
    """Return an SVG file of the curve that a mark speaks of, with its window.

    Args:
        data: The curves.
        algorithm: Of the run.
        mark: What to mark.
        solved_return: Return that counts as solved, for a dashed line; drawn where the curve is that of returns.
        theme: ``light`` or ``dark``.

    Threads: safe anywhere; one picture is drawn at a time.
    """
    from matplotlib.figure import Figure

    colors = THEMES[theme]
    found = panel_of(mark.metric, algorithm)
    panel = found[1] if found is not None else Panel(mark.metric, "return")
    if panel.metric != mark.metric:
        panel = Panel(mark.metric, panel.role)
    steps = data[mark.metric].step
    with LOCK:
        figure = Figure(figsize=_SIZE_INCHES, facecolor=colors.surface)
        axes = figure.add_axes((0.13, 0.3, 0.84, 0.54))
        axes.set_xlim(0, max([float(mark.last_step), *steps[-1:].tolist()]) * 1.01)
        _draw_mark(axes, mark, colors)  # first: the axes make room for its line, too
        draw_panel(axes, data, panel, colors, solved_return=solved_return if panel.trend else None, legend=False)
        return written("svg", figure, data.title)


def _draw_mark(axes: Any, mark: Mark, theme: Theme) -> None:
    axes.axvspan(mark.first_step, mark.last_step, color=theme.marker, alpha=band_alpha(theme), linewidth=0, zorder=0)
    for step in (mark.first_step, mark.last_step):
        axes.axvline(step, color=theme.text, linewidth=0.8, linestyle=":", zorder=1)
    if mark.line is not None:
        axes.hlines(
            mark.line, mark.first_step, mark.last_step, colors=theme.text, linewidth=1, linestyles="--", zorder=3
        )
