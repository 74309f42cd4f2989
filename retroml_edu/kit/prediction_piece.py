"""Predict, then look: a student draws the curve that they expect, and sees it again under what came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from retroml_edu.analysis.prediction import score_drawing
from retroml_edu.classroom.answers import PREDICTIONS, AnswerSheet, Entry
from retroml_edu.core.errors import LessonError
from retroml_edu.core.numbers import plain_number
from retroml_edu.kit.piece import Piece
from retroml_edu.kit.quiz_card import in_short
from retroml_edu.kit.text_card import TextCard
from retroml_edu.kit.traces import thinned
from retroml_edu.widgets.prediction_canvas import PredictionCanvas

NOTHING_DRAWN = "You have drawn no curve yet: draw it above, then run this cell again."
_KEPT = "✓ Kept. You can change it until you compare it with what came."
MOST_POINTS = 400
"""Of a curve that is laid over: the canvas is some hundred pixels wide."""
MOST_NUMBER = 1e100
"""In a file: what is larger, or none at all, was drawn by nobody."""
_BEYOND = 0.05
"""Share of an axis that a curve may go beyond it and nothing is said."""


@dataclass(frozen=True, slots=True)
class Axes:
    """What a prediction is drawn on.

    Attributes:
        x_end: End of the level axis, which begins at 0.
        x_unit: What is counted along it.
        y_name: What is drawn.
        low: Lower end of the upright axis.
        high: Its upper end.
    """

    x_end: float
    x_unit: str
    y_name: str
    low: float
    high: float


class Predicted(Piece):
    """A curve that is to be drawn before it is seen; every change is kept.

    Args:
        name: What it is kept under.
        question: What is asked.
        axes: What it is drawn on.
        sheet: Where it is kept.

    Attributes:
        axes: What it is drawn on.
    """

    def __init__(self, name: str, question: str, axes: Axes, sheet: AnswerSheet) -> None:
        self.name = name
        self._question = question
        self.axes = axes
        self._sheet = sheet
        self.canvas = PredictionCanvas(question=question, y_title=axes.y_name, **asdict(axes))
        text = TextCard(heading="Predict first", sentences=[question])
        super().__init__(f"Prediction: {in_short(question)}", text, self.canvas)
        entry = sheet.entry(PREDICTIONS, name)
        if entry is not None and _is_on(axes, entry) and show_kept(self.canvas, entry):
            if entry.get("compared") is True:
                self.lock_it()
            else:
                self.tell(_KEPT)
        self.canvas.observe(lambda _change: self._drawn_now(), ["values", "within"])

    def lock_it(self) -> None:
        """Show that it can no longer be changed, where there is a curve."""
        if self.canvas.drawn:
            self.canvas.locked = True
            self.tell("You drew this before you saw the curve.")

    def draw(self, values: list[float], within: float = 0.0) -> None:
        """Draw a curve from code.

        Args:
            values: At eleven places evenly along the axis, its ends included.
            within: Half the width of the band in which you are sure it will be; 0 for none.

        Raises:
            LessonError: If there are more or fewer values, or it was compared already.
        """
        if self.canvas.locked:
            raise LessonError("This prediction was compared with what came: it can no longer be changed.")
        if len(values) != self.canvas.points:
            raise LessonError(f"A curve has {self.canvas.points} values, and these are {len(values)}.")
        with self.canvas.hold_trait_notifications():
            self.canvas.values, self.canvas.within = [float(value) for value in values], float(within)

    def _drawn_now(self) -> None:
        with self.problems():
            if self.canvas.locked:
                return
            drawn = {"values": list(self.canvas.values), "within": self.canvas.within, "claimed": self.canvas.claimed}
            entry = {"question": self._question, **asdict(self.axes), **drawn, "compared": False}
            kept = self._sheet.keep(PREDICTIONS, self.name, lambda before: self._unless_compared(before, entry))
            if kept["compared"] is True:
                self.canvas.locked = True
                show_kept(self.canvas, kept)
                self.lock_it()
            else:
                self.tell(_KEPT if self.canvas.drawn else "")

    def _unless_compared(self, before: Entry | None, entry: Entry) -> Entry:
        """Return what is to be kept: what was compared, perhaps from another notebook, stays as it was."""
        compared = before is not None and before.get("compared") is True and _is_on(self.axes, before)
        return before if before is not None and compared else entry


class Compared(Piece):
    """What came, laid over what was expected.

    Args:
        name: Of the prediction.
        entry: What was kept of it; None if it was never asked for.
        x: Shape (n,), along the axis.
        y: Shape (n,).
        axes: What the lesson asks for now: a curve that was drawn on others is none. Those of the entry, if left out.

    Attributes:
        said: How near it was, sentences; empty where nothing was drawn.

    Raises:
        LessonError: If all that came lies beside the axis of the prediction.
    """

    def __init__(self, name: str, entry: Entry | None, x: np.ndarray, y: np.ndarray, axes: Axes | None = None) -> None:
        self.said: list[str] = []
        if entry is not None and axes is not None and not _is_on(axes, entry):
            entry = None
        self.canvas = PredictionCanvas(locked=True)
        self.text = TextCard()
        drawn = entry is not None and show_kept(self.canvas, entry)
        if drawn and axes is None:
            axes = Axes(**{name: getattr(self.canvas, name) for name in Axes.__dataclass_fields__})
        beyond = [] if axes is None else _told_range(name, axes, x, y)
        known = np.isfinite(x) & np.isfinite(y) & (x >= 0) & (x <= self.canvas.x_end)
        x, y = x[known], y[known]
        super().__init__(f"Prediction compared: {name}", *([self.canvas] if drawn else []), self.text)
        if not drawn or entry is None:
            self.text.sentences = [NOTHING_DRAWN]
            return
        drawn_at = thinned(len(x), MOST_POINTS)
        self.canvas.lay_over(x[drawn_at], y[drawn_at])
        drawing = self.canvas.drawing
        if drawing is not None:
            self.said = score_drawing(
                drawing, x, y, x_end=self.canvas.x_end, x_unit=self.canvas.x_unit, y_name=self.canvas.y_name
            )
            self.said += beyond
        with self.text.hold_sync():
            self.text.heading, self.text.sentences, self.text.listed = "What came", self.said, True


def show_kept(canvas: PredictionCanvas, entry: Mapping[str, Any]) -> bool:
    """Show a curve that was kept, and return whether it is one: the file may have been changed by hand."""
    numbers = [entry.get(name) for name in ("x_end", "low", "high", "within", "claimed")]
    values = entry.get("values")
    if not isinstance(values, list) or len(values) != canvas.points:
        return False
    if not all(type(each) in (int, float) and abs(each) <= MOST_NUMBER for each in [*numbers, *values]):
        return False
    x_end, low, high, within, claimed = map(float, numbers)  # type: ignore[arg-type]
    if not (x_end > 0 and low < high and within >= 0 and 0 < claimed < 1):
        return False
    with canvas.hold_sync():
        canvas.x_end, canvas.x_unit, canvas.y_name = x_end, str(entry.get("x_unit")), str(entry.get("y_name"))
        canvas.y_title = canvas.y_name
        canvas.low, canvas.high, canvas.within, canvas.claimed = low, high, within, claimed
        canvas.values = [float(value) for value in values]
    return True


def _is_on(axes: Axes, entry: Mapping[str, Any]) -> bool:
    """Return whether a kept prediction was drawn on these axes: the lesson may have changed since."""
    return all(entry.get(name) == value for name, value in asdict(axes).items())


def _told_range(name: str, axes: Axes, x: np.ndarray, y: np.ndarray) -> list[str]:
    """Return in sentences what of a curve lies beyond the axes of a prediction.

    Raises:
        LessonError: If it lies beside the level axis: it is counted in something else.
    """
    on_axis = (x >= 0) & (x <= axes.x_end)
    if not on_axis.any():
        raise LessonError(
            f'The prediction "{name}" goes from 0 to {plain_number(axes.x_end)} {axes.x_unit}, and x from '
            f"{plain_number(x.min())} to {plain_number(x.max())}: give x in {axes.x_unit}, or predict with another "
            "x_end."
        )
    told = []
    if x.max() > (1 + _BEYOND) * axes.x_end:
        told.append(
            f"What came goes on to {plain_number(x.max())} {axes.x_unit}. Your curve ends at "
            f"{plain_number(axes.x_end)}: only that far they are compared."
        )
    seen = y[on_axis & np.isfinite(y)]
    room = _BEYOND * (axes.high - axes.low)
    if seen.size and (seen.min() < axes.low - room or seen.max() > axes.high + room):
        told.append(
            f"What came goes from {plain_number(seen.min())} to {plain_number(seen.max())}, and the axis from "
            f"{plain_number(axes.low)} to {plain_number(axes.high)}: what lies beyond it is drawn at its edge."
        )
    return told
