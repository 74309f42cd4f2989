"""The shelf of videos with its player."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import Event, VideoEvent
from retroml_edu.storage.paths import inside
from retroml_edu.widgets.assets import STATIC
from retroml_edu.widgets.words import video_caption, video_label

WAITING = "The first video appears soon after training has started."
SWITCHED_OFF = "Videos are switched off for this run."
NO_RUN = "Videos of the agent appear here while it learns: start, quarters, end."


class VideoShelf(anywidget.AnyWidget):
    """Shows the videos of one run; the browser fetches the bytes of those that are looked at."""

    _esm = STATIC / "videos.js"
    videos: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)
    run_id = traitlets.Unicode("").tag(sync=True)
    empty = traitlets.Unicode(NO_RUN).tag(sync=True)
    under_way = traitlets.Bool(False).tag(sync=True)
    """While it is on, the newest video shows its first picture and plays when somebody asks for it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._folder = Path()
        self.on_msg(self._answer)

    def show_run(self, run_id: str, folder: Path, *, recording: bool) -> None:
        """Begin with a run that has no videos yet."""
        self._folder = folder
        with self.hold_sync():
            self.run_id = run_id
            self.videos = []
            self.empty = WAITING if recording else SWITCHED_OFF

    def add(self, events: Iterable[Event]) -> None:
        """Put recorded videos on the shelf, in the order of the run."""
        videos = list(self.videos)
        for event in events:
            if isinstance(event, VideoEvent):
                name = Path(event.path).name
                videos = [video for video in videos if video["name"] != name]
                videos.append({"name": name, "label": video_label(event), "caption": video_caption(event)})
        if videos != self.videos:
            self.videos = sorted(videos, key=lambda video: video["name"])

    def _answer(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("action") != "fetch" or message.get("name") not in [video["name"] for video in self.videos]:
            return
        name = message["name"]
        # A run folder may come from a stranger: a link in it must not hand out what lies elsewhere.
        with suppress(StorageError, OSError):
            content = inside(self._folder, f"videos/{name}").read_bytes()
            self.send({"kind": "video", "run_id": self.run_id, "name": name}, buffers=[content])
