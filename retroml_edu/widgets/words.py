"""Numbers and moments in a student's words."""

from __future__ import annotations

import math

from retroml_edu.core.events import VideoEvent


def duration(seconds: float) -> str:
    """Return a time such as ``8 s``, ``3 min 20 s`` or ``2 h 5 min``."""
    if not math.isfinite(seconds):
        return "unknown time"
    whole = max(1, math.ceil(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60} min"


def episodes(count: int) -> str:
    """Return a number of episodes."""
    return f"{count:,} episode{'' if count == 1 else 's'}"


def score(value: float) -> str:
    """Return a return with its sign where it is negative, without needless digits."""
    return f"{value:z,.1f}".removesuffix(".0")


def video_label(video: VideoEvent) -> str:
    """Return the moment of a run that a video shows: start, 25 %, final."""
    if video.milestone <= 0:
        return "start"
    return "final" if video.milestone >= 1 else f"{video.milestone:.0%}"


def video_caption(video: VideoEvent) -> str:
    """Return what a video shows, in a line."""
    cut = "" if video.complete else ", cut"
    return f"step {video.step:,} · return {score(video.episode_return)} · {video.duration_s:.1f} s{cut}"
