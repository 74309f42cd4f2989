"""The live chart: every trace is made once, then only filled anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from retroml_edu.core.curves import CurveData
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.figures import parts
from retroml_edu.figures.layout import PANELS, layers
from retroml_edu.figures.palette import LIGHT, Theme, translucent

if TYPE_CHECKING:
    from plotly.basedatatypes import BaseFigure
    from plotly.graph_objects import Figure

HEIGHT_PX = 440
_TITLE_PX = 26
_TRACES_PER_PANEL = 4
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_CLEAR = "rgba(0,0,0,0)"
# plotly 7 shows a button that uploads the chart to its maker's cloud; a run's data leave the machine for nobody.
_BUTTONS_LEFT_OUT = ("sendChartToCloud", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d")


def live_figure(
    algorithm: AlgorithmName, theme: Theme = LIGHT, *, title: str = "", solved_return: float | None = None
) -> Figure:
    """Return the chart of a run that has not begun: all traces there, all empty.

    Args:
        algorithm: Decides on the panels.
        theme: Colours.
        title: Heading; shown as it is, never read as markup.
        solved_return: Return that counts as solved, for a dashed line.
    """
    from plotly.graph_objects import Figure

    panels = PANELS[algorithm]
    layout: dict[str, Any] = {
        # The default template would travel to the browser with every figure; everything it says is said here.
        "template": {},
        "height": HEIGHT_PX + (_TITLE_PX if title else 0),
        "autosize": True,
        "margin": {"l": 52, "r": 16, "t": 50 + (_TITLE_PX if title else 0), "b": 44, "autoexpand": False},
        "hovermode": "x unified",
        # A constant revision keeps the zoom that a person has set while data comes in.
        "uirevision": "run",
        "showlegend": True,
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.005, "yanchor": "bottom"},
        "modebar": {"remove": list(_BUTTONS_LEFT_OUT)},
        "annotations": [
            *(parts.heading(number, panel) for number, panel in enumerate(panels)),
            *(parts.waiting(number, panel) for number, panel in enumerate(panels)),
        ],
    }
    layout["legend"] |= {"itemclick": False, "itemdoubleclick": False, "traceorder": "normal"}
    if title:
        layout["title"] = {"text": f"<b>{parts.plain(title)}</b>", "x": 0, "xref": "paper", "font": {"size": 16}}
        layout["title"] |= {"y": 1, "yref": "container", "yanchor": "top", "pad": {"t": 14}}
    if solved_return is not None:
        layout["shapes"] = [parts.solved_line(solved_return)]
        layout["annotations"].append(parts.solved_label(solved_return))
    for number in range(len(panels)):
        layout |= parts.axes(number, len(panels))
    figure = Figure([trace for number, panel in enumerate(panels) for trace in parts.traces(number, panel)], layout)
    restyle_figure(figure, algorithm, theme)
    return figure


def live_updates(data: CurveData, algorithm: AlgorithmName) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return x and y of every trace, in trace order, float32: as many points as the curves have, at most."""
    updates: list[tuple[np.ndarray, np.ndarray]] = []
    for panel in PANELS[algorithm]:
        drawn = layers(data, panel)
        for x, y in (
            (drawn.band_step, drawn.low),
            (drawn.band_step, drawn.high),
            (drawn.point_step, drawn.point),
            (drawn.line_step, drawn.line),
        ):
            updates.append((x.astype(np.float32), y.astype(np.float32)))
    return updates


def update_figure(figure: BaseFigure, data: CurveData, algorithm: AlgorithmName) -> None:
    """Show the data in a live figure, as one batch; what has not changed is not sent again.

    Args:
        figure: From `live_figure`, or a FigureWidget made of it.
        data: The curves as they are now.
        algorithm: The one the figure was made for.

    Threads: not safe; the owner of the figure locks.
    """
    panels = PANELS[algorithm]
    updates = live_updates(data, algorithm)
    any_data = any(len(x) for x, _ in updates)
    with figure.batch_update():
        for trace, (x, y) in zip(figure.data, updates, strict=True):
            if not (np.array_equal(trace.x, x) and np.array_equal(trace.y, y, equal_nan=True)):
                trace.x, trace.y = x, y
        for number in range(len(panels)):
            own = updates[number * _TRACES_PER_PANEL : (number + 1) * _TRACES_PER_PANEL]
            own_data = any(len(x) for x, _ in own)
            suffix = parts.axis_suffix(number)
            _change(figure.layout.annotations[len(panels) + number], "visible", not own_data)
            _change(figure.layout[f"xaxis{suffix}"], "showticklabels", any_data)
            _change(figure.layout[f"yaxis{suffix}"], "showticklabels", own_data)
            _change(figure.layout[f"yaxis{suffix}"], "showgrid", own_data)


def restyle_figure(figure: BaseFigure, algorithm: AlgorithmName, theme: Theme) -> None:
    """Give a live figure the colours of a theme, as one batch.

    Args:
        figure: From `live_figure`, or a FigureWidget made of it.
        algorithm: The one the figure was made for.
        theme: Colours.

    Threads: not safe; the owner of the figure locks.
    """
    panels = PANELS[algorithm]
    layout = figure.layout
    with figure.batch_update():
        for number, panel in enumerate(panels):
            low, high, points, line = figure.data[number * _TRACES_PER_PANEL : (number + 1) * _TRACES_PER_PANEL]
            color = theme.lines[panel.role]
            low.line.color = high.line.color = _CLEAR
            high.fillcolor = translucent(color, 0.25)
            points.marker.color = translucent(color, 0.5)
            line.line.color = color
            for axis in (f"xaxis{parts.axis_suffix(number)}", f"yaxis{parts.axis_suffix(number)}"):
                layout[axis].gridcolor = layout[axis].linecolor = layout[axis].tickcolor = theme.grid
                layout[axis].tickfont.color = layout[axis].title.font.color = theme.muted
        for number, note in enumerate(layout.annotations):
            note.font.color = theme.text if number < len(panels) else theme.muted
        for shape in layout.shapes:
            shape.line.color = theme.muted
        layout.paper_bgcolor = layout.plot_bgcolor = _CLEAR
        layout.font = {"family": _FONT, "size": 12, "color": theme.text}
        layout.legend.bgcolor = layout.modebar.bgcolor = _CLEAR
        layout.modebar.color, layout.modebar.activecolor = theme.muted, theme.text
        layout.hoverlabel = {"bgcolor": theme.surface, "bordercolor": theme.grid, "font": {"color": theme.text}}


def _change(owner: Any, name: str, value: bool) -> None:
    """Set a property that differs: an unchanged one would be sent to the browser all the same."""
    if owner[name] is not value:
        owner[name] = value
