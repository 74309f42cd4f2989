"""What the page marks in the chart when an insight is chosen, and what it says of that."""

from __future__ import annotations

from typing import Any

import numpy as np

from retroml_edu.analysis.insights import Insight
from retroml_edu.core.curves import Curve, CurveData
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.core.metrics import metric
from retroml_edu.figures.marks import is_guest, panel_of

GUEST_POINTS = 100
"""Most points of a curve that has no panel of its own: they travel with the insight."""


def mark_told(insight: Insight, data: CurveData, algorithm: AlgorithmName) -> dict[str, Any]:
    """Return ``mark``, as ``chart_marks.js`` takes it, and ``where``, the same as a sentence."""
    evidence = insight.evidence
    guest = is_guest(evidence.metric, algorithm)
    mark = {
        "rule": insight.rule,
        "metric": evidence.metric,
        "first": evidence.first_step,
        "last": evidence.last_step,
        "label": insight.label,
        "line": evidence.threshold if evidence.on_curve else None,
        "curve": _points(data[evidence.metric]) if guest else None,
    }
    place = panel_of(evidence.metric, algorithm)
    host = f", in place of {metric(place[1].metric).label}" if guest and place is not None else ""
    steps = f"steps {evidence.first_step:,} to {evidence.last_step:,}"
    return {"mark": mark, "where": f"Marked in the chart: {metric(evidence.metric).label}{host}, {steps}."}


def _points(curve: Curve) -> dict[str, list[float | None]]:
    starts = np.arange(0, len(curve.step), -(-len(curve.step) // GUEST_POINTS) or 1)
    sizes = np.diff(np.append(starts, len(curve.step)))
    ends = starts + sizes - 1
    values = np.add.reduceat(curve.value, starts) / sizes if len(starts) else curve.value
    return {
        "step": curve.step[ends].tolist(),
        "value": [float(f"{value:.5g}") if np.isfinite(value) else None for value in values],
    }
