"""The mountain car learned before one's eyes, by two representations beside each other."""

from __future__ import annotations

from typing import Any

import numpy as np
from ipywidgets import Box, Widget

from retroml_edu.core.errors import LessonError
from retroml_edu.kit import car_pictures as pictures
from retroml_edu.kit.car_runs import AGGREGATION, REPRESENTATIONS, TILES, CarRun
from retroml_edu.kit.controls import Button, Controls, Select, Slider, Switch
from retroml_edu.kit.piece import Piece, column, row
from retroml_edu.kit.player import Player
from retroml_edu.kit.plot import Plot

SIDES = ("A", "B")
_RATES = (1, 10, 100, 1_000, 10_000)
_LOWEST_TOP = 1.0
"""Of the scale: the first corrections, half a step each, are seen on it."""


class ValueSurface(Piece):
    """Two cars learn the same hill with two representations: how many steps each thinks are to go, as it forms.

    Press Play and watch the surfaces: one step of learning moves all states that share features. Change a
    representation, its size or a step size, and compare how fast the episodes become short. Step sizes and ε act at
    once, another representation begins anew.

    Args:
        left: Representation of the first car: "one tiling", "tile coding", "Fourier features" or "small network".
        right: Of the second.
        seed: Of all draws.
        epsilon: How often the cars take any action, to begin with.
        solid: Whether the surfaces stand as landscapes to begin with.

    Attributes:
        runs: What is learned, by "A" and "B".
        player: Plays it, step by step or thousands of steps at once.

    Raises:
        LessonError: If there is no such representation.
    """

    def __init__(
        self,
        left: str = AGGREGATION,
        right: str = TILES,
        *,
        seed: int = 0,
        epsilon: float = 0.0,
        solid: bool = False,
    ) -> None:
        self.seed = seed
        self._kinds = dict(zip(SIDES, (left, right), strict=True))
        self._settings: dict[str, dict[str, Any]] = {side: {} for side in SIDES}
        self._solid, self._epsilon = solid, epsilon
        self.runs = self._anew()
        self.common = Controls(
            Slider(
                "epsilon", "Random actions ε", epsilon, 0.0, 0.3, step=0.01, hint="How often a car takes any action."
            ),
            Switch("solid", "Landscape (3D)", solid, "Turn it with the mouse."),
            Button("seed", "Other draws", "Begin anew with other random numbers: was it luck?"),
            on_change=self._common_changed,
            on_press=lambda _name: self._other_draws(),
        )
        self.choices = {side: self._choice(side) for side in SIDES}
        self.sizes = {side: self._size_controls(side) for side in SIDES}
        self._places = {side: Box([self.sizes[side]]) for side in SIDES}
        self.surfaces = {
            side: Plot("place", "speed", height=330, **pictures.surface_layout(_LOWEST_TOP, solid=solid))
            for side in SIDES
        }
        self.hill = Plot("place", "", height=230, **_hill_layout())
        self.lengths = Plot("episode", "steps of the episode", height=230, yaxis=_LENGTHS)
        self.player = Player(self._show, unit="step", rates=_RATES, rate=100, restart=self._restart)
        chosen = [column(self.choices[side], self._places[side]) for side in SIDES]
        seen = [self.surfaces[side] for side in SIDES]
        super().__init__(
            "Value surface", self.player, self.common, _pair(*chosen), _pair(*seen), _pair(self.hill, self.lengths)
        )
        self._draw()
        self.tell(_BEGIN)

    def play(self, steps: int) -> None:
        """Let both cars learn from so many steps more."""
        with self.lock:
            while steps > 0:
                self.player.go(min(steps, _RATES[-1]))
                steps -= _RATES[-1]

    def choose(self, side: str, kind: str, /, **settings: Any) -> None:
        """Give a car a representation; both begin anew.

        Args:
            side: "A" or "B".
            kind: Name of the representation.
            settings: Of its controls, such as ``tilings="8"``, ``side=8``, ``order=3``, ``hidden=60``, ``alpha=0.5``.

        Raises:
            LessonError: If there is no such side, representation or setting.
        """
        if side not in SIDES:
            raise LessonError(f'There are the sides A and B, not "{side}".')
        with self.lock:
            run = CarRun(
                kind, settings, self._epsilon, self.seed
            )  # refuses what makes no sense before anything changes
            is_other = kind != self._kinds[side]
            self._kinds[side], self._settings[side] = kind, dict(run.settings)
            if is_other:
                self._change_controls(side)
            if self.choices[side].values["kind"] != kind:
                self.choices[side].values = {"kind": kind}
            self.sizes[side].values = dict(run.settings)
            self.player.begin()

    def _choice(self, side: str) -> Controls:
        hint = "How this car holds what it has learned. Another one begins anew."
        select = Select("kind", f"Car {side} learns with", self._kinds[side], tuple(REPRESENTATIONS), hint)
        return Controls(select, on_change=lambda values: self._kind_changed(side, values["kind"]))

    def _size_controls(self, side: str) -> Controls:
        controls = REPRESENTATIONS[self._kinds[side]].controls
        return Controls(*controls, on_change=lambda values: self._size_changed(side, values))

    def _change_controls(self, side: str) -> None:
        old = self.sizes[side]
        self.sizes[side] = self._size_controls(side)
        self._places[side].children = [self.sizes[side]]
        old.close()

    def _kind_changed(self, side: str, kind: str) -> None:
        with self.problems():
            if kind != self._kinds[side]:
                self.choose(side, kind)

    def _size_changed(self, side: str, values: dict[str, Any]) -> None:
        with self.problems():
            run = self.runs[side]
            only_alpha = {**values, "alpha": 0} == {**run.settings, "alpha": 0}
            if only_alpha and not run.said:
                self._settings[side] = dict(values)
                run.turn(alpha=values["alpha"])
            else:
                self.choose(side, self._kinds[side], **values)

    def _common_changed(self, values: dict[str, Any]) -> None:
        with self.problems():
            self._epsilon = values["epsilon"]
            for run in self.runs.values():
                run.turn(epsilon=self._epsilon)
            if values["solid"] != self._solid:
                self._solid = values["solid"]
                self._draw()

    def _other_draws(self) -> None:
        with self.problems():
            self.seed += 1
            self.player.begin()

    def _anew(self) -> dict[str, CarRun]:
        return {side: CarRun(self._kinds[side], self._settings[side], self._epsilon, self.seed) for side in SIDES}

    def _restart(self) -> None:
        with self.problems():
            self.runs = self._anew()

    def _show(self, position: int) -> int:
        with self.problems():
            # Nobody waits for more steps in one go than the fastest speed makes.
            steps = min(position - self.player.position, _RATES[-1])
            if all(run.said for run in self.runs.values()):
                steps = 0
            for run in self.runs.values():
                run.advance(steps)
            self._draw()
            stopped = [f"{side} has stopped. {run.said}" for side, run in self.runs.items() if run.said]
            self.tell(" ".join(stopped) or (_BEGIN if position == 0 else ""))
            return self.player.position + steps
        return self.player.position

    def _draw(self) -> None:
        costs = {side: run.cost(pictures.POINTS) for side, run in self.runs.items()}
        top = _round_up(max(_LOWEST_TOP, *(float(cost.max()) for cost in costs.values())))
        for side, run in self.runs.items():
            traces = pictures.surface(run, costs[side], top, solid=self._solid)
            layout = pictures.surface_layout(top, solid=self._solid, heading=_heading(side, run))
            self.surfaces[side].show(*traces, **layout)
        self.hill.show(*pictures.hill(self.runs))
        self.lengths.show(*pictures.lengths(self.runs))


