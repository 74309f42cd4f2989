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
    over = threading.Event()
    changing = threading.Lock()

    def watch() -> None:
        patience_s = seconds
        while not over.wait(patience_s):
            with changing:
                if not over.is_set():
                    ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, error)
            patience_s = _AGAIN_S  # it may be caught by a bare `except:`

    watcher = threading.Thread(target=watch, name="retroml-time-limit", daemon=True)
    watcher.start()
    try:
        try:
            return call()
        finally:
            # It may be raised in here as well, as long as it is not over.
            with changing:
                over.set()
    finally:
        over.set()
        ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, None)  # set, and not yet raised
