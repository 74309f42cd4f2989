"""The deadly triad on Baird's counterexample, switched on part by part."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import Any

import numpy as np

from retroml_edu.kit.controls import Controls, Slider, Switch
from retroml_edu.kit.piece import Piece, row
from retroml_edu.kit.plot import Plot, Trace
from retroml_edu.kit.traces import line
from retroml_edu.tabular.divergence import baird_growth, baird_weights, features

SWEEPS = 1_000
PARTS = ("approximation", "bootstrapping", "off_policy")
_SAID = {
    "approximation": "function approximation",
    "bootstrapping": "bootstrapping",
    "off_policy": "off-policy updates",
}
_GAMMAS, _ALPHAS = np.linspace(0.5, 1.0, 26), np.geomspace(0.002, 0.2, 21)
_SLACK = 1e-9
_SMALLEST = 1e-4
"""What a logarithmic axis takes as its lowest."""


class TriadBench(Piece):
    """Baird's counterexample: values of seven states, all of them 0 in truth, learned with one, two or three parts.

    Switch the parts on one by one, and watch the values of a thousand sweeps. Then find the discount from which on no
    step size helps.

    Args:
        approximation: Whether states share weights, to begin with.
        bootstrapping: Whether states learn from the value of the next.
        off_policy: Whether all states are updated equally often, whatever the policy would visit.
        alpha: Step size, 0.002 to 0.2.
        gamma: Discount, 0.5 to 1.

    Attributes:
        weights: Shape (sweeps + 1, weights): before the first sweep and after each.
        growth: By how much the values can be multiplied in a sweep in the long run; above 1 they diverge.
    """

    def __init__(
        self,
        *,
        approximation: bool = True,
        bootstrapping: bool = False,
        off_policy: bool = False,
        alpha: float = 0.02,
        gamma: float = 0.99,
    ) -> None:
        self.controls = Controls(
            Switch("approximation", "Function approximation", approximation, "States share weights; else a table."),
            Switch(
                "bootstrapping", "Bootstrapping", bootstrapping, "Targets are values that were learned; else returns."
            ),
            Switch("off_policy", "Off policy", off_policy, "All states are updated; else those the policy visits."),
            Slider("alpha", "Step size α", alpha, 0.002, 0.2, log=True, hint="How far one sweep moves the weights."),
            Slider("gamma", "Discount γ", gamma, 0.5, 1.0, step=0.01, hint="How much of the next value counts."),
            on_change=lambda _values: self._changed(),
        )
        self.diagram = Plot("", "", height=310, **_diagram_layout())
        self.curves = Plot("sweep", "value of the state", height=310, xaxis={"range": [0, SWEEPS]})
        self.map = Plot("step size α", "discount γ", height=310, **_map_layout())
        super().__init__("The deadly triad", self.controls, row(self.diagram, self.curves, self.map))
        page, controls, charts, status = self.box.children
        self.box.children = (page, controls, status, charts)  # what happens is told where it is switched
        self.weights = np.empty((0, 0))
        self.growth = 1.0
        self._changed()

    @property
    def parts(self) -> dict[str, bool]:
        """Which parts are on, by name."""
        return {name: bool(self.controls.values[name]) for name in PARTS}

    @property
    def values(self) -> np.ndarray:
        """Shape (sweeps + 1, 7), the value of each state."""
        found: np.ndarray = self.weights @ features(self.parts["approximation"]).T
        return found

    @property
    def diverges(self) -> bool:
        """Whether the values grow for ever."""
        return self.growth > 1 + _SLACK

    def set(self, **values: Any) -> None:
        """Change switches and sliders from code: ``set(off_policy=True, gamma=0.9)``.

        Raises:
            LessonError: If there is no such control, or it takes no such value.
        """
        with self.lock:
            for name, value in values.items():
                self.controls.set(name, value)

    def _changed(self) -> None:
        with self.problems():
            parts, alpha, gamma = self.parts, self.controls.values["alpha"], self.controls.values["gamma"]
            sweeps = baird_weights(
                approximation=parts["approximation"],
                bootstrapping=parts["bootstrapping"],
                off_policy=parts["off_policy"],
                alpha=alpha,
                gamma=gamma,
            )
            self.weights = np.array(list(islice(sweeps, SWEEPS + 1)))
            self.growth = baird_growth(**parts, alpha=alpha, gamma=gamma)
            values = self.values
            self.diagram.show(*_diagram(values[-1], parts))
            self.curves.show(*_curves(values, self.diverges), **_curves_layout(values, self.diverges))
            self.map.show(*_map(tuple(parts.values()), alpha, gamma))
            self.tell(_said(parts, values, self.growth))


def _said(parts: dict[str, bool], values: np.ndarray, growth: float) -> str:
    on = [_SAID[name] for name, is_on in parts.items() if is_on]
    told = f"On: {', '.join(on)}." if on else "All three parts are off."
    sweeps = len(values) - 1
    largest = np.abs(values[-1]).max()
    if growth > 1 + _SLACK:
        doubled = np.log(2) / np.log(growth)
        told += (
            f" It diverges: in the long run the values double about every {doubled:,.0f} sweeps. After {sweeps:,} the "
            f"largest is {_number(largest)} from 0, which is the truth."
        )
        if np.abs(values[0]).max() > largest:
            told += " That it is smaller than at the beginning does not last."
    elif not parts["off_policy"]:
        told += (
            f" It is stable. On policy, state 7 alone is visited and updated: its value is "
            f"{_number(values[-1, 6])} after {sweeps:,} sweeps."
        )
        told += (
            " The others change only by the weight that they share with it."
            if parts["approximation"]
            else " The others stay as they were."
        )
    else:
        told += f" It is stable: after {sweeps:,} sweeps the largest value is {_number(largest)} from 0, the truth."
    if all(parts.values()) and growth <= 1 + _SLACK:
        told += " All three parts are on, but with this discount the next value weighs too little."
    return told


def _number(value: float) -> str:
    if abs(value) < 0.005:
        return "less than 0.01" if value else "0"
    return f"{value:,.2f}" if abs(value) < 1_000 else f"{value:,.0f}"


def _curves(values: np.ndarray, diverges: bool) -> list[Trace]:
    """Return the values over sweeps; of the first six one, where they are alike."""
    sweeps = np.arange(len(values))
    shown = np.maximum(np.abs(values), _SMALLEST) if diverges else values
    alike = [state for state in range(6) if state == 0 or not np.allclose(values[:, state], values[:, 0])]
    traces = [
        {**line("states 1 to 6", sweeps, shown[:, state], color=0)[0], "showlegend": state == 0} for state in alike
    ]
    return [*traces, *line("state 7", sweeps, shown[:, 6], color=1)]


def _curves_layout(values: np.ndarray, diverges: bool) -> dict[str, Any]:
    """Return a linear axis around what is there; for what diverges, a logarithmic one of how far it is from 0."""
    if diverges:
        high = np.log10(max(100.0, 2 * np.abs(values).max()))
        return {"yaxis": {"type": "log", "range": [-1, high], "title": {"text": "value, without its sign (log)"}}}
    low, high = min(-5.0, 1.15 * values.min()), max(15.0, 1.15 * values.max())
    return {"yaxis": {"type": "linear", "range": [low, high], "title": {"text": "value of the state"}}}


_TOP = np.column_stack((np.arange(6.0), np.full(6, 1.0)))
_PLACES = np.vstack((_TOP, [[2.5, 0.0]]))


def _diagram(values: np.ndarray, parts: dict[str, bool]) -> list[Trace]:
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


_LOW = "₁₂₃₄₅₆₇₈"


def _short(value: float) -> str:
    size = abs(value)
    if size < 0.005:
        return "0"
    for unit, name in ((1e6, "M"), (1e3, "k"), (1.0, "")):
        if size >= unit:
            return f"{value / unit:.3g}{name}".replace("-", "−")
    return f"{value:.2f}".replace("-", "−")


def _diagram_layout() -> dict[str, Any]:
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
    return np.array(growth) > 1 + _SLACK


def _map(parts: tuple[bool, ...], alpha: float, gamma: float) -> list[Trace]:
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


def _map_layout() -> dict[str, Any]:
    return {
        "showlegend": False,
        "xaxis": {"type": "log", "range": [np.log10(0.0018), np.log10(0.22)], "tickvals": [0.002, 0.01, 0.05, 0.2]},
        "yaxis": {"range": [0.49, 1.01]},
        "margin": {"t": 34},
        "title": {"text": "Where it diverges; ✕: you are here", "font": {"size": 13}, "x": 0.02, "xanchor": "left"},
    }
