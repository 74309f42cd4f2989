"""Numbers and moments in a student's words."""

from __future__ import annotations

import math
from pathlib import Path

from retroml_edu.core.events import VideoEvent
from retroml_edu.core.numbers import duration

__all__ = ["duration", "episodes", "score", "video_caption", "video_label"]


def roughly(seconds: float) -> str:
    """Return an estimated time without digits that nobody can know: ``40 s``, ``3 min``, ``2.5 h``, ``3 days``."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    units = (("min", 60.0, 100), ("h", 3600.0, 48), ("days", 86400.0, math.inf))
    unit, length = next((unit, length) for unit, length, most in units if seconds / length < most)
    return f"{float(f'{seconds / length:.2g}'):,g} {unit}"


def episodes(count: int) -> str:
    """Return a number of episodes."""
    return f"{count:,} episode{'' if count == 1 else 's'}"


def score(value: float) -> str:
    """Return a return with its sign where it is negative, without needless digits."""
    return f"{value:z,.1f}".removesuffix(".0")


def signed(value: float) -> str:
    """Return a return with its sign: ``+3``, ``−2``, ``0``."""
    text = score(value)
    return f"−{text[1:]}" if text.startswith("-") else text if text == "0" else f"+{text}"


def spoken(value: float) -> str:
    """Return a return as it is said: ``plus 3``, ``minus 2``, ``0``."""
    return signed(value).replace("−", "minus ").replace("+", "plus ")


def video_label(video: VideoEvent) -> str:
    """Return the moment of a run that a video shows: start, 25 %, final; or that it is a film of the live feed."""
    if Path(video.path).name.startswith("live-"):
        return "live"
    return milestone_label(video.milestone)


def milestone_label(milestone: float) -> str:
    """Return the moment of a run after a share of it: start, 25 %, final."""
    if milestone <= 0:
        return "start"
    return "final" if milestone >= 1 else f"{milestone:.0%}"


def video_caption(video: VideoEvent) -> str:
    """Return what a video shows, in a line."""
    so_far, cut = ("", "") if video.complete else (" so far", ", cut")  # the game went on, and its return with it
    return f"step {video.step:,} · return {score(video.episode_return)}{so_far} · {video.duration_s:.1f} s{cut}"
