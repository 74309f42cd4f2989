"""What is drawn of the deadly triad: the seven states, their values over sweeps, and where they diverge."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from retroml_edu.core.numbers import with_minus
from retroml_edu.kit.plot import Trace
from retroml_edu.kit.traces import line
from retroml_edu.tabular.divergence import baird_growth

SLACK = 1e-9
"""By how much a growth of 1 may be missed by rounding."""
_GAMMAS, _ALPHAS = np.linspace(0.5, 1.0, 26), np.geomspace(0.002, 0.2, 21)
_SMALLEST = 1e-4
"""What a logarithmic axis takes as its lowest."""
_TOP = np.column_stack((np.arange(6.0), np.full(6, 1.0)))
_PLACES = np.vstack((_TOP, [[2.5, 0.0]]))
_LOW = "₁₂₃₄₅₆₇₈"


def curves(values: np.ndarray, diverges: bool) -> list[Trace]:
    """Return the values over sweeps; of the first six one, where they are alike."""
    sweeps = np.arange(len(values))
    shown = np.maximum(np.abs(values), _SMALLEST) if diverges else values
    alike = [state for state in range(6) if state == 0 or not np.allclose(values[:, state], values[:, 0])]
    traces = [
        {**line("states 1 to 6", sweeps, shown[:, state], color=0)[0], "showlegend": state == 0} for state in alike
    ]
    return [*traces, *line("state 7", sweeps, shown[:, 6], color=1)]


def curves_layout(values: np.ndarray, diverges: bool) -> dict[str, Any]:
    """Return a linear axis around what is there; for what diverges, a logarithmic one of how far it is from 0."""
    if diverges:
        high = np.log10(max(100.0, 2 * np.abs(values).max()))
        return {"yaxis": {"type": "log", "range": [-1, high], "title": {"text": "value, without its sign (log)"}}}
    low, high = min(-5.0, 1.15 * values.min()), max(15.0, 1.15 * values.max())
    return {"yaxis": {"type": "linear", "range": [low, high], "title": {"text": "value of the state"}}}


def diagram(values: np.ndarray, parts: dict[str, bool]) -> list[Trace]:
    """Return the seven states, with what each is made of, what it is worth by now, and whether it is updated."""
    made = [f"2w{_LOW[i]}+w{_LOW[7]}" for i in range(6)] + [f"w{_LOW[6]}+2w{_LOW[7]}"]
    if not parts["approximation"]:
        made = [f"w{_LOW[i]}" for i in range(7)]
    updated = np.array([parts["off_policy"]] * 6 + [True])
    worth = [_short(value) for value in values]
    hidden: Trace = {"type": "scatter", "hoverinfo": "skip"}
    return [
        hidden
        | {
            "x": _PLACES[:, 0],
            "y": _PLACES[:, 1],
            "mode": "markers",
            "marker": {
                "size": 40,
                "color": "$surface",
                "line": {"width": [4 if each else 1 for each in updated], "color": "$text"},
            },
        },
        hidden
        | {
            "x": _PLACES[:, 0],
            "y": _PLACES[:, 1],
            "mode": "text",
            "text": [f"<b>{each}</b>" for each in worth],
            "textfont": {"size": 11},
        },
        hidden
        | {
            "x": _PLACES[:, 0],
            "y": _PLACES[:, 1] + np.array([0.3] * 6 + [-0.3]),
            "mode": "text",
            "text": [f"{i + 1}<br>{each}" for i, each in enumerate(made[:6])] + [f"{made[6]}<br>7"],
            "textfont": {"size": 10, "color": "$text"},
        },
        hidden
        | {
            "x": np.array([3.15]),
            "y": np.array([0.0]),
            "mode": "text",
            "text": ["↺"],
            "textfont": {"size": 22, "color": "$muted"},
        },
    ]


def _short(value: float) -> str:
    size = abs(value)
    if size < 0.005:
        return "0"
    for unit, name in ((1e6, "M"), (1e3, "k"), (1.0, "")):
        if size >= unit:
            return with_minus(f"{value / unit:.3g}{name}")
    return with_minus(f"{value:.2f}")


def diagram_layout() -> dict[str, Any]:
    """Return the layout of the diagram: no axes, and an arrow from each of the first six states to the seventh."""
    bare = {"visible": False, "fixedrange": True}
    return {
        "showlegend": False,
        "xaxis": {**bare, "range": [-0.6, 5.6]},
        "yaxis": {**bare, "range": [-0.65, 1.6]},
        "margin": {"l": 4, "r": 4, "t": 34, "b": 4},
        "annotations": [
            {
                "x": _PLACES[6, 0],
                "y": _PLACES[6, 1],
                "ax": x,
                "ay": y,
                "text": "",
                "showarrow": True,
                "xref": "x",
                "yref": "y",
                "axref": "x",
                "ayref": "y",
                "arrowhead": 2,
                "arrowcolor": "$muted",
                "standoff": 22,
                "startstandoff": 22,
                "arrowwidth": 1.2,
            }
            for x, y in _TOP
        ],
        "title": {"text": "The states now; thick: is updated", "font": {"size": 13}, "x": 0.02, "xanchor": "left"},
    }


@lru_cache(maxsize=8)
def _diverging(approximation: bool, bootstrapping: bool, off_policy: bool) -> np.ndarray:
    """Return which step sizes and discounts diverge, shape (discounts, step sizes)."""
    parts = {"approximation": approximation, "bootstrapping": bootstrapping, "off_policy": off_policy}
    growth = [[baird_growth(**parts, alpha=alpha, gamma=gamma) for alpha in _ALPHAS] for gamma in _GAMMAS]
    return np.array(growth) > 1 + SLACK


def map_of(parts: tuple[bool, ...], alpha: float, gamma: float) -> list[Trace]:
    """Return where step sizes and discounts diverge with these parts, in words too, and where one is now."""
    diverging = _diverging(*parts)
    traces: list[Trace] = [
        {
            "type": "heatmap",
            "x": _ALPHAS,
            "y": _GAMMAS,
            "z": diverging.astype(float),
            "zmin": 0,
            "zmax": 1,
            "colorscale": [[0, "$line0/0.25"], [1, "$line1/0.6"]],
            "showscale": False,
            "hovertemplate": "α %{x:.3f}, γ %{y:.2f}<extra></extra>",
        }
    ]
    words = (
        [(0.02, 0.94, "diverges"), (0.02, 0.69, "stable")] if diverging.any() else [(0.02, 0.69, "stable everywhere")]
    )
    traces.append(
        {
            "type": "scatter",
            "x": np.array([word[0] for word in words]),
            "y": np.array([word[1] for word in words]),
            "text": [word[2] for word in words],
            "mode": "text",
            "textfont": {"size": 13, "color": "$text"},
            "hoverinfo": "skip",
        }
    )
    mark = {"symbol": "x", "size": 12, "color": "$text", "line": {"width": 2, "color": "$surface"}}
    here: Trace = {"type": "scatter", "mode": "markers", "x": np.array([alpha]), "y": np.array([gamma])}
    return [*traces, here | {"marker": mark, "hovertemplate": "you are here<extra></extra>"}]


def map_layout() -> dict[str, Any]:
    """Return the layout of that map."""
    return {
        "showlegend": False,
        "xaxis": {"type": "log", "range": [np.log10(0.0018), np.log10(0.22)], "tickvals": [0.002, 0.01, 0.05, 0.2]},
        "yaxis": {"range": [0.49, 1.01]},
        "margin": {"t": 34},
        "title": {"text": "Where it diverges; ✕: you are here", "font": {"size": 13}, "x": 0.02, "xanchor": "left"},
    }
