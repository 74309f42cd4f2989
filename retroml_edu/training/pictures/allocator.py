"""Memory that is used again and again is not given back to the system in between."""

from __future__ import annotations

import ctypes
import platform
import threading

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
_SETTINGS = (
    (_MMAP_THRESHOLD, 32 * 2**20),  # the most that glibc allows; larger pieces come from the system each time
    (_TRIM_THRESHOLD, 512 * 2**20),
    (_TOP_PAD, 64 * 2**20),  # else the arena of a thread gives each of its heaps back as soon as it is empty
)
"""Bytes: what is asked of the system directly, and what an arena keeps of freed memory at its end."""
_LOCK = threading.Lock()


def keep_freed_memory() -> bool:
    """Let the process keep memory that it has freed, some hundred megabytes an arena, instead of giving it back.

    An update on pictures takes and frees tens of megabytes a mini-batch, and the system clears each page that it hands
    out. Holds for the whole process, cannot be taken back, and is glibc's alone: with another allocator nothing
    happens.

    Returns:
        Whether it was set.

    Threads: safe.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    mallopt.argtypes, mallopt.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int
    with _LOCK:
        return all(mallopt(name, value) for name, value in _SETTINGS)
