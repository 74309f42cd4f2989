"""The events of a run: small frozen facts. Units live in the names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal, TypeAlias, get_args

from retroml_edu.core.ids import utc_now
from retroml_edu.core.states import RunState

LogLevel = Literal["info", "warning", "error"]
CheckpointReason = Literal["start", "interval", "request", "stop", "end"]
LEFT_BY_ITS_PROCESS = "its kernel or script ended"
"""Detail of the state ``stopped`` where nobody asked for the stop: Python ended, and the run with it."""


@dataclass(frozen=True, slots=True)
class MetricEvent:
    """Values of catalogue metrics after an update.

    Attributes:
        step: Environment steps taken so far, summed over all environments.
        elapsed_s: Seconds of training so far, pauses not counted.
        values: Metric name to value.
    """

    kind: ClassVar[str] = "metric"
    step: int
    elapsed_s: float
    values: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class EpisodeEvent:
    """A whole game that ended in a training environment.

    Attributes:
        step: Environment steps taken so far, summed over all environments.
        elapsed_s: Seconds of training so far, pauses not counted.
        env_index: Environment in which it was played.
        episode_return: Undiscounted sum of the raw rewards.
        length: Steps that it took.
    """

    kind: ClassVar[str] = "episode"
    step: int
    elapsed_s: float
    env_index: int
    episode_return: float
    length: int


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """How far training is. Shown, never stored."""

    kind: ClassVar[str] = "progress"
    step: int
    elapsed_s: float


@dataclass(frozen=True, slots=True)
class PreparationEvent:
    """How far what is done before the first step has come. Shown for as long as it lasts, never stored."""

    kind: ClassVar[str] = "preparation"
    message: str
    step: int = 0


@dataclass(frozen=True, slots=True)
class StateEvent:
    """The run entered a state. `detail` says why: what failed, or `LEFT_BY_ITS_PROCESS`."""

    kind: ClassVar[str] = "state"
    state: RunState
    step: int
    detail: str = ""
    time_utc: str = ""


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A sentence for the event log. `details` (a traceback, say) goes to training.log only."""

    kind: ClassVar[str] = "log"
    level: LogLevel
    message: str
    step: int = 0
    time_utc: str = ""
    details: str = ""


@dataclass(frozen=True, slots=True)
class VideoEvent:
    """A video was recorded.

    Attributes:
        path: File, relative to the run folder.
        step: Training step of the weights that played.
        milestone: Share of the run after which they were taken, 0 to 1.
        episode_return: Return of what the video shows; partial if the video was cut.
        length: Steps that it shows.
        complete: Whether the episode ended within the video.
        duration_s: Playing time.
    """

    kind: ClassVar[str] = "video"
    path: str
    step: int
    milestone: float
    episode_return: float
    length: int
    complete: bool
    duration_s: float
    time_utc: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointEvent:
    """The exact state of the run was stored. Digests are SHA-256, as 64 hexadecimal digits.

    Attributes:
        path: Its folder, relative to the run folder.
        step: Environment steps taken so far, summed over all environments.
        reason: Why it was made: the run goes on from another one, its time had come, somebody asked, or the run stopped
            or ended.
        values_digest: Of all values that the run had reported when its state was copied (`core.digest.ValuesDigest`);
            values before this event in the log may have come after that.
        weights_digest: Of the policy's weights and statistics (`core.digest.weights_digest`).
        state_digest: Of everything that decides how the run goes on.
        size_bytes: What it added to the disk.
        duration_s: How long it took to write, while training went on or waited.
    """

    kind: ClassVar[str] = "checkpoint"
    path: str
    step: int
    reason: CheckpointReason
    values_digest: str
    weights_digest: str
    state_digest: str
    size_bytes: int
    duration_s: float
    time_utc: str = ""


Event: TypeAlias = (
    MetricEvent | EpisodeEvent | ProgressEvent | PreparationEvent | StateEvent | LogEvent | VideoEvent | CheckpointEvent
)
NEVER_STORED = (ProgressEvent, PreparationEvent)
_EVENTS: dict[str, type[Any]] = {event.kind: event for event in get_args(Event)}


def doing(event: Event) -> str:
    """Return what an event says is going on before the first step; an empty text where it says nothing of that."""
    if isinstance(event, PreparationEvent):
        return event.message
    return event.message if isinstance(event, LogEvent) and event.message.endswith("…") else ""


def log(level: LogLevel, message: str, *, step: int = 0, details: str = "") -> LogEvent:
    """Return a log event of now.

    A message that ends with an ellipsis tells what is being done: it stands for the progress until steps are made.
    """
    return LogEvent(level, message, step, utc_now(), details)


def event_to_dict(event: Event) -> dict[str, Any]:
    """Return an event as plain JSON values, with its `kind`."""
    return {"kind": event.kind, **asdict(event)}


def event_from_dict(data: Mapping[str, Any]) -> Event:
    """Read back what `event_to_dict` made; fields that this version does not know are left out.

    Raises:
        ValueError: If the kind is unknown or a field is missing.
    """
    event = _EVENTS.get(str(data.get("kind")))
    if event is None:
        raise ValueError(f"unknown kind of event: {data.get('kind')!r}")
    values = {field.name: data[field.name] for field in fields(event) if field.name in data}
    if event is StateEvent and "state" in values:
        values["state"] = RunState(values["state"])
    try:
        made: Event = event(**values)
    except TypeError as error:
        raise ValueError(f"incomplete {event.kind} event: {error}") from None
    return made
