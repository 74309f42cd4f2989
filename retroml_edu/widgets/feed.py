"""The live picture of the game."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import anywidget
import traitlets

from retroml_edu.core.frames import Frame
from retroml_edu.session.feed import FPS, FeedMode
from retroml_edu.storage.video import encode_jpeg
from retroml_edu.widgets.assets import STATIC, script
from retroml_edu.widgets.words import signed, spoken

OFF = "off"
CONFIRMED_EVERY = 24
"""Pictures, and each that nobody sees. For a confirmation's three messages (the page's word, busy, idle) JupyterLab has
to paint the kernel's state twice."""
PAINT_TIMEOUT_S = 1.0
SHARE = 0.05
"""Of the page's time that painting may take; the rest of its process needs several times as much, of the same cores."""
SLOWEST_S = 0.25
"""Between two pictures that somebody looks at; a game that moves less often is no longer watched, but guessed."""
UNSEEN_S = 1.0
"""Between two pictures that nobody looks at: the page is hidden, scrolled away or closed."""

Describe: TypeAlias = Callable[[Frame], str]


WAITING = "The game appears here while the agent learns."
ENDED = "This run has ended without a live picture. Test lets its agent play."

DESCRIBED: Mapping[FeedMode, Describe] = {
    FeedMode.PREVIEW: lambda frame: f"A copy of the weights of step {frame.step:,}",
    FeedMode.TRAINING: lambda frame: f"Training environment 0 · step {frame.step:,}",
}
"""What the pictures of a run's feed are, in words."""


def standing(frame: Frame) -> dict[str, str]:
    """Return which game a frame shows and its return so far, to read and to say."""
    return {
        "game": f"Game {frame.episode:,}",
        "return": signed(frame.episode_return),
        "spoken": f"return {spoken(frame.episode_return)}",
    }


class FeedView(anywidget.AnyWidget):
    """Shows frames as fast as the browser paints them; `mode` is written by the person.

    Its buttons, those of `offers`, send ``{"action": "record" | "reset"}``, and ``"stop"`` while `filming`.
    """

    _esm = script("card.js", "feed.js")
    _css = STATIC / "feed.css"
    mode = traitlets.Unicode(str(FeedMode.PREVIEW)).tag(sync=True)
    modes = traitlets.List(
        default_value=[
            [str(FeedMode.PREVIEW), "Preview: a copy plays"],
            [str(FeedMode.TRAINING), "Training environment 0"],
            [OFF, "Off"],
        ]
    ).tag(sync=True)
    poster = traitlets.Bytes(b"").tag(sync=True)
    caption = traitlets.Unicode("").tag(sync=True)
    empty = traitlets.Unicode(WAITING).tag(sync=True)
    """What stands there while there is no picture."""
    standing: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)
    offers: traitlets.List[str] = traitlets.List().tag(sync=True)
    filming = traitlets.Bool(False).tag(sync=True)
    filmed = traitlets.Unicode("").tag(sync=True)
    """How long the film is by now; once it is over, what became of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        # A film is told of in the feed's thread and in callbacks, and hold_sync is for one thread alone.
        self._writing = threading.RLock()
        self._painted = threading.Event()
        self._number = 0
        self._interval_s = 1 / FPS
        self._last = b""
        self._last_caption = ""
        self._last_standing: dict[str, str] = {}
        self.on_msg(self._confirm)

    def begin(self) -> None:
        """Make ready for the frames of a run."""
        self._last, self._last_caption, self._last_standing = b"", "", {}
        with self._writing, self.hold_sync():
            self.poster, self.caption, self.standing, self.empty = b"", "", {}, WAITING
            self.filming, self.filmed = False, ""

    def show(self, describe: Describe, frames: Sequence[Frame], shown_s: float) -> float:
        """Send frames; wait, now and then, until the page has painted the first it was sent, a second at most.

        Args:
            describe: Puts into words what a frame shows.
            frames: What to show, in turn; at least one.
            shown_s: Seconds for which each is to be seen; 0 until the next comes.

        Returns:
            Seconds from one frame to the next, as the page has asked for: the longer a frame keeps it busy, the more.

        Threads: called by one feed thread at a time.
        """
        pictures = [encode_jpeg(frame.pixels) for frame in frames]
        self._last, self._last_caption = pictures[-1], describe(frames[-1])
        self._last_standing = standing(frames[-1])
        before, self._number = self._number, self._number + len(frames)
        unseen = self._interval_s >= UNSEEN_S
        confirm = unseen or before // CONFIRMED_EVERY < self._number // CONFIRMED_EVERY
        self._painted.clear()
        message = {
            "kind": "frames",
            "frame": self._number,
            "shown_ms": 1_000 * shown_s,
            "caption": describe(frames[0]),
            "standing": standing(frames[0]),
            "confirm": confirm,
        }
        self.send(message, buffers=pictures)
        if confirm and not self._painted.wait(PAINT_TIMEOUT_S):
            self._interval_s = UNSEEN_S
        return self._interval_s

    def end(self) -> None:
        """Keep the last frame, also for a page that is loaded later."""
        with self._writing, self.hold_sync():
            self.poster = self._last
            self.caption = f"Last picture: {self._last_caption}" if self._last else ""
            self.empty = ENDED
            self.standing = self._last_standing

    def show_film(self, said: str, *, going_on: bool) -> None:
        """Say how long a film is by now, or what became of it."""
        with self._writing, self.hold_sync():
            self.filming, self.filmed = going_on, said

    def _confirm(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("action") == "painted" and message.get("frame") == self._number:
            seen, took_s = message.get("seen", True), message.get("took_ms", 0.0) / 1_000
            self._interval_s = min(max(took_s / SHARE, 1 / FPS), SLOWEST_S) if seen else UNSEEN_S
            self._painted.set()
