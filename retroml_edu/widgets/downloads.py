"""Takes a run's data to the person's own computer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from retroml_edu.session.export import EXPORTS, file_name, make_export
from retroml_edu.session.history import Run
from retroml_edu.widgets.assets import STATIC


class Downloads(anywidget.AnyWidget):
    """One button an export.

    Args:
        current: Returns the run to export; None while there is none.
    """

    _esm = STATIC / "downloads.js"
    exports = traitlets.List(default_value=[[name, item.label] for name, item in EXPORTS.items()]).tag(sync=True)
    ready = traitlets.Bool(False).tag(sync=True)
    where = traitlets.Unicode("").tag(sync=True)

    def __init__(self, current: Callable[[], Run | None], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._current = current
        self.on_msg(self._asked)

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("action") == "export" and message.get("what") in EXPORTS:
            # In a thread: zipping a long run must not hold up the Stop button.
            threading.Thread(
                target=self._deliver, args=(message["what"], message.get("token")), name="retroml-export", daemon=True
            ).start()

    def _deliver(self, what: str, token: object) -> None:
        try:
            run = self._current()
            if run is None:
                self.send({"kind": "problem", "token": token, "text": "There is no run yet: press Train first."})
                return
            content = make_export(run, what)
        except Exception as error:  # noqa: BLE001 - an exception in a callback would appear nowhere
            self.send({"kind": "problem", "token": token, "text": str(error)})
            return
        message = {"kind": "file", "token": token, "name": file_name(run, what), "mime": EXPORTS[what].mime}
        self.send(message, buffers=[content])
