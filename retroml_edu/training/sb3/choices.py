"""What was chosen or seen, read back from a snapshot: no network gets a choice that there is not."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from retroml_edu.core.saved import misfit


def choices_within(name: str, array: np.ndarray, space: spaces.Space[Any]) -> np.ndarray:
    """Return an array if none of its entries is a choice that a space does not have: a network counts on that.

    Raises:
        TrainingError: If one is.
    """
    if isinstance(space, spaces.Dict):
        space = space.spaces[name.partition("observations/")[2]]
    limits = space.n if isinstance(space, spaces.Discrete) else getattr(space, "nvec", None)
    if limits is not None and not ((array >= 0) & (array < limits)).all():
        raise misfit(f'the array "{name}" has choices that there are not')
    return array
