"""The help page."""

from __future__ import annotations

import threading
from typing import Any

import anywidget
import traitlets

from retroml_edu.widgets.assets import STATIC, script
from retroml_edu.widgets.help.topics import all_topics


class HelpPage(anywidget.AnyWidget):
    """Lists, searches and shows topics; everything is there without a network.

    Nothing is made or sent before somebody opens the help. A link anywhere in the panel is a browser event,
    ``rml-help`` with ``{topic, about}``, and needs no kernel; so is ``rml-tutorial``, which its button asks with.

    Threads: callbacks may run in any thread.
    """

    _esm = script("help_text.js", "help_search.js", "help.js")
    _css = STATIC / "help.css"
    topics: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    tutorial = traitlets.Unicode("").tag(sync=True)
    """What the button says that begins the tutorial; there is none without."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._beginning = threading.Lock()

    def begin(self) -> None:
        """Send the topics, if nobody has asked for them yet."""
        with self._beginning:
            if not self.topics:
                self.topics = [topic.as_json() for topic in all_topics()]
