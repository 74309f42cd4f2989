"""What a run leaves on disk: its folder and its row in the index, kept by one object."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from functools import cache
from io import BytesIO
from typing import Any

from retroml_edu.core.bus import EventBus, Subscription
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.digest import weights_digest
from retroml_edu.core.errors import RunBusyError
from retroml_edu.core.events import CheckpointEvent, CheckpointReason, Event, StateEvent, log
from retroml_edu.core.ids import new_run_id
from retroml_edu.core.results import RunResult
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.core.states import RunState
from retroml_edu.core.training import TrainedModel
from retroml_edu.session.pump import Pump
from retroml_edu.storage.atomic import write_bytes
from retroml_edu.storage.certificate import Certificate, config_digest, marks_of, write_certificate
from retroml_edu.storage.checkpoint_writer import write_checkpoint
from retroml_edu.storage.checkpoints import CheckpointInfo, list_checkpoints
from retroml_edu.storage.curve_cache import read_points
from retroml_edu.storage.environment import environment_facts
from retroml_edu.storage.exports import write_metrics_csv, write_metrics_json, write_summary
from retroml_edu.storage.folder import RunFolder, create_run_folder
from retroml_edu.storage.home import Home
from retroml_edu.storage.inbox import Inbox
from retroml_edu.storage.index import RunIndex
from retroml_edu.storage.json_text import read_json_object
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.lines import AttemptStart
from retroml_edu.storage.manifest import write_manifest
from retroml_edu.storage.model_files import save_model
from retroml_edu.storage.reader import newest_attempt, read_events, run_state
from retroml_edu.storage.retention import prune_checkpoints, tag_checkpoint
from retroml_edu.storage.writer import RunWriter


class RunArchive:
    """The folder and the index row of one run of this process; made by `create` or `reopen`.

    Args:
        folder: The run folder, which this process owns.
        config: Fully resolved.
        index: The list of runs; a cache of the folders.
        lease: The right to write.
        writer: Writes the logs.
        attempt: Which start of the run this is, from 1.
    """

    def __init__(
        self,
        folder: RunFolder,
        config: ExperimentConfig,
        index: RunIndex,
        lease: Lease,
        writer: RunWriter,
        attempt: int,
    ) -> None:
        self.folder = folder
        self.run_id = folder.run_id
        self.subscription: Subscription | None = None
        self._config = config
        self._config_digest = config_digest(folder)
        self._index = index
        self._lease = lease
        self._writer = writer
        self.attempt = attempt
        self._last_problem = ""
        self._weights_digest: str | None = None

    @classmethod
    def create(cls, home: Home, index: RunIndex, config: ExperimentConfig) -> RunArchive:
        """Make the folder of a new run.

        Raises:
            StorageError: If the folder cannot be made; nothing is left of it then.
        """
        run_id = new_run_id()
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, home.path / run_id, ignore_errors=True)
            folder = create_run_folder(home.path, run_id, config, environment_facts({"engine": config.engine}))
            lease = Lease.acquire(folder)
            writer = undo.enter_context(closing(RunWriter(folder)))
            index.record_folder(folder)
            undo.pop_all()  # the folder is whole: it stays
        return cls(folder, config, index, lease, writer, 1)

    @classmethod
    def reopen(
        cls, folder: RunFolder, config: ExperimentConfig, index: RunIndex, checkpoint: CheckpointInfo | None
    ) -> RunArchive:
        """Take over the folder of a run that goes on from one of its checkpoints, or without one from its beginning.

        What was measured after the checkpoint counts no longer; nothing is removed.

        Raises:
            RunBusyError: If a living process owns the run, or another one was quicker to go on with it.
            StorageError: If the folder cannot be written.
        """
        with ExitStack() as undo:
            lease = Lease.acquire(folder)
            undo.callback(lease.release)
            gone = checkpoint is not None and not (folder.path / checkpoint.path).is_dir()
            if run_state(folder) is RunState.DONE or gone:
                raise RunBusyError(f"Another process has just gone on with the run {folder.run_id}. Look at it anew.")
            attempt = newest_attempt(folder) + 1
            start = (
                AttemptStart(0, 0) if checkpoint is None else AttemptStart(checkpoint.last_valid_seq, checkpoint.step)
            )
            writer = RunWriter(folder, attempt, start)
            undo.pop_all()  # the run is ours
        for file in (folder.summary_file, folder.certificate_file, folder.manifest_file):
            with suppress(OSError):  # what the run came to before is no longer what it comes to
                file.unlink(missing_ok=True)
        index.record_folder(folder)
        return cls(folder, config, index, lease, writer, attempt)

    def open(self, bus: EventBus, pump: Pump, obey: Callable[[str], None]) -> None:
        """Begin to write what the bus carries, and to read what other processes ask for."""
        self.subscription = bus.subscribe(self._writer, name="The run folder", essential=True)
        pump.add(self.subscription.drain)
        for warning in self._index.warnings:
            bus.publish(log("warning", warning))
        self._index.warnings = ()  # said once, and not by every run of the session

        def refused(number: int, why: str) -> None:
            bus.publish(log("warning", f"Line {number} of control.jsonl was not followed: {why}."))

        inbox = Inbox(self.folder, refused)

        def look_after_folder() -> None:
            try:
                self._lease.beat()
                for command in inbox.poll():
                    obey(command.name)
                    inbox.acknowledge(command)
            except Exception as error:  # noqa: BLE001 - a job of the pump must not raise; training goes on
                self._warn_once(bus, str(error))

        pump.add(look_after_folder)

    @property
    def lag(self) -> int:
        """Events that are not in the folder yet."""
        return self._writer.owed + (self.subscription.lag if self.subscription else 0)

    def _warn_once(self, bus: EventBus, problem: str) -> None:
        if problem != self._last_problem:
            self._last_problem = problem
            bus.publish(log("warning", problem))

    def checkpoint_writer(
        self, snapshot: Snapshot, reason: CheckpointReason, values_digest: str
    ) -> Callable[[], CheckpointEvent]:
        """Return what puts a snapshot into the folder, after everything that has been reported by now.

        It may be called from any thread, and raises a `StorageError` if something cannot be written. Training may go on
        before, unless the snapshot has a replay buffer.
        """
        if self.subscription is not None:
            self.subscription.drain()
        last_valid_seq = self._writer.newest_line

        def write() -> CheckpointEvent:
            self._writer.flush_through()
            return write_checkpoint(
                self.folder,
                snapshot,
                attempt=self.attempt,
                last_valid_seq=last_valid_seq,
                reason=reason,
                values_digest=values_digest,
            )

        return write

    def name_checkpoint(self, step: int, name: str) -> None:
        """Give a checkpoint a name, which no other one has then.

        Raises:
            StorageError: If it is not there, or cannot be written.
        """
        for info in list_checkpoints(self.folder):
            if info.tag == name and info.step != step:
                tag_checkpoint(self.folder, info.path, "")
        tag_checkpoint(self.folder, step, name)

    def prune_checkpoints(self) -> None:
        """Remove checkpoints that are too many: not the newest, those with a name, or the first of an extended run.

        Raises:
            StorageError: If the system refuses.
        """
        first = [info.step for info in list_checkpoints(self.folder) if info.reason == "start"]
        prune_checkpoints(self.folder, self._config.checkpoints.keep, first)

    def save_model(self, model: TrainedModel) -> None:
        """Write the model in our own form and as ``model.zip``, and complete ``environment.json``."""
        config = self._config
        description = {"env_id": config.env_id, "algorithm": config.algorithm, "config": config.to_json_dict()}
        save_model(self.folder, model.weights, description)
        self._weights_digest = weights_digest(model.weights.arrays, model.weights.normalization)
        self.folder.write_environment(environment_facts(model.facts))
        if model.export is not None:
            # In memory first: a full disk is then told as one, and not in the words of the library that packs.
            packed = BytesIO()
            model.export(packed)
            write_bytes(self.folder.model_zip, packed.getvalue())

    def complete(self, ending: StateEvent, training_time_s: float, values_digest: str) -> Iterator[str]:
        """Write what the run comes to; yield a sentence for every part that could not be written.

        Before its final state is: a run that says that it ended has all its parts, whenever its process is killed.

        Args:
            ending: The final state, which is about to be entered.
            training_time_s: Seconds of training.
            values_digest: Of everything that the run reported.
        """
        if self.subscription is not None:
            self.subscription.drain()

        @cache
        def events() -> list[Event]:
            return [*read_events(self.folder), ending]

        error = ending.detail or None if ending.state is RunState.FAILED else None
        extra = {"state": str(ending.state), "steps": ending.step, "training_time_s": training_time_s, "error": error}
        yield from _written(
            ("summary.json", lambda: write_summary(self.folder, extra, events())),
            ("metrics.csv", lambda: write_metrics_csv(self.folder, events())),
            ("metrics.json", lambda: write_metrics_json(self.folder, events())),
            ("The certificate", lambda: self._certify(ending, values_digest, events())),
        )

    def close(self) -> Iterator[str]:
        """Put the rest on the disk and give the run back; yield a sentence for every part that failed."""
        if self.subscription is not None:
            self.subscription.drain()
            self.subscription.close()
        yield from _written(
            ("The end of the logs", self._writer.close),
            ("The cache of the curves", lambda: read_points(self.folder)),  # so that it opens in a moment ever after
            ("The manifest", lambda: write_manifest(self.folder)),
            ("The index", lambda: self._index.record_folder(self.folder)),
            ("The lease", self._lease.release),
        )

    def _certify(self, ending: StateEvent, values_digest: str, events: list[Event]) -> None:
        certificate = Certificate(
            run_id=self.run_id,
            config_digest=self._config_digest,
            state=str(ending.state),
            steps=ending.step,
            values_digest=values_digest,
            weights_digest=self._weights_digest,
            marks=tuple(marks_of(events)),
        )
        write_certificate(self.folder, certificate)

    def result(self, state: RunState, training_time_s: float, error: str | None) -> RunResult:
        """Return what the run gave."""
        folder = self.folder
        try:
            summary: Mapping[str, Any] = read_json_object(folder.summary_file)
        except (OSError, ValueError):  # it could not be written, which was said; nobody is kept waiting for it
            summary = {}
        videos = sorted(folder.videos_dir.glob("*.mp4")) if folder.videos_dir.exists() else []
        return RunResult(
            run_id=self.run_id,
            success=state is RunState.DONE,
            state=state,
            summary=summary,
            path=folder.path,
            metrics_path=folder.metrics_csv,
            model_path=folder.model_zip if folder.model_zip.exists() else None,
            video_path=videos[-1] if videos else None,
            error=error,
            training_time_s=training_time_s,
        )


def _written(*parts: tuple[str, Callable[[], object]]) -> Iterator[str]:
    for name, write in parts:
        try:
            write()
        except Exception as problem:  # noqa: BLE001 - one missing part must not cost the others
            yield f"{name} could not be written: {problem}"
