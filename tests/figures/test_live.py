"""The live figure: made once, filled many times."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pytest

from retroml_edu.core.config import ALGORITHMS
from retroml_edu.core.curves import curve_data
from retroml_edu.core.metrics import RETURN_MEAN
from retroml_edu.figures import DARK, LIGHT, PANELS, live_figure, live_updates, restyle_figure, update_figure
from retroml_edu.figures.layout import LINE_LABEL


def notes(figure: go.Figure) -> list[str]:
    """Texts that stand in panels without data."""
    return [note.text for note in figure.layout.annotations if note.visible is not False and note.y == 0.3]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_empty_figure_has_all_traces_and_says_what_it_waits_for(algorithm) -> None:
    figure = live_figure(algorithm)
    assert len(figure.data) == 4 * len(PANELS[algorithm])
    assert all(len(trace.x) == 0 for trace in figure.data)
    update_figure(figure, curve_data(()), algorithm)
    assert notes(figure)[0] == "The curve appears with the first finished episode."
    assert len(notes(figure)) == 4


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("episodes", [1, 40, 400, 5_000])
def test_updates_are_bounded_float32_and_in_trace_order(sample, algorithm, episodes: int) -> None:
    data = sample(algorithm, episodes)
    updates = live_updates(data, algorithm)
    figure = live_figure(algorithm)
    assert len(updates) == len(figure.data)
    for x, y in updates:
        assert x.dtype == y.dtype == np.float32
        assert x.shape == y.shape
        assert len(x) <= 1_000
    update_figure(figure, data, algorithm)
    line = next(trace for trace in figure.data if trace.name == LINE_LABEL)
    np.testing.assert_array_equal(line.y, data[RETURN_MEAN].value.astype(np.float32))


def test_notes_go_as_data_come(sample) -> None:
    figure = live_figure("PPO")
    update_figure(figure, sample("PPO", 5, updates=0), "PPO")
    assert notes(figure) == ["after the first update"] * 3
    assert figure.layout.yaxis.showticklabels is True
    assert figure.layout.yaxis2.showticklabels is False
    update_figure(figure, sample("PPO", 5), "PPO")
    assert notes(figure) == []
    assert figure.layout.yaxis2.showticklabels is True


def test_a_widget_is_sent_one_message_and_nothing_twice(sample, monkeypatch) -> None:
    widget = go.FigureWidget(live_figure("PPO"))
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(widget, "_send_update_msg", lambda *args, **kwargs: sent.append(args), raising=True)
    data = sample("PPO", 50)
    update_figure(widget, data, "PPO")
    assert len(sent) == 1
    update_figure(widget, data, "PPO")
    assert len(sent) == 1


def test_a_zoom_is_kept_and_a_figure_is_transparent() -> None:
    layout = live_figure("DQN").layout
    assert layout.uirevision == "run"
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
    assert layout.autosize is True
    assert layout.xaxis2.matches == layout.xaxis4.matches == "x"


def test_the_chart_is_not_offered_to_a_cloud() -> None:
    assert "sendChartToCloud" in live_figure("PPO").layout.modebar.remove


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_figure_changes_its_theme(algorithm) -> None:
    figure = live_figure(algorithm, LIGHT, solved_return=475)
    restyle_figure(figure, algorithm, DARK)
    assert figure.to_json() == live_figure(algorithm, DARK, solved_return=475).to_json()


def test_the_solved_return_is_a_dashed_line_with_its_number() -> None:
    figure = live_figure("PPO", solved_return=475.0)
    (line,) = figure.layout.shapes
    assert (line.y0, line.y1, line.line.dash) == (475.0, 475.0, "dash")
    assert figure.layout.annotations[-1].text == "solved: 475 as the mean of 100 episodes"
    assert not live_figure("PPO").layout.shapes


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("<a href='javascript:1'>x</a>", "<b>&lt;a href='javascript:1'&gt;x&lt;/a&gt;</b>"),
        ("A & B", "<b>A &amp; B</b>"),
        ("$\\alpha$", "<b>&#36;\\alpha&#36;</b>"),
    ],
)
def test_a_title_is_shown_as_it_is(title: str, shown: str) -> None:
    assert live_figure("PPO", title=title).layout.title.text == shown
