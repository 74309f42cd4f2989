"""Pictures of which most are black."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


class SparsePictures:
    """An array of uint8 pictures whose black ones take no memory.

    Args:
        shape: Rows, environments, and the shape of a picture.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self._kept: dict[tuple[int, int], np.ndarray] = {}
        self._black = np.zeros(shape[2:], np.uint8)

    def __len__(self) -> int:
        """Return how many pictures take memory."""
        return len(self._kept)

    def one(self, row: int, env: int) -> np.ndarray:
        """Return one picture, not to be written into."""
        return self._kept.get((int(row), int(env)), self._black)

    def seen(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return which pictures of rows are not black, bool of shape (rows, environments)."""
        return np.array([[(int(row), env) in self._kept for env in range(self.shape[1])] for row in rows], bool)

    def __getitem__(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """Return the pictures of rows, copied."""
        pictures = np.zeros((len(rows), *self.shape[1:]), np.uint8)
        if self._kept:
            for index, row in enumerate(rows):
                for env in range(self.shape[1]):
                    pictures[index, env] = self.one(row, env)
        return pictures

    def __setitem__(self, rows: Sequence[int] | np.ndarray, pictures: np.ndarray) -> None:
        """Overwrite the pictures of rows."""
        for index, row in enumerate(rows):
            for env in range(self.shape[1]):
                picture = pictures[index, env]
                if picture.any():
                    self._kept[int(row), env] = picture.copy()
                else:
                    self._kept.pop((int(row), env), None)
