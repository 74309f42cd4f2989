"""Keeps the newest result of a panel in the notebook's document, under the panel."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeAlias
from uuid import uuid4

import anywidget
import ipywidgets
import traitlets

from retroml_edu.core.background import OnDemand
from retroml_edu.session.history import Run
from retroml_edu.widgets.assets import STATIC
from retroml_edu.widgets.kept_result import SHOWN_WIDTH_PX, KeptResult, kept_result, placeholder

Outputs: TypeAlias = dict[str, dict[str, Any]]
"""What stands in the document, by part: each with ``data`` and ``metadata``, as a notebook has them."""
PARTS = ("table", "picture")
MARK = "retroml_edu"
"""Under it an output's metadata say whose it is: a page finds it by that in a document that was opened again."""


class KeptDisplay(anywidget.AnyWidget):
    """Shows a panel in a cell, and under it what stays of its newest run when there is no kernel any more.

    Table and picture are outputs of their own: a notebook that nobody trusts shows no picture within HTML, and a PDF by
    LaTeX no HTML. A page in which the panel lives hides them: they would only repeat it.

    The kernel writes them by display id. Only the page that has run the cell knows that; one that was opened later
    compares versions and asks for what it lacks.

    Args:
        guarded: Makes a context that shows the errors of a callback.

    Threads: safe.
    """

    _esm = STATIC / "kept_display.js"
    _css = STATIC / "kept_display.css"
    display = traitlets.Unicode().tag(sync=True)
    version = traitlets.Int(0).tag(sync=True)

    def __init__(self, guarded: Callable[[], AbstractContextManager[None]], **kwargs: Any) -> None:
        super().__init__(display=uuid4().hex, **kwargs)
        self._guarded = guarded
        self._writing = threading.RLock()
        self._run: Run | None = None
        self._completed: Callable[[], object] = lambda: None
        self._kept: KeptResult | None = None
        self._is_shown = False
        self._work = OnDemand(self._renew, "retroml-result")
        self.on_msg(self._asked)

    def show(self, panel: ipywidgets.Widget, instead: str) -> None:
        """Show the panel in the cell that runs, and under it what there is to keep.

        Args:
            panel: What is shown.
            instead: What a document says in the panel's place when there is no kernel.
        """
        with self._writing:
            first, self._is_shown = not self._is_shown, True
            run = self._run
        if first and run is not None:  # before the cell has ended: nobody may be there later to take it
            self._renew()
        _publish({"data": panel._repr_mimebundle_() | {"text/plain": instead}, "metadata": {}})
        with self._writing:
            for part, output in self._outputs().items():
                _publish(output, self._id(part))

    def keep(self, run: Run, completed: Callable[[], object] = lambda: None) -> None:
        """Keep what there is of a run that has ended, in the place of the last one; returns at once.

        Args:
            run: The run.
            completed: Waits until its folder is complete.
        """
        with self._writing:
            self._run, self._completed = run, completed
            if not self._is_shown:
                return
        self._work.ask()

    def wait(self, timeout_s: float) -> None:
        """Wait until what was to be kept is kept, or the time is over."""
        self._work.wait(timeout_s)

    def _renew(self) -> None:
        with self._guarded():
            with self._writing:
                run, completed = self._run, self._completed
            if run is None:
                return
            completed()
            kept = kept_result(run)
            with self._writing:
                if run is not self._run:  # another one has ended meanwhile, and is kept
                    return
                self._kept = kept
                version = self.version + 1
                for part, output in self._outputs(version).items():
                    _publish(output, self._id(part), update=True)
                self.version = version

    def _outputs(self, version: int | None = None) -> Outputs:
        version = self.version if version is None else version
        kept = self._kept
        data = {
            "table": placeholder() if kept is None else kept.table,
            "picture": {"text/plain": ""} if kept is None else kept.picture,
        }
        made: Outputs = {}
        for part in PARTS:
            mark = {"display": self.display, "part": part, "version": version}
            made[part] = {"data": data[part], "metadata": {MARK: mark}}
        if kept is not None:
            made["picture"]["metadata"]["image/png"] = {"width": SHOWN_WIDTH_PX, "alt": kept.summary}
        return made

    def _id(self, part: str) -> str:
        return f"{self.display}-{part}"

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("action") == "write":
            with self._writing:
                self.send({"kind": "outputs", "outputs": self._outputs()})


def _publish(output: dict[str, Any], display_id: str = "", *, update: bool = False) -> None:
    """Send an output to the cell that runs, or in the place of all that have its id."""
    from IPython.core import display_functions

    publish: Any = display_functions.publish_display_data  # which has no types
    publish(
        output["data"], output["metadata"], transient={"display_id": display_id} if display_id else {}, update=update
    )
