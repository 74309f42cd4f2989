"""Work in threads beside the one that has more to do."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

Result = TypeVar("Result")


def background_thread(work: Callable[[], object], name: str) -> threading.Thread:
    """Return a thread, not started, that takes no core from the training when it wakes.

    It gets its share of the time all the same: a thread of lower priority could be kept waiting while it holds the
    interpreter's lock, and the training with it.

    Args:
        work: What it does.
        name: Its name.
    """

    def work_patiently() -> None:
        # Linux's batch class, which is free to choose; other systems have no such thing, and some containers forbid it.
        with suppress(AttributeError, OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        work()

    return threading.Thread(target=work_patiently, name=name, daemon=True)


def carry_out(work: Callable[[], Result], future: Future[Result]) -> None:
    """Do some work, and tell what came of it, or that it failed."""
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
        future.set_exception(error)


def alongside(work: Callable[[], Result], name: str) -> Future[Result]:
    """Begin some work in a thread of its own, while the caller does something else.

    No executor of the standard library does it: those are closed before runs that Python's end has caught can end well.

    Args:
        work: What is to be done.
        name: Of the thread.
    """
    future: Future[Result] = Future()
    try:
        background_thread(lambda: carry_out(work, future), name).start()
    except RuntimeError:  # Python ends, and starts none any more
        carry_out(work, future)
    return future


class OnDemand:
    """Does some work in a thread of its own whenever somebody asks for it, and never twice at once.

    Who asks while it is being done has it done once more: what it looks at may have changed meanwhile.

    Args:
        work: What is to be done; must not raise.
        name: Of the thread.

    Threads: safe.
    """

    def __init__(self, work: Callable[[], object], name: str) -> None:
        self._work = work
        self._name = name
        self._changed = threading.Condition()
        self._wanted = False
        self._busy = False

    def ask(self) -> None:
        """Have it done; returns at once."""
        with self._changed:
            self._wanted = True
            if self._busy:
                return
            self._busy = True
        background_thread(self._work_off, self._name).start()

    def wait(self, timeout_s: float) -> bool:
        """Wait until all that was asked for is done; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, timeout_s)

    def _work_off(self) -> None:
        while self._is_wanted():
            self._work()

    def _is_wanted(self) -> bool:
        with self._changed:
            self._busy, self._wanted = self._wanted, False
            self._changed.notify_all()
            return self._busy
