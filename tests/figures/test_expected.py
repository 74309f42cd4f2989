"""The expected curve over the one that comes: plotly takes it, and it cannot be mistaken for another line."""

from __future__ import annotations

import pytest
from plotly.graph_objects import Figure

from retroml_edu.core.prediction import Prediction
from retroml_edu.figures.expected import EXPECTED_LABEL, expected_trace
from retroml_edu.figures.live import MEAN_RETURN_TRACE, live_spec
from retroml_edu.figures.palette import THEMES

MINE = Prediction(steps=(0, 500, 1_000), returns=(20.0, 60.5, 480.0), low=0.0, high=500.0)


@pytest.mark.parametrize("theme", THEMES.values(), ids=str)
def test_it_is_dashed_named_and_of_another_colour_than_the_curve(theme):
    spec = live_spec("PPO", theme, solved_return=475)
    figure = Figure([*spec["data"], expected_trace(MINE, theme)], spec["layout"])
    expected, curve = figure.data[-1], figure.data[MEAN_RETURN_TRACE]
    assert (list(expected.x), list(expected.y)) == ([0, 500, 1_000], [20, 60.5, 480])
    assert (expected.name, expected.line.dash) == (EXPECTED_LABEL, "dash")
    assert (expected.xaxis, expected.yaxis) == (curve.xaxis, curve.yaxis) == ("x", "y")
    assert curve.name.startswith("Mean of last")
    assert expected.line.color != curve.line.color
