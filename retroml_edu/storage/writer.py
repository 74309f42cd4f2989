"""The sink that writes a run's events into its folder."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import NEVER_STORED, EpisodeEvent, Event, LogEvent, MetricEvent
from retroml_edu.core.ids import utc_now
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.jsonl import AppendFile
from retroml_edu.storage.lines import AttemptStart, encode
from retroml_edu.storage.reader import newest_line


class _Part:
    """One file, and the lines that it has yet to take."""

    def __init__(self, path: Path) -> None:
        self.owed: list[str] = []
        self._file = AppendFile(path)

    def flush(self) -> None:
        if self.owed:
            self._file.append("".join(self.owed).encode("utf-8", "backslashreplace"))
            self.owed.clear()

    def sync(self) -> None:
        self._file.sync()

    def close(self) -> None:
        self.owed.clear()
        self._file.close()


class RunWriter:
    """Appends events to metrics.jsonl, events.jsonl and training.log; each batch is with the system at once.

    So a killed process loses what the bus had not handed over yet, and nothing else. What the system refuses, on a
    full disk say, is owed: it is written first when the next batch comes, which may be an empty one.

    Args:
        folder: Run folder, which exists.
        attempt: Which start of the run this is, from 1.
        start: For a further one: what it starts from, which is written first.

    Raises:
        StorageError: If a file cannot be opened, or a run would write through a link, which a stranger may have put
            there.

    Threads: safe.
    """

    def __init__(self, folder: RunFolder, attempt: int = 1, start: AttemptStart | None = None) -> None:
        self._attempt = attempt
        self._lock = threading.Lock()
        _refuse_links(folder)
        with ExitStack() as opened:
            self._metrics = opened.enter_context(closing(_Part(folder.metrics_log)))
            self._story = opened.enter_context(closing(_Part(folder.events_log)))
            self._text = opened.enter_context(closing(_Part(folder.training_log)))
            # Metrics first: who sees a final state in events.jsonl finds every metric before it.
            self._parts = (self._metrics, self._story, self._text)
            self._seq = max(_last_seq(folder.metrics_log), _last_seq(folder.events_log))
            if start is not None:
                self._seq += 1
                self._story.owed.append(encode(start, attempt, self._seq))
                self._story.flush()
            opened.pop_all()  # all is well: the files stay open

    @property
    def owed(self) -> int:
        """Lines that the system has refused so far; asked without waiting for a slow disk."""
        return sum(len(part.owed) for part in self._parts)

    def handle(self, events: Sequence[Event]) -> None:
        """Write a batch, after what is owed from earlier ones.

        Raises:
            StorageError: If the system refuses; no file is left with a torn line in its middle, and nothing is lost.
        """
        with self._lock:
            for event in events:
                if isinstance(event, NEVER_STORED):
                    continue
                self._seq += 1
                line = encode(event, self._attempt, self._seq)
                if isinstance(event, MetricEvent | EpisodeEvent):
                    self._metrics.owed.append(line)
                else:
                    self._story.owed.append(line)
                if isinstance(event, LogEvent):
                    self._text.owed.append(_as_text(event))
            self._flush()

    @property
    def newest_line(self) -> int:
        """Number of the newest line that was handed over."""
        with self._lock:
            return self._seq

    def flush_through(self) -> None:
        """Put everything that was handed over so far on the disk, so that it survives a power cut.

        Raises:
            StorageError: If the system refuses, now or earlier and still.
        """
        with self._lock:
            self._flush()
            for part in self._parts:
                part.sync()

    def close(self) -> None:
        """Put everything on the disk and close the files; may be called again.

        Raises:
            StorageError: If the system refuses; the files are closed all the same.
        """
        with self._lock, ExitStack() as closed:
            for part in self._parts:
                closed.callback(part.close)
            self._flush()

    def _flush(self) -> None:
        for part in self._parts:
            part.flush()


def _refuse_links(folder: RunFolder) -> None:
    logs = (folder.metrics_log, folder.events_log, folder.training_log)
    for path in (*logs, folder.model_dir, folder.videos_dir, folder.checkpoints_dir):
        if path.is_symlink():
            raise StorageError(
                f"{path} is a link: a run writes into its own folder only. Put what it leads to in its place."
            )


def _as_text(event: LogEvent) -> str:
    text = f"{event.time_utc or utc_now()} {event.level.upper():7} step {event.step}: {event.message}"
    if event.details:
        text += "\n" + event.details.rstrip("\n")
    return text.replace("\n", "\n    ") + "\n"


def _last_seq(log: Path) -> int:
    line = newest_line(log)
    return 0 if line is None else line.seq
