"""A chart's numbers travel as they are; a piece tells what goes wrong in it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL.ImageColor import getrgb

from retroml_edu.core.errors import LessonError
from retroml_edu.figures.live import BUTTONS_LEFT_OUT
from retroml_edu.kit import Piece, Plot, bars, heat, level, line
from retroml_edu.kit.piece import row
from retroml_edu.kit.traces import thinned


def test_arrays_are_binary_and_come_back_as_they_were():
    plot = Plot("x", "y")
    z = np.arange(6.0).reshape(2, 3)
    plot.show(*heat(np.arange(3), np.arange(2), z), *bars("b", ["left", "right"], np.array([1, 2])))
    assert json.dumps([plot.figure["traces"], plot.figure["layout"]])
    surface, columns = plot.traces
    np.testing.assert_array_equal(surface["z"], z)
    assert columns["x"] == ["left", "right"]
    np.testing.assert_array_equal(columns["y"], [1, 2])


def test_a_line_has_its_band_behind_it_and_a_pattern_of_its_own():
    x, y = np.arange(3.0), np.array([1.0, 2, 3])
    plot = Plot()
    plot.show(*line("SARSA", x, y, y - 1, y + 1), *line("Q-learning", x, y, color=7), *level(0.5, "goal", (0, 2)))
    band, first, second, goal = plot.traces
    np.testing.assert_array_equal(band["x"], [0, 1, 2, 2, 1, 0])
    np.testing.assert_array_equal(band["y"], [2, 3, 4, 2, 1, 0])
    assert (band["showlegend"], first["name"], second["name"], goal["name"]) == (False, "SARSA", "Q-learning", "goal")
    assert first["line"]["dash"] != second["line"]["dash"]
    assert (first["line"]["color"], second["line"]["color"]) == ("$line0", "$line1")


def test_no_button_sends_a_chart_anywhere_and_the_buttons_do_not_hide_it():
    bar = Plot().figure["layout"]["modebar"]
    assert bar["remove"] == list(BUTTONS_LEFT_OUT)
    assert "sendChartToCloud" in bar["remove"]
    assert (bar["orientation"], bar["bgcolor"], bar["color"]) == ("v", "rgba(0,0,0,0)", "$muted")


def test_layout_changes_last_and_touch_nothing_else():
    plot = Plot("episode", "return", height=200)
    plot.show(yaxis={"type": "log"})
    plot.show()
    layout = plot.figure["layout"]
    assert (layout["yaxis"]["type"], layout["yaxis"]["title"]["text"], layout["height"]) == ("log", "return", 200)


def test_each_theme_has_every_colour_that_a_chart_names():
    light, dark = (Plot().palettes[name] for name in ("light", "dark"))
    assert set(light) == set(dark) == {"text", "muted", "grid", "surface", *(f"line{n}" for n in range(6))}
    assert all(getrgb(colour) for colour in (*light.values(), *dark.values()))


def test_the_library_is_sent_when_a_page_asks_and_never_before(page_of):
    plot = Plot()
    assert not any(isinstance(value, bytes) for value in plot.get_state().values())
    page = page_of(plot)
    page.tell(action="plotly")
    assert page.heard == [{"kind": "plotly"}]
    assert b"plotly.js" in page.buffers[0][0][:2000]


@pytest.mark.parametrize(("count", "drawn"), [(0, []), (1, [0]), (4, [0, 1, 2, 3]), (9, [0, 2, 5, 8])])
def test_of_many_points_some_are_drawn_the_first_and_the_last_among_them(count, drawn):
    assert thinned(count, 4).tolist() == drawn


def test_names_and_titles_are_text_and_no_markup():
    name, numbers = "<a href='http://x'>P(x < 1)</a> & $line0", np.arange(2.0)
    plain = "&lt;a href='http://x'&gt;P(x &lt; 1)&lt;/a&gt; &amp; &#36;line0"
    traces = [*line(name, numbers, numbers), *level(1.0, name), *bars(name, numbers, numbers)]
    assert [trace["name"] for trace in traces] == [plain] * 3
    layout = Plot(name, name).figure["layout"]
    assert [layout[axis]["title"]["text"] for axis in ("xaxis", "yaxis")] == [plain] * 2
    [of_map] = heat(numbers, numbers, np.zeros((2, 2)), title=name)
    assert of_map["colorbar"]["title"]["text"] == plain


class TestPiece:
    def test_what_a_lesson_forbids_is_told_in_a_sentence_and_gone_when_it_went_well(self):
        piece = Piece("Bench", row(Plot(), Plot()))
        with piece.problems():
            raise LessonError("Too many arms.")
        assert (piece.status.problem, piece.status.detail) == ("Too many arms.", "")
        with piece.problems():
            piece.tell("Pull 3")
        assert (piece.status.problem, piece.status.text) == ("", "Pull 3")

    def test_a_mistake_of_the_code_is_told_too_with_its_traceback(self):
        piece = Piece("Bench")
        with piece.problems():
            list(range(1)).pop(1)
        assert piece.status.problem == "IndexError: pop index out of range"
        assert "Traceback" in piece.status.detail

    def test_what_an_inner_block_tells_is_not_wiped_away_by_those_that_end_well(self):
        piece = Piece("Bench")
        with piece.problems():
            with piece.problems():
                raise LessonError("Too many arms.")
            with piece.problems():
                piece.tell("Pull 3")
        assert piece.status.problem == "Too many arms."
        with piece.problems():
            piece.tell("Pull 4")
        assert piece.status.problem == ""

    def test_an_interrupt_is_not_swallowed(self):
        with pytest.raises(KeyboardInterrupt), Piece("Bench").problems():
            raise KeyboardInterrupt

    def test_without_a_kernel_a_notebook_says_what_was_there_and_labels_are_text(self):
        bundle = Piece("<b>Bench</b>")._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert bundle["text/plain"] == "<b>Bench</b>: run this cell to use it."
        assert "<b>" not in bundle["text/html"]
