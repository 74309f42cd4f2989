"""Digests that show whether two runs were the same: of their values, their weights, their arrays. All SHA-256."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from hashlib import sha256
from struct import Struct

import numpy as np

from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent
from retroml_edu.core.metrics import METRICS
from retroml_edu.core.weights import Arrays

POLICY_PREFIX = "policy/"
"""Under which a snapshot's arrays hold the parameters of the policy."""
NORMALIZATION_PREFIX = "normalization/"
"""Under which they hold the running statistics of observations and returns."""

_EPISODE = Struct("<cqqdq")
_MOST_LAYOUTS = 256
_NOTHING_YET = bytes(32)


class ValuesDigest:
    """Rolling digest of what a run reports: equal for equal runs, whatever their speed.

    Each event is chained to the digest so far, so that it can go on from the hexadecimal digits alone. It is the
    same whether the events come from training or were read back from metrics.jsonl: numbers count as the doubles
    that the file gives back, NaN and infinity, which it holds as null, as one and the same.

    Args:
        start_hex: Where another digest stood; empty for the beginning of a run.

    Raises:
        ValueError: If `start_hex` is no digest.

    Threads: one at a time.
    """

    def __init__(self, start_hex: str = "") -> None:
        self._digest = bytes.fromhex(start_hex) if start_hex else _NOTHING_YET
        if len(self._digest) != len(_NOTHING_YET):
            raise ValueError(f"{start_hex!r} is no SHA-256 digest.")
        self._layouts: dict[tuple[str, ...], _Layout] = {}

    @property
    def hex(self) -> str:
        """The digest so far, as 64 hexadecimal digits."""
        return self._digest.hex()

    def add(self, event: Event) -> None:
        """Chain an event: an episode without its time, a metric without what depends on the machine's speed.

        Events of other kinds leave the digest as it is.
        """
        if isinstance(event, EpisodeEvent):
            value = event.episode_return
            packed = _EPISODE.pack(
                b"e", event.step, event.env_index, value if math.isfinite(value) else math.nan, event.length
            )
        elif isinstance(event, MetricEvent):
            names = tuple(event.values)
            layout = self._layouts.get(names)
            if layout is None:
                if len(self._layouts) >= _MOST_LAYOUTS:
                    self._layouts.clear()
                layout = self._layouts[names] = _Layout(names)
            packed = layout.pack(event)
        else:
            return
        self._digest = sha256(self._digest + packed).digest()


class _Layout:
    """How the metrics of one update are packed, worked out once for all updates that have the same ones."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = sorted(name for name in names if name not in METRICS or not METRICS[name].timing)
        self._prefix = b"m" + json.dumps(self._names).encode()
        self._struct = Struct(f"<q{len(self._names)}d")

    def pack(self, event: MetricEvent) -> bytes:
        measured = event.values
        values = [measured[name] for name in self._names]
        if not all(map(math.isfinite, values)):
            values = [value if math.isfinite(value) else math.nan for value in values]
        return self._prefix + self._struct.pack(event.step, *values)


def array_digests(arrays: Arrays) -> dict[str, str]:
    """Return the digest of each array: its type, shape and values, wherever they lie in memory."""
    return {name: _array_digest(array) for name, array in arrays.items()}


def combined_digest(digests: Mapping[str, str]) -> str:
    """Return one digest over named ones; their order does not matter."""
    return sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()


def arrays_digest(arrays: Arrays) -> str:
    """Return the digest of named arrays: names, types, shapes and values."""
    return combined_digest(array_digests(arrays))


def weights_digest(weights: Arrays, normalization: Arrays) -> str:
    """Return the digest of a policy: what a checkpoint holds and what ``model/`` holds can be compared by it.

    Args:
        weights: As in `PolicyWeights.arrays`.
        normalization: As in `PolicyWeights.normalization`.
    """
    return combined_digest(
        array_digests({POLICY_PREFIX + name: array for name, array in weights.items()})
        | array_digests({NORMALIZATION_PREFIX + name: array for name, array in normalization.items()})
    )


def policy_digest(digests: Mapping[str, str]) -> str:
    """Return what `weights_digest` gives, from the digests of all arrays of a snapshot."""
    prefixes = (POLICY_PREFIX, NORMALIZATION_PREFIX)
    return combined_digest({name: digest for name, digest in digests.items() if name.startswith(prefixes)})


def _array_digest(array: np.ndarray) -> str:
    plain = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    digest = sha256(f"{plain.dtype.str}{plain.shape}".encode())
    if plain.size:
        digest.update(plain.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()
