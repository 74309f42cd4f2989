"""The chart as a page of its own that can be zoomed and hovered over, without a network."""

from __future__ import annotations

import html

from retroml_edu.core.curves import CurveData
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.figures.live import filled_figure
from retroml_edu.figures.palette import THEMES, ThemeName
from retroml_edu.figures.renderers import load_renderers
from retroml_edu.figures.summary import text_summary, what_is_drawn

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0 auto; max-width: 1400px; padding: 16px; font: 14px/1.5 system-ui, sans-serif;
  background: {surface}; color: {text}; }}
p {{ margin: 4px 52px; }}
.note {{ color: {muted}; font-size: 12px; }}
</style>
</head>
<body>
<main>
{chart}
<p>{summary}</p>
<p class="note">{note}</p>
</main>
</body>
</html>
"""


def to_html(
    data: CurveData,
    algorithm: AlgorithmName,
    *,
    solved_return: float | None = None,
    theme: ThemeName = "light",
    include_plotlyjs: bool = True,
) -> str:
    """Return the chart as one self-contained page.

    Args:
        data: What to draw; its title heads the page.
        algorithm: Decides on the panels.
        solved_return: Return that counts as solved, for a dashed line.
        theme: ``light`` or ``dark``.
        include_plotlyjs: Whether plotly.js (5 MB) is part of the page. Without it the page that this one is put into
            has to bring plotly.js.
    """
    colors = THEMES[theme]
    load_renderers()
    figure = filled_figure(data, algorithm, colors, title=data.title, solved_return=solved_return)
    chart = figure.to_html(
        full_html=False,
        include_plotlyjs=include_plotlyjs,
        default_height=f"{figure.layout.height}px",
        config={"displaylogo": False, "showSendToCloud": False, "responsive": True},
    )
    return _PAGE.format(
        title=html.escape(data.title or "Run"),
        surface=colors.surface,
        text=colors.text,
        muted=colors.muted,
        chart=chart,
        summary=html.escape(text_summary(data, algorithm)),
        note=html.escape(what_is_drawn(data)),
    )
