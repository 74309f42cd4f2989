"""The columnar cache of a run's curves: what metrics.jsonl says, read in milliseconds; made anew when it is stale."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress

import numpy as np

from retroml_edu.core.curves import Points, curve_points
from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import Event
from retroml_edu.storage.atomic import write_bytes
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.lines import MAX_NAME
from retroml_edu.storage.paths import read_unlinked, unlinked
from retroml_edu.storage.plain_files import open_plain
from retroml_edu.storage.reader import MAX_METRICS, read_events
from retroml_edu.storage.tensors import from_safetensors, to_safetensors

CACHE = "curves/points.safetensors"
MAX_BYTES = 2**30
MOST_STEPS = 2.0**63
_END_BYTES = 64 * 1024
_SIGNATURE, _REACH, _STEPS, _VALUES = "signature", "reach", "steps", "values"
_CLOCK = ("clock:step", "clock:seconds")


def read_points(folder: RunFolder) -> Points:
    """Return everything that a run has measured so far: from its cache where that is fresh, else from its logs.

    A cache that is missing or stale is written on the way, where the folder lets itself be written.

    Raises:
        OSError: If the logs cannot be read.
    """
    signature = _signature(folder)
    cached = _read(folder, signature)
    if cached is not None:
        return cached
    points = curve_points(read_events(folder))
    with suppress(StorageError, OSError, ValueError):  # a cache is a convenience, and not every folder is ours
        _write(folder, points, signature)
    return points


def cache_agrees(folder: RunFolder, events: Sequence[Event]) -> bool:
    """Return whether the cache, if there is one that would be read, holds what these events tell.

    Args:
        folder: Of the run.
        events: All of the run's, as its logs hold them.
    """
    cached = _read(folder, _signature(folder))
    return cached is None or _same(cached, curve_points(events))


def _signature(folder: RunFolder) -> np.ndarray:
    """Return what changes whenever a log does: both only grow, and no two of their lines have the same number."""
    digest = hashlib.sha256()
    for log in (folder.metrics_log, folder.events_log):
        size = log.stat().st_size if log.exists() else 0
        digest.update(size.to_bytes(8, "little"))
        if size:
            with open_plain(log) as file:
                file.seek(max(0, size - _END_BYTES))
                digest.update(file.read(min(size, _END_BYTES)))
    return np.frombuffer(digest.digest(), np.uint8)


def _write(folder: RunFolder, points: Points, signature: np.ndarray) -> None:
    arrays = {_SIGNATURE: signature, _REACH: np.array([points.step, points.elapsed_s])}
    arrays |= dict(zip(_CLOCK, points.clock, strict=True))
    groups: dict[bytes, int] = {}
    for name, (steps, values) in points.columns.items():
        # Metrics of one kind of event share their steps, which are written once.
        group = groups.setdefault(hashlib.sha256(steps.tobytes()).digest(), len(groups))
        arrays[f"{_STEPS}:{group}"] = steps
        arrays[f"{_VALUES}:{group}:{name}"] = values
    file = unlinked(folder.path, CACHE)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    write_bytes(file, to_safetensors(arrays))


def _read(folder: RunFolder, signature: np.ndarray) -> Points | None:
    """Return what the cache holds; None if there is none, or it is of other logs, or damaged."""
    try:
        arrays = from_safetensors(read_unlinked(folder.path, CACHE, MAX_BYTES))
        if not np.array_equal(arrays[_SIGNATURE], signature):
            return None
        columns: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        for key, values in arrays.items():
            kind, _, rest = key.partition(":")
            if kind == _VALUES:
                group, _, name = rest.partition(":")
                columns[name] = (_times(arrays[f"{_STEPS}:{group}"]), _column(values))
                if len(name) > MAX_NAME or len(columns) > MAX_METRICS or columns[name][0].shape != values.shape:
                    return None
        step, elapsed_s = _column(arrays[_REACH])
        clock = (_times(arrays[_CLOCK[0]]), _times(arrays[_CLOCK[1]]))
        if clock[0].shape != clock[1].shape:
            return None
        return Points(columns, int(step), float(elapsed_s), clock)
    except (OSError, StorageError, ValueError, KeyError, OverflowError):
        return None


def _column(array: np.ndarray) -> np.ndarray:
    if array.ndim != 1 or array.dtype != np.float64:
        raise ValueError("it is no column")
    return array


def _times(array: np.ndarray) -> np.ndarray:
    """Return a column of steps or seconds, which all are numbers that somebody could have counted."""
    if not np.all((array >= 0) & (array < MOST_STEPS)):
        raise ValueError("it holds what is no time")
    return _column(array)


def _same(one: Points, other: Points) -> bool:
    if (one.step, one.elapsed_s, one.columns.keys()) != (other.step, other.elapsed_s, other.columns.keys()):
        return False
    pairs = [(columns, other.columns[name]) for name, columns in one.columns.items()]
    return all(
        np.array_equal(part, wanted, equal_nan=True)
        for columns, others in [*pairs, (one.clock, other.clock)]
        for part, wanted in zip(columns, others, strict=True)
    )
