"""Reading a snapshot that came from a file: nothing in it is used before it was looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from retroml_edu.core.errors import TrainingError
from retroml_edu.core.weights import Arrays

_MOST = 2**62


class SavedState:
    """Facts and arrays of a snapshot, read by name with what they have to be.

    Args:
        facts: JSON values.
        arrays: Arrays by name.

    All methods raise `TrainingError` if what they are asked for is missing or something else.
    """

    def __init__(self, facts: Mapping[str, Any], arrays: Arrays) -> None:
        self._facts = facts
        self._arrays = arrays

    def facts(self, name: str) -> Mapping[str, Any]:
        """Return a group of facts, as it is."""
        value = self._fact(name)
        if not isinstance(value, Mapping):
            raise misfit(f'"{name}" is no group of facts')
        return value

    def group(self, name: str) -> SavedState:
        """Return a group of facts to read on in."""
        return SavedState(self.facts(name), self._arrays)

    def has(self, name: str) -> bool:
        """Whether a fact is there and not null."""
        return self._facts.get(name) is not None

    def whole(self, name: str, *, most: int = _MOST) -> int:
        """Return a whole number from 0 to `most`."""
        value = self._fact(name)
        if type(value) is not int or not 0 <= value <= most:
            raise misfit(f'"{name}" is no whole number from 0 to {most:,}')
        return value

    def number(self, name: str) -> float:
        """Return a finite number."""
        value = self._fact(name)
        if type(value) not in (int, float) or not math.isfinite(value):
            raise misfit(f'"{name}" is no number')
        return float(value)

    def expect(self, expected: Mapping[str, Any]) -> None:
        """Check that these facts are as they have to be for the run that is to go on."""
        for name, value in expected.items():
            if self._fact(name) != value:
                raise misfit(f"its {name} is {str(self._fact(name))[:80]}, and that of the run is {value}")

    def array(self, name: str, shape: tuple[int, ...], dtype: npt.DTypeLike) -> np.ndarray:
        """Return an array of exactly this shape and type; it is not copied."""
        array = self._arrays.get(name)
        if array is None:
            raise misfit(f'the array "{name}" is missing')
        return fitting(name, array, shape, dtype)

    def finite(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        """Return an array of finite float64 of exactly this shape; it is not copied."""
        array = self.array(name, shape, np.float64)
        if not np.isfinite(array).all():
            raise misfit(f'the array "{name}" holds what is no finite number')
        return array

    def arrays_under(self, prefix: str) -> dict[str, np.ndarray]:
        """Return the arrays whose names begin so, by the rest of their names."""
        return {name.removeprefix(prefix): array for name, array in self._arrays.items() if name.startswith(prefix)}

    def _fact(self, name: str) -> Any:
        if name not in self._facts:
            raise misfit(f'"{name}" is missing')
        return self._facts[name]


def fitting(name: str, array: np.ndarray, shape: tuple[int, ...], dtype: npt.DTypeLike) -> np.ndarray:
    """Return an array if it has exactly this shape and type.

    Raises:
        TrainingError: If not.
    """
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise misfit(
            f'the array "{name}" is {array.dtype} of shape {array.shape}, and {np.dtype(dtype)} of shape {shape} is '
            "needed"
        )
    return array


def misfit(what: str) -> TrainingError:
    """Return the error that says why a saved state cannot be gone on from."""
    return TrainingError(
        f"The saved state does not fit this run: {what}. Use the config of the run that it comes from, or another "
        "checkpoint."
    )
