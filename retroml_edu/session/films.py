"""All videos of all runs of a home: listed, named, put away, brought back, watched."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from retroml_edu.core.errors import StorageError, UnknownNameError
from retroml_edu.core.events import VideoEvent
from retroml_edu.session.experiments import Experiments, Outcome, Progressed, each, folder_of, tell_nobody
from retroml_edu.session.history import MAX_VIDEO_BYTES
from retroml_edu.session.kept_evaluations import kept_evaluation
from retroml_edu.session.trash import discard_file, restore_file
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.index import RunRow
from retroml_edu.storage.jsonl import whole_lines
from retroml_edu.storage.lines import decode
from retroml_edu.storage.paths import path_problem, read_unlinked, unlinked
from retroml_edu.storage.thumbnails import thumbnail
from retroml_edu.storage.video_labels import label_video, read_video_labels

FilmKind = Literal["training", "test", "recording"]
KINDS: Mapping[str, FilmKind] = {"step": "training", "test": "test"}
"""What a video shows, by the beginning of its file's name; all others were recorded by hand."""


@dataclass(frozen=True, slots=True)
class Film:
    """A video of a run; what is not known is None.

    Attributes:
        run: The run, as the list of runs has it.
        file: Name of the file in ``videos/``.
        kind: Whether it was filmed in training, by a test, or recorded by hand.
        label: Name that a person gave it.
        size_bytes: Size.
        made_s: When it was made, in seconds since the epoch.
        step: Training step of the weights that play.
        milestone: Share of the run after which they were taken, 0 to 1.
        episode_return: Return of the game.
        complete: Whether the game is seen to its end.
        duration_s: Playing time.
    """

    run: RunRow
    file: str
    kind: FilmKind
    label: str
    size_bytes: int
    made_s: float
    step: int | None = None
    milestone: float | None = None
    episode_return: float | None = None
    complete: bool | None = None
    duration_s: float | None = None

    @property
    def film_id(self) -> str:
        """Run and file: what names it among all videos of a home."""
        return f"{self.run.run_id}/{self.file}"


