"""Checkpoints: exact states of a run on disk, as safetensors and JSON; reading one executes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from retroml_edu.core.digest import array_digests, policy_digest
from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import CheckpointReason
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.storage.checkpoint_layout import (
    ARRAYS,
    CHECKPOINTS,
    FACTS,
    MAX_ARRAYS_BYTES,
    Description,
    FileRecord,
    checkpoint_names,
    file_record,
    folder_name,
    order,
    parsed_name,
    read_description,
    tag_of,
    unusable,
)
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import parse
from retroml_edu.storage.paths import read_unlinked
from retroml_edu.storage.replay_blocks import StoredReplay
from retroml_edu.storage.state_digest import MAX_FACTS_BYTES, combined_state_digest
from retroml_edu.storage.tensors import from_safetensors


@dataclass(frozen=True, slots=True)
class CheckpointInfo:
    """What a checkpoint says of itself.

    Attributes:
        path: Its folder, relative to the run folder.
        step: Environment steps taken so far, summed over all environments.
        attempt: Which start of the run wrote it.
        last_valid_seq: The last line of the run that had been written by then.
        reason: Why it was made.
        time_utc: When.
        values_digest: Of all values that the run had reported by then.
        weights_digest: Of the policy.
        state_digest: Of everything that decides how the run goes on.
        size_bytes: What it added to the disk.
        tag: Name that somebody gave it; empty without one.
    """

    path: str
    step: int
    attempt: int
    last_valid_seq: int
    reason: CheckpointReason
    time_utc: str
    values_digest: str
    weights_digest: str
    state_digest: str
    size_bytes: int
    tag: str = ""


@dataclass(frozen=True, slots=True)
class StoredCheckpoint(CheckpointInfo):
    """A checkpoint that was read and found to be what was written.

    Attributes:
        snapshot: The state. Its replay rows are read from the disk when they are asked for, and checked then.
    """

    snapshot: Snapshot = field(kw_only=True)


def read_checkpoint(folder: RunFolder, which: int | str, *, with_rows: bool = False) -> StoredCheckpoint:
    """Read a checkpoint, which may come from a stranger: every size, hash and digest is checked before use.

    Args:
        folder: Run folder.
        which: Its step, or its path as in `CheckpointEvent.path`.
        with_rows: Whether all replay rows are read once too, so that none turns out to be damaged later.

    Raises:
        StorageError: If there is no such checkpoint, or it is damaged, altered, or of another format version.
    """
    name = checkpoint_name(folder, which)
    description = read_description(folder, name)
    try:
        facts = parse(_checked_bytes(folder, name, FACTS, description.facts, MAX_FACTS_BYTES))
        if not isinstance(facts, dict):
            raise ValueError(f"{FACTS} holds no facts")  # noqa: TRY004, TRY301 - the file is wrong, not a type
        arrays = from_safetensors(_checked_bytes(folder, name, ARRAYS, description.arrays, MAX_ARRAYS_BYTES))
        replay = None if description.replay is None else StoredReplay(folder, name, description.replay)
        snapshot = Snapshot(description.step, facts, arrays, replay)
        digests = array_digests(arrays)
        rows = None if replay is None else replay.digest
        if combined_state_digest(description.step, facts, digests, rows) != description.state_digest:
            raise ValueError("its content is not what its digest says")  # noqa: TRY301
        if policy_digest(digests) != description.weights_digest:
            raise ValueError("its weights are not what their digest says")  # noqa: TRY301
    except (ValueError, StorageError) as error:
        raise unusable(folder, name, error) from None
    if replay is not None and with_rows:
        replay.check()
    info = _info(folder, name, description)
    return StoredCheckpoint(**{field.name: getattr(info, field.name) for field in fields(info)}, snapshot=snapshot)


def list_checkpoints(folder: RunFolder) -> list[CheckpointInfo]:
    """Return the checkpoints of a run whose descriptions are whole, oldest first: by attempt, then by step.

    Raises:
        StorageError: If the folder cannot be read.
    """
    return _listed(folder)[0]


def newest_checkpoint(folder: RunFolder) -> tuple[StoredCheckpoint | None, list[str]]:
    """Return the newest checkpoint that is whole, replay rows too, and a sentence for each that had to be passed over.

    Raises:
        StorageError: If the folder cannot be read.
    """
    listed, problems = _listed(folder)
    for info in reversed(listed):
        try:
            return read_checkpoint(folder, info.path, with_rows=True), problems
        except StorageError as error:
            problems.append(str(error))
    return None, problems


def checkpoint_name(folder: RunFolder, which: int | str) -> str:
    """Return the name of a checkpoint's folder, given its step or its path.

    Raises:
        StorageError: If there is none of that step, or the path is none of a checkpoint.
    """
    if isinstance(which, str):
        name = which.removeprefix(f"{CHECKPOINTS}/")
        if parsed_name(name) is None:
            raise StorageError(f"{which!r} is no path of a checkpoint, such as {CHECKPOINTS}/{folder_name(1000, 1)}.")
        return name
    names = checkpoint_names(folder)
    matching = [name for name in names if order(name)[0] == which]
    if not matching:
        steps = sorted({order(name)[0] for name in names})
        there = f"There are those of step {', '.join(map(str, steps[-5:]))}." if steps else "There are none."
        raise StorageError(f"The run {folder.run_id} has no checkpoint of step {which}. {there}")
    return matching[-1]


def _listed(folder: RunFolder) -> tuple[list[CheckpointInfo], list[str]]:
    found: list[CheckpointInfo] = []
    problems: list[str] = []
    for name in checkpoint_names(folder):
        try:
            found.append(_info(folder, name, read_description(folder, name)))
        except StorageError as error:
            problems.append(str(error))
    return sorted(found, key=lambda info: (info.attempt, info.step)), problems


def _info(folder: RunFolder, name: str, description: Description) -> CheckpointInfo:
    return CheckpointInfo(
        path=f"{CHECKPOINTS}/{name}",
        tag=tag_of(folder, name),
        **description.model_dump(exclude={"format_version", "facts", "arrays", "replay"}),
    )


def _checked_bytes(folder: RunFolder, name: str, file: str, record: FileRecord, max_bytes: int) -> bytes:
    data = read_unlinked(folder.path, f"{CHECKPOINTS}/{name}/{file}", min(record.size_bytes, max_bytes))
    if file_record(data) != record:
        raise ValueError(f"{file} was altered or is not whole")
    return data