_LENGTHS = {"type": "log", "tickvals": [50, 100, 200, 500, 1_000, 2_000, 5_000], "range": [1.7, 3.75]}
_BEGIN = "Both cars know nothing: every state is thought to be 0 steps from the goal. Press Play."


def _pair(*parts: Widget) -> Box:
    """Return two widgets that stay beside each other in narrow pages too: they are compared."""
    pair = row(*parts)
    pair.add_class("rml-kit-pair")
    return pair


def _heading(side: str, run: CarRun) -> str:
    if run.said:
        return f"{side}: {run.made_of}<br>diverged in episode {run.episodes + 1:,}"
    return f"{side}: {run.made_of}<br>episode {run.episodes + 1:,}, step {run.learner.episode_steps:,}"


def _round_up(value: float) -> float:
    """Return the next of 1, 1.5, 2, 3, 5, 7 times a power of ten: a scale that does not flicker."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(next(step * power for step in (1, 1.5, 2, 3, 5, 7, 10) if step * power >= value * (1 - 1e-9)))


def _hill_layout() -> dict[str, Any]:
    return {
        "showlegend": False,
        "xaxis": {"range": [-1.25, 0.65]},
        "yaxis": {"range": [pictures.BOTTOM, 1.9], "showticklabels": False, "showgrid": False, "zeroline": False},
        "margin": {"l": 12},
    }
