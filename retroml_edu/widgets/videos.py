"""The shelf of videos with its player."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import Event, VideoEvent
from retroml_edu.storage.paths import inside
from retroml_edu.widgets.assets import script
from retroml_edu.widgets.words import video_caption, video_label

WAITING = "The first video appears soon after training has started."
NONE_MADE = "This run ended before a video of it was made."
SWITCHED_OFF = "Videos are switched off for this run."
NO_RUN = "Videos of the agent appear here while it learns: start, quarters, end."


class VideoShelf(anywidget.AnyWidget):
    """Shows the videos of one run; the browser fetches the bytes of those that are looked at.

    Threads: safe.
    """

    _esm = script("card.js", "videos.js")
    videos: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)
    run_id = traitlets.Unicode("").tag(sync=True)
    empty = traitlets.Unicode(NO_RUN).tag(sync=True)
    under_way = traitlets.Bool(False).tag(sync=True)
    """While it is on, the newest video shows its first picture and plays when somebody asks for it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._writing = threading.RLock()
        self._folder = Path()
        self._steps: dict[str, int] = {}
        self.on_msg(self._answer)

    def show_run(self, run_id: str, folder: Path, *, recording: bool) -> None:
        """Begin with a run that has no videos yet."""
        with self._writing, self.hold_sync():
            self._folder = folder
            self._steps = {}
            self.run_id = run_id
            self.videos = []
            self.empty = WAITING if recording else SWITCHED_OFF

    def show_under_way(self, *, going_on: bool) -> None:
        """Show whether the run goes on, and more videos may come."""
        with self._writing, self.hold_sync():
            self.under_way = going_on
            if self.empty in (WAITING, NONE_MADE):
                self.empty = WAITING if going_on else NONE_MADE

    def add(self, events: Iterable[Event], run_id: str | None = None) -> None:
        """Put recorded videos on the shelf, in the order of the run; not those of another run than is shown."""
        with self._writing:
            if run_id is None or run_id == self.run_id:
                self._add(events)

    def _add(self, events: Iterable[Event]) -> None:
        videos = list(self.videos)
        for event in events:
            if isinstance(event, VideoEvent):
                name = Path(event.path).name
                videos = [video for video in videos if video["name"] != name]
                label = _distinct(video_label(event), [video["label"] for video in videos])
                videos.append({"name": name, "label": label, "caption": video_caption(event)})
                self._steps[name] = event.step
        if videos != self.videos:
            self.videos = sorted(videos, key=lambda video: (self._steps[video["name"]], video["name"]))

    def _answer(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        if message.get("action") != "fetch" or message.get("name") not in [video["name"] for video in self.videos]:
            return
        name = message["name"]
        # A run folder may come from a stranger: a link in it must not hand out what lies elsewhere.
        with suppress(StorageError, OSError):
            content = inside(self._folder, f"videos/{name}").read_bytes()
            self.send({"kind": "video", "run_id": self.run_id, "name": name}, buffers=[content])


def _distinct(label: str, taken: Sequence[str]) -> str:
    """Return the label with a number where others have it already: there may be several films of the live feed."""
    return next(each for each in (label, *(f"{label} {i}" for i in range(2, len(taken) + 3))) if each not in taken)
