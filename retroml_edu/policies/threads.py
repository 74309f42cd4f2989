"""How many processor threads torch takes for the work of one Python thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_LOCK = threading.Lock()


@contextmanager
def one_torch_thread() -> Iterator[None]:
    """Let torch compute in the calling thread alone, without helpers.

    Small networks are as fast so, and they stay so when the processor is busy: helpers that wait for a core have made
    a run ten times slower. What is computed no longer depends on the number of cores either.
    """
    before = limit_torch_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def limit_torch_threads(count: int) -> int:
    """Let torch take so many threads for the work of the calling one from now on; return how many it took before.

    Other threads keep their count: torch has one count a thread, and one more that new threads start with, which is
    put back at once.
    """
    with _LOCK:
        # Asking first matters: a thread takes over the count for new threads when it asks for the first time.
        before = torch.get_num_threads()
        torch.set_num_threads(count)
        restore = threading.Thread(target=torch.set_num_threads, args=(before,))
        restore.start()
        restore.join()
    return before
