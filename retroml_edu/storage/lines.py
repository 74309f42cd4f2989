"""One line of metrics.jsonl or events.jsonl: how an event is written and read back."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, get_args

from retroml_edu.core.events import (
    NEVER_STORED,
    CheckpointReason,
    EpisodeEvent,
    Event,
    LogLevel,
    MetricEvent,
    event_from_dict,
    event_to_dict,
)
from retroml_edu.storage.json_text import to_line
from retroml_edu.storage.paths import path_problem

MAX_NAME = 100
_LEVELS = frozenset(get_args(LogLevel))
_REASONS = frozenset(get_args(CheckpointReason))
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class AttemptStart:
    """A run was started again from a checkpoint; what it measured after that counts no longer.

    Attributes:
        last_valid_seq: The last line of earlier attempts whose measurements still count.
        step: Step of the checkpoint.
    """

    last_valid_seq: int
    step: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line that was read.

    Attributes:
        attempt: Which start of the run wrote it, from 1.
        seq: Its number; rises through both files of a run together.
        content: What it says.
    """

    attempt: int
    seq: int
    content: Event | AttemptStart


def encode(content: Event | AttemptStart, attempt: int, seq: int) -> str:
    """Return an event as a line with its line end."""
    if isinstance(content, EpisodeEvent):  # these two make up nearly all lines: spelled out, four times as fast
        fields: Mapping[str, Any] = {
            "attempt": attempt,
            "seq": seq,
            "kind": "episode",
            "step": content.step,
            "elapsed_s": content.elapsed_s,
            "env_index": content.env_index,
            "episode_return": content.episode_return,
            "length": content.length,
        }
    elif isinstance(content, MetricEvent):
        fields = {
            "attempt": attempt,
            "seq": seq,
            "kind": "metric",
            "step": content.step,
            "elapsed_s": content.elapsed_s,
            "values": content.values,
        }
    elif isinstance(content, AttemptStart):
        fields = {"attempt": attempt, "seq": seq, "kind": "attempt", **asdict(content)}
    else:
        fields = {"attempt": attempt, "seq": seq, **event_to_dict(content)}
        fields.pop("details", None)  # tracebacks go to training.log only
    return to_line(fields) + "\n"


def decode(line: bytes) -> Line:
    """Read a line, every value checked for its type: the file may come from a stranger.

    Raises:
        ValueError: If the line is damaged.
    """
    try:
        data = json.loads(line)
        return Line(_whole(data["attempt"]), _whole(data["seq"]), _content(data))
    except (KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise ValueError(f"damaged line: {type(error).__name__}") from None


def _content(data: dict[str, Any]) -> Event | AttemptStart:
    kind = data["kind"]
    if kind == "episode":
        return EpisodeEvent(
            _whole(data["step"]),
            _number(data["elapsed_s"]),
            _whole(data["env_index"]),
            _number(data["episode_return"]),
            _whole(data["length"]),
        )
    if kind == "metric":
        values = {_name(name): _number(value) for name, value in data["values"].items()}
        return MetricEvent(_whole(data["step"]), _number(data["elapsed_s"]), values)
    if kind == "attempt":
        return AttemptStart(_whole(data["last_valid_seq"]), _whole(data["step"]))
    event = event_from_dict({name: _READ[name](value) for name, value in data.items() if name in _READ})
    if isinstance(event, NEVER_STORED):
        raise ValueError(f"{event.kind} is never stored")  # noqa: TRY004 - a damaged line, whatever its type
    return event


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError("not a whole number")
    return value


def _number(value: Any) -> float:
    if value is None:
        return math.nan
    if type(value) is not float and type(value) is not int:
        raise ValueError("not a number")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004 - see _content
    return value


def _sentence(value: Any) -> str:
    """Leave out what a terminal would obey rather than print."""
    return _CONTROL.sub("", _text(value))


def _name(value: str) -> str:
    if len(value) > MAX_NAME or not value.isprintable():
        raise ValueError("not a name")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not true or false")  # noqa: TRY004 - see _content
    return value


def _level(value: Any) -> str:
    if _text(value) not in _LEVELS:
        raise ValueError("not a level")
    return _text(value)


def _reason(value: Any) -> str:
    if _text(value) not in _REASONS:
        raise ValueError("not a reason for a checkpoint")
    return _text(value)


def _digest(value: Any) -> str:
    if not _DIGEST.fullmatch(_text(value)):
        raise ValueError("not a digest")
    return _text(value)


def _path(value: Any) -> str:
    problem = path_problem(_text(value))
    if problem:
        raise ValueError(problem)
    return _text(value)


_READ = {
    "kind": _text,
    "step": _whole,
    "length": _whole,
    "milestone": _number,
    "episode_return": _number,
    "duration_s": _number,
    "complete": _flag,
    "state": _text,
    "detail": _sentence,
    "message": _sentence,
    "time_utc": _sentence,
    "level": _level,
    "path": _path,
    "reason": _reason,
    "values_digest": _digest,
    "weights_digest": _digest,
    "state_digest": _digest,
    "size_bytes": _whole,
}
