"""Ends a call that takes too long, such as an endless loop in a student's function."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")
_AGAIN_S = 0.05


class TookTooLongError(BaseException):
    """A call was ended; no Exception, so that ``except Exception`` in it does not go on."""


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """Call a function in this thread, and end it if it takes too long.

    Python code is ended between two of its instructions; what waits in compiled code (one huge matrix product, a long
    sleep) is ended when it returns.

    Args:
        seconds: How long it may take.
        call: What to call.

    Raises:
        TookTooLongError: If it was ended.
    """
    thread = ctypes.c_ulong(threading.get_ident())
    error = ctypes.py_object(TookTooLongError)
    changing, wake = threading.Lock(), threading.Event()
    done = False

    def watch() -> None:
        patience_s = seconds
        while not wake.wait(patience_s) and not done:
            with changing:
                if not done:
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, error)
            patience_s = _AGAIN_S  # it may be caught by a bare `except:`

    watcher = threading.Thread(target=watch, name="retroml-time-limit", daemon=True)
    # It may be raised anywhere in here. So what ends it is an assignment, not a call, and stands twice: once it is
    # made, nothing is raised that was not raised before the lock was free.
    try:
        try:
            watcher.start()
            return call()
        finally:
            done = True
            with changing:
                pass
    finally:
        done = True
        with changing:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)
        wake.set()
