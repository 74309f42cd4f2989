"""A chart of a lesson, drawn by plotly.js in the page, in the colours of the page's theme."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import anywidget
import numpy as np
import traitlets

from retroml_edu.figures.live import BUTTONS_LEFT_OUT
from retroml_edu.figures.palette import THEMES, Theme
from retroml_edu.figures.parts import plain
from retroml_edu.kit.assets import script
from retroml_edu.widgets.chart import plotly_js, plotly_version

Trace = dict[str, Any]
_BAR = {"bgcolor": "rgba(0,0,0,0)", "color": "$muted", "activecolor": "$text"}


class Plot(anywidget.AnyWidget):
    """A chart: traces and layout are plotly's own, numbers travel as binary, colours have names.

    ``"$line0"`` to ``"$line5"``, ``"$text"``, ``"$muted"``, ``"$grid"`` and ``"$surface"``, alone or with an alpha as
    in ``"$line0/0.2"``, become the theme's colours wherever they stand.

    Args:
        x: What runs to the right.
        y: What runs up.
        height: In pixels.
        layout: Anything else of plotly's layout.

    Threads: safe.
    """

    _esm = script("dom.js", "theme.js", "plotly.js", "plot.js")
    _css = script("plot.css")
    plotly_version = traitlets.Unicode().tag(sync=True)
    palettes: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    figure: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)

    def __init__(self, x: str = "", y: str = "", height: int = 300, **layout: Any) -> None:
        self._layout = _merged(_axes(x, y, height), layout)
        self._lock = threading.Lock()
        super().__init__(
            plotly_version=plotly_version(),
            palettes={name: _colours(theme) for name, theme in THEMES.items()},
            figure={"traces": [], "layout": self._layout, "columns": []},
            label=f"Chart: {y} over {x}" if x and y else "Chart",
        )
        self.on_msg(self._hear)

    def show(self, *traces: Trace, **layout: Any) -> None:
        """Draw these traces instead of those before; a change of the layout lasts.

        Args:
            traces: As plotly has them; every numpy array of numbers in them is sent as float32.
            layout: Changes of plotly's layout.
        """
        with self._lock:
            self._layout = _merged(self._layout, layout)
            columns: list[bytes] = []
            packed = [_packed(trace, columns) for trace in traces]
            self.figure = {"traces": packed, "layout": self._layout, "columns": columns}

    @property
    def traces(self) -> list[Trace]:
        """What is drawn, arrays as numpy's: for tests and exports."""
        figure = self.figure
        return [_unpacked(trace, figure["columns"]) for trace in figure["traces"]]

    def _hear(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        if message.get("action") == "plotly":  # the first chart of a page asks for all
            self.send({"kind": "plotly"}, buffers=[plotly_js()])


def _axes(x: str, y: str, height: int) -> dict[str, Any]:
    axis = {"gridcolor": "$grid", "zerolinecolor": "$grid", "linecolor": "$grid", "automargin": True}
    return {
        "height": height,
        "margin": {"l": 52, "r": 12, "t": 12, "b": 44},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"color": "$text", "size": 12, "family": "system-ui, sans-serif"},
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "$surface", "font": {"color": "$text"}, "bordercolor": "$grid"},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
        # In a row, plotly's buttons would cover the legend.
        "modebar": {"remove": list(BUTTONS_LEFT_OUT), "orientation": "v", **_BAR},
        "uirevision": "kept",
        "xaxis": {**axis, "title": {"text": plain(x)}},
        "yaxis": {**axis, "title": {"text": plain(y)}},
    }


def _merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(old)
    for key, value in new.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _packed(value: Any, columns: list[bytes]) -> Any:
    """Return a value without its arrays, which are added to the columns."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        columns.append(np.ascontiguousarray(value, dtype=np.float32).tobytes())
        return {"$column": len(columns) - 1, "shape": list(value.shape)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {key: _packed(each, columns) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(each, columns) for each in value]
    return value


def _unpacked(value: Any, columns: list[bytes]) -> Any:
    if isinstance(value, Mapping) and "$column" in value:
        return np.frombuffer(columns[value["$column"]], dtype=np.float32).reshape(value["shape"])
    if isinstance(value, Mapping):
        return {key: _unpacked(each, columns) for key, each in value.items()}
    if isinstance(value, list):
        return [_unpacked(each, columns) for each in value]
    return value


def _colours(theme: Theme) -> dict[str, str]:
    named = {"text": theme.text, "muted": theme.muted, "grid": theme.grid, "surface": theme.surface}
    return named | {f"line{number}": colour for number, colour in enumerate(theme.runs)}
