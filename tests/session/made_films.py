"""Videos as training and tests leave them, made in milliseconds."""

from __future__ import annotations

from contextlib import closing

import numpy as np

from retroml_edu.core.events import VideoEvent
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.reader import newest_attempt
from retroml_edu.storage.video import VideoWriter
from retroml_edu.storage.writer import RunWriter
from tests.session.recorded_runs import keep_test


def made_video(folder: RunFolder, file: str, *, frames: int = 9, colour: int = 200) -> None:
    """Film a grey that grows lighter from black to a colour."""
    folder.videos_dir.mkdir(exist_ok=True)
    with VideoWriter(folder.videos_dir / file, fps=30) as video:
        for number in range(frames):
            video.add(np.full((100, 160, 3), colour * number // max(1, frames - 1), np.uint8))


def made_film(folder: RunFolder, step: int, *, milestone: float = 0.5, episode_return: float = 9.0) -> str:
    """Film a moment of training and return the file's name."""
    file = f"step-{step:010d}.mp4"
    made_video(folder, file)
    event = VideoEvent(f"videos/{file}", step, milestone, episode_return, 9, True, 0.3, "2026-01-02T03:04:05Z")
    with closing(RunWriter(folder, max(1, newest_attempt(folder)))) as writer:
        writer.handle([event])
    return file


def made_test(folder: RunFolder, stamp: str, *, returns: tuple[float, ...] = (3.0, 5.0), step: int = 700) -> str:
    """Film and write down a test, and return the video's name."""
    name = f"{stamp}-step-{step}"
    made_video(folder, f"test-{name}.mp4")
    keep_test(folder, step, returns, stamp=stamp)
    return f"test-{name}.mp4"
