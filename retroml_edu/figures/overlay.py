"""One metric of several runs in one chart: what it says, and how the live chart draws it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from retroml_edu.core.metrics import METRICS, RETURN
from retroml_edu.figures import parts
from retroml_edu.figures.layout import POINTS_LABEL, X_TITLE
from retroml_edu.figures.live import BUTTONS_LEFT_OUT, color_layout
from retroml_edu.figures.palette import Theme

Axis = Literal["steps", "time"]
HEIGHT_PX = 380
MARKS = 12
"""Most marks on a line: they tell lines apart, and stand for no single values."""
_TIME_UNITS = ((180.0, 1.0, "s"), (3 * 3600.0, 60.0, "min"), (float("inf"), 3600.0, "h"))
"""Up to how many seconds of training they are counted in what."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What tells the line of a run from the others, beside its colour.

    Attributes:
        shape: Of its marks, as plotly names it.
        open: Whether the marks are open and the line is dashed.
        words: The same for somebody who does not see it.
    """

    shape: str
    open: bool
    words: str


_SHAPES: Mapping[str, str] = {
    "circle": "circles",
    "square": "squares",
    "diamond": "diamonds",
    "triangle-up": "triangles",
    "triangle-down": "triangles that point down",
    "star": "stars",
}
SIGNS = (
    *(Sign(shape, False, f"solid line with {words}") for shape, words in _SHAPES.items()),
    *(Sign(shape, True, f"dashed line with open {words}") for shape, words in _SHAPES.items()),
)
"""By the place of a run; colours begin again with the second half."""


@dataclass(frozen=True, slots=True, eq=False)
class OverlaidRun:
    """The line of one run; equal only to itself.

    Attributes:
        run_id: Its id.
        name: What it is called.
        place: Which sign and colour it has, from 0.
        step: Shape (n,), environment steps.
        seconds: Shape (n,), seconds of training, pauses not counted.
        value: Shape (n,).
        merged: How many neighbouring values a point stands for, as their mean.
    """

    run_id: str
    name: str
    place: int
    step: np.ndarray
    seconds: np.ndarray
    value: np.ndarray
    merged: int = 1


@dataclass(frozen=True, slots=True)
class Overlay:
    """A chart of several runs.

    Attributes:
        metric: Name of what is drawn, mostly one of the catalogue.
        window: Over how many of the newest values each point is the mean; 1 for the values themselves.
        axis: What the lines run over.
        runs: Those that are drawn, each with a point at least.
    """

    metric: str
    window: int
    axis: Axis
    runs: tuple[OverlaidRun, ...]

    @property
    def title(self) -> str:
        """What is drawn."""
        known = METRICS.get(self.metric)
        unit = f" ({known.unit})" if known is not None and known.unit else ""
        return f"{metric_label(self.metric)}{unit}, {_small(window_label(self.metric, self.window))}"

    @property
    def x_title(self) -> str:
        """What the lines run over, with its unit."""
        return X_TITLE if self.axis == "steps" else f"Training time ({self._time_unit[1]})"

    def x(self, run: OverlaidRun) -> np.ndarray:
        """Return where the points of a line stand on the axis."""
        return run.step if self.axis == "steps" else run.seconds / self._time_unit[0]

    @property
    def _time_unit(self) -> tuple[float, str]:
        longest = max((float(run.seconds[-1]) for run in self.runs), default=0.0)
        units = ((length, unit) for most, length, unit in _TIME_UNITS if longest <= most)
        return next(units, (1.0, "s"))


def metric_label(name: str) -> str:
    """Return what a metric is called; one that is not in the catalogue by its own name."""
    known = METRICS.get(name)
    return known.label if known is not None else name


def window_label(metric: str, window: int) -> str:
    """Return what a window does, in the words of the learning curves."""
    if window == 1:
        return POINTS_LABEL if metric == RETURN else "Single values"
    return f"Mean of last {window}"


def color_of(place: int, theme: Theme) -> str:
    """Return the colour of a run by its place."""
    return theme.runs[place % len(theme.runs)]


def overlay_spec(overlay: Overlay, theme: Theme) -> parts.Properties:
    """Return ``data``, the traces without their points, and ``layout``, as plotly.js takes them."""
    axes = parts.axes(0, 1)
    shown = {"domain": (0.0, 1.0), "showticklabels": True}
    axes["xaxis"] |= shown | {"hoverformat": ",.0f" if overlay.axis == "steps" else ",.1f"}
    axes["xaxis"]["title"]["text"] = overlay.x_title
    axes["yaxis"] |= shown | {"showgrid": True}
    layout: parts.Properties = {
        "template": {},
        "height": HEIGHT_PX,
        "autosize": True,
        "margin": {"l": 56, "r": 16, "t": 28, "b": 44, "autoexpand": False},
        "hovermode": "x unified",
        # As long as the same is drawn, the zoom that a person has set stays.
        "uirevision": f"{overlay.metric} {overlay.axis}",
        "showlegend": False,
        "legend": {},
        "modebar": {"remove": list(BUTTONS_LEFT_OUT)},
        "annotations": [],
        **axes,
    }
    color_layout(layout, 1, theme)
    return {"data": [_trace(run, theme) for run in overlay.runs], "layout": layout}


def overlay_columns(overlay: Overlay) -> list[np.ndarray]:
    """Return x and y of one trace after the other, as float32."""
    return [column.astype(np.float32) for run in overlay.runs for column in (overlay.x(run), run.value)]


def overlay_summary(overlay: Overlay, *, comparable: bool = True) -> str:
    """Return what the chart shows, in a few sentences of plain text.

    Args:
        overlay: The chart.
        comparable: Whether it means something that the line of one run ends above that of another.
    """
    if not overlay.runs:
        return f"{metric_label(overlay.metric)}: there is no curve to show."
    number = len(overlay.runs)
    sentences = [f"{overlay.title}: {number} run{'s' if number > 1 else ''}."]
    sentences += [_told(run) for run in overlay.runs]
    ends = [(float(run.value[-1]), run.name) for run in overlay.runs if np.isfinite(run.value[-1])]
    if comparable and len(ends) > 1:
        value, name = max(ends)
        sentences.append(f"The highest end is that of {name}, {_number(value)}.")
    merged = max(run.merged for run in overlay.runs)
    if merged > 1:
        sentences.append(f"A point of the chart is the mean of up to {merged:,} neighbours.")
    return " ".join(sentences)


def _told(run: OverlaidRun) -> str:
    if not np.isfinite(run.value).any():
        return f"{run.name} has no values that are numbers."
    last = float(run.value[-1])
    end = f"ends at {_number(last)}" if np.isfinite(last) else "ends with what is no number"
    return (
        f"{run.name} lies between {_number(float(np.nanmin(run.value)))} and {_number(float(np.nanmax(run.value)))}, "
        f"and {end} at step {int(run.step[-1]):,}."
    )


def _number(value: float) -> str:
    return f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _trace(run: OverlaidRun, theme: Theme) -> parts.Properties:
    sign, color = SIGNS[run.place], color_of(run.place, theme)
    # A name may hold what the template would take for a field of its own.
    name = parts.plain(run.name).replace("%", "&#37;")
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "line": {"color": color, "width": 2, "dash": "dash" if sign.open else "solid"},
        "marker": {
            "symbol": f"{sign.shape}-open" if sign.open else sign.shape,
            "size": 8,
            "color": color,
            "maxdisplayed": MARKS,
        },
        "hovertemplate": f"{name}: %{{y:,.4~g}}<extra></extra>",
    }