class Films:
    """The videos of a home's runs.

    Ids may come from a page: those that are no videos of the home are refused, one by one.

    Args:
        home: Where runs live; it need not exist.

    Attributes:
        going_on: Ids of the runs that went on when they were last looked at.

    Threads: safe.
    """

    def __init__(self, home: Path) -> None:
        self.going_on: set[str] = set()
        self._home = home
        self._experiments = Experiments(home)
        self._reading = threading.Lock()
        self._told: dict[str, tuple[tuple[int, int], Mapping[str, VideoEvent]]] = {}
        self._tests: dict[str, Mapping[str, Any]] = {}

    def films(self) -> list[Film]:
        """Return all videos, the newest run's first.

        What logs tell of videos is remembered, so a second look reads only what has changed.

        Raises:
            StorageError: If the home or its index cannot be read.
        """
        return self._of(self._experiments.rows())

    def films_of(self, run_ids: Iterable[str]) -> list[Film]:
        """Return the videos of some runs; those that are gone have none.

        Raises:
            StorageError: If the index cannot be read.
        """
        return self._of(self._experiments.rows_of(run_ids))

    def rename(self, film_id: str, name: str) -> Outcome:
        """Give a video a name, or take it away with an empty one; the file keeps its own."""

        def label(folder: RunFolder, file: str) -> None:
            if not unlinked(folder.path, f"{folder.videos_dir.name}/{file}").is_file():
                raise UnknownNameError(f"The video {file} is not there any more.")
            label_video(folder, file, name)

        return each([film_id], lambda key: label(*self._found(key)))

    def delete(self, film_ids: Iterable[str], progress: Progressed = tell_nobody) -> Outcome:
        """Move videos to the trash of the home."""

        def put_away(folder: RunFolder, file: str) -> None:
            discard_file(folder, f"{folder.videos_dir.name}/{file}")

        return each(film_ids, lambda key: put_away(*self._found(key)), progress)

    def undelete(self, film_ids: Iterable[str], progress: Progressed = tell_nobody) -> Outcome:
        """Bring deleted videos back."""

        def bring_back(folder: RunFolder, file: str) -> None:
            restore_file(folder, f"{folder.videos_dir.name}/{file}")

        return each(film_ids, lambda key: bring_back(*self._found(key)), progress)

    def content(self, film_id: str) -> bytes:
        """Return a video.

        Raises:
            UnknownNameError: If there is no such run, or the name is none of a video.
            StorageError: If it cannot be read.
        """
        folder, file = self._found(film_id)
        try:
            return read_unlinked(folder.path, f"{folder.videos_dir.name}/{file}", MAX_VIDEO_BYTES)
        except ValueError as error:
            raise StorageError(f"The video cannot be read: {error}.") from None

    def thumbnail(self, film_id: str) -> bytes:
        """Return a small picture of a video, as JPEG.

        Raises:
            UnknownNameError: If there is no such run, or the name is none of a video.
            StorageError: If it cannot be read.
        """
        return thumbnail(*self._found(film_id))

    def _found(self, film_id: str) -> tuple[RunFolder, str]:
        run_id, _, file = film_id.partition("/")
        if not file.endswith(".mp4") or "/" in file or path_problem(file):
            raise UnknownNameError(f"There is no video {film_id[:80]!r}.")
        return folder_of(self._home, run_id), file

    def _of(self, rows: Iterable[RunRow]) -> list[Film]:
        with self._reading:
            rows = list(rows)
            self.going_on -= {row.run_id for row in rows}
            self.going_on |= {row.run_id for row in rows if not row.state.is_final}
            return [film for row in rows for film in self._of_run(row)]

    def _of_run(self, row: RunRow) -> Iterator[Film]:
        folder = RunFolder(self._home / row.run_id)
        files = _video_files(folder)
        if not files:
            return
        labels, told = read_video_labels(folder), self._videos_told(folder)
        for file, facts in sorted(files.items()):
            kind = KINDS.get(file.partition("-")[0], "recording")
            event = told.get(file)
            more = self._test(folder, file) if kind == "test" else {} if event is None else _as_told(event)
            yield Film(row, file, kind, labels.get(file, ""), facts.st_size, facts.st_mtime, **more)

    def _videos_told(self, folder: RunFolder) -> Mapping[str, VideoEvent]:
        """Return what the run's log tells of its videos, by file; of one that was made twice, the newer."""
        try:
            log = unlinked(folder.path, folder.events_log.name)
            facts = log.stat()
            now = (facts.st_mtime_ns, facts.st_size)
            before, told = self._told.get(folder.run_id, (None, {}))
            if before != now and log.is_file():
                told = {Path(event.path).name: event for event in _video_events(log)}
                self._told[folder.run_id] = now, told
        except (StorageError, OSError):
            return {}
        return told

    def _test(self, folder: RunFolder, file: str) -> Mapping[str, Any]:
        """Return what the file of a test's result tells of its video, which shows the first game."""
        key = f"{folder.run_id}/{file}"
        if key not in self._tests:
            test = kept_evaluation(folder, f"{file.removeprefix('test-').removesuffix('.mp4')}.json")
            if test is None:
                return {}  # it is filmed first, and its result written at the end
            known = {"step": test.weights_step, "episode_return": test.episodes[0].episode_return}
            self._tests[key] = known
        return self._tests[key]


def _video_files(folder: RunFolder) -> dict[str, os.stat_result]:
    """Return the videos of a run: plain files alone, of a size that a page can be given."""
    found = {}
    with suppress(OSError):
        if folder.videos_dir.is_symlink():
            return {}
        with os.scandir(folder.videos_dir) as entries:
            for entry in entries:
                if entry.name.endswith(".mp4") and entry.is_file(follow_symlinks=False):
                    facts = entry.stat(follow_symlinks=False)
                    if facts.st_size <= MAX_VIDEO_BYTES and not path_problem(entry.name):
                        found[entry.name] = facts
    return found


def _video_events(log: Path) -> Iterator[VideoEvent]:
    for line in whole_lines(log):
        if b'"video"' in line:  # decoding costs more than looking
            with suppress(ValueError):
                content = decode(line).content
                if isinstance(content, VideoEvent):
                    yield content


def _as_told(event: VideoEvent) -> dict[str, Any]:
    return {
        "step": event.step,
        "milestone": event.milestone,
        "episode_return": event.episode_return,
        "complete": event.complete,
        "duration_s": event.duration_s,
    }
