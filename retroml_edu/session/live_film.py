"""A film of what the live feed plays."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from retroml_edu.core.errors import WaitTimeoutError
from retroml_edu.core.events import VideoEvent
from retroml_edu.core.frames import Frame
from retroml_edu.core.ids import utc_now
from retroml_edu.core.states import RunState
from retroml_edu.session.player import Player
from retroml_edu.session.run import TrainingRun
from retroml_edu.session.videos import MAX_FPS, PATIENCE_S
from retroml_edu.storage.atomic import cannot_write
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.manifest import write_manifest
from retroml_edu.storage.paths import inside
from retroml_edu.storage.video import VideoWriter

MOST_S = 60.0
"""Playing time after which a film ends by itself."""
LONGEST_PICTURE_S = 1.0
"""Of a training environment that stands still, no more is filmed."""


class LiveFilm:
    """Films a game that somebody watches, into the run's ``videos/``; begins with the first picture.

    A film that fails ends by itself, with a sentence; what is watched goes on.

    Args:
        run: The run whose agent plays.
        fps: Pictures a second where they come as the training passes by.
        progress: Is told the playing time so far, in seconds, about once a second of it.
        ended: Is told what was filmed, or why nothing was; None if there was nothing to film. The last thing that
            happens.

    Threads: `stop` from anywhere; everything else, with what is called, in the feed's thread.
    """

    def __init__(
        self,
        run: TrainingRun,
        fps: float,
        *,
        progress: Callable[[float], object],
        ended: Callable[[VideoEvent | Exception | None], object],
    ) -> None:
        self._run = run
        self._fps = fps
        self._progress = progress
        self._when_ended = ended
        self._stopped = threading.Event()
        self._writer: VideoWriter | None = None
        self._path = Path()
        self._told_s = 0.0
        self._steps = 0
        self._since_picture = 0
        self._last_s: float | None = None
        self._step = 0
        self._return = 0.0
        self._complete = False
        self.ended = False

    def stop(self) -> None:
        """Ask for its end, which the feed brings about."""
        self._stopped.set()

    def play(self, player: Player) -> None:
        """Film a game after each of its steps, and at its start."""
        stride = math.ceil(player.fps / MAX_FPS)
        moment = player.moment
        self._steps += 1
        self._since_picture += 1
        self._return, self._complete = moment.episode_return, moment.ended
        if self._writer is None or moment.ended or moment.length == 0 or self._since_picture >= stride:
            self._since_picture = 0
            self._add(player.render(), player.fps / stride, player.weights_step)

    def see(self, frame: Frame) -> None:
        """Film a picture of the training environment for as long as it was to be seen."""
        now = time.monotonic()
        seen_s = 0.0 if self._last_s is None else min(LONGEST_PICTURE_S, now - self._last_s)
        self._last_s = now
        self._steps += 1
        self._return = frame.episode_return
        for _ in range(max(1, round(seen_s * self._fps))):
            self._add(frame.pixels, self._fps, frame.step)

    def end_if_due(self) -> bool:
        """End it if somebody has asked for that, or it is as long as it may be; return whether it has ended."""
        if not self.ended and (self._stopped.is_set() or self._duration_s >= MOST_S):
            self.end()
        return self.ended

    def end(self) -> None:
        """Keep what was filmed; nothing happens once it has ended."""
        if self.ended:
            return
        self.ended = True
        try:
            outcome: VideoEvent | Exception | None = self._keep()
        except Exception as error:  # noqa: BLE001 - whoever asked for it is told
            outcome = error
        self._when_ended(outcome)

    @property
    def _duration_s(self) -> float:
        return self._writer.duration_s if self._writer is not None else 0.0

    def _add(self, pixels: np.ndarray, fps: float, step: int) -> None:
        if self.ended:
            return
        try:
            if self._writer is None:
                self._step = step  # the weights may change while it is made: it is of those that it began with
                self._path = _place(RunFolder(self._run.path), step)
                self._writer = VideoWriter(self._path, fps=fps, quality=self._run.config.video.quality)
            self._writer.add(pixels)
        except Exception as error:  # noqa: BLE001 - a film must never end what is watched
            self.ended = True
            if self._writer is not None:
                self._writer.discard()
            self._when_ended(error)
            return
        if self._duration_s - self._told_s >= 1.0:
            self._told_s = self._duration_s
            self._progress(self._duration_s)

    def _keep(self) -> VideoEvent | None:
        if self._writer is None:
            return None
        self._writer.close()
        event = VideoEvent(
            path=f"videos/{self._path.name}",
            step=self._step,
            milestone=min(1.0, self._step / self._run.config.total_timesteps),
            episode_return=self._return,
            length=self._steps,
            complete=self._complete,
            duration_s=self._writer.duration_s,
            time_utc=utc_now(),
        )
        self._run.bus.publish(event)
        if self._run.state not in (RunState.RUNNING, RunState.PAUSED):  # the list of its files may be written already
            with suppress(WaitTimeoutError):
                self._run.wait(PATIENCE_S)
                write_manifest(RunFolder(self._run.path))
        return event


def _place(folder: RunFolder, step: int) -> Path:
    """Return a path in the run's folder that no link leads out of, under a name that says what is filmed, and when."""
    name = f"live-{utc_now().replace(':', '').replace('.', '')}-step-{step}.mp4"
    path = inside(folder.path, f"{folder.videos_dir.name}/{name}")
    try:
        folder.videos_dir.mkdir(exist_ok=True)
    except OSError as error:
        raise cannot_write(folder.videos_dir, error) from error
    return path
