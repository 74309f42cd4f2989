"""Work that a page asks for and must not wait for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager

from retroml_edu.core.background import background_thread


class SerialWork:
    """Does one job after the other, in a thread that is there only while there is something to do.

    Args:
        name: Of the thread.
        guarded: Makes a context that shows the errors of a job; the next one is done all the same.

    Threads: safe; jobs are called in a thread of their own.
    """

    def __init__(self, name: str, guarded: Callable[[], AbstractContextManager[None]]) -> None:
        self._name = name
        self._guarded = guarded
        self._changing = threading.Lock()
        self._jobs: deque[Callable[[], object]] = deque()
        self._busy = False

    @property
    def busy(self) -> bool:
        """Whether something is being done, or waits for its turn."""
        return self._busy

    def do(self, job: Callable[[], object]) -> None:
        """Have a job done, after those before it."""
        with self._changing:
            self._jobs.append(job)
            if self._busy:
                return
            self._busy = True
        background_thread(self._work, self._name).start()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            with self._guarded():
                job()

    def _next(self) -> Callable[[], object] | None:
        with self._changing:
            self._busy = bool(self._jobs)
            return self._jobs.popleft() if self._jobs else None
