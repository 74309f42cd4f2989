"""Connects the picture of the game with whichever run the panel shows, and films it when somebody asks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from retroml_edu.core.events import VideoEvent
from retroml_edu.session.feed import FPS, FeedMode, LiveFeed
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.live_film import LiveFilm
from retroml_edu.session.run import TrainingRun
from retroml_edu.widgets.feed import DESCRIBED, OFF, FeedView

OFFERS = {FeedMode.PREVIEW: ["record", "reset"], FeedMode.TRAINING: ["record"]}
"""What can be done with what is seen. Nobody begins the training's own game anew: watching changes nothing."""


class FeedSwitch:
    """Starts and stops the live feed.

    Args:
        view: Where the pictures go; its `mode` says which game is watched.
        failed: Is told why a feed has ended before its run.
        filmed: Takes a film of a run that has ended: it can tell nobody itself any more.

    Attributes:
        fps: Most pictures a second.

    Threads: safe.
    """

    def __init__(
        self,
        view: FeedView,
        failed: Callable[[str], None],
        filmed: Callable[[str, VideoEvent], None] = lambda _run_id, _event: None,
    ) -> None:
        self.fps: float = FPS
        self._view = view
        self._failed = failed
        self._filmed = filmed
        self._changing = threading.RLock()
        self._telling = threading.Lock()
        self._run: TrainingRun | RunFollower | None = None
        self._feed: LiveFeed | None = None
        self._film: LiveFilm | None = None
        self._resting = False
        view.observe(lambda _change: self._choose(), "mode")
        view.on_msg(self._asked)

    def watch(self, run: TrainingRun | RunFollower | None) -> None:
        """Show a run's game, as the view's mode asks for it."""
        with self._changing:
            self.stop()
            if run is not self._run:
                self._view.begin()  # the last picture of another run says nothing of this one
            self._run, self._resting = run, False
            mode = self._view.mode
            if mode == OFF:
                self._view.begin()
                return
            if not isinstance(run, TrainingRun) or run.ended:
                self._view.end()
                return
            self._view.begin()
            feed = LiveFeed(
                run,
                FeedMode(mode),
                fps=lambda: self.fps,
                show=partial(self._view.show, DESCRIBED[FeedMode(mode)]),
                failed=self._failed,
                ended=lambda: self._ended(feed),
            )
            self._feed = feed
            self._view.offers = OFFERS[FeedMode(mode)]
            feed.start()

    def rest(self) -> None:
        """Show no more pictures until `watch` is called: somebody else shows some."""
        with self._changing:
            self.stop()
            self._resting = True

    def _choose(self) -> None:
        with self._changing:
            if not self._resting:
                self.watch(self._run)

    def stop(self) -> None:
        """Show no more pictures; a film of them ends."""
        with self._changing:
            feed, self._feed = self._feed, None
            self._view.offers = []
            if feed is not None:
                feed.stop()

    def record(self) -> None:
        """Press Record; nothing happens where nothing plays, or while a film is made."""
        with self._changing:
            run = self._run
            if self._feed is None or self._film is not None or not isinstance(run, TrainingRun):
                return
            film = LiveFilm(
                run,
                FPS,
                progress=lambda seconds: self._view.show_film(_clock(seconds), going_on=True),
                ended=lambda outcome: self._film_ended(film, run, outcome),
            )
            with self._telling:
                self._film = film
                self._view.show_film(_clock(0.0), going_on=True)
            self._feed.film(film)

    def stop_recording(self) -> None:
        """Press Stop recording; nothing happens without a film."""
        film = self._film
        if film is not None:
            film.stop()

    def reset(self) -> None:
        """Press Reset: begin a new game now."""
        feed = self._feed
        if feed is not None:
            feed.reset()

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        action = {"record": self.record, "stop": self.stop_recording, "reset": self.reset}.get(
            str(message.get("action"))
        )
        if action is not None:
            action()

    def _film_ended(self, film: LiveFilm, run: TrainingRun, outcome: VideoEvent | Exception | None) -> None:
        # Not under the other lock: who stops the feed holds it, and waits for this.
        with self._telling:
            if self._film is film:
                self._film = None
                self._view.show_film(_told(outcome), going_on=False)
        if isinstance(outcome, VideoEvent) and run.ended:
            self._filmed(run.run_id, outcome)

    def _ended(self, feed: LiveFeed) -> None:
        if self._feed is feed:  # one that was replaced has nothing more to say
            self._view.offers = []
            self._view.end()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def _told(outcome: VideoEvent | Exception | None) -> str:
    if isinstance(outcome, Exception):
        return f"Nothing was kept: {outcome}"
    return f"Kept as {outcome.path}" if outcome is not None else "Nothing was recorded: no picture had come."
