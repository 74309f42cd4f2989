"""Arrays that nobody can write to: compiled kernels look at no bounds, so what was checked once has to stay."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def locked(array: npt.ArrayLike, kind: Any) -> np.ndarray:
    """Return a copy that cannot be written to, of this type and laid out as kernels read it."""
    own = np.array(array, dtype=kind, order="C")
    own.setflags(write=False)
    return own


def shown(array: np.ndarray) -> np.ndarray:
    """Return a view that cannot be written to, of an array that its owner goes on changing."""
    view = array.view()
    view.setflags(write=False)
    return view
