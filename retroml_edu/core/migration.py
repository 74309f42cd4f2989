"""Brings a config that an earlier version wrote to the form of today, one version at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

SCHEMA_VERSION = 4

Data = dict[str, Any]


def migrated(data: Mapping[str, Any]) -> Data:
    """Return a config's values as the newest version would have written them.

    A version that is unknown here, newer ones too, is left as it is, for the config to refuse. Values without a version
    are of the newest: that is how people write them.
    """
    new = dict(data)
    # True == 1, and is no version.
    while type(version := new.get("schema_version")) is int and version in _STEPS:
        new = _STEPS[version](new) | {"schema_version": version + 1}
    return new


def _exactness(data: Data) -> Data:
    """Version 1 kept no checkpoints and knew no deterministic runs: what it says of itself stays true."""
    return {"deterministic": False} | data


def _engine(data: Data) -> Data:
    """Version 2 knew one engine: its runs repeat bit for bit on that one alone."""
    return {"engine": "sb3"} | data


def _precision(data: Data) -> Data:
    """Version 3 knew one precision."""
    return {"precision": "float32"} | data


_STEPS: Mapping[int, Callable[[Data], Data]] = {1: _exactness, 2: _engine, 3: _precision}
