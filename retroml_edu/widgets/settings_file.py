"""Settings as a file: saved from the form, loaded into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import RetroMLError
from retroml_edu.session.export import YAML_MIME, settings_file_name
from retroml_edu.storage.config_files import MAX_BYTES, SUFFIXES, config_of_text, config_text
from retroml_edu.widgets.assets import script

MAX_NAME = 100


class SettingsFile(anywidget.AnyWidget):
    """Two buttons: Save settings and Load settings.

    Args:
        current: Returns what the form asks for.
        load: Shows a config in the form.
        failed: Shows an error that a person has to see.
    """

    _esm = script("save_file.js", "settings_file.js")
    max_bytes = traitlets.Int(MAX_BYTES).tag(sync=True)
    suffixes = traitlets.List(default_value=list(SUFFIXES)).tag(sync=True)

    def __init__(
        self,
        current: Callable[[], ExperimentConfig],
        load: Callable[[ExperimentConfig], None],
        failed: Callable[[Exception], None],
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self._current = current
        self._load = load
        self._failed = failed
        self.on_msg(self._asked)

    def _asked(self, _widget: object, message: dict[str, Any], buffers: Sequence[Any]) -> None:
        token, action = message.get("token"), message.get("action")
        try:
            if action == "save":
                config = self._current()
                content = config_text(config).encode("utf-8")
                answer = {"kind": "file", "token": token, "name": settings_file_name(config), "mime": YAML_MIME}
                self.send(answer, buffers=[content])
            elif action == "load" and len(buffers) == 1:
                name = str(message.get("name"))[-MAX_NAME:]
                self._load(config_of_text(bytes(buffers[0]), name))
                self.send({"kind": "said", "token": token, "text": f"{name} loaded"})
        except Exception as error:  # noqa: BLE001 - an exception in a callback would appear nowhere
            self._failed(error)
            what = "saved" if action == "save" else "loaded"
            reason = str(error) if isinstance(error, RetroMLError) else "the reason stands at the top"
            self.send({"kind": "said", "token": token, "text": f"✕ Not {what}: {reason}"})
