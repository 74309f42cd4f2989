"""The notice of runs that were cut short."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.errors import RetroMLError, StorageError
from retroml_edu.session.recovery import Unfinished, keep, unfinished_runs
from retroml_edu.session.trash import TRASH, discard, restore
from retroml_edu.storage.folder import RunFolder
from retroml_edu.widgets.assets import STATIC


class RecoveryNotice(anywidget.AnyWidget):
    """Offers the newest run of a home whose end nobody wanted to be resumed, kept or discarded.

    Buttons send ``{"action": "resume" | "keep" | "discard" | "undo", "run_id": ...}``.

    Args:
        home: Where runs live.
        resume: Goes on with a run.
        guarded: Makes a context that shows the errors of a callback.

    Threads: callbacks may run in any thread; a lock keeps them apart.
    """

    _esm = STATIC / "recovery.js"
    run: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    undo = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        home: Path,
        resume: Callable[[str], object],
        guarded: Callable[[], AbstractContextManager[None]],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._home = home
        self._resume = resume
        self._guarded = guarded
        self._lock = threading.Lock()
        self._offered: dict[str, Unfinished] = {}
        self.on_msg(self._asked)

    def look(self, said: str = "", undo: str = "") -> None:
        """Show which runs are cut short now.

        Args:
            said: What became of the last one.
            undo: Id of the run that can be brought back.
        """
        found: list[Unfinished] = []
        with suppress(StorageError):  # a home that cannot be read is told when it is needed
            found = unfinished_runs(self._home, cut_short=True)
        self._offered = {run.run_id: run for run in found}
        with self.hold_sync():
            self.run = _described(found)
            self.said = said
            self.undo = undo

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        action, run_id = message.get("action"), message.get("run_id")
        if not isinstance(run_id, str):
            return
        if action == "resume" and run_id in self._offered:
            # In a thread: a large checkpoint takes a while, and Stop must be heard meanwhile.
            threading.Thread(target=self._go_on, args=(run_id,), name="retroml-start", daemon=True).start()
        elif action in ("keep", "discard", "undo"):
            with self._guarded(), self._lock:
                self._deal_with(action, run_id)

    def _go_on(self, run_id: str) -> None:
        with self._guarded():
            try:
                self._resume(run_id)
            except RetroMLError:
                self.look()  # somebody else may have dealt with it
                raise

    def _deal_with(self, action: str, run_id: str) -> None:
        said, undo = "", ""
        run = self._offered.get(run_id)
        try:
            if action == "undo" and run_id == self.undo:
                restore(self._home, run_id)
            elif action == "keep" and run is not None:
                keep(run)
                said = f'{run.title} stays as it is: Lab(run="{run_id}") shows it, and can resume it.'
            elif action == "discard" and run is not None:
                discard(RunFolder(run.path))
                said, undo = f"{run.title} was moved to {TRASH} in the folder of runs.", run_id
        finally:
            self.look(said, undo)  # after an error too: somebody else may have dealt with it


def _described(found: list[Unfinished]) -> dict[str, Any]:
    if not found:
        return {}
    newest, others = found[0], len(found) - 1
    return {
        "run_id": newest.run_id,
        "title": newest.title,
        "text": newest.what_happened,
        "more": f"and {others:,} more" if others else "",
    }
