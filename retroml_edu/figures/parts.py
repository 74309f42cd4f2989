"""The parts of the live chart: traces, axes and notes, as plain plotly properties."""

from __future__ import annotations

import html
from typing import Any

from retroml_edu.figures.layout import BAND_LABEL, LINE_LABEL, POINTS_LABEL, X_TITLE, Panel, solved_text

Properties = dict[str, Any]
Span = tuple[float, float]

_TOP_ROW: Span = (0.52, 1.0)
_BOTTOM_ROW: Span = (0.0, 0.28)
_GAP = 0.075
"""Space between the panels of the bottom row, as a share of the width: room for tick labels."""
_VALUE = "%{y:,.4~g}<extra></extra>"


def axis_suffix(number: int) -> str:
    """Return what plotly appends to ``xaxis`` and ``yaxis`` for a panel, counted from 0."""
    return str(number + 1) if number else ""


def plain(text: str) -> str:
    """Return a text that plotly shows as it is: no tags, no links, no formulas."""
    return html.escape(text, quote=False).replace("$", "&#36;")


def traces(number: int, panel: Panel) -> list[Properties]:
    """Return a panel's traces, all empty: lowest, highest, single values, line."""
    suffix = axis_suffix(number)
    shared = {
        "type": "scatter",
        "x": [],
        "y": [],
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "mode": "lines",
    }
    in_legend = number == 0
    low = {"line": {"width": 0}, "hovertemplate": f"lowest {_VALUE}", "showlegend": False}
    high = low | {"hovertemplate": f"highest {_VALUE}", "fill": "tonexty", "name": BAND_LABEL, "showlegend": in_legend}
    points = {"mode": "markers", "marker": {"size": 5}, "name": POINTS_LABEL, "showlegend": in_legend}
    line = {"line": {"width": 2.5 if in_legend else 1.5}, "name": LINE_LABEL, "showlegend": in_legend}
    if panel.trend:
        points["hovertemplate"], line["hovertemplate"] = f"episode {_VALUE}", f"mean {_VALUE}"
    else:
        points["hoverinfo"], line["hovertemplate"] = "skip", _VALUE
    return [shared | low, shared | high, shared | points, shared | line]


def axes(number: int, panels: int) -> Properties:
    """Return the two axes of a panel; a zoom along the steps moves all panels."""
    suffix = axis_suffix(number)
    columns, rows = _place(number, panels)
    shared = {"showticklabels": False, "tickfont": {"size": 11}, "zeroline": False, "showspikes": False}
    x = shared | {
        "domain": columns,
        "anchor": f"y{suffix}",
        "rangemode": "tozero",
        "nticks": 5 if number else 10,
        "tickformat": "~s",
        "hoverformat": ",.0f",
        "showgrid": False,
        "showline": True,
        "ticks": "outside",
        "ticklen": 4,
        "title": {"text": X_TITLE, "standoff": 4, "font": {"size": 11}},
    }
    if number:
        x["matches"] = "x"
    y = shared | {
        "domain": rows,
        "anchor": f"x{suffix}",
        "nticks": 5 if number else 6,
        "exponentformat": "SI",
        "minexponent": 4,
        "showgrid": False,
        "showline": False,
        "ticks": "",
        "ticklabelstandoff": 4,
    }
    return {f"xaxis{suffix}": x, f"yaxis{suffix}": y}


def heading(number: int, panel: Panel) -> Properties:
    """Return the title above a panel."""
    return _note(number) | {
        "text": f"<b>{plain(panel.title)}</b>",
        "x": 0,
        "xanchor": "left",
        "y": 1,
        "yanchor": "bottom",
        "yshift": 3,
        "font": {"size": 12 if number else 13},
    }


def waiting(number: int, panel: Panel) -> Properties:
    """Return the note that stands in a panel until it has data."""
    # Above the first panel's middle runs the line of a solved game, with its words below it.
    return _note(number) | {"text": plain(panel.waiting), "x": 0.5, "y": 0.3 if number else 0.14, "font": {"size": 12}}


def solved_line(solved_return: float) -> Properties:
    """Return the dashed line at the return that counts as solved; it is always within view."""
    return {
        "type": "line",
        "xref": "x domain",
        "x0": 0,
        "x1": 1,
        "y0": solved_return,
        "y1": solved_return,
        "layer": "below",
        "line": {"dash": "dash", "width": 1.25},
    }


def solved_label(solved_return: float) -> Properties:
    """Return the text at the solved line, at its end: a curve that rises crosses its beginning."""
    return {
        "text": solved_text(solved_return),
        "xref": "x domain",
        "x": 1,
        "xanchor": "right",
        "y": solved_return,
        "yref": "y",
        "yanchor": "top",
        "showarrow": False,
        "font": {"size": 11},
    }


def _place(number: int, panels: int) -> tuple[Span, Span]:
    if number == 0:
        return (0.0, 1.0), _TOP_ROW
    columns = panels - 1
    width = (1 - _GAP * (columns - 1)) / columns
    left = (number - 1) * (width + _GAP)
    return (left, min(1.0, left + width)), _BOTTOM_ROW


def _note(number: int) -> Properties:
    suffix = axis_suffix(number)
    return {"xref": f"x{suffix} domain", "yref": f"y{suffix} domain", "showarrow": False}
