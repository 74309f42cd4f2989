"""A record of pairs that stays small: when a run took which of its steps, what came in which episode."""

from __future__ import annotations

import numpy as np


class Timeline:
    """Pairs such as step and time, thinned as a run goes on: their number is bounded, and they lie evenly over it.

    Where `core.series.Series` merges neighbours into their mean, this one keeps some pairs as they are.

    Args:
        capacity: Most pairs kept.

    Threads: not safe; its owner locks.
    """

    def __init__(self, capacity: int = 4_096) -> None:
        self._capacity = capacity
        self._every = 1
        self._count = 0
        self._pairs: list[tuple[float, float]] = []
        self._newest: tuple[float, float] | None = None

    def add(self, step: float, value: float) -> None:
        """Add a pair; steps never fall."""
        self._newest = (step, value)
        if self._count % self._every == 0:
            self._pairs.append(self._newest)
            if len(self._pairs) == self._capacity:
                del self._pairs[1::2]
                self._every *= 2
        self._count += 1

    def columns(self) -> tuple[np.ndarray, np.ndarray]:
        """Return steps and values, each of shape (n,), with the first and the newest pair among them."""
        pairs = list(self._pairs)
        if self._newest is not None and pairs[-1] != self._newest:
            pairs.append(self._newest)
        table = np.array(pairs, float).reshape(-1, 2)
        return table[:, 0].copy(), table[:, 1].copy()
