"""A run is a folder: its parts by name, and how a folder is made, found and opened."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retroml_edu.core.config import ExperimentConfig, stored_config
from retroml_edu.core.errors import ConfigError, StorageError, UnknownNameError, did_you_mean
from retroml_edu.core.ids import is_run_id
from retroml_edu.storage.atomic import cannot_write, is_temporary, write_json
from retroml_edu.storage.json_text import read_json_object

MIN_PREFIX = 4
MAX_CONFIG_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The parts of a run folder; a property says where a part is, not that it is there."""

    path: Path

    @property
    def run_id(self) -> str:
        """Name of the folder."""
        return self.path.name

    @property
    def config_file(self) -> Path:
        """The ExperimentConfig, every value resolved."""
        return self.path / "config.json"

    @property
    def environment_file(self) -> Path:
        """Versions, hardware, threads, engine."""
        return self.path / "environment.json"

    @property
    def metrics_log(self) -> Path:
        """Metrics and episodes, append-only: the truth of the run's curves."""
        return self.path / "metrics.jsonl"

    @property
    def events_log(self) -> Path:
        """States, log sentences, videos, starts; append-only."""
        return self.path / "events.jsonl"

    @property
    def labels_log(self) -> Path:
        """Name, tags, notes; append-only."""
        return self.path / "labels.jsonl"

    @property
    def curves_dir(self) -> Path:
        """Columnar cache of the metrics; rebuildable."""
        return self.path / "curves"

    @property
    def checkpoints_dir(self) -> Path:
        """Exact states, one folder a step."""
        return self.path / "checkpoints"

    @property
    def snapshots_dir(self) -> Path:
        """Weights and diagnostics, one small folder a step."""
        return self.path / "snapshots"

    @property
    def model_dir(self) -> Path:
        """The trained model: safetensors and JSON."""
        return self.path / "model"

    @property
    def model_zip(self) -> Path:
        """Export for plain stable-baselines3."""
        return self.path / "model.zip"

    @property
    def metrics_csv(self) -> Path:
        """Export for spreadsheets."""
        return self.path / "metrics.csv"

    @property
    def metrics_json(self) -> Path:
        """Export with the meaning of each column."""
        return self.path / "metrics.json"

    @property
    def summary_file(self) -> Path:
        """Figures of the run."""
        return self.path / "summary.json"

    @property
    def training_log(self) -> Path:
        """Log sentences with their details, for people."""
        return self.path / "training.log"

    @property
    def videos_dir(self) -> Path:
        """Videos (mp4)."""
        return self.path / "videos"

    @property
    def thumbnails_dir(self) -> Path:
        """A small picture of each video that was looked at; rebuildable."""
        return self.path / "thumbnails"

    @property
    def video_labels_file(self) -> Path:
        """Names that a person gave to videos."""
        return self.path / "video_labels.json"

    @property
    def prediction_file(self) -> Path:
        """The curve that a person expected before training."""
        return self.path / "prediction.json"

    @property
    def eval_dir(self) -> Path:
        """Evaluations (json)."""
        return self.path / "eval"

    @property
    def manifest_file(self) -> Path:
        """SHA-256 of every file."""
        return self.path / "manifest.json"

    @property
    def certificate_file(self) -> Path:
        """What the run claims to be, in digests."""
        return self.path / "certificate.json"

    @property
    def control_log(self) -> Path:
        """Inbox of commands from other processes."""
        return self.path / "control.jsonl"

    @property
    def acknowledged_file(self) -> Path:
        """Number of the newest command that was dealt with."""
        return self.path / "acknowledged.json"

    @property
    def lease_file(self) -> Path:
        """Who owns the run at the moment."""
        return self.path / "lease.json"

    @property
    def lease_lock(self) -> Path:
        """Held for a moment by whoever clears a dead owner's lease away."""
        return self.path / "lease.lock"

    @property
    def latest_jpg(self) -> Path:
        """Newest picture of the game, for a remote feed."""
        return self.path / "latest.jpg"

    def write_environment(self, facts: Mapping[str, Any]) -> None:
        """Write environment.json anew, once more is known.

        Raises:
            StorageError: If it cannot be written.
        """
        write_json(self.environment_file, facts)

    def kept_files(self) -> Iterator[tuple[str, Path]]:
        """Yield what belongs to the run for good, unknown files too, as (path with forward slashes, file), sorted.

        Left out: what only a running run needs, the caches of curves and thumbnails, unfinished files, and links, which
        may lead anywhere.
        """
        passing = {self.lease_file, self.lease_lock, self.control_log, self.acknowledged_file, self.latest_jpg}
        caches = (self.curves_dir, self.thumbnails_dir)
        for file in sorted(_walk(self.path), key=lambda file: file.relative_to(self.path).as_posix()):
            if file not in passing and not any(cache in file.parents for cache in caches):
                yield file.relative_to(self.path).as_posix(), file


