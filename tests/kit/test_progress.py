"""How far long work in a cell is."""

import html

import pytest

from retroml_edu.kit import progress, tracked


@pytest.fixture
def cell(monkeypatch):
    """A cell in which time passes only where it is told to; what it shows, from the first to the last."""

    class Cell:
        now = 0.0

        def __init__(self):
            self.shown = []

        def show(self, bundle, **_):
            self.shown.append(bundle["text/plain"])
            assert bundle["text/html"].endswith(html.escape(bundle["text/plain"]))
            assert ("<progress " in bundle["text/html"]) == bool(bundle["text/plain"])
            return self

        update = show

    cell = Cell()
    monkeypatch.setattr(progress.time, "monotonic", lambda: cell.now)
    monkeypatch.setattr(progress, "display", cell.show)
    monkeypatch.setattr(progress, "get_ipython", object)
    return cell


def test_what_takes_long_says_how_far_it_is_and_is_silent_in_the_end(cell):
    given = []
    for item in tracked("abcde", "letters"):
        given.append(item)
        cell.now += 1.0
    assert given == list("abcde")
    assert cell.shown == [
        "Measuring: 3 of 5 letters, about 2 s left",
        "Measuring: 4 of 5 letters, about 1 s left",
        "",
    ]


def test_what_takes_no_time_shows_nothing(cell):
    assert list(tracked(range(1_000))) == list(range(1_000))
    assert cell.shown == []


def test_it_speaks_twice_a_second_at_most(cell):
    for _ in tracked(range(1_000)):
        cell.now += 0.01
    assert len(cell.shown) == pytest.approx(2 * 8, abs=2)


def test_what_is_counted_is_text_whatever_it_is_called(cell):
    for _ in tracked(range(5), "runs with <b>α</b> < 0.1"):
        cell.now += 1.0
    assert cell.shown[0] == "Measuring: 3 of 5 runs with <b>α</b> < 0.1, about 2 s left"


def test_a_loop_that_ends_early_leaves_nothing(cell):
    with pytest.raises(ZeroDivisionError):
        fail_at(30, cell)
    assert cell.shown[-1] == ""
    assert len(cell.shown) > 1


def fail_at(last, cell):
    for run in tracked(range(100)):
        cell.now += 1.0
        _ = 1 / (last - run)


def test_outside_of_a_notebook_it_is_silent(cell, monkeypatch):
    monkeypatch.setattr(progress, "get_ipython", lambda: None)
    for _ in tracked(range(5)):
        cell.now += 1.0
    assert cell.shown == []
