"""The live chart."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets

from retroml_edu.core.curves import CurveData
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.figures.live import live_figure, restyle_figure, update_figure
from retroml_edu.figures.palette import DARK, LIGHT
from retroml_edu.figures.renderers import load_renderers

load_renderers()

from plotly.graph_objects import Figure, FigureWidget  # noqa: E402 - after the renderers, which it would load slowly


class ReattachingFigure(FigureWidget):  # type: ignore[misc]  # plotly has no types for it
    """A FigureWidget that a reloaded page, or a second tab, finds with its data.

    The stock one sends its data once and keeps the traits empty, so a page that connects later sees an empty chart.

    Args:
        figure: What it shows.
        lock: Held by whoever changes it; a page that connects asks in a thread of its own.
    """

    def __init__(self, figure: Figure, lock: threading.RLock) -> None:
        self._drawing = lock
        super().__init__(figure)

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
        """Return the state with the data and layout as they are now."""
        with self._drawing:
            state = super().get_state(key, drop_defaults)
            # The first call comes from the constructor, before there is any data.
            if hasattr(self, "_data") and hasattr(self, "_layout_obj"):
                now = {"_widget_data": self._data, "_widget_layout": self._layout_obj._props}
                for trait in now.keys() & state.keys():
                    state[trait] = self.trait_metadata(trait, "to_json")(now[trait], self)
            return state


class LiveChart:
    """Holds the figure of the current run and fills it.

    Threads: safe; a lock keeps the pump, the theme switch and a page that connects apart.
    """

    def __init__(self, algorithm: AlgorithmName, goal_return: float | None) -> None:
        self._lock = threading.RLock()
        self._dark = False
        self._runs = 0
        self.box = ipywidgets.Box()
        self.box.add_class("rml-chart")
        self._make(algorithm, goal_return)

    def begin(self, algorithm: AlgorithmName, goal_return: float | None) -> None:
        """Show an empty chart, made for an algorithm's metrics and an environment's goal."""
        with self._lock:
            if self._made_for == (algorithm, goal_return):
                # A figure brings five megabytes of browser code with it: the same one serves again.
                self._runs += 1
                self._figure.layout.uirevision = f"run {self._runs}"  # forgets the zoom of the run before
                update_figure(self._figure, CurveData("", {}), algorithm)
            else:
                old = self._figure
                self._make(algorithm, goal_return)
                old.close()

    def show(self, data: CurveData) -> None:
        """Draw the curves as they are now, as one batch."""
        with self._lock:
            update_figure(self._figure, data, self._made_for[0])

    def set_dark(self, *, dark: bool) -> None:
        """Follow the page's theme."""
        with self._lock:
            if dark != self._dark:
                self._dark = dark
                restyle_figure(self._figure, self._made_for[0], DARK if dark else LIGHT)

    def _make(self, algorithm: AlgorithmName, goal_return: float | None) -> None:
        self._made_for = (algorithm, goal_return)
        figure = live_figure(algorithm, DARK if self._dark else LIGHT, solved_return=goal_return)
        self._figure = ReattachingFigure(figure, self._lock)
        self._figure._config = {"responsive": True, "displaylogo": False}
        self.box.children = (self._figure,)
