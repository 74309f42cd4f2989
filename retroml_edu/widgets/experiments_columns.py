"""The rows of the runs table as they cross to the page: columns of compact JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from retroml_edu.storage.index import RunRow
from retroml_edu.widgets.columns import milliseconds, packed_columns

_AS_THEY_ARE = (
    "run_id",
    "name",
    "tags",
    "notes",
    "seed",
    "steps",
    "total_timesteps",
    "episodes",
    "return_mean",
    "return_best",
    "training_time_s",
    "problem",
)
_REPEATED = ("env_id", "algorithm", "state")


def columns_of(rows: Iterable[RunRow]) -> bytes:
    """Return rows as `packed_columns`; times are milliseconds since the epoch, what is not known is null."""
    rows = list(rows)
    columns: dict[str, Any] = {name: [getattr(row, name) for row in rows] for name in _AS_THEY_ARE}
    columns["created_ms"] = [milliseconds(row.created_utc) for row in rows]
    columns["ended_ms"] = [milliseconds(row.ended_utc) for row in rows]
    return packed_columns(columns, {name: [str(getattr(row, name)) for row in rows] for name in _REPEATED})
