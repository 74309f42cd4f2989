"""Time as a run counts it: pauses stand still."""

from __future__ import annotations

import time
from collections import deque

from retroml_edu.core.control import Control


class TrainingClock:
    """Seconds of training since it was made.

    Args:
        control: Knows how long the run was paused.
        already_s: Seconds that the run had been trained for before.
    """

    def __init__(self, control: Control, already_s: float = 0.0) -> None:
        self._control = control
        self._began = time.monotonic() - control.paused_s - already_s

    @property
    def elapsed_s(self) -> float:
        """Seconds so far, pauses not counted."""
        return time.monotonic() - self._began - self._control.paused_s


class SpeedMeter:
    """Steps a second over the recent past.

    Args:
        window_s: How far it looks back.
        began: Elapsed seconds and step at which it starts to look.
    """

    def __init__(self, window_s: float = 10.0, began: tuple[float, int] = (0.0, 0)) -> None:
        self._window_s = window_s
        self._points: deque[tuple[float, int]] = deque([began])

    def add(self, elapsed_s: float, step: int) -> None:
        """Note where training is after an update: from one such moment to the next, rollout and update both count."""
        self._points.append((elapsed_s, step))
        while len(self._points) > 2 and self._points[1][0] < elapsed_s - self._window_s:
            self._points.popleft()

    def steps_per_second(self, elapsed_s: float, step: int) -> float:
        """Return the mean speed from the start of the window until now; 0 while no time has passed."""
        since, first = self._points[0]
        return (step - first) / (elapsed_s - since) if elapsed_s > since else 0.0
