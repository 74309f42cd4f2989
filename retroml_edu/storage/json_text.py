"""JSON as it is written (no NaN, numpy scalars welcome) and read (bounded size and depth)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from retroml_edu.storage.plain_files import open_plain

MAX_JSON_BYTES = 4 * 2**20
MAX_JSON_DEPTH = 32


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no place in JSON")


_LINE = json.JSONEncoder(separators=(",", ":"), allow_nan=False, default=_plain)
_CANONICAL = json.JSONEncoder(separators=(",", ":"), allow_nan=False, sort_keys=True, default=_plain)
_TEXT = json.JSONEncoder(indent=2, allow_nan=False, default=_plain)


def to_line(data: Mapping[str, Any]) -> str:
    """Return compact JSON on one line; NaN and infinity become null."""
    return _encode(_LINE, data)


def to_text(data: Any) -> str:
    """Return JSON for a file that people read; NaN and infinity become null."""
    return _encode(_TEXT, data) + "\n"


def canonical(data: Any) -> str:
    """Return the one JSON text that equal data has, for digests.

    Raises:
        ValueError: If the data hold NaN or infinity, nest too deeply, or contain something else than JSON values.
    """
    try:
        return _CANONICAL.encode(data)
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _encode(encoder: json.JSONEncoder, data: Any) -> str:
    try:
        return encoder.encode(data)
    except ValueError:  # NaN or infinity: rare, so the quick way is tried first
        return encoder.encode(_finite(data))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic | np.ndarray):
        return _finite(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def parse(text: str | bytes, max_depth: int = MAX_JSON_DEPTH) -> Any:
    """Read JSON that may come from a stranger.

    Raises:
        ValueError: If it is broken or nested too deeply.
    """
    try:
        data = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _deeper_than(data, max_depth):
        raise ValueError(f"nested more than {max_depth} levels deep")
    return data


def _deeper_than(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    children = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper_than(child, levels - 1) for child in children)


def read_json_object(path: Path, max_bytes: int = MAX_JSON_BYTES) -> dict[str, Any]:
    """Read a file that holds one JSON object.

    Raises:
        OSError: If the file cannot be read, or is no plain one.
        ValueError: If it is too large, broken, nested too deeply, or no object.
    """
    with open_plain(path) as file:
        text = file.read(max_bytes + 1)
    if len(text) > max_bytes:
        raise ValueError(f"larger than {max_bytes} bytes")
    data = parse(text)
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the file is wrong, not the caller's type
    return data
