"""A window that is marked on a curve: a band over its steps, between edges, with a few words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.core.metrics import (
    ACTION_NOISE,
    APPROX_KL,
    CLIP_FRACTION,
    ENTROPY,
    EXPLAINED_VARIANCE,
    POLICY_LOSS,
    VALUE_LOSS,
)
from retroml_edu.figures import parts
from retroml_edu.figures.layout import PANELS, Panel
from retroml_edu.figures.palette import Theme, translucent

_GUESTS: Mapping[str, str] = {
    APPROX_KL: POLICY_LOSS,
    CLIP_FRACTION: POLICY_LOSS,
    EXPLAINED_VARIANCE: VALUE_LOSS,
    ACTION_NOISE: ENTROPY,
}
"""Metrics without a panel of their own, and whose place they take while a window of theirs is marked."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A window to mark.

    Attributes:
        metric: Curve that it is a part of.
        first_step: Where it begins.
        last_step: Where it ends.
        label: A few words.
        line: Value of the curve at which a line is drawn within the window; None for no line.
    """

    metric: str
    first_step: int
    last_step: int
    label: str
    line: float | None = None


def band_alpha(theme: Theme) -> float:
    """Return how much of the marker is seen: on a dark surface it shines more."""
    return 0.3 if theme.name == "light" else 0.15


def panel_of(metric: str, algorithm: AlgorithmName) -> tuple[int, Panel] | None:
    """Return the panel of the chart in which a metric is marked, with its number; None if there is none."""
    place = _GUESTS.get(metric, metric)
    return next(((at, panel) for at, panel in enumerate(PANELS[algorithm]) if panel.metric == place), None)


def is_guest(metric: str, algorithm: AlgorithmName) -> bool:
    """Return whether a metric has no panel of its own, so that its curve has to be brought along to be marked."""
    found = panel_of(metric, algorithm)
    return found is not None and found[1].metric != metric


def mark_spec(algorithm: AlgorithmName, theme: Theme) -> parts.Properties:
    """Return what the page needs to mark a window: which panel, and how band, line and label look in plotly.

    The page fills in steps and words, so that a mark costs no message.
    """
    places = {}
    for metric in (*(panel.metric for panel in PANELS[algorithm]), *_GUESTS):
        found = panel_of(metric, algorithm)
        if found is not None:
            number, panel = found
            title = parts.heading(number, Panel(metric, panel.role))["text"]
            # The notes of panels that wait for data follow the headings, as `live.live_spec` has them.
            notes = {"heading": number, "waiting": len(PANELS[algorithm]) + number}
            places[metric] = {"axis": parts.axis_suffix(number), "title": title, **notes}
    edge = {"color": theme.text, "width": 1, "dash": "dot"}
    return {
        "places": places,
        "band": {
            "type": "rect",
            "y0": 0,
            "y1": 1,
            "layer": "below",
            "fillcolor": translucent(theme.marker, band_alpha(theme)),
            "line": edge,
        },
        "line": {"type": "line", "layer": "above", "line": {"color": theme.text, "width": 1.25, "dash": "dash"}},
        "label": {
            "y": 1,
            "yanchor": "top",
            "yshift": -2,
            "showarrow": False,
            "bgcolor": translucent(theme.surface, 0.8),
            "borderpad": 1,
            "font": {"size": 11, "color": theme.text},
        },
    }
