"""The deadly triad on Baird's counterexample, switched on part by part."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from retroml_edu.kit import triad_pictures as pictures
from retroml_edu.kit.controls import Controls, Slider, Switch
from retroml_edu.kit.piece import Piece, row
from retroml_edu.kit.plot import Plot
from retroml_edu.kit.triad_pictures import SLACK
from retroml_edu.tabular.divergence import baird_growth, baird_weights, features

SWEEPS = 1_000
PARTS = ("approximation", "bootstrapping", "off_policy")
_SAID = {
    "approximation": "function approximation",
    "bootstrapping": "bootstrapping",
    "off_policy": "off-policy updates",
}


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
        self.diagram = Plot("", "", height=310, **pictures.diagram_layout())
        self.curves = Plot("sweep", "value of the state", height=310, xaxis={"range": [0, SWEEPS]})
        self.map = Plot("step size α", "discount γ", height=310, **pictures.map_layout())
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
        return self.growth > 1 + SLACK

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
            self.diagram.show(*pictures.diagram(values[-1], parts))
            self.curves.show(*pictures.curves(values, self.diverges), **pictures.curves_layout(values, self.diverges))
            self.map.show(*pictures.map_of(tuple(parts.values()), alpha, gamma))
            self.tell(_said(parts, values, self.growth))


def _said(parts: dict[str, bool], values: np.ndarray, growth: float) -> str:
    on = [_SAID[name] for name, is_on in parts.items() if is_on]
    told = f"On: {', '.join(on)}." if on else "All three parts are off."
    sweeps = len(values) - 1
    largest = np.abs(values[-1]).max()
    if growth > 1 + SLACK:
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
        if parts["bootstrapping"] and not parts["approximation"]:
            told += _of_a_table(growth)
    if all(parts.values()) and growth <= 1 + SLACK:
        told += " All three parts are on, but with this discount the next value weighs too little."
    return told


def _of_a_table(growth: float) -> str:
    """Return why values of a table come down so late: six states learn from one, which learns from itself."""
    told = (
        " States 1 to 6 learn from state 7: they rise as long as they lie below their target, γ times its value. "
        "State 7 learns from itself alone"
    )
    if growth >= 1 - SLACK:
        return f"{told}, and with γ = 1 it stays where it is."
    halves = np.log(0.5) / np.log(growth)
    return f"{told}: its value halves every {halves:,.0f} sweeps, so in the end all are 0."


def _number(value: float) -> str:
    if abs(value) < 0.005:
        return "less than 0.01" if value else "0"
    return f"{value:,.2f}" if abs(value) < 1_000 else f"{value:,.0f}"
