"""A canvas on which a person draws the curve that they expect; what came is drawn over it afterwards."""

from __future__ import annotations

from typing import Any

import anywidget
import numpy as np
import traitlets

from retroml_edu.core.prediction import CLAIMED, Drawing, Prediction
from retroml_edu.widgets.assets import STATIC, script

POINTS = 11
"""Of a drawn curve: few enough to set each by keyboard, and a tenth of the axis apart."""


class PredictionCanvas(anywidget.AnyWidget):
    """Takes a curve from mouse, pen, finger or keyboard, and how sure the person is of it.

    It knows nothing of runs: whoever holds it says what the axes mean, and what came. Its colours are the panel's: it
    stands within an element of the class ``rml-panel``.

    Attributes:
        values: The curve, at `points` places evenly along the axis; empty until something is drawn. Written by the
            person.
        within: Half the width of the band in which the person is sure that it will be; 0 for none. Written by them.
        low: Lower end of the upright axis; written by the person where it is `adjustable`.
        high: Its upper end, likewise.
        adjustable: Whether the person may set those.
        question: What is asked.
        points: Of the curve.
        x_end: End of the level axis, which begins at 0.
        x_unit: What is counted along it.
        y_name: What is drawn.
        y_title: Stands at the upright axis; empty for nothing.
        goal: Value of a dashed line; None for none.
        goal_label: What that line is.
        claimed: Share of the curve that the band is meant to hold.
        locked: Whether it can no longer be changed.
        actual: What came: ``x`` and ``y``, lists of equal length; empty as long as it is not known.
    """

    _esm = script("dom.js", "words.js", "prediction_scale.js", "prediction_canvas.js", "prediction_canvas_alone.js")
    _css = STATIC / "prediction.css"
    values = traitlets.List(traitlets.Float()).tag(sync=True)
    within = traitlets.Float(0.0).tag(sync=True)
    low = traitlets.Float(0.0).tag(sync=True)
    high = traitlets.Float(1.0).tag(sync=True)
    adjustable = traitlets.Bool(False).tag(sync=True)
    question = traitlets.Unicode("What will the curve do?").tag(sync=True)
    points = traitlets.Int(POINTS).tag(sync=True)
    x_end = traitlets.Float(1.0).tag(sync=True)
    x_unit = traitlets.Unicode("steps").tag(sync=True)
    y_name = traitlets.Unicode("return").tag(sync=True)
    y_title = traitlets.Unicode().tag(sync=True)
    goal = traitlets.Float(None, allow_none=True).tag(sync=True)
    goal_label = traitlets.Unicode("goal").tag(sync=True)
    claimed = traitlets.Float(CLAIMED).tag(sync=True)
    locked = traitlets.Bool(False).tag(sync=True)
    actual: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    @property
    def drawn(self) -> bool:
        """Whether there is a curve."""
        return len(self.values) == self.points

    @property
    def drawing(self) -> Drawing | None:
        """What is drawn, as it is now; None while nothing is."""
        if not self.drawn:
            return None
        return Drawing(tuple(self.values), self.low, self.high, self.within, self.claimed)

    def clear(self) -> None:
        """Take the curve away, and what came."""
        with self.hold_sync():
            self.values, self.within, self.claimed = [], 0.0, CLAIMED
            self.actual, self.locked = {}, False

    def show(self, prediction: Prediction) -> None:
        """Show a prediction that was made, locked."""
        last = prediction.steps[-1]
        with self.hold_sync():
            self.x_end, self.x_unit, self.locked, self.adjustable = float(last), "steps", True, False
            self.low, self.high, self.claimed = prediction.low, prediction.high, prediction.claimed
            self.values = prediction.at(np.linspace(0, last, self.points)).tolist()
            self.within, self.actual = prediction.within or 0.0, {}

    def lay_over(self, x: np.ndarray, y: np.ndarray) -> None:
        """Draw what came over what was expected.

        Args:
            x: Shape (n,), along the axis.
            y: Shape (n,).
        """
        self.actual = {"x": [float(f"{value:.6g}") for value in x], "y": [float(f"{value:.5g}") for value in y]}
