"""How busy the machine is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import anywidget

from retroml_edu.session.system import SystemWatch
from retroml_edu.widgets.assets import script

EVERY_S = 2.5
"""A little less than the time after which a page asks: who is told in time does not ask."""
ATTENTIVE_S = 40.0
"""How long after a question a page is believed to look still."""


class SystemView(anywidget.AnyWidget):
    """Tells processor, memory and GPU to a page that asks; a page asks every few seconds while the card is seen.

    Each question makes JupyterLab draw the kernel as busy, and with it much of the page. So while a run goes on a page
    that looks is told without being asked.

    Args:
        clock: Seconds that pass.

    Threads: safe; questions may come in any thread.
    """

    _esm = script("card.js", "system.js")

    def __init__(self, clock: Callable[[], float] = time.monotonic, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._clock = clock
        self._telling = threading.Lock()
        self._watch: SystemWatch | None = None
        self._asked_s = self._told_s = -ATTENTIVE_S
        self.on_msg(self._asked)

    def look(self) -> None:
        """Tell a page that looks, if it was not told just now; to be called when other things of the page change."""
        with self._telling:
            now = self._clock()
            if now - self._asked_s < ATTENTIVE_S and now - self._told_s >= EVERY_S:
                try:
                    self._tell(now)
                except Exception:  # noqa: BLE001 - a GPU that has failed must not keep a run's end from being shown
                    self._asked_s = -ATTENTIVE_S

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("action") == "look":
            with self._telling:
                self._asked_s = self._clock()
                self._tell(self._asked_s)

    def _tell(self, now_s: float) -> None:
        self._told_s = now_s
        self._watch = self._watch or SystemWatch()
        self.send({"kind": "usage", **asdict(self._watch.look())})
