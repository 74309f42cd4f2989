"""Rows as they cross to a page: columns of compact JSON, a value that repeats once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from retroml_edu.storage.json_text import to_line


def packed_columns(columns: Mapping[str, Sequence[Any]], repeated: Mapping[str, Iterable[str]]) -> bytes:
    """Return columns as UTF-8 JSON.

    Args:
        columns: A list each.
        repeated: Columns whose values repeat: each becomes ``{"values": [...], "at": [...]}``, each value once, and
            where each row has its own.
    """
    packed: dict[str, Any] = dict(columns)
    for name, column in repeated.items():
        values = list(column)
        place = {value: number for number, value in enumerate(dict.fromkeys(values))}
        packed[name] = {"values": list(place), "at": [place[value] for value in values]}
    return to_line(packed).encode("utf-8")


def milliseconds(time_utc: str) -> int | None:
    """Return a time as a page counts it, since the epoch; None for what is no time."""
    with suppress(ValueError, OverflowError):
        return round(datetime.fromisoformat(time_utc).timestamp() * 1000)
    return None
