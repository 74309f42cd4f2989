"""Ctrl+C while a run is being started."""

from __future__ import annotations

import os
import signal
import sys

import pytest

from retroml_edu.cli.interrupts import begun

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process cannot send itself Ctrl+C there")


class Run:
    def __init__(self):
        self.stopped = False

    def stop(self):
        self.stopped = True


def interrupted():
    """Start a run, with Ctrl+C in the middle of it."""
    os.kill(os.getpid(), signal.SIGINT)
    return Run()


def test_what_is_interrupted_is_begun_and_stopped():
    assert begun(interrupted).stopped
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_what_is_not_interrupted_goes_on():
    assert not begun(Run).stopped
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_start_that_fails_is_as_before():
    with pytest.raises(ZeroDivisionError):
        begun(lambda: 1 / 0)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_ignores_interrupts_goes_on_to():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert not begun(interrupted).stopped
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
