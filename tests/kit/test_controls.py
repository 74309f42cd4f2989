"""Controls take what a person sets, and nothing else."""

from __future__ import annotations

import threading

import pytest

from retroml_edu.core.errors import LessonError
from retroml_edu.kit import Button, Controls, Select, Slider, Switch


@pytest.fixture
def told():
    return []


@pytest.fixture
def controls(told):
    return Controls(
        Slider("alpha", "Step size", 0.1, 0.001, 1.0, log=True),
        Slider("n", "Steps", 4, 1, 64),
        Select("method", "Method", "SARSA", ("SARSA", "Q-learning")),
        Switch("on", "Bootstrapping", True),
        Button("pin", "Pin"),
        on_change=told.append,
        on_press=told.append,
    )


def test_values_begin_as_declared_and_a_button_has_none(controls):
    assert controls.values == {"alpha": 0.1, "n": 4, "method": "SARSA", "on": True}


def test_a_change_of_the_page_is_told_with_all_values_and_then_confirmed(controls, told, page_of):
    page = page_of(controls)
    page.tell(action="change", number=1, values={"n": 8.0, "on": False})
    assert told == [{"alpha": 0.1, "n": 8, "method": "SARSA", "on": False}]
    assert type(told[0]["n"]) is int
    assert page.heard == [{"kind": "done", "number": 1}]


def test_a_change_that_fails_is_confirmed_too_or_the_page_would_wait_for_ever(controls, page_of):
    def fail(_values):
        raise ZeroDivisionError

    controls.on_change = fail
    page = page_of(controls)
    page.tell(action="change", number=7, values={"n": 8})  # ipywidgets writes the error into the kernel's log
    assert page.heard == [{"kind": "done", "number": 7}]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("n", 65, "goes from 1 to 64"),
        ("n", "many", "goes from 1 to 64"),
        ("alpha", True, "goes from"),
        ("alpha", float("nan"), "goes from"),
        ("method", "SARS", "one of SARSA, Q-learning"),
        ("pin", 1, "no control 'pin'"),
        ("beta", 1, "no control 'beta'"),
    ],
)
def test_what_it_does_not_take_changes_nothing(controls, told, name, value, says):
    before = controls.values
    with pytest.raises(LessonError, match=says):
        controls.set(name, value)
    assert controls.values == before
    assert told == []


def test_code_sets_and_presses_as_a_person_does(controls, told, page_of):
    controls.set("method", "Q-learning")
    controls.press("pin")
    page_of(controls).tell(action="press", number=2, name="pin")
    assert [each if isinstance(each, str) else each["method"] for each in told] == ["Q-learning", "pin", "pin"]
    with pytest.raises(LessonError, match="no button 'n'"):
        controls.press("n")


def test_two_changes_at_once_are_both_taken():
    begun, go_on, told = threading.Event(), threading.Event(), []

    def changed(values):
        told.append(dict(values))
        begun.set()
        go_on.wait(60)

    controls = Controls(Slider("a", "A", 0, 0, 9), Slider("b", "B", 0, 0, 9), on_change=changed)
    threads = [threading.Thread(target=controls.set, args=(name, 5), daemon=True) for name in "ab"]
    threads[0].start()
    assert begun.wait(60)
    threads[1].start()
    # While the first is dealt with, the second has to wait: what was told is what is.
    assert controls.values == told[0] == {"a": 5, "b": 0}
    assert not controls.lock.acquire(blocking=False)
    go_on.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert told == [{"a": 5, "b": 0}, {"a": 5, "b": 5}]


def test_what_means_nothing_now_is_greyed_out(controls):
    controls.offer(n=False, on=False)
    controls.offer(on=True)
    assert controls.unavailable == ["n"]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Slider("a", "A", 2.0, 0.0, 1.0),
        lambda: Slider("a", "A", 0.0, 0.0, 1.0, log=True),
        lambda: Select("a", "A", "x", ("y",)),
        lambda: Controls(Switch("a", "A", True), Button("a", "B")),
    ],
    ids=["value outside", "logarithm of nothing", "no option", "names twice"],
)
def test_a_declaration_that_makes_no_sense_is_refused(make):
    with pytest.raises(LessonError):
        make()
