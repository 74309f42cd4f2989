"""The mountain car learned by one representation, as a lesson watches it: what it has learned, and where it drives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from retroml_edu.core.errors import DivergedError, LessonError
from retroml_edu.core.series import MovingMean
from retroml_edu.core.timeline import Timeline
from retroml_edu.kit.controls import Select, Slider
from retroml_edu.tabular.car import CarSarsa, LinearSarsa, NetworkSarsa
from retroml_edu.tabular.car_features import Fourier, Tiles

AVERAGED = 10
"""Episodes whose mean length is told."""
MOST_LENGTHS = 1_000
"""Episodes whose lengths are all kept; of those before, the curve alone."""
Values = Mapping[str, Any]
_KEPT_STEPS = 10_001
"""Of the path: the newest whole episode and the present one, however long they are."""


@dataclass(frozen=True)
class Representation:
    """A way to hold values of places and speeds.

    Attributes:
        name: What a student reads.
        controls: Of its size, then its step size, ``alpha``.
        make: From the controls' values, the share of random actions and a generator to a learner.
        said: From the values to what it is made of, in a few words.
    """

    name: str
    controls: tuple[Slider | Select, ...]
    make: Callable[[Values, float, np.random.Generator], CarSarsa]
    said: Callable[[Values], str]

    @property
    def beginning(self) -> dict[str, Any]:
        """Values of its controls to begin with."""
        return {control.name: control.value for control in self.controls}


def _alpha(value: float, low: float, high: float, hint: str) -> Slider:
    return Slider("alpha", "Step size α", value, low, high, log=True, hint=hint)


_SHARED = "How much of an error one step corrects, all tilings together. Above 2 it overshoots by more than the error."
_SIDE = "Tiles along each axis: more of them are finer, and each is visited more seldom."


def _tiles(values: Values, epsilon: float, rng: np.random.Generator) -> CarSarsa:
    seen = Tiles(int(values.get("tilings", 1)), int(values["side"]))
    return LinearSarsa(seen, alpha=values["alpha"], epsilon=epsilon, rng=rng)


def _fourier(values: Values, epsilon: float, rng: np.random.Generator) -> CarSarsa:
    return LinearSarsa(Fourier(int(values["order"])), alpha=values["alpha"], epsilon=epsilon, rng=rng)


def _network(values: Values, epsilon: float, rng: np.random.Generator) -> CarSarsa:
    return NetworkSarsa(int(values["hidden"]), alpha=values["alpha"], epsilon=epsilon, rng=rng)


AGGREGATION, TILES, FOURIER, NETWORK = "one tiling", "tile coding", "Fourier features", "small network"
REPRESENTATIONS = {
    each.name: each
    for each in (
        Representation(
            AGGREGATION,
            (Slider("side", "Tiles a side", 12, 2, 40, hint=_SIDE), _alpha(0.5, 0.01, 3.0, _SHARED)),
            _tiles,
            lambda values: f"{values['side']} × {values['side']} tiles",
        ),
        Representation(
            TILES,
            (
                Select("tilings", "Tilings", "8", ("1", "2", "4", "8", "16"), hint="Boards of tiles, each shifted."),
                Slider("side", "Tiles a side", 8, 2, 40, hint=_SIDE),
                _alpha(0.5, 0.01, 3.0, _SHARED),
            ),
            _tiles,
            lambda values: f"{values['tilings']} tilings of {values['side']} × {values['side']} tiles",
        ),
        Representation(
            FOURIER,
            (
                Slider("order", "Highest order", 3, 1, 9, hint="Half waves along an axis, at most: more are finer."),
                _alpha(0.003, 0.0003, 1.0, "How far one step moves a weight; waves of higher order move less."),
            ),
            _fourier,
            lambda values: f"{(values['order'] + 1) ** 2} waves",
        ),
        Representation(
            NETWORK,
            (
                Slider("hidden", "Hidden units", 60, 5, 200, hint="Each is a soft step somewhere; where, is learned."),
                _alpha(0.003, 0.0003, 0.3, "How far one step moves a weight; those before the hidden units a tenth."),
            ),
            _network,
            lambda values: f"{values['hidden']} hidden units",
        ),
    )
}


class CarRun:
    """One car that learns, and what of it is drawn.

    Args:
        kind: Name of a representation.
        settings: Of its controls; those left out are as they begin.
        epsilon: How often it takes any action.
        seed: Of all its draws.

    Attributes:
        kind: Name of the representation.
        settings: Of its controls.
        lengths: Steps of each of the newest episodes that have ended.
        said: Why it has stopped, in words; empty while it goes on.

    Raises:
        LessonError: If there is no such representation, or no such control.
    """

    def __init__(self, kind: str, settings: Values, epsilon: float, seed: int) -> None:
        if kind not in REPRESENTATIONS:
            raise LessonError(f'There is no representation "{kind}"; there are {", ".join(REPRESENTATIONS)}.')
        representation = REPRESENTATIONS[kind]
        unknown = set(settings) - set(representation.beginning)
        if unknown:
            raise LessonError(
                f'"{min(unknown)}" is nothing that {kind} has; it has {", ".join(representation.beginning)}.'
            )
        self.kind = kind
        self.settings = representation.beginning | dict(settings)
        self.made_of = representation.said(self.settings)
        self.learner = representation.make(self.settings, epsilon, np.random.default_rng(seed))
        self.lengths = np.empty(0, dtype=np.int64)
        self.said = ""
        self._curves = Timeline(), Timeline()
        self._mean = MovingMean(AVERAGED)
        self._path = np.empty((0, 2))

    def turn(self, *, alpha: float | None = None, epsilon: float | None = None) -> None:
        """Change step size or share of random actions while it learns."""
        if alpha is not None:
            self.settings["alpha"] = self.learner.alpha = alpha
        if epsilon is not None:
            self.learner.epsilon = epsilon

    def advance(self, steps: int) -> None:
        """Learn from so many steps, unless it has diverged."""
        if self.said:
            return
        try:
            drive = self.learner.advance(steps)
        except DivergedError as error:
            self.said = str(error)
            return
        self.lengths = np.concatenate((self.lengths, drive.lengths))[-MOST_LENGTHS:]
        single, averaged = self._curves
        for number, length in enumerate(drive.lengths.tolist(), self.episodes - len(drive.lengths) + 1):
            single.add(number, length)
            averaged.add(number, self._mean.add(length))
        self._path = np.concatenate((self._path, drive.path))[-_KEPT_STEPS:]

    @property
    def episodes(self) -> int:
        """Episodes that have ended."""
        return self.learner.episodes

    def curve(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return numbers of episodes, from 1, the length of each and the mean of the last ten; some of them if many."""
        single, averaged = self._curves
        number, lengths = single.columns()
        return number, lengths, averaged.columns()[1]

    def cost(self, points: int) -> np.ndarray:
        """Return how many steps it thinks are still to go, shape (speeds, places): minus the value."""
        return -self.learner.values(points).T

    @property
    def place(self) -> float:
        """Where the car is."""
        return self.learner.state[0]

    @property
    def now(self) -> np.ndarray:
        """Shape (steps, 2), the path of the present episode."""
        steps = self.learner.episode_steps
        return self._path[len(self._path) - min(steps, len(self._path)) :]

    @property
    def before(self) -> np.ndarray:
        """Shape (steps, 2), the path of the last whole episode; empty before there is one."""
        if not len(self.lengths):
            return self._path[:0]
        end = len(self._path) - len(self.now)
        return self._path[max(0, end - int(self.lengths[-1])) : end]
