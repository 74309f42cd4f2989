"""What crosses to the page: the new points, however many there were before; and everything for a page that connects."""

from __future__ import annotations

import numpy as np
import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveRecorder, curve_points
from retroml_edu.core.events import EpisodeEvent, MetricEvent, ProgressEvent, StateEvent, log
from retroml_edu.core.states import RunState
from retroml_edu.widgets.log import MAX_LINES, EventLog
from retroml_edu.widgets.run_view import RunView, RunWidgets

LOSSES = ("train/policy_loss", "train/value_loss", "train/entropy")
MOST_BYTES = 2_048
"""Of what a tick says; each message comes in an envelope of about 700 bytes."""


def story(start, games):
    """Yield the events of some games, each with an update."""
    for number in range(start, start + games):
        yield EpisodeEvent(10 * number, number / 100, 0, float(number % 487), 100)
        yield MetricEvent(10 * number, number / 100, dict.fromkeys(LOSSES, 1 / (number + 1)))
    yield ProgressEvent(10 * (start + games), (start + games) / 100)


class Page:
    """The page's half of a chart, as chart.js and streamed.js have it."""

    def __init__(self, widget):
        self.widget = widget
        self.heard = 0
        whole = widget.get_state()["whole"]
        self.start(whole, whole["buffers"])

    def start(self, whole, buffers):
        self.version = whole["version"]
        self.columns = self.cut(buffers[0], whole["counts"])

    def hear(self, message, buffers):
        """Take a message; return whether it fitted."""
        self.heard += len(buffers[0])
        if message["kind"] == "whole":
            self.start(message, buffers)
        elif message["version"] != self.version + 1:
            return False
        else:
            self.version = message["version"]
            tails = self.cut(buffers[0], [count for _, _, count in message["tails"]])
            for (column, kept, _), tail in zip(message["tails"], tails, strict=True):
                self.columns[column] = np.concatenate((self.columns[column][:kept], tail))
        return True

    @staticmethod
    def cut(buffer, counts):
        ends = np.cumsum(counts)
        return [part.copy() for part in np.split(np.frombuffer(buffer, np.float32), ends[:-1])]


class Stage:
    """A view whose chart's messages are heard by pages."""

    def __init__(self, folder):
        config = ExperimentConfig(env_id="CartPole-v1", run_type="custom", total_timesteps=10**8, seed=1)
        widgets = RunWidgets.of(config)
        self.chart, self.bars, self.log, self.runbar = widgets.chart, widgets.bars, widgets.log, widgets.runbar
        self.view = RunView(widgets)
        self.begin = lambda recorded=None: self.view.show_run("run-1", config, folder, recorded=recorded)
        self.begin()
        self.sent = []
        self.pages = []
        self.chart.send = self._send

    def _send(self, message, buffers):
        self.sent.append((message, buffers))
        for page in self.pages:
            page.hear(message, buffers)

    def same(self, page):
        assert page.version == self.chart.get_state()["whole"]["version"]
        for heard, drawn in zip(page.columns, self.chart.columns, strict=True):
            np.testing.assert_array_equal(heard, drawn)


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def said(sent):
    """Return the bytes of messages and their binary parts."""
    return sum(len(repr(message)) + sum(map(len, buffers)) for message, buffers in sent)


@pytest.mark.parametrize("games", [1_100, 150_000])
def test_a_tick_costs_the_same_after_a_thousand_games_and_after_a_million_points(stage, games) -> None:
    stage.begin(curve_points(story(0, games)))
    costs = []
    for tick in range(8):
        stage.sent.clear()
        stage.view.handle([*story(games + 20 * tick, 20), StateEvent(RunState.PAUSED, 0)])  # always drawn
        costs.append(said(stage.sent))
    assert 0 < np.median(costs) <= MOST_BYTES
    assert max(costs) <= 6 * MOST_BYTES  # where neighbours were merged, the curve is sent anew


def test_a_page_follows_a_run_from_its_first_point_on(stage) -> None:
    page = Page(stage.chart)
    stage.pages.append(page)
    for tick in range(60):
        stage.view.handle([*story(30 * tick, 30), StateEvent(RunState.PAUSED, 0)])
        stage.same(page)
    assert max(map(len, page.columns)) > 200
    whole = 4 * sum(map(len, page.columns))
    assert page.heard < 60 * whole / 2, "as much was sent as by sending everything each time"


def test_a_page_that_is_loaded_again_and_a_second_tab_have_every_point(stage) -> None:
    stage.view.handle(list(story(0, 500)))
    again, other = Page(stage.chart), Page(stage.chart)
    stage.pages += [again, other]
    stage.view.handle([*story(500, 40), StateEvent(RunState.DONE, 5_400)])
    stage.same(again)
    stage.same(other)


def test_a_page_that_missed_a_message_is_told_everything(stage, told) -> None:
    page = Page(stage.chart)
    stage.view.handle(list(story(0, 5)))
    assert not page.hear(*_next(stage, 5))
    stage.pages.append(page)
    told(stage.chart, action="compare", version=page.version)
    stage.same(page)
    before = len(stage.sent)
    told(stage.chart, action="compare", version=page.version)
    assert len(stage.sent) == before, "what the page has was sent again"


def _next(stage, start):
    stage.view.handle([*story(start, 5), StateEvent(RunState.PAUSED, 0)])
    return stage.sent[-1]


def test_nothing_new_is_no_message(stage) -> None:
    stage.view.handle([*story(0, 30), StateEvent(RunState.PAUSED, 0)])
    stage.sent.clear()
    stage.chart.show(stage.view._recorder.data())
    assert stage.sent == []


def test_another_algorithm_brings_no_library_along(stage) -> None:
    library = stage.chart.plotly
    assert b"plotly.js" in library[:200]
    stage.chart.begin("DQN", None)
    assert stage.chart.plotly is library
    assert len(stage.chart.figure["data"]) == 16
    assert "shapes" not in stage.chart.figure["layout"]


def test_a_finished_run_is_shown_as_its_events_would_show_it(stage) -> None:
    events = list(story(0, 700))
    stage.begin(curve_points(events))
    at_once = stage.chart.columns, stage.runbar.progress_text
    stage.begin()
    stage.view.handle(events)
    stage.view.handle([StateEvent(RunState.PAUSED, 0)])
    for one, other in zip(at_once[0], stage.chart.columns, strict=True):
        np.testing.assert_array_equal(one, other)
    assert at_once[1].split(" · ")[1:] == stage.runbar.progress_text.split(" · ")[1:]


def test_the_log_sends_new_lines_only() -> None:
    lines, sent = EventLog(), []
    lines.add(log("info", f"line {number}") for number in range(MAX_LINES))
    lines.send = lambda message, buffers: sent.append(message)
    lines.add([log("info", "one more")])
    (message,) = sent
    assert [line["text"] for line in message["lines"]] == ["one more"]
    assert message["gone"] == [1]
    assert lines.get_state()["whole"]["lines"] == lines.lines


def test_points_extend_a_recorder_that_goes_on() -> None:
    events = list(story(0, 300))
    at_once, one_by_one = CurveRecorder(capacity=40), CurveRecorder(capacity=40)
    at_once.extend(curve_points(events[:400]))
    at_once.handle(events[400:])
    one_by_one.handle(events)
    for name, curve in one_by_one.data().curves.items():
        np.testing.assert_array_equal(curve.value, at_once.data()[name].value)
