"""Writing a checkpoint: whole, or not at all."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress

from retroml_edu.core.background import alongside
from retroml_edu.core.digest import array_digests, policy_digest
from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import CheckpointEvent, CheckpointReason
from retroml_edu.core.ids import utc_now
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.storage.atomic import atomic_folder, cannot_write, remove_folder, remove_leftovers, write_new
from retroml_edu.storage.checkpoint_layout import (
    ARRAYS,
    CHECKPOINTS,
    FACTS,
    MAX_ARRAYS_BYTES,
    REPLAY,
    STATE,
    Description,
    ReplayRecord,
    checkpoint_names,
    description_bytes,
    file_record,
    folder_name,
    order,
    read_description,
    tag_of,
)
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import parse
from retroml_edu.storage.replay_blocks import ReplayWriter, StoredReplay
from retroml_edu.storage.state_digest import combined_state_digest, facts_bytes
from retroml_edu.storage.tensors import to_safetensors


def write_checkpoint(
    folder: RunFolder,
    snapshot: Snapshot,
    *,
    attempt: int,
    last_valid_seq: int,
    reason: CheckpointReason,
    values_digest: str,
) -> CheckpointEvent:
    """Store a snapshot; it is there whole, or not at all.

    Another one of the same step goes once the new one is there, unless it has a name or is the one with which a run
    began that goes on from another.

    Args:
        folder: Run folder, which this process owns.
        snapshot: The state.
        attempt: Which start of the run this is. All its snapshots share one replay buffer.
        last_valid_seq: The newest line of the run when the snapshot was taken, which is on the disk.
        reason: Why it is stored.
        values_digest: Of all values reported by then.

    Raises:
        StorageError: If it cannot be written, or holds what has no place in a file; nothing is left of it then, and
            earlier checkpoints are as they were.

    Threads: one at a time; the replay buffer must not change meanwhile.
    """
    began_s = time.perf_counter()
    names = _prepared(folder)
    same_step = [name for name in names if order(name)[0] == snapshot.step]
    name = folder_name(snapshot.step, order(same_step[-1])[1] + 1 if same_step else 1)
    try:
        with ExitStack() as undo:
            writer = None
            if snapshot.replay is not None:
                writer = ReplayWriter(folder, snapshot.replay, _replay_before(folder, names, attempt))
                undo.callback(writer.discard)
            with atomic_folder(folder.checkpoints_dir / name) as temporary:
                replay = None if writer is None else writer.write(temporary)
                facts, arrays = facts_bytes(snapshot.facts), to_safetensors(snapshot.arrays)
                if len(arrays) > MAX_ARRAYS_BYTES:
                    raise ValueError(f"its arrays have {len(arrays)} bytes, and {MAX_ARRAYS_BYTES} are allowed")  # noqa: TRY301
                # Digests take about as long as the disk, and both leave Python to others.
                digested = alongside(lambda: array_digests(snapshot.arrays), "retroml-digest")
                write_new(temporary / FACTS, facts)
                write_new(temporary / ARRAYS, arrays)
                recorded, digests = file_record(arrays), digested.result()
                rows = None if replay is None else StoredReplay(folder, name, replay).digest
                description = Description(
                    step=snapshot.step,
                    attempt=attempt,
                    last_valid_seq=last_valid_seq,
                    reason=reason,
                    time_utc=utc_now(),
                    values_digest=values_digest,
                    weights_digest=policy_digest(digests),
                    state_digest=combined_state_digest(snapshot.step, parse(facts), digests, rows),
                    size_bytes=len(facts) + len(arrays) + (0 if writer is None else writer.size_bytes),
                    facts=file_record(facts),
                    arrays=recorded,
                    replay=replay,
                )
                write_new(temporary / STATE, description_bytes(description))
            undo.pop_all()  # the checkpoint is there: its blocks stay
    except ValueError as error:
        raise StorageError(f"The state at step {snapshot.step} cannot be stored: {error}") from error
    for old in same_step:
        if not tag_of(folder, old) and not _is_start(folder, old):
            with suppress(StorageError):  # it is superseded by its number, and in nobody's way
                remove_folder(folder.checkpoints_dir / old)
    return CheckpointEvent(
        path=f"{CHECKPOINTS}/{name}",
        step=description.step,
        reason=reason,
        values_digest=values_digest,
        weights_digest=description.weights_digest,
        state_digest=description.state_digest,
        size_bytes=description.size_bytes,
        duration_s=time.perf_counter() - began_s,
        time_utc=description.time_utc,
    )


def _prepared(folder: RunFolder) -> list[str]:
    """Make the folders, clear away what killed writes left, and return the checkpoints that are there."""
    place = folder.checkpoints_dir
    for part in (place, place / REPLAY):
        if part.is_symlink():
            raise StorageError(f"{part} is a link: checkpoints are written into the run folder only.")
        try:
            part.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise cannot_write(part, error) from error
        remove_leftovers(part)
    return checkpoint_names(folder)


def _is_start(folder: RunFolder, name: str) -> bool:
    with suppress(StorageError):
        return read_description(folder, name).reason == "start"
    return False


def _replay_before(folder: RunFolder, names: list[str], attempt: int) -> ReplayRecord | None:
    """Return the rows of the newest checkpoint of this attempt, whose blocks hold the rows of the same buffer."""
    for name in reversed(names):
        with suppress(StorageError):
            description = read_description(folder, name)
            if description.attempt == attempt and description.replay is not None:
                return description.replay
    return None
