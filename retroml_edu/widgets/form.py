"""The settings form as a widget."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.errors import Problem
from retroml_edu.widgets.assets import STATIC, script
from retroml_edu.widgets.environments import GROUPS, PICTURE_MIME, cards, picture
from retroml_edu.widgets.settings_values import OTHER_ENV

MOST_PICTURES = 100


class SettingsForm(anywidget.AnyWidget):
    """Quick start, hyperparameters, and what else a run is made of.

    `values` is written by the person; code sets it through `SettingsPane` only. The page sends ``{"action": "reset"}``,
    ``{"action": "preset", "name": ...}``, ``{"action": "measure"}`` and ``{"action": "train"}``, and asks for pictures,
    which are answered here.

    Threads: any; a lock keeps what is written to the page apart.
    """

    _esm = script(
        "elements.js", "slider.js", "environment_card.js", "environment_picker.js", "quick_start.js", "form.js"
    )
    _css = STATIC / "quick_start.css"
    spec: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    problems = traitlets.Dict().tag(sync=True)
    quick: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    """What `QuickStart.told` returns."""
    startable = traitlets.Bool(True).tag(sync=True)
    catalogue: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    groups: traitlets.List[list[str]] = traitlets.List(default_value=[list(group) for group in GROUPS]).tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(catalogue=list(cards()), **kwargs)
        # Runs that end and callbacks both write here, and hold_sync is for one thread alone.
        self._writing = threading.RLock()
        self.on_msg(self._asked)

    def show(self, spec: list[dict[str, Any]], values: dict[str, Any]) -> None:
        """Write which fields there are, and their values."""
        with self._writing, self.hold_sync():
            self.spec = spec
            self.values = values

    def show_problems(self, problems: list[Problem]) -> None:
        """Write each problem beside its field, one of an environment where it was typed; of several the first one."""
        typed = self.values.get("env_id") == OTHER_ENV
        found: dict[str, dict[str, str]] = {}
        for problem in self.labelled(problems):
            field = "custom_env_id" if typed and problem.field == "env_id" else problem.field
            found.setdefault(field, {"text": str(problem), "severity": problem.severity})
        with self._writing:
            self.problems = found

    def labelled(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return problems as a person at the form reads them: with the labels of controls, not the names of fields."""
        labels = {field["name"]: field["label"] for part in self.spec for field in part["fields"] if "label" in field}
        return [problem.under(labels[problem.field]) if problem.field in labels else problem for problem in problems]

    def show_quick(self, quick: dict[str, Any]) -> None:
        """Write what the quick start says."""
        with self._writing:
            self.quick = quick

    def show_startable(self, *, startable: bool) -> None:
        """Write whether a run can be started now."""
        with self._writing:
            self.startable = startable

    def _asked(self, _widget: object, message: dict[str, Any], _buffers: Sequence[Any]) -> None:
        if message.get("action") != "pictures" or not isinstance(message.get("names"), list):
            return
        names = [name for name in message["names"][:MOST_PICTURES] if isinstance(name, str)]
        found = {name: content for name in names if (content := picture(name)) is not None}
        answer = {"kind": "pictures", "names": list(found), "mime": PICTURE_MIME}
        self.send(answer, buffers=list(found.values()))
