"""Work beside the training that can wait a moment."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress


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
