"""Actions that were done once, read back from a snapshot."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces


def may_be_done(space: spaces.Space[Any], actions: np.ndarray) -> bool:
    """Return whether these can be actions that were done, one after the other.

    Numbers beyond the bounds of a Box can: many environments cut them by themselves.
    """
    if actions.ndim == 0 or actions.shape[1:] != space.shape:
        return False
    low: Any = 0
    match space:
        case spaces.Box():
            return actions.dtype.kind in "fiu" and bool(np.isfinite(actions).all())
        case spaces.Discrete():
            low, high = space.start, space.start + space.n
        case spaces.MultiDiscrete():
            low, high = space.start, space.start + space.nvec
        case spaces.MultiBinary():
            high = 2
        case _:
            return False
    return actions.dtype.kind in "iub" and bool(((actions >= low) & (actions < high)).all())
