"""Processor and memory on the page: when it asks, and without a question while a run changes it anyway."""

from __future__ import annotations

import pytest

from retroml_edu.widgets.system import ATTENTIVE_S, EVERY_S, SystemView
from tests.widgets.conftest import tell, until


class Asked:
    """A card whose time stands still, with what it was told."""

    def __init__(self):
        self.now_s = 1_000.0
        self.view = SystemView(lambda: self.now_s)
        self.told = []
        self.view.send = lambda content, buffers=None: self.told.append(content)


@pytest.fixture
def asked():
    return Asked()


def test_who_asks_is_told(asked):
    tell(asked.view, action="look")
    assert asked.told[0]["kind"] == "usage"
    assert 0 < asked.told[0]["memory_bytes"] <= asked.told[0]["memory_total_bytes"]
    tell(asked.view, action="what else")
    assert len(asked.told) == 1


def test_nobody_is_told_who_never_asked(asked):
    asked.view.look()
    assert asked.told == []


def test_who_looks_is_told_now_and_then_until_it_is_not_heard_of_any_more(asked):
    tell(asked.view, action="look")
    asked.view.look()
    assert len(asked.told) == 1
    asked.now_s += EVERY_S
    asked.view.look()
    assert len(asked.told) == 2
    asked.now_s += ATTENTIVE_S
    asked.view.look()
    assert len(asked.told) == 2


def test_a_run_brings_it_along(bench):
    panel = bench().open(steps=600)
    told = []
    panel.system.send = lambda content, buffers=None: told.append(content)
    panel.system._clock = iter(range(0, 1_000_000, 3)).__next__
    tell(panel.system, action="look")
    panel.start().wait(timeout_s=30)
    until(lambda: len(told) > 1, "a message that nobody asked for")


def test_a_card_that_cannot_tell_keeps_no_end_of_a_run_from_being_shown(bench):
    panel = bench().open(steps=600)
    tell(panel.system, action="look")
    panel.system._clock = iter(range(10**6, 10**7, 3)).__next__

    def broken(*_arguments, **_more):
        raise RuntimeError("CUDA error: device-side assert triggered")

    panel.system.send = broken
    panel.system._asked_s = 10**6
    panel.start().wait(timeout_s=30)
    until(lambda: panel.runbar.state == "done", "the end")
    until(lambda: not panel._view._prediction._goes_on, "what comes after the end")
