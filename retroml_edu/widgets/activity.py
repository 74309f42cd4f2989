"""The card of what happened lately in the home of the panel's runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.background import OnDemand
from retroml_edu.core.states import RunState
from retroml_edu.session.activity import Activity, recent_activity
from retroml_edu.widgets.assets import STATIC, script
from retroml_edu.widgets.words import score

SHOWN = 8
_WORDS = {
    RunState.DONE: ("done", "Done"),
    RunState.STOPPED: ("stopped", "Stopped"),
    RunState.FAILED: ("failed", "Failed"),
    RunState.LOST: ("failed", "Lost"),
}


class RecentActivity(anywidget.AnyWidget):
    """Tells the last few things that happened, newest first; each opens its run.

    It is read in a thread, first when a page shows it, and again when something begins or ends. The page sends
    ``{"action": "begin"}`` and ``{"action": "open", "run_id": ...}``.

    Args:
        home: Where runs live; it need not exist.
        shown: Returns the id of the run that the panel shows.
        open_run: Shows a run, given its id.
        guarded: Makes a context that shows the errors of a callback.

    Threads: safe.
    """

    _esm = script("card.js", "activity.js")
    _css = STATIC / "activity.css"
    items: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)

    def __init__(
        self,
        home: Path,
        shown: Callable[[], str | None],
        open_run: Callable[[str], object],
        guarded: Callable[[], AbstractContextManager[None]],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._home = home
        self._shown = shown
        self._open_run = open_run
        self._guarded = guarded
        self._begun = threading.Event()
        self._reading = OnDemand(self._read, "retroml-activity")
        self.on_msg(self._asked)

    def refresh(self) -> None:
        """Read anew, in a thread; nothing happens as long as nobody has looked at it."""
        if self._begun.is_set():
            self._reading.ask()

    def _read(self) -> None:
        with self._guarded():
            shown = self._shown()
            self.items = [_told(each) for each in recent_activity(self._home, SHOWN, [shown] if shown else [])]

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        action, run_id = message.get("action"), message.get("run_id")
        if action == "begin" and not self._begun.is_set():
            self._begun.set()
            self.refresh()
        elif action == "open" and run_id in [item["run_id"] for item in self.items]:
            with self._guarded():
                self._open_run(str(run_id))


def _told(happened: Activity) -> dict[str, str]:
    row, test = happened.row, happened.test
    if test is not None:
        sign, word, mean = "tested", "Tested", score(test.return_mean)
    else:
        sign, word = _WORDS.get(row.state, ("begun", "Started"))
        mean = score(row.return_mean) if row.return_mean is not None and row.state.is_final else ""
    return {
        "run_id": row.run_id,
        "time": happened.time_utc,
        "sign": sign,
        "word": word,
        "run": row.name or f"{row.env_id} · {row.algorithm} · seed {row.seed}",
        "detail": f"mean return {mean}" if mean else "",
    }
