"""The live chart: described once, filled many times."""

from __future__ import annotations

import json
import re

import numpy as np
import plotly.graph_objects as go
import pytest

from retroml_edu.core.config import ALGORITHMS
from retroml_edu.core.curves import curve_data
from retroml_edu.core.metrics import RETURN_MEAN
from retroml_edu.figures import (
    DARK,
    LIGHT,
    PANELS,
    filled_figure,
    live_columns,
    live_layout,
    live_spec,
    trace_columns,
)
from retroml_edu.figures.layout import LINE_LABEL


def notes(figure: go.Figure) -> list[str]:
    """Texts that stand in panels without data."""
    return [note.text for note in figure.layout.annotations if note.visible is not False and 0 < note.y < 0.5]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_empty_figure_has_all_traces_and_says_what_it_waits_for(algorithm) -> None:
    spec = live_spec(algorithm)
    assert len(spec["data"]) == len(trace_columns(algorithm)) == 4 * len(PANELS[algorithm])
    assert all(trace["x"] == trace["y"] == [] for trace in spec["data"])
    json.dumps(spec, allow_nan=False)  # goes to the page as it is
    figure = go.Figure(spec)
    assert notes(figure)[0] == "The curve appears with the first finished episode."
    assert len(notes(figure)) == 4


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_chart_to_which_nothing_more_comes_promises_nothing(algorithm) -> None:
    first, *others = notes(filled_figure(curve_data(()), algorithm))
    assert first == "No episode ended in these steps: one takes more of them."
    assert len(others) == 3
    assert not any("after" in note for note in others)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("episodes", [1, 40, 400, 5_000])
def test_columns_are_bounded_float32_and_fit_the_traces(sample, algorithm, episodes: int) -> None:
    data = sample(algorithm, episodes)
    columns = live_columns(data, algorithm)
    assert all(column.dtype == np.float32 and len(column) <= 1_000 for column in columns)
    for x, y in trace_columns(algorithm):
        assert columns[x].shape == columns[y].shape
    line = next(trace for trace in filled_figure(data, algorithm).data if trace.name == LINE_LABEL)
    np.testing.assert_array_equal(line.y, data[RETURN_MEAN].value.astype(np.float32))


def test_notes_go_as_data_come(sample) -> None:
    figure = filled_figure(sample("PPO", 5, updates=0), "PPO")
    assert notes(figure) == ["no update in these steps"] * 3
    assert figure.layout.yaxis.showticklabels is True
    assert figure.layout.yaxis2.showticklabels is False
    figure = filled_figure(sample("PPO", 5), "PPO")
    assert notes(figure) == []
    assert figure.layout.yaxis2.showticklabels is True


def test_what_depends_on_points_has_the_same_paths_at_all_times(sample) -> None:
    none, some = (live_columns(data, "DQN") for data in (curve_data(()), sample("DQN", 5)))
    empty, full = (live_layout(columns, "DQN", ended=False) for columns in (none, some))
    over = live_layout(some, "DQN", ended=True)
    assert empty.keys() == full.keys() == over.keys()
    assert empty["annotations[4].visible"] is True
    assert full["annotations[4].visible"] is False


def test_a_zoom_is_kept_and_a_figure_is_transparent() -> None:
    layout = filled_figure(curve_data(()), "DQN").layout
    assert layout.uirevision == "run"
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.autosize is True
    assert layout.xaxis2.matches == layout.xaxis4.matches == "x"


def test_the_chart_is_not_offered_to_a_cloud() -> None:
    assert "sendChartToCloud" in live_spec("PPO")["layout"]["modebar"]["remove"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_theme_changes_colours_and_nothing_else(algorithm) -> None:
    light, dark = (json.dumps(live_spec(algorithm, theme, solved_return=475)) for theme in (LIGHT, DARK))
    assert light != dark
    color = re.compile(r"#[0-9a-f]{6}|rgba\([^)]*\)")
    assert color.sub("", light) == color.sub("", dark)


def test_the_solved_return_is_a_dashed_line_with_its_number() -> None:
    figure = filled_figure(curve_data(()), "PPO", solved_return=475.0)
    (line,) = figure.layout.shapes
    assert (line.y0, line.y1, line.line.dash) == (475.0, 475.0, "dash")
    assert figure.layout.annotations[-1].text == "solved: 475 as the mean of 100 episodes"
    assert "shapes" not in live_spec("PPO")["layout"]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("<a href='javascript:1'>x</a>", "<b>&lt;a href='javascript:1'&gt;x&lt;/a&gt;</b>"),
        ("A & B", "<b>A &amp; B</b>"),
        ("$\\alpha$", "<b>&#36;\\alpha&#36;</b>"),
    ],
)
def test_a_title_is_shown_as_it_is(title: str, shown: str) -> None:
    assert live_spec("PPO", title=title)["layout"]["title"]["text"] == shown
