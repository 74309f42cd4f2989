"""Widgets whose content grows: a page that connects is given all of it, and from then on only what changes."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import anywidget
import traitlets


class Streamed(anywidget.AnyWidget):
    """Sends changes as small numbered messages, and keeps no second copy of its content in a trait.

    Each message names the version that it builds on. A page that missed one, because it was loading at that moment,
    says which version it has and is told everything anew.

    Threads: safe; whoever writes holds `_writing`, and so does a page's question for the whole state.
    """

    whole: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, **kwargs: Any) -> None:
        self._writing = threading.RLock()
        self._version = 0
        super().__init__(**kwargs)
        self.on_msg(self._hear)

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
        """Return the state, with the content as it is now: what a page that connects is given."""
        with self._writing:
            state = super().get_state(key, drop_defaults)
            if "whole" in state:
                content, buffers = self._content()
                state["whole"] = {**content, "version": self._version, "buffers": buffers}
            return state

    @abstractmethod
    def _content(self) -> tuple[Mapping[str, Any], Sequence[bytes]]:
        """Return everything that a page has to know, as JSON values and binary parts."""

    def _send_change(self, change: Mapping[str, Any], buffers: Sequence[bytes] = ()) -> None:
        self._version += 1
        self.send({**change, "kind": "change", "version": self._version}, buffers=list(buffers))

    def _send_whole(self) -> None:
        self._version += 1
        self._tell_whole()

    def _tell_whole(self) -> None:
        content, buffers = self._content()
        self.send({**content, "kind": "whole", "version": self._version}, buffers=list(buffers))

    def _hear(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("action") == "compare":
            with self._writing:
                if message.get("version") != self._version:
                    self._tell_whole()
