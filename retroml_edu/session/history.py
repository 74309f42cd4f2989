"""Runs as facts on disk: opened again, listed, measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveData, CurveRecorder, Points, curve_points
from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import Event, VideoEvent
from retroml_edu.core.prediction import Prediction
from retroml_edu.core.states import RunState
from retroml_edu.storage.curve_cache import read_points
from retroml_edu.storage.folder import RunFolder, open_run_folder, read_config
from retroml_edu.storage.home import find_home
from retroml_edu.storage.index import RunIndex, RunRow
from retroml_edu.storage.index.row import row_of_folder
from retroml_edu.storage.index.run_index import INDEX_FILE
from retroml_edu.storage.json_text import read_json_object
from retroml_edu.storage.labels import Labels, change_labels, read_labels
from retroml_edu.storage.paths import inside
from retroml_edu.storage.predictions import read_prediction
from retroml_edu.storage.reader import read_events, run_state

if TYPE_CHECKING:
    import pandas as pd

    from retroml_edu.storage.checkpoints import CheckpointInfo

MAX_VIDEO_BYTES = 2**29
"""The ten minutes that a run records at most stay far below it."""


class Run:
    """A run read from its folder; also one that still goes on, here or in another process.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder: RunFolder = folder

    @property
    def run_id(self) -> str:
        """Name of the folder."""
        return self.folder.run_id

    @property
    def path(self) -> Path:
        """The folder."""
        return self.folder.path

    @property
    def config(self) -> ExperimentConfig:
        """What the run was asked to do, every value resolved.

        Raises:
            ConfigError: If config.json is damaged or of another schema version.
        """
        return read_config(self.folder)

    @property
    def state(self) -> RunState:
        """Where the run stands; ``lost`` if its process ended without a word."""
        return run_state(self.folder)

    @property
    def title(self) -> str:
        """Environment, algorithm and seed, for headings."""
        config = self.config
        return f"{config.env_id} · {config.algorithm} · seed {config.seed}"

    @property
    def summary(self) -> Mapping[str, Any]:
        """Figures of the run, as in ``summary.json``, made anew while there is none that can be read."""
        from retroml_edu.storage.exports import summarise

        try:
            return read_json_object(self.folder.summary_file)
        except (OSError, ValueError):  # the run goes on, or ended without a word, or the file is damaged
            return summarise(self.folder)

    @property
    def labels(self) -> Labels:
        """Name, tags and notes that a person gave the run."""
        return read_labels(self.folder)

    def label(self, *, name: str | None = None, tags: Iterable[str] | None = None, notes: str | None = None) -> Labels:
        """Give the run a name, tags or notes, at any time; return all its labels.

        Args:
            name: A short name; an empty one takes it away.
            tags: All its tags.
            notes: Some sentences.

        Raises:
            LabelError: If a label is too long, or no text.
            StorageError: If the folder cannot be written.
        """
        labels = change_labels(self.folder, name=name, tags=tags, notes=notes)
        home = self.path.parent
        if (home / INDEX_FILE).exists():
            with suppress(StorageError), RunIndex(home) as index:  # a cache, which can be rebuilt
                index.record_labels([self.folder])
        return labels

    @property
    def prediction(self) -> Prediction | None:
        """The mean return that a person expected before training; None where nobody was asked."""
        return read_prediction(self.folder)

    def metrics(self) -> pd.DataFrame:
        """Return the training metrics, one row an update, columns as in the metric catalogue."""
        from retroml_edu.storage.frames import metrics_frame

        return metrics_frame(self.folder)

    def episodes(self) -> pd.DataFrame:
        """Return the games that ended during training, one row a game."""
        from retroml_edu.storage.frames import episodes_frame

        return episodes_frame(self.folder)

    def events(self) -> list[Event]:
        """Return everything that was recorded, in order."""
        return list(read_events(self.folder))

    def curves(self, capacity: int = 1_000) -> CurveData:
        """Return the curves, with at most `capacity` points each."""
        recorder = CurveRecorder(self.title, capacity)
        recorder.extend(self.points())
        return recorder.data()

    def points(self) -> Points:
        """Return every single value that was measured, in columns; of a run that has ended, in milliseconds."""
        # The logs of a run that goes on change four times a second: a cache of them would be stale at once.
        return read_points(self.folder) if self.state.is_final else curve_points(read_events(self.folder))

    def videos(self) -> list[VideoEvent]:
        """Return the videos that are there, oldest first."""
        return [event for event in read_events(self.folder) if isinstance(event, VideoEvent) and self._has(event.path)]

    def _has(self, video: str) -> bool:
        # The path was written by whoever made the folder: links out of it, other files and monsters are no videos.
        with suppress(StorageError, OSError):
            file = inside(self.path, video)
            return file.suffix == ".mp4" and file.is_file() and file.stat().st_size <= MAX_VIDEO_BYTES
        return False

    def checkpoints(self) -> list[CheckpointInfo]:
        """Return the checkpoints that are there, oldest first; those whose description is damaged are left out."""
        from retroml_edu.storage.checkpoints import list_checkpoints

        return list_checkpoints(self.folder)

    def export(self, what: str, target: str | Path | None = None) -> Path:
        """Write an export and return its path.

        Args:
            what: ``csv``, ``json``, ``png``, ``svg``, ``html``, ``yaml`` or ``zip``.
            target: File or folder to write to; the current folder if left out.

        Raises:
            UnknownNameError: If there is no such export.
            StorageError: If the target cannot be written.
        """
        from retroml_edu.session.export import write_export

        return write_export(self, what, target)

    def report(self, form: str = "", target: str | Path | None = None) -> Path:
        """Write a report of the run, config, machine, curves, figures, tests and insights, and return its path.

        Args:
            form: ``html``, ``json`` or ``text``; as the target's name says if left out, else ``html``.
            target: File or folder to write to; the current folder if left out.

        Raises:
            UnknownNameError: If there is no such form.
            ConfigError: If the run's config cannot be read.
            StorageError: If the target cannot be written.
        """
        from retroml_edu.session.report import write_report

        return write_report(self, form, target)

    def __repr__(self) -> str:
        return f"Run({self.run_id}: {self.title}, {self.state})"

    def _repr_html_(self) -> str:
        return f"<b>{escape(self.title)}</b> · {escape(str(self.state))} · <code>{escape(self.run_id)}</code>"


def load_run(run_id: str, home: str | Path | None = None) -> Run:
    """Open a run.

    Args:
        run_id: Its id, or the first characters of it, four at least.
        home: Where runs live.

    Raises:
        UnknownNameError: If there is no such run.
    """
    return Run(open_run_folder(find_home(home).path, run_id))


def list_runs(
    home: str | Path | None = None,
    *,
    env_id: str | None = None,
    algorithm: str | None = None,
    state: str | None = None,
    limit: int | None = None,
) -> list[RunRow]:
    """Return the runs of a home, newest first.

    Args:
        home: Where runs live.
        env_id: Only runs on this environment.
        algorithm: Only runs of this algorithm.
        state: Only runs in this state.
        limit: At most so many.
    """
    found = find_home(home)
    with RunIndex.of_home(found) as index:
        rows = index.list_runs(env_id=env_id, algorithm=algorithm, state=state, limit=limit)
    # The index learns of a run's figures when it ends; of those that go on, the folder tells more.
    return [row if row.state.is_final else row_of_folder(open_run_folder(found.path, row.run_id)) for row in rows]
