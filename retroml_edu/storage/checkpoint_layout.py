"""What is where in ``checkpoints/``, and the description that every checkpoint begins with.

::

    checkpoints/0000010240/state.json           what it is: `Description`
                           facts.json           counters, generator states, positions
                           arrays.safetensors   parameters, moments of the optimiser, rollout, environments
                           head.safetensors.z   the oldest rows of the replay buffer, up to the first whole block
                           tail.safetensors.z   the newest ones, after the last whole block
                           tag.json             only if somebody gave it a name: it is kept then
    checkpoints/replay/00000003-<digest>.safetensors.z   a whole block of replay rows, shared by checkpoints
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import CheckpointReason
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import canonical, parse
from retroml_edu.storage.paths import read_unlinked

CHECKPOINT_FORMAT_VERSION: Final = 1
CHECKPOINTS = "checkpoints"
REPLAY = "replay"
STATE, FACTS, ARRAYS, TAG = "state.json", "facts.json", "arrays.safetensors", "tag.json"

MAX_STATE_BYTES = 16 * 2**20
MAX_ARRAYS_BYTES = 2 * 2**30
MAX_PART_BYTES = 64 * 2**20
_MAX_TAG_BYTES = 2**12
_MAX_TAG = 100
_UNREADABLE_TAG = "(a name that cannot be read)"
_NAME = re.compile(r"(\d{10,19})(?:-(\d{1,6}))?")

Whole: TypeAlias = Annotated[int, Field(ge=0, lt=2**63)]
Digest: TypeAlias = Annotated[str, Field(pattern=r"\A[0-9a-f]{64}\z")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class FileRecord(_Record):
    """A file of the checkpoint's own folder: its size, and the digest of its bytes."""

    sha256: Digest
    size_bytes: Whole


class PartRecord(_Record):
    """Some replay rows: the digest of the arrays, and their size before they are packed."""

    digest: Digest
    size_bytes: Annotated[int, Field(ge=0, le=MAX_PART_BYTES)]


class ReplayRecord(_Record):
    """Which replay rows there are, and how they are cut into parts (`replay_blocks.ReplayLayout`)."""

    added: Whole
    kept: Whole
    rows_per_block: Annotated[int, Field(ge=1, lt=2**31)]
    compressed: bool
    parts: list[PartRecord]


class Description(_Record):
    """``state.json``."""

    format_version: Literal[1] = CHECKPOINT_FORMAT_VERSION
    step: Whole
    attempt: Annotated[int, Field(ge=1, lt=2**31)]
    last_valid_seq: Whole
    reason: CheckpointReason
    time_utc: Annotated[str, Field(max_length=40)]
    values_digest: Digest
    weights_digest: Digest
    state_digest: Digest
    size_bytes: Whole
    facts: FileRecord
    arrays: FileRecord
    replay: ReplayRecord | None


def file_record(data: bytes) -> FileRecord:
    """Return the record of a file that holds these bytes."""
    return FileRecord(sha256=sha256(data).hexdigest(), size_bytes=len(data))


def folder_name(step: int, generation: int) -> str:
    """Return the name of a checkpoint's folder; a step that is stored again gets a further generation."""
    return f"{step:010d}" if generation == 1 else f"{step:010d}-{generation}"


def parsed_name(name: str) -> tuple[int, int] | None:
    """Return step and generation of a checkpoint's folder; None for any other name."""
    match = _NAME.fullmatch(name)
    found = (int(match[1]), int(match[2] or 1)) if match else None
    return found if found and folder_name(*found) == name else None


def order(name: str) -> tuple[int, int]:
    """Return step and generation of a name that is one of `checkpoint_names`."""
    return parsed_name(name) or (-1, 0)


def checkpoint_names(folder: RunFolder) -> list[str]:
    """Return the names of the folders that look like checkpoints, by step and generation.

    Raises:
        StorageError: If they cannot be listed.
    """
    place = folder.checkpoints_dir
    if place.is_symlink():
        return []
    try:
        found = [path.name for path in place.iterdir() if parsed_name(path.name) and not path.is_symlink()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"Cannot read {place}: {error.strerror or error}.") from error
    return sorted(found, key=order)


def description_bytes(description: Description) -> bytes:
    """Return ``state.json``, closed by a checksum over all of it."""
    data = description.model_dump(mode="json")
    return (json.dumps({**data, "checksum": _checksum(data)}, indent=1) + "\n").encode()


def read_description(folder: RunFolder, name: str) -> Description:
    """Read the description of a checkpoint; the files that it names are not looked at.

    Raises:
        StorageError: If it is missing, damaged, altered, or of another format version.
    """
    try:
        data = parse(read_unlinked(folder.path, f"{CHECKPOINTS}/{name}/{STATE}", MAX_STATE_BYTES))
        if not isinstance(data, dict):
            raise ValueError("it is no JSON object")  # noqa: TRY004, TRY301 - the file is wrong, not a type
        version = data.get("format_version")
        if version != CHECKPOINT_FORMAT_VERSION and type(version) is int:
            raise ValueError(f"its format version is {version}: use the version that wrote it")  # noqa: TRY301
        if data.pop("checksum", None) != _checksum(data):
            raise ValueError("its checksum does not fit: it was altered")  # noqa: TRY301
        description = Description.model_validate(data)
        if order(name)[0] != description.step:
            raise ValueError("its folder has the name of another step")  # noqa: TRY301
    except (ValueError, StorageError) as error:
        raise unusable(folder, name, error) from None
    return description


def tag_of(folder: RunFolder, name: str) -> str:
    """Return the name that somebody gave a checkpoint; empty without one."""
    relative = f"{CHECKPOINTS}/{name}/{TAG}"
    if not (folder.path / relative).exists():
        return ""
    try:
        tag = parse(read_unlinked(folder.path, relative, _MAX_TAG_BYTES))["name"]
    except (ValueError, KeyError, TypeError, StorageError):
        return _UNREADABLE_TAG  # it was given one, and stays protected
    return tag if isinstance(tag, str) and is_tag(tag) else _UNREADABLE_TAG


def is_tag(name: str) -> bool:
    """Return whether this can be the name of a checkpoint."""
    return 0 < len(name) <= _MAX_TAG and name.isprintable()


def unusable(folder: RunFolder, name: str, reason: object) -> StorageError:
    """Return the error for a checkpoint that is not to be gone on from."""
    where: Path = folder.checkpoints_dir / name
    return StorageError(f"The checkpoint {where} cannot be used: {_short(reason)}. Take another one of this run.")


def _short(reason: object) -> str:
    return " ".join(str(reason).split())[:300].rstrip(".")


def _checksum(data: Mapping[str, Any]) -> str:
    return sha256(canonical(data).encode()).hexdigest()
