"""Takes a run's data to the person's own computer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from retroml_edu.session.export import EXPORTS, Export, file_name, make_export
from retroml_edu.session.history import Run
from retroml_edu.session.report import REPORTS, make_report, report_name
from retroml_edu.widgets.assets import script

DELETED = "This run was deleted."
UNDO = "Undo in Experiments brings it back."


class Downloads(anywidget.AnyWidget):
    """One button an export, and one for each form of the report.

    They send ``{"action": "export" | "report", "what": ..., "token": ...}``.

    Args:
        current: Returns the run to export; None while there is none.

    Threads: safe.
    """

    _esm = script("save_file.js", "downloads.js")
    exports = traitlets.List(default_value=[[name, item.label] for name, item in EXPORTS.items()]).tag(sync=True)
    reports = traitlets.List(default_value=[[name, item.label] for name, item in REPORTS.items()]).tag(sync=True)
    ready = traitlets.Bool(False).tag(sync=True)
    where = traitlets.Unicode("").tag(sync=True)

    def __init__(self, current: Callable[[], Run | None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._current = current
        self._changing = threading.RLock()
        self.on_msg(self._asked)

    def look(self) -> bool:
        """Show whether there is something to download, and return whether the run was deleted; `where` says so."""
        run = self._current()
        deleted = run is not None and not run.path.is_dir()
        with self._changing, self.hold_sync():
            self.ready = run is not None and not deleted
            if run is not None:
                self.where = f"{DELETED} {UNDO}" if deleted else f"This run is kept in {run.path}"
        return deleted

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        forms: Mapping[object, Mapping[str, Export]] = {"export": EXPORTS, "report": REPORTS}
        action, what = message.get("action"), message.get("what")
        if isinstance(action, str) and isinstance(what, str) and what in forms.get(action, {}):
            # In a thread: zipping a long run must not hold up the Stop button.
            args = (action == "report", what, message.get("token"))
            threading.Thread(target=self._deliver, args=args, name="retroml-export", daemon=True).start()

    def _deliver(self, report: bool, what: str, token: object) -> None:
        try:
            run = self._current()
            if run is None:
                self.send({"kind": "problem", "token": token, "text": "There is no run yet: press Train first."})
                return
            if self.look():
                self.send({"kind": "problem", "token": token, "text": DELETED})
                return
            content = make_report(run, what) if report else make_export(run, what)
            name = report_name(run, what) if report else file_name(run, what)
        except Exception as error:  # noqa: BLE001 - an exception in a callback would appear nowhere
            self.send({"kind": "problem", "token": token, "text": str(error)})
            return
        mime = (REPORTS if report else EXPORTS)[what].mime
        self.send({"kind": "file", "token": token, "name": name, "mime": mime}, buffers=[content])
