"""The curve that a person expected, over the one that comes."""

from __future__ import annotations

from retroml_edu.core.prediction import Prediction
from retroml_edu.figures import parts
from retroml_edu.figures.palette import Theme

EXPECTED_LABEL = "Expected"


def expected_trace(prediction: Prediction, theme: Theme) -> parts.Properties:
    """Return the trace of a prediction, as plotly.js takes it: dashed, in the panel of the return, over all else."""
    return {
        "type": "scatter",
        "x": list(prediction.steps),
        "y": list(prediction.returns),
        "xaxis": "x",
        "yaxis": "y",
        "mode": "lines",
        "line": {"width": 2, "dash": "dash", "color": theme.lines["policy"]},
        "name": EXPECTED_LABEL,
        "showlegend": True,
        "hovertemplate": "expected %{y:,.4~g}<extra></extra>",
    }
