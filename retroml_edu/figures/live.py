"""The live chart: what never changes of it is said once, then only its points are filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from retroml_edu.core.curves import CurveData
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.figures import parts
from retroml_edu.figures.layout import PANELS, Panel, layers
from retroml_edu.figures.palette import LIGHT, Theme, translucent

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

HEIGHT_PX = 440
_TITLE_PX = 26
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_CLEAR = "rgba(0,0,0,0)"
# plotly 7 shows a button that uploads the chart to its maker's cloud; a run's data leave the machine for nobody.
BUTTONS_LEFT_OUT = ("sendChartToCloud", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d")
_COLUMNS_PER_PANEL = 7
_TRACES_OF_PANEL = ((0, 1), (0, 2), (3, 4), (5, 6))
"""Columns (x, y) of a panel's traces, from back to front: lowest, highest, single values, line."""
MEAN_RETURN_TRACE = 3
"""The line of the first panel."""


def live_spec(
    algorithm: AlgorithmName, theme: Theme = LIGHT, *, title: str = "", solved_return: float | None = None
) -> parts.Properties:
    """Return the chart of a run that has not begun, as plotly.js takes it: all traces there, all empty.

    Args:
        algorithm: Decides on the panels.
        theme: Colours.
        title: Heading; shown as it is, never read as markup.
        solved_return: Return that counts as solved, for a dashed line.
    """
    panels = PANELS[algorithm]
    top = _TITLE_PX if title else 0
    layout: parts.Properties = {
        # The default template would travel to the browser with every figure; everything it says is said here.
        "template": {},
        "height": HEIGHT_PX + top,
        "autosize": True,
        "margin": {"l": 52, "r": 16, "t": 50 + top, "b": 44, "autoexpand": False},
        "hovermode": "x unified",
        # A constant revision keeps the zoom that a person has set while data comes in.
        "uirevision": "run",
        "showlegend": True,
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.005, "yanchor": "bottom"},
        "modebar": {"remove": list(BUTTONS_LEFT_OUT)},
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
    data = [_colored(parts.traces(number, panel), panel, theme) for number, panel in enumerate(panels)]
    color_layout(layout, len(panels), theme)
    return {"data": [trace for traces in data for trace in traces], "layout": layout}


def trace_columns(algorithm: AlgorithmName) -> list[tuple[int, int]]:
    """Return which columns of `live_columns` are x and y of each trace, in trace order."""
    starts = range(0, len(PANELS[algorithm]) * _COLUMNS_PER_PANEL, _COLUMNS_PER_PANEL)
    return [(start + x, start + y) for start in starts for x, y in _TRACES_OF_PANEL]


def live_columns(data: CurveData, algorithm: AlgorithmName) -> list[np.ndarray]:
    """Return the points of all traces as float32 columns, which traces share: each as long as its curve, at most."""
    columns: list[np.ndarray] = []
    for panel in PANELS[algorithm]:
        drawn = layers(data, panel)
        band = (drawn.band_step, drawn.low, drawn.high)
        columns += [column.astype(np.float32) for column in (*band, drawn.point_step, drawn.point)]
        columns += [drawn.line_step.astype(np.float32), drawn.line.astype(np.float32)]
    return columns


def live_layout(columns: Sequence[np.ndarray], algorithm: AlgorithmName, *, ended: bool) -> dict[str, bool | str]:
    """Return what of the layout depends on where there are points, by the path of each property.

    Args:
        columns: From `live_columns`.
        algorithm: What they were made for.
        ended: Whether no more will come.
    """
    panels = PANELS[algorithm]
    filled = [
        any(map(len, columns[at * _COLUMNS_PER_PANEL : (at + 1) * _COLUMNS_PER_PANEL])) for at in range(len(panels))
    ]
    layout: dict[str, bool | str] = {}
    for number, (panel, has_points) in enumerate(zip(panels, filled, strict=True)):
        suffix = parts.axis_suffix(number)
        note = f"annotations[{len(panels) + number}]"
        layout[f"{note}.visible"] = not has_points
        layout[f"{note}.text"] = parts.plain(panel.missing if ended else panel.waiting)
        layout[f"xaxis{suffix}.showticklabels"] = any(filled)
        layout[f"yaxis{suffix}.showticklabels"] = has_points
        layout[f"yaxis{suffix}.showgrid"] = has_points
    return layout


def filled_figure(
    data: CurveData,
    algorithm: AlgorithmName,
    theme: Theme = LIGHT,
    *,
    title: str = "",
    solved_return: float | None = None,
) -> Figure:
    """Return a plotly figure of the same chart with its points, for a page of its own; arguments as `live_spec`."""
    from plotly.graph_objects import Figure

    figure = Figure(live_spec(algorithm, theme, title=title, solved_return=solved_return))
    columns = live_columns(data, algorithm)
    for trace, (x, y) in zip(figure.data, trace_columns(algorithm), strict=True):
        trace.x, trace.y = columns[x], columns[y]
    figure.plotly_relayout(live_layout(columns, algorithm, ended=True))
    return figure


def _colored(traces: Sequence[parts.Properties], panel: Panel, theme: Theme) -> Sequence[parts.Properties]:
    low, high, points, line = traces
    color = theme.lines[panel.role]
    low["line"], high["line"] = (side["line"] | {"color": _CLEAR} for side in (low, high))
    high["fillcolor"] = translucent(color, 0.25)
    points["marker"] |= {"color": translucent(color, 0.5)}
    line["line"] |= {"color": color}
    return traces


def color_layout(layout: parts.Properties, panels: int, theme: Theme) -> None:
    """Give the axes, notes and grounds of a layout the colours of a theme."""
    for number in range(panels):
        for side in "xy":
            axis = layout[f"{side}axis{parts.axis_suffix(number)}"]
            axis |= dict.fromkeys(("gridcolor", "linecolor", "tickcolor"), theme.grid)
            axis["tickfont"] = axis["tickfont"] | {"color": theme.muted}
            if "title" in axis:
                axis["title"]["font"] |= {"color": theme.muted}
    for number, note in enumerate(layout["annotations"]):
        note["font"] |= {"color": theme.text if number < panels else theme.muted}
    for shape in layout.get("shapes", ()):
        shape["line"] |= {"color": theme.muted}
    layout["paper_bgcolor"] = layout["plot_bgcolor"] = _CLEAR
    layout["font"] = {"family": _FONT, "size": 12, "color": theme.text}
    layout["legend"] |= {"bgcolor": _CLEAR}
    layout["modebar"] |= {"bgcolor": _CLEAR, "color": theme.muted, "activecolor": theme.text}
    surface: dict[str, Any] = {"bgcolor": theme.surface, "bordercolor": theme.grid, "font": {"color": theme.text}}
    layout["hoverlabel"] = surface
