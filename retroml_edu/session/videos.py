"""The videos that a run records of its own agent: in a thread of their own, from copies of the weights."""

from __future__ import annotations

import math
import queue
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from retroml_edu.core.background import background_thread
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.events import Event, VideoEvent, log
from retroml_edu.core.ids import utc_now
from retroml_edu.core.settings import VideoQuality
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.session.player import Player
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.retention import prune_videos
from retroml_edu.storage.video import VideoWriter

MAX_FPS = 30
LOOK_INTERVAL_S = 0.25
PATIENCE_S = 10.0
"""How long a video that was cancelled may take to notice; a game or an encoder may hang."""


def video_name(step: int) -> str:
    """Return the file name of the video of the weights at a step; names sort by step."""
    return f"step-{step:010d}.mp4"


def record_episode(
    player: Player,
    path: Path,
    *,
    length_s: float,
    quality: VideoQuality,
    milestone: float = 1.0,
    cancelled: Callable[[], bool] = lambda: False,
) -> VideoEvent | None:
    """Film one game from its first start, at the game's own speed.

    Games faster than 30 steps a second are filmed at every second or third step, which halves the work and looks
    the same.

    Returns:
        What was filmed, or None if it was cancelled.
    """
    stride = math.ceil(player.fps / MAX_FPS)
    fps = player.fps / stride
    most_steps = max(1, int(length_s * player.fps))
    moment = player.restart(same_start=True)
    first = player.render()
    with VideoWriter(path, fps=fps, quality=quality) as video:
        video.add(first)
        while not moment.ended and moment.length < most_steps:
            if cancelled():
                video.discard()
                return None
            moment = player.step()
            if moment.length % stride == 0 or moment.ended:
                video.add(player.render())
    return VideoEvent(
        path=f"videos/{path.name}",
        step=player.weights_step,
        milestone=milestone,
        episode_return=moment.episode_return,
        length=moment.length,
        complete=moment.ended,
        duration_s=moment.length / player.fps,
        time_utc=utc_now(),
    )


class VideoRecorder:
    """Records one video for each copy of the weights that it is given.

    A video that fails is a line in the log, never the end of a run.

    Args:
        config: Fully resolved.
        folder: Of the run.
        emit: Takes the `VideoEvent` of each finished video.
    """

    def __init__(self, config: ExperimentConfig, folder: RunFolder, emit: Callable[[Event], None]) -> None:
        self._config = config
        self._folder = folder
        self._emit = emit
        self._queue: queue.Queue[PolicyWeights | None] = queue.Queue()
        self._newest: PolicyWeights | None = None
        self._cancel = threading.Event()
        self._thread = background_thread(self._work, "retroml-videos")

    def start(self) -> None:
        """Begin to wait for weights."""
        self._thread.start()

    def record(self, weights: PolicyWeights) -> None:
        """Queue a video; returns at once. Milestones that fall on one step bring one copy, which is filmed once."""
        if weights is not self._newest:
            self._newest = weights
            self._queue.put(weights)

    def finish(self) -> None:
        """Wait until every queued video is done, or cancelled; nothing happens without a start.

        A video that goes on all the same, ten seconds after it was cancelled, is left to itself.
        """
        self._queue.put(None)
        while self._thread.is_alive() and not self._cancel.is_set():
            self._thread.join(LOOK_INTERVAL_S)
        if self._thread.is_alive():
            self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            self._emit(log("warning", "The last video was given up: it did not end when it was cancelled."))

    def cancel(self) -> None:
        """Give up the videos that are not done yet."""
        self._cancel.set()

    def _work(self) -> None:
        player: Player | None = None
        while (weights := self._queue.get()) is not None:
            if self._cancel.is_set():
                continue
            try:
                player = player or Player(self._config, seed=self._config.seed)
                player.load(weights)
                self._film(player, weights)
            except TrainingError as error:  # about the game itself: the next video would fail alike
                self._emit(log("warning", f"There are no videos: {error}", step=weights.step))
                self._cancel.set()
            except Exception as error:  # noqa: BLE001 - a video must never end a run
                self._emit(
                    log(
                        "warning",
                        f"The video of step {weights.step:,} could not be recorded: {error}",
                        step=weights.step,
                        details=traceback.format_exc(),
                    )
                )
        if player is not None:
            player.close()

    def _film(self, player: Player, weights: PolicyWeights) -> None:
        settings = self._config.video
        self._folder.videos_dir.mkdir(parents=True, exist_ok=True)
        event = record_episode(
            player,
            self._folder.videos_dir / video_name(weights.step),
            length_s=settings.length_s,
            quality=settings.quality,
            # Weights are handed over at the first boundary after a milestone.
            milestone=max(
                (share for share in settings.milestones if share * self._config.total_timesteps <= weights.step),
                default=weights.step / self._config.total_timesteps,
            ),
            cancelled=self._cancel.is_set,
        )
        if event is not None:
            self._emit(event)
            prune_videos(self._folder, settings.keep)
