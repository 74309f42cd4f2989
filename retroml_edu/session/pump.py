"""The thread that drains subscriptions at a fixed pace."""

from __future__ import annotations

import threading
from collections.abc import Callable

from retroml_edu.core.background import background_thread


class Pump:
    """Calls its jobs at a fixed pace in a thread of its own, and once more when it is stopped.

    A thread, because callbacks that are scheduled on a kernel's event loop starve while a cell runs.

    Args:
        name: Name of the thread.
        interval_s: Seconds between two rounds.

    Threads: `add`, `remove` and `stop` may be called from anywhere; the jobs run in the pump's thread. A job must
    not raise: the bus isolates failing sinks already.
    """

    def __init__(self, name: str, interval_s: float) -> None:
        self._interval_s = interval_s
        self._jobs: tuple[Callable[[], object], ...] = ()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._in_last_round = False
        self._thread = background_thread(self._turn, name)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def add(self, job: Callable[[], object]) -> None:
        """Have a job called in every round; once and in this thread, if the last round has begun already."""
        with self._lock:
            if not self._in_last_round:
                self._jobs = (*self._jobs, job)
                return
        job()

    def remove(self, job: Callable[[], object]) -> None:
        """Leave a job out from now on."""
        with self._lock:
            self._jobs = tuple(item for item in self._jobs if item != job)

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the thread after one last round."""
        self._ended.set()
        if self._thread.is_alive() and threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)

    def _turn(self) -> None:
        while not self._ended.wait(self._interval_s):
            self._round()
        with self._lock:
            self._in_last_round = True
        self._round()

    def _round(self) -> None:
        for job in self._jobs:
            job()
