"""Ctrl+C while something must not be left half-way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retroml_edu.session.run import TrainingRun


def begun(start: Callable[[], TrainingRun]) -> TrainingRun:
    """Start a run; an interrupt meanwhile stops it in order once it has begun, and leaves no folder without an end."""
    with _noted() as interrupted:
        run = start()
    if interrupted.is_set():
        run.stop()
    return run


@contextmanager
def _noted() -> Iterator[threading.Event]:
    """Note an interrupt instead of raising it."""
    came = threading.Event()
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield came  # somebody else decides what an interrupt does
        return
    signal.signal(signal.SIGINT, lambda *_: came.set())
    try:
        yield came
    finally:
        signal.signal(signal.SIGINT, before)
