"""Small snapshots of every form, and what it takes to compare them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from retroml_edu.core.snapshot import ReplayRows, Snapshot

WRITTEN: dict[str, Any] = {"attempt": 1, "last_valid_seq": 7, "reason": "interval", "values_digest": "5a" * 32}


class Ring:
    """A replay buffer that can say how many rows were asked of it; rows are worked out from their numbers."""

    def __init__(self, added: int, kept: int, *, pictures: bool = True, side: int = 8, shift: int = 0) -> None:
        self.added = added
        self.kept = kept
        self.asked = 0
        self._pictures = pictures
        self._side = side
        self._shift = shift

    def rows(self, first: int, last: int) -> Mapping[str, np.ndarray]:
        assert self.added - self.kept <= first <= last <= self.added
        self.asked += last - first
        number = np.arange(first, last)[:, None] + self._shift
        pixels = np.arange(self._side**2).reshape(1, 1, self._side, self._side)
        observations = number[..., None, None] * 7 + pixels
        return {
            "observations": observations.astype(np.uint8 if self._pictures else np.float32),
            "rewards": np.sin(number).astype(np.float32),
            "dones": (number % 5 == 0).astype(np.float32),
        }


def snapshot(step: int = 120, seed: int = 3, replay: ReplayRows | None = None) -> Snapshot:
    draws = np.random.default_rng(seed)
    facts = {
        "updates": step // 10,
        "generator": draws.bit_generator.state,
        "names": ["a", "ä", "\ud800"],
        "nothing": None,
        "share": 0.1 + step,
        "timing": {"elapsed_s": 12.5},
    }
    arrays = {
        "policy/net.0.weight": draws.normal(size=(8, 4)).astype(np.float32),
        "policy/log_std": np.float32(0.5) * np.ones((), np.float32),
        "normalization/obs_mean": draws.normal(size=4),
        "optimizer/0/step": np.array([step], np.int64),
        "rollout/observations": draws.integers(0, 255, (3, 2, 5, 5), np.uint8).transpose(0, 3, 2, 1),
        "rollout/starts": np.array([True, False]),
        "rollout/empty": np.zeros((0, 4), np.float16),
        "big_endian": np.arange(3, dtype=">f4"),
    }
    return Snapshot(step, facts, arrays, replay)


def assert_same(found: Snapshot, expected: Snapshot) -> None:
    assert found.step == expected.step
    assert found.facts == expected.facts
    assert set(found.arrays) == set(expected.arrays)
    for name, array in expected.arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array)
        assert found.arrays[name].dtype == array.dtype.newbyteorder("=")
        assert found.arrays[name].shape == array.shape
        assert found.arrays[name].flags.writeable
    assert (found.replay is None) == (expected.replay is None)
    if found.replay is not None and expected.replay is not None:
        assert (found.replay.added, found.replay.kept) == (expected.replay.added, expected.replay.kept)
        span = expected.replay.added - expected.replay.kept, expected.replay.added
        if span[0] < span[1]:
            same_rows(found.replay.rows(*span), expected.replay.rows(*span))


def same_rows(found: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> None:
    assert set(found) == set(expected)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, strict=True)
