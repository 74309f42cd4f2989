"""Plays something step by step: play, pause, one step, faster, from the beginning."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.errors import LessonError
from retroml_edu.kit.assets import script

MOST_STEPS = 1_000_000
"""Of one request from a page."""


class Player(anywidget.AnyWidget):
    """Buttons and keys that move a position on, and show what is there.

    The page asks for the next tick, ten a second at most, only when the last one was shown: what is slow becomes slower
    and never piles up. It says from where, ``{"action": "go", "steps": 1, "from": 7, "view": ...}``: of several views
    that ask from one position, the first is followed, so that it plays no faster where it is looked at twice.

    Args:
        show: Brings the view to a position. It only grows, unless `back`. May return a smaller one, where it had to
            stop.
        length: The last position; None for what goes on for ever.
        unit: What a position is: "step", "sweep", "episode".
        rates: Positions of a tick to choose from.
        rate: The one to begin with.
        back: Whether a person may go back, by a slider and a button.
        restart: Called before position 0 is shown again.

    Attributes:
        position: Where it is; written by code.
        playing: Whether it goes on by itself; written by the page.
        rate: Positions of a tick; written by the person.
        lock: Held from where a position is read to where the next one is written; a `Piece` gives its own.
    """

    _esm = script("dom.js", "words.js", "player.js")
    _css = script("player.css")
    position = traitlets.Int(0).tag(sync=True)
    length = traitlets.Int(None, allow_none=True).tag(sync=True)
    playing = traitlets.Bool(False).tag(sync=True)
    rate = traitlets.Int(1).tag(sync=True)
    rates: traitlets.List[int] = traitlets.List(traitlets.Int()).tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    back = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        show: Callable[[int], int | None],
        *,
        length: int | None = None,
        unit: str = "step",
        rates: Sequence[int] = (1, 10, 100),
        rate: int = 1,
        back: bool = False,
        restart: Callable[[], object] | None = None,
    ) -> None:
        if rate not in rates or min(rates) < 1:
            raise LessonError(f"A player begins with one of its rates: {', '.join(map(str, rates))}.")
        self._show, self._restart = show, restart
        self.lock = threading.RLock()
        super().__init__(length=length, unit=unit, rates=list(rates), rate=rate, back=back)
        self.on_msg(self._hear)

    def go(self, steps: int) -> None:
        """Move on by some positions, or back, and show what is there."""
        with self.lock:
            self.to(self.position + steps)

    def to(self, position: int) -> None:
        """Show a position; one that cannot be reached is replaced by the nearest that can."""
        with self.lock:
            lowest = 0 if self.back else self.position
            wanted = max(lowest, position if self.length is None else min(position, self.length))
            reached = self._show(wanted)
            self.position = wanted if reached is None else reached

    def begin(self) -> None:
        """Go back to the beginning."""
        self.playing = False
        self._begin()

    def _begin(self) -> None:
        with self.lock:
            if self._restart is not None:
                self._restart()
            self.position = 0
            self._show(0)

    def _hear(self, _widget: object, message: Mapping[str, Any], _buffers: object) -> None:
        is_late, stopped = False, message.get("action") == "go"
        try:
            match message:
                case {"action": "go", "steps": int(steps)} if abs(steps) <= MOST_STEPS:
                    with self.lock:
                        before = self.position
                        is_late = message.get("from", before) != before
                        if not is_late:
                            self.go(steps)
                        stopped = self.position == before and not is_late
                case {"action": "to", "position": int(position)}:
                    self.to(position)
                case {"action": "begin"}:
                    self._begin()  # whether it plays then is the page's to say
        finally:
            told = {"kind": "late" if is_late else "shown", "position": self.position, "stopped": stopped}
            self.send({**told, "view": message.get("view")})