def create_run_folder(home: Path, run_id: str, config: ExperimentConfig, environment: Mapping[str, Any]) -> RunFolder:
    """Make the folder of a new run, with its config and environment facts.

    Raises:
        StorageError: If the id is not of the right form or taken, or the folder cannot be written.
    """
    if not is_run_id(run_id):
        raise StorageError(f"{run_id!r} is no run id: core.ids.new_run_id() makes one.")
    folder = RunFolder(home / run_id)
    try:
        folder.path.mkdir(mode=0o700)
    except FileExistsError:
        raise StorageError(f"There is a run {run_id} in {home} already.") from None
    except OSError as error:
        raise cannot_write(folder.path, error) from error
    write_json(folder.config_file, config.to_json_dict())
    folder.write_environment(environment)
    return folder


def list_run_folders(home: Path) -> list[RunFolder]:
    """Return the run folders of a home, newest first; nothing if the home does not exist.

    Raises:
        StorageError: If the home cannot be read.
    """
    try:
        with os.scandir(home) as entries:  # which knows what is a folder without asking for each
            found = [entry.name for entry in entries if is_run_id(entry.name) and entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"Cannot read {home}: {error.strerror or error}.") from error
    return [RunFolder(home / name) for name in sorted(found, reverse=True)]


def holds_runs(home: Path) -> bool:
    """Return whether there is a run in a home; of many, only the first is looked for."""
    try:
        with os.scandir(home) as entries:
            return any(is_run_id(entry.name) for entry in entries)
    except OSError:  # it does not exist yet, or cannot be read, which is told where runs are asked for
        return False


def open_run_folder(home: Path, run_id: str) -> RunFolder:
    """Return the folder of a run.

    Args:
        home: Where it is looked for.
        run_id: Its id, or the first or last characters of it (four at least) where no other run shares them.

    Raises:
        UnknownNameError: If no run, or more than one, goes by that name.
    """
    folders = {folder.run_id: folder for folder in list_run_folders(home)}
    if run_id in folders:
        return folders[run_id]
    # Runs of one afternoon begin alike, since ids begin with the time: the end of an id is shorter to type.
    matches = [name for name in folders if name.startswith(run_id) or name.endswith(run_id)]
    if len(run_id) < MIN_PREFIX:
        matches = []
    if len(matches) == 1:
        return folders[matches[0]]
    where = f"in {home}"
    if matches:
        some = ", ".join(matches[:3]) + (", ..." if len(matches) > 3 else "")
        raise UnknownNameError(f'{len(matches)} runs {where} begin or end with "{run_id}": {some} Write more of it.')
    if run_id and any(name.startswith(run_id) or name.endswith(run_id) for name in folders):
        raise UnknownNameError(f'"{run_id}" is too short for the id of a run: write {MIN_PREFIX} characters or more.')
    hint = did_you_mean(run_id, folders) or (" It holds no runs yet." if not folders else "")
    raise UnknownNameError(f'There is no run "{run_id}" {where}.{hint}')


def read_config(folder: RunFolder) -> ExperimentConfig:
    """Read the config of a run, also one that an earlier version wrote.

    Raises:
        ConfigError: If the file is missing, broken, too large, or of a newer version.
    """
    file = folder.config_file
    try:
        data = read_json_object(file, MAX_CONFIG_BYTES)
    except OSError as error:
        raise ConfigError(f"Cannot read {file}: {error.strerror or error}.") from error
    except ValueError as error:
        raise ConfigError(f"{file} is no config: {error}. Restore it from a copy of the run.") from None
    try:
        return stored_config(data)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}", error.problems) from None


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_symlink() or is_temporary(path.name):
            continue
        if path.is_dir():
            yield from _walk(path)
        elif path.is_file():
            yield path
