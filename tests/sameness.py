"""Equality to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np


def assert_same(one: Any, other: Any, *, strides: bool = False) -> None:
    """Fail unless two values are the same bit for bit, however deep; with `strides`, in memory too."""
    assert type(one) is type(other)
    if isinstance(one, np.ndarray):
        assert (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
        assert not strides or one.strides == other.strides
    elif isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same(one[key], other[key], strides=strides)
    elif isinstance(one, list | tuple):
        assert len(one) == len(other)
        for part, other_part in zip(one, other, strict=True):
            assert_same(part, other_part, strides=strides)
    else:
        assert one == other
