"""The live chart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import traitlets

from retroml_edu.core.curves import CurveData
from retroml_edu.core.errors import RetroMLError
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.core.prediction import Prediction
from retroml_edu.figures.expected import expected_trace
from retroml_edu.figures.live import MEAN_RETURN_TRACE, live_columns, live_layout, live_spec, trace_columns
from retroml_edu.figures.marks import mark_spec
from retroml_edu.figures.palette import DARK, LIGHT
from retroml_edu.widgets.assets import STATIC, script
from retroml_edu.widgets.streamed import Streamed

_NOTHING = CurveData("", {})


class LiveChart(Streamed):
    """Draws a run's curves in the page with plotly.js; of a curve that grows only the new points are sent.

    plotly's own FigureWidget sends every curve whole each time, brings five megabytes with every figure, and comes back
    empty when a page is loaded again.

    Args:
        algorithm: Decides on the panels.
        goal_return: Return that counts as solved, for a dashed line.

    Threads: safe; a lock keeps the pump, the theme switch and a page that connects apart.
    """

    _esm = script("words.js", "card.js", "streamed.js", "plotly.js", "chart_marks.js", "pitch.js", "chart.js")
    _css = STATIC / "pitch.css"
    plotly = traitlets.Bytes().tag(sync=True)
    plotly_version = traitlets.Unicode().tag(sync=True)
    figure: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, algorithm: AlgorithmName, goal_return: float | None) -> None:
        self._made_for = (algorithm, goal_return)
        self._expected: Prediction | None = None
        self._dark = False
        self._runs = 0
        self._take(_NOTHING)
        super().__init__(plotly=plotly_js(), plotly_version=plotly_version(), figure=self._figure())

    @property
    def columns(self) -> list[np.ndarray]:
        """The points that the page has, as `figures.live_columns` gives them."""
        return self._columns

    def begin(self, algorithm: AlgorithmName, goal_return: float | None, expected: Prediction | None = None) -> None:
        """Show an empty chart, made for an algorithm's metrics and an environment's goal.

        Args:
            algorithm: Decides on the panels.
            goal_return: Return that counts as solved, for a dashed line.
            expected: The curve that a person expects, to lie over the one that comes.
        """
        with self._writing:
            self._made_for = (algorithm, goal_return)
            self._expected = expected
            self._runs += 1
            self._take(_NOTHING)
            self._send_whole()
            self.figure = self._figure()

    def show(self, data: CurveData, *, at_once: bool = False, ended: bool = False) -> None:
        """Have the curves drawn as they are now.

        Args:
            data: The curves.
            at_once: Whether the page draws them now, not at its own pace.
            ended: Whether no more will come, which stands where nothing came.
        """
        with self._writing:
            columns, layout = self._columns, self._layout
            self._take(data, ended=ended)
            tails = []
            for number, (old, new) in enumerate(zip(columns, self._columns, strict=True)):
                kept = _alike(old, new)
                if kept < max(len(old), len(new)):
                    tails.append((number, kept, new[kept:]))
            changed = {path: value for path, value in self._layout.items() if layout[path] != value}
            if tails or changed:
                self._send_change(
                    {
                        "tails": [(number, kept, len(tail)) for number, kept, tail in tails],
                        "layout": changed,
                        "at_once": at_once,
                    },
                    [b"".join(tail.tobytes() for _, _, tail in tails)],
                )

    def set_dark(self, *, dark: bool) -> None:
        """Follow the page's theme."""
        with self._writing:
            if dark != self._dark:
                self._dark = dark
                self.figure = self._figure()

    def _take(self, data: CurveData, *, ended: bool = False) -> None:
        algorithm, _ = self._made_for
        self._columns = live_columns(data, algorithm)
        self._layout = live_layout(self._columns, algorithm, ended=ended)

    def _content(self) -> tuple[Mapping[str, Any], Sequence[bytes]]:
        points = b"".join(column.tobytes() for column in self._columns)
        return {"counts": [len(column) for column in self._columns], "layout": self._layout}, [points]

    def _figure(self) -> dict[str, Any]:
        algorithm, goal_return = self._made_for
        theme = DARK if self._dark else LIGHT
        figure = live_spec(algorithm, theme, solved_return=goal_return)
        figure["layout"]["uirevision"] = f"run {self._runs}"  # a new run forgets the zoom of the one before
        if self._expected is not None:
            figure["expected"] = expected_trace(self._expected, theme)
        heard = {"trace": MEAN_RETURN_TRACE, "goal": goal_return}
        return figure | {"columns": trace_columns(algorithm), "marks": mark_spec(algorithm, theme), "heard": heard}


def _alike(old: np.ndarray, new: np.ndarray) -> int:
    """Return how many leading points are the same, bit for bit; both arrays float32."""
    shared = min(len(old), len(new))
    differs = old[:shared].view(np.uint32) != new[:shared].view(np.uint32)
    return int(differs.argmax()) if differs.any() else shared


def plotly_version() -> str:
    """Return the version of plotly.js's package, by which a page finds the one copy that it has loaded."""
    return version("plotly")


@cache
def plotly_js() -> bytes:
    """Return plotly.js from the package that brings it, without importing that, which takes half a second."""
    package = find_spec("plotly")
    if package is None or package.origin is None:
        raise RetroMLError("The package plotly is not installed here: pip install plotly.")
    return (Path(package.origin).parent / "package_data" / "plotly.min.js").read_bytes()
