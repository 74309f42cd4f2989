"""The frame channel: pictures of the game, paced by whoever looks and dropped freely."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture.

    Attributes:
        pixels: Shape (height, width, 3), uint8, RGB.
        step: Training step at which it was taken, or of the weights that play.
        episode: Number of the episode that it shows, from 1.
        episode_return: Return so far in that episode.
    """

    pixels: np.ndarray
    step: int
    episode: int = 0
    episode_return: float = 0.0


class FrameChannel:
    """A single slot: the viewer asks for a frame, the trainer fills the slot when it passes by.

    Nothing is rendered while nobody asks.
    """

    def __init__(self) -> None:
        self._filled = threading.Condition()
        self._frame: Frame | Exception | None = None
        self.wanted = False

    def put(self, frame: Frame) -> None:
        """Fill the slot (trainer's side)."""
        self._fill(frame)

    def fail(self, error: Exception) -> None:
        """Say why there is no frame (trainer's side)."""
        self._fill(error)

    def take(self, timeout_s: float) -> Frame | None:
        """Ask for a frame and wait for it (viewer's side); None if none came in time.

        Raises:
            Exception: What the environment raised when it was to be drawn.
        """
        with self._filled:
            self._frame = None
            self.wanted = True
            self._filled.wait_for(lambda: self._frame is not None, timeout_s)
            if isinstance(self._frame, Exception):
                raise self._frame
            return self._frame

    def _fill(self, content: Frame | Exception) -> None:
        with self._filled:
            self._frame = content
            self.wanted = False
            self._filled.notify_all()
