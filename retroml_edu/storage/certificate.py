"""certificate.json: what a run claims to be, in digests that whoever replays it can compare."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import CheckpointEvent, CheckpointReason, Event
from retroml_edu.storage.atomic import write_json
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import canonical, read_json_object

CERTIFICATE_FORMAT_VERSION = 1
MAX_CERTIFICATE_BYTES = 16 * 2**20
MOST_MARKS = 2_000
STATEMENT = (
    "Whoever replays this run on a machine of the same type, with the same versions, must get these digests. They show "
    "that config, values, checkpoints and model belong together. They do not show who made the run, nor that it was "
    "the only one: whoever can run it can also write such a certificate."
)

Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Step = Annotated[int, Field(ge=0, lt=2**63)]


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Mark(_Closed):
    """A moment of the run whose state was stored."""

    step: Step
    reason: CheckpointReason
    values_digest: Hex
    weights_digest: Hex
    state_digest: Hex


class Certificate(_Closed):
    """What a run claims.

    Attributes:
        format_version: Of this file.
        statement: What it shows and what it does not, in words.
        run_id: Name of the run's folder.
        config_digest: SHA-256 of config.json as canonical JSON, in the form in which it was written.
        state: Final state of the run.
        steps: Steps that were trained.
        values_digest: Of everything that the run reported (`core.digest.ValuesDigest`).
        weights_digest: Of the model (`core.digest.weights_digest`); None without a model.
        marks: Its checkpoints, those too that have been removed since.
    """

    format_version: Literal[1] = 1
    statement: str = STATEMENT
    run_id: Annotated[str, Field(max_length=100)]
    config_digest: Hex
    state: Annotated[str, Field(max_length=20)]
    steps: Step
    values_digest: Hex
    weights_digest: Hex | None
    marks: Annotated[tuple[Mark, ...], Field(max_length=MOST_MARKS, strict=False)]


def config_digest(folder: RunFolder) -> str:
    """Return the SHA-256 of what a run's config.json says, however the file is laid out.

    Of the file, and not of the config that is read from it: a later version reads more into it than was written.

    Raises:
        StorageError: If it cannot be read.
    """
    try:
        return sha256(canonical(read_json_object(folder.config_file)).encode()).hexdigest()
    except (OSError, ValueError) as error:
        raise StorageError(f"{folder.config_file} cannot be read: {error}.") from None


def marks_of(events: Iterable[Event]) -> list[Mark]:
    """Return the checkpoints among a run's events, in order, as marks; of very many, evenly spread ones.

    The last one is always among them, and the state with which a run began that goes on from another one: without it
    nobody could train the run again.
    """
    made = [event for event in events if isinstance(event, CheckpointEvent)]
    starts = [event for event in made if event.reason == "start"][:1]
    others = [event for event in made if event.reason != "start"]
    stride = -(-len(others) // (MOST_MARKS - 1)) or 1
    chosen = [*starts, *others[::-1][::stride][::-1]]
    return [
        Mark(
            step=event.step,
            reason=event.reason,
            values_digest=event.values_digest,
            weights_digest=event.weights_digest,
            state_digest=event.state_digest,
        )
        for event in chosen
    ]


def write_certificate(folder: RunFolder, certificate: Certificate) -> None:
    """Write certificate.json.

    Raises:
        StorageError: If it cannot be written.
    """
    write_json(folder.certificate_file, certificate.model_dump(mode="json"))


def read_certificate(folder: RunFolder) -> Certificate:
    """Read certificate.json, which may come from a stranger.

    Raises:
        StorageError: If there is none, or it is damaged or of another format version.
    """
    file = folder.certificate_file
    try:
        data: dict[str, Any] = read_json_object(file, MAX_CERTIFICATE_BYTES)
        return Certificate(**data)
    except FileNotFoundError:
        raise StorageError(
            f"The run {folder.run_id} has no certificate: it was removed, or could not be written when the run ended. "
            "Without one there is nothing to check the run against."
        ) from None
    except (OSError, ValueError, TypeError) as error:
        reason = "it is no certificate of this format" if isinstance(error, ValidationError) else error
        raise StorageError(f"{file} cannot be read: {reason}.") from None
