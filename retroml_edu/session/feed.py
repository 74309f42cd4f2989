"""The live feed: pictures of the game at a steady pace, from the training environment or from a copy at play."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from enum import StrEnum

from retroml_edu.core.background import background_thread
from retroml_edu.core.frames import Frame
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.session.live_film import LiveFilm
from retroml_edu.session.newest_weights import LOOK_S, newest_weights
from retroml_edu.session.player import Player
from retroml_edu.session.run import TrainingRun

FPS = 15
"""Most pictures a second."""
FPS_A_CORE = 4
"""A preview shows no more: each picture costs the browser, and with few cores the training beside it, some time."""
REEL_S = 1.0
"""What a preview plays ahead, with the newest weights, and hands over at once. Every message to the screen wakes half a
dozen threads and processes, each of which may take the trainer's core: one a second costs less than ten."""


class FeedMode(StrEnum):
    """What the live feed shows."""

    PREVIEW = "preview"
    """A copy of the newest weights, playing at the game's own speed in an environment of its own."""
    TRAINING = "training"
    """Training environment 0, as it happens to stand when a picture is due."""


class LiveFeed:
    """Hands pictures of a run to a viewer, at most `FPS` a second, in a thread of its own.

    Args:
        run: The run to look at.
        mode: What to show.
        fps: Returns the most pictures a second that are wanted, at most `FPS`; asked again and again.
        show: Takes frames in turn, and the seconds for which each is to be seen; returns the seconds that suit it. May
            block, which slows the feed and nothing else.
        failed: Takes a sentence, should the feed fail.
        ended: Called when no more frames come, after the film, if there is one, has ended.

    Threads: `start` and `stop` from anywhere; `show` is called in the feed's thread.
    """

    def __init__(
        self,
        run: TrainingRun,
        mode: FeedMode,
        *,
        fps: Callable[[], float] = lambda: FPS,
        show: Callable[[Sequence[Frame], float], float],
        failed: Callable[[str], None],
        ended: Callable[[], None],
    ) -> None:
        self._run = run
        self._mode = mode
        self._fps = fps
        self._show = show
        self._failed = failed
        self._when_ended = ended
        self._ended = threading.Event()
        self._newest: PolicyWeights | None = None
        self._film: LiveFilm | None = None
        self._filming = threading.Lock()
        self._closed = False
        self._again = threading.Event()
        self._thread = background_thread(self._work, "retroml-feed")

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 2.0) -> None:
        """End; returns when the last frame was handed over or after the time."""
        self._ended.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout_s)

    def film(self, film: LiveFilm) -> None:
        """Have what is played filmed from now on, until the film or the feed ends."""
        with self._filming:
            if not self._closed:
                self._film = film
                return
        film.end()

    def reset(self) -> None:
        """Begin a new game now; the training environment is left alone."""
        if self._mode is FeedMode.PREVIEW:
            self._again.set()

    @property
    def _over(self) -> bool:
        return self._ended.is_set() or self._run.ended

    def _most_fps(self) -> float:
        return min(FPS, max(1.0, self._fps()))

    def _work(self) -> None:
        try:
            if self._mode is FeedMode.PREVIEW:
                self._preview()
            else:
                self._training()
        except Exception as error:  # noqa: BLE001 - a feed must never end a run
            self._failed(f"The live feed stopped: {error}")
        finally:
            with self._filming:
                self._closed = True
            if self._film is not None:
                self._film.end()
            self._when_ended()

    def _training(self) -> None:
        due = time.monotonic()
        while not self._over:
            frame = self._run.control.frames.take(timeout_s=0.5)
            if frame is not None and self._film is not None:
                self._film.see(frame)
            interval_s = self._show([frame], 0.0) if frame is not None else 0.0
            due = self._rest(due, max(interval_s, 1 / self._most_fps()))

    def _preview(self) -> None:
        self._newest = newest_weights(self._run, self._ended.is_set)
        if self._over:
            return
        player = Player(self._run.config, seed=self._run.config.seed + 1)
        try:
            self._play(player)
        finally:
            player.close()

    def _play(self, player: Player) -> None:
        # Not before: what measures environments is slow to load, and the panel waits for this module.
        from retroml_edu.envs.calibration import usable_cores

        machine_fps = FPS_A_CORE * usable_cores()

        def shortest() -> int:
            return math.ceil(player.fps / min(self._most_fps(), machine_fps))

        stride, pictures = shortest(), 1
        due = time.monotonic()
        episode, moment = 0, None
        while not self._over:
            if self._newest is not None:
                player.load(self._newest)
                self._newest = None
            reel: list[Frame] = []
            if self._again.is_set():
                self._again.clear()
                moment, pictures = None, 1
            while len(reel) < pictures and not self._over:
                if moment is None or moment.ended:
                    moment, episode = player.restart(), episode + 1
                    self._film_step(player)
                for _ in range(stride):
                    moment = player.step()
                    self._film_step(player)
                    if moment.ended:
                        break
                reel.append(Frame(player.render(), player.weights_step, episode, moment.episode_return))
            if not reel or self._ended.is_set():
                return
            shown_s = stride / player.fps
            interval_s = self._show(reel, shown_s)
            self._run.control.request_weights(self._receive)
            due = self._rest(due, shown_s * len(reel))
            # Of a slow page's game more is left out between two pictures: it still goes at its own speed.
            stride = max(shortest(), round(interval_s * player.fps))
            # The first picture comes at once; what is played ahead grows from there.
            pictures = max(1, min(2 * pictures, round(REEL_S * player.fps / stride)))

    def _film_step(self, player: Player) -> None:
        if self._film is not None:
            self._film.play(player)

    def _end_film_if_due(self) -> None:
        if self._film is not None and self._film.end_if_due():
            self._film = None

    def _receive(self, weights: PolicyWeights) -> None:
        self._newest = weights

    def _rest(self, due: float, interval_s: float) -> float:
        """Wait until the next picture is due; a feed that is late does not hurry to catch up."""
        due = max(due + interval_s, time.monotonic())
        while not (self._over or self._again.is_set()) and (left_s := due - time.monotonic()) > 0:
            self._end_film_if_due()
            self._ended.wait(min(left_s, LOOK_S))
        self._end_film_if_due()
        return min(due, time.monotonic())  # a game that is begun anew is seen at once
