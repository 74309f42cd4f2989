"""Connects the picture of the game with whichever run the panel shows."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from retroml_edu.session.feed import FeedMode, LiveFeed
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.run import TrainingRun
from retroml_edu.widgets.feed import OFF, FeedView


class FeedSwitch:
    """Starts and stops the live feed.

    Args:
        view: Where the pictures go; its `mode` says which game is watched.
        failed: Is told why a feed has ended before its run.

    Threads: safe.
    """

    def __init__(self, view: FeedView, failed: Callable[[str], None]) -> None:
        self._view = view
        self._failed = failed
        self._changing = threading.RLock()
        self._run: TrainingRun | RunFollower | None = None
        self._feed: LiveFeed | None = None
        view.observe(lambda _change: self.watch(self._run), "mode")

    def watch(self, run: TrainingRun | RunFollower | None) -> None:
        """Show a run's game, as the view's mode asks for it."""
        with self._changing:
            self.stop()
            self._run = run
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
                show=partial(self._view.show, FeedMode(mode)),
                failed=self._failed,
                ended=lambda: self._ended(feed),
            )
            self._feed = feed
            feed.start()

    def stop(self) -> None:
        """Show no more pictures."""
        with self._changing:
            feed, self._feed = self._feed, None
            if feed is not None:
                feed.stop()

    def _ended(self, feed: LiveFeed) -> None:
        if self._feed is feed:  # one that was replaced has nothing more to say
            self._view.end()
