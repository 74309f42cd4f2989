"""Reading a state that may come from a stranger: nothing in it is used before it was looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces

from retroml_edu.core.errors import TrainingError
from retroml_edu.core.weights import Arrays


def misfit(what: str) -> TrainingError:
    """Return the error that says why a state cannot be gone on from."""
    return TrainingError(f"The saved state does not fit these environments: {what}.")


def array_of(arrays: Arrays, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> np.ndarray:
    """Return an array of exactly this shape and type.

    Raises:
        TrainingError: If there is none.
    """
    array = arrays.get(name)
    if array is None:
        raise misfit(f'the array "{name}" is missing')
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise misfit(f'"{name}" is {array.dtype} of shape {array.shape} instead of {np.dtype(dtype)} of shape {shape}')
    return array


def finite(arrays: Arrays, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """Return an array of finite float64.

    Raises:
        TrainingError: If there is none.
    """
    array = array_of(arrays, name, shape, np.float64)
    if not np.isfinite(array).all():
        raise misfit(f'"{name}" holds what is no finite number')
    return array


def check_generator(state: Any) -> None:
    """Look whether this is the state of a PCG64, numpy's and Gymnasium's default generator.

    Raises:
        TrainingError: If not.
    """
    match state:
        case {
            "bit_generator": "PCG64",
            "state": {"state": int(place), "inc": int(stream)},
            "has_uint32": int(has_half),
            "uinteger": int(half),
        } if 0 <= place < 2**128 and 0 <= stream < 2**128 and has_half in (0, 1) and 0 <= half < 2**32:
            return
    raise misfit("a random generator in it is of another kind, or damaged")


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
