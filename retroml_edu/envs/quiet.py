"""Keeps the simulators from opening windows and from writing into the notebook."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from functools import cache

import ale_py


@cache
def quieten() -> None:
    """Silence pygame's and the emulator's greetings, and draw off screen where no window can be opened.

    What a person has set in the environment stays as it is. Has to run before pygame is imported.
    """
    os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
    if not _can_open_windows():
        os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)


@cache
def load_pictures() -> None:
    """Load the part of pygame that turns its surfaces into arrays, where pygame is installed.

    pygame loads it at first use, which fails when two threads draw their first picture at once.
    """
    with _LOADING, suppress(ImportError, AttributeError):
        import pygame

        _ = pygame.surfarray.pixels3d


_LOADING = threading.Lock()


def _can_open_windows() -> bool:
    if sys.platform == "win32":
        return True
    if sys.platform == "darwin":
        return False  # SDL opens macOS's display on the main thread only, and training runs on another
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
