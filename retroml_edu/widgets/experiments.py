"""The table of all runs of a home."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import traitlets

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.session.experiments import Outcome, Progressed
from retroml_edu.session.export import EXPORTS
from retroml_edu.widgets.assets import STATIC, script
from retroml_edu.widgets.listing import LISTING, Action, now_and_then, run_ids_of, texts_of
from retroml_edu.widgets.run_listing import RunListing

FORMS = ("csv", "json", "yaml")
"""Exports of which a zip of many runs may be made."""


class ExperimentsTable(RunListing):
    """Shows the runs of a home, which a person searches, sorts, labels, opens, clones, exports and deletes.

    The page sends ``{"action": ...}`` with ``run_id`` or ``run_ids``: ``rename``, ``note``, ``tag``,
    ``delete``, ``undo``, ``open``, ``clone``, ``overlay``, ``export``, and what every `Listing` is asked for.

    Args:
        home: Where runs live; it need not exist.
        open_run: Shows a run, given its id.
        clone: Takes over a run's config as settings for the next run.
        compare: Shows the curves of some runs in one chart, given their ids.
        moved: Is called when runs were deleted or brought back.
        guarded: Makes a context that shows the errors of a callback.

    Threads: as `Listing`; exports are made in a thread of their own, one at a time.
    """

    _esm = script(
        *LISTING,
        "experiments_menu.js",
        "experiments_grid.js",
        "experiments_tools.js",
        "experiments_detail.js",
        "experiments.js",
    )
    _css = STATIC / "experiments.css"
    window = traitlets.Int(RETURN_WINDOW).tag(sync=True)
    exports = traitlets.List(default_value=[[form, EXPORTS[form].label] for form in FORMS]).tag(sync=True)

    def __init__(
        self,
        home: Path,
        open_run: Callable[[str], object],
        clone: Callable[[ExperimentConfig], object],
        compare: Callable[[Sequence[str]], object],
        moved: Callable[[], object],
        guarded: Callable[[], AbstractContextManager[None]],
        **kwargs: Any,
    ) -> None:
        super().__init__(home, guarded, **kwargs)
        self._open_run = open_run
        self._clone = clone
        self._compare = compare
        self._tell_moved = moved
        self._exporting = threading.Lock()

    def _moved(self) -> None:
        self._tell_moved()

    def _actions(self) -> Mapping[str, Action]:
        return {
            "rename": self._rename,
            "note": self._note,
            "tag": self._tag,
            "delete": lambda message: self._put_away(run_ids_of(message), self._experiments.delete),
            "undo": lambda _message: self._bring_back(self._experiments.undelete),
            "open": lambda message: self._each_once(message, self._open_run),
            "clone": lambda message: self._each_once(message, self._clone_run),
            "overlay": lambda message: self._compare(run_ids_of(message)),
            "export": self._export,
        }

    # -- what a person does --------------------------------------------------------------------------------------

    def _rename(self, message: dict[str, Any]) -> None:
        name = str(message.get("name", ""))
        self._change(run_ids_of(message), "Naming", lambda run_ids, _: self._experiments.rename(run_ids[0], name))

    def _note(self, message: dict[str, Any]) -> None:
        notes = str(message.get("notes", ""))
        self._change(run_ids_of(message), "Writing", lambda run_ids, _: self._experiments.note(run_ids[0], notes))

    def _tag(self, message: dict[str, Any]) -> None:
        add, remove = texts_of(message.get("add")), texts_of(message.get("remove"))

        def tag(run_ids: Sequence[str], progress: Progressed) -> Outcome:
            return self._experiments.tag(run_ids, add, remove, progress)

        self._change(run_ids_of(message), "Tagging", tag)

    def _each_once(self, message: dict[str, Any], work: Callable[[str], object]) -> None:
        for run_id in run_ids_of(message)[:1]:
            work(run_id)

    def _clone_run(self, run_id: str) -> None:
        self._clone(self._experiments.config(run_id))

    # -- exports -------------------------------------------------------------------------------------------------

    def _export(self, message: dict[str, Any]) -> None:
        if not self._exporting.acquire(blocking=False):
            self._refuse_export(message.get("token"), "An export is being made already: wait for its end.")
            return
        # In a thread: the logs of many runs take a while, and Stop must be heard meanwhile.
        threading.Thread(target=self._deliver_alone, args=(message,), name="retroml-export", daemon=True).start()

    def _deliver_alone(self, message: dict[str, Any]) -> None:
        try:
            self._deliver(message)
        except Exception as error:  # noqa: BLE001 - an exception in a thread would appear nowhere
            self._refuse_export(message.get("token"), str(error))
        finally:
            self._exporting.release()

    def _refuse_export(self, token: object, why: str) -> None:
        self.send({"kind": "problem", "token": token, "text": f"✕ {why}"})

    def _deliver(self, message: dict[str, Any]) -> None:
        token, run_ids = message.get("token"), run_ids_of(message)
        forms = [form for form in FORMS if form in texts_of(message.get("forms"))]
        tell = now_and_then(lambda text: self.send({"kind": "progress", "token": token, "text": text}), self.noun)
        target = io.BytesIO()
        outcome = self._experiments.export(run_ids, forms, target, tell)
        self._say(outcome)
        if not outcome.done:
            self._refuse_export(token, "Nothing could be exported.")
            return
        name = f"{len(outcome.done)}_{'run' if len(outcome.done) == 1 else 'runs'}.zip"
        answer = {"kind": "file", "token": token, "name": name, "mime": "application/zip"}
        self.send(answer, buffers=[target.getbuffer()])
