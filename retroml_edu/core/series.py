"""A curve that grows without growing: as points come in, neighbours are merged into buckets."""

from __future__ import annotations

from collections import deque

import numpy as np


class Series:
    """A bounded record of (step, value) points.

    Up to `capacity` points are kept as they are. When there are more, neighbours are merged two by two into
    buckets of mean, lowest and highest value, and each further point joins the bucket that is being filled. So
    memory and the cost of reading are bounded, and the cost of adding a point is constant on average.

    Args:
        capacity: Most buckets kept; even.

    Threads: not safe; its owner locks.
    """

    def __init__(self, capacity: int = 1_000) -> None:
        if capacity < 2 or capacity % 2:
            raise ValueError(f"capacity={capacity} must be even and at least 2.")
        self.count = 0
        self.points_per_bucket = 1
        self._capacity = capacity
        self._step = np.zeros(capacity)
        self._sum = np.zeros(capacity)
        self._low = np.zeros(capacity)
        self._high = np.zeros(capacity)
        self._size = np.zeros(capacity)
        self._filled = 0
        self._newest = float("nan")

    def add(self, step: float, value: float) -> None:
        """Add a point; steps never fall."""
        self._newest = value
        last = self._filled - 1
        if last >= 0 and self._size[last] < self.points_per_bucket:
            self._sum[last] += value
            self._low[last] = min(self._low[last], value)
            self._high[last] = max(self._high[last], value)
            self._size[last] += 1
            self._step[last] = step
        else:
            if self._filled == self._capacity:
                self._merge()
            new = self._filled
            self._step[new], self._sum[new], self._low[new], self._high[new] = step, value, value, value
            self._size[new] = 1
            self._filled += 1
        self.count += 1

    def extend(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Add many points at once; bit for bit the same as adding one after the other.

        Args:
            steps: Shape (n,), never falling.
            values: Shape (n,).
        """
        done, end = 0, len(values)
        while done < end:
            last = self._filled - 1
            room = self.points_per_bucket - int(self._size[last]) if last >= 0 else 0
            if room > 0:
                taken = slice(done, min(done + room, end))
                self._top_up(last, steps[taken], values[taken])
                done = taken.stop
                continue
            if self._filled == self._capacity:
                self._merge()
            buckets = min((end - done) // self.points_per_bucket, self._capacity - self._filled)
            if buckets:
                taken = slice(done, done + buckets * self.points_per_bucket)
                self._fill(steps[taken], values[taken])
                done = taken.stop
            else:
                self.add(float(steps[done]), float(values[done]))
                self.count -= 1
                done += 1
        if end:
            self._newest = float(values[-1])
            self.count += end

    def _top_up(self, last: int, steps: np.ndarray, values: np.ndarray) -> None:
        # cumsum, not sum: it adds in the order in which single points would be added.
        self._sum[last] = np.cumsum(np.append(self._sum[last], values))[-1]
        if self._low[last] == self._low[last]:  # a bucket that began with NaN stays so, and later ones are passed over
            self._low[last] = np.fmin(self._low[last], np.fmin.reduce(values))
            self._high[last] = np.fmax(self._high[last], np.fmax.reduce(values))
        self._size[last] += len(values)
        self._step[last] = steps[-1]

    def _fill(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Add as many whole buckets as the points make; there is room for them."""
        points = values.reshape(-1, self.points_per_bucket)
        new = slice(self._filled, self._filled + len(points))
        first = points[:, 0]
        self._step[new] = steps[self.points_per_bucket - 1 :: self.points_per_bucket]
        self._sum[new] = np.cumsum(points, axis=1)[:, -1]
        self._low[new] = np.where(np.isnan(first), np.nan, np.fmin.reduce(points, axis=1))
        self._high[new] = np.where(np.isnan(first), np.nan, np.fmax.reduce(points, axis=1))
        self._size[new] = self.points_per_bucket
        self._filled = new.stop

    @property
    def step(self) -> np.ndarray:
        """Step of the newest point of each bucket, shape (n,)."""
        return self._step[: self._filled].copy()

    @property
    def mean(self) -> np.ndarray:
        """Mean value of each bucket, shape (n,)."""
        return self._sum[: self._filled] / self._size[: self._filled]

    @property
    def low(self) -> np.ndarray:
        """Lowest value in each bucket, shape (n,)."""
        return self._low[: self._filled].copy()

    @property
    def high(self) -> np.ndarray:
        """Highest value in each bucket, shape (n,)."""
        return self._high[: self._filled].copy()

    @property
    def last(self) -> float:
        """The newest value itself, whatever was merged; NaN while there is none."""
        return float(self._newest)

    def _merge(self) -> None:
        half = self._capacity // 2
        self._step[:half] = self._step[1::2]
        self._sum[:half] = self._sum[0::2] + self._sum[1::2]
        self._low[:half] = np.minimum(self._low[0::2], self._low[1::2])
        self._high[:half] = np.maximum(self._high[0::2], self._high[1::2])
        self._size[:half] = self._size[0::2] + self._size[1::2]
        self._filled = half
        self.points_per_bucket *= 2


class MovingMean:
    """Mean of the newest values.

    Args:
        window: How many values it looks back over.
    """

    def __init__(self, window: int) -> None:
        self._values: deque[float] = deque(maxlen=window)

    def add(self, value: float) -> float:
        """Add a value and return the mean of the window, which is shorter at the start."""
        self._values.append(value)
        return sum(self._values) / len(self._values)

    def extend(self, values: np.ndarray) -> np.ndarray:
        """Add many values at once, and return the mean after each of them; a million take a moment.

        Args:
            values: Shape (n,).
        """
        window = self._values.maxlen or 1
        before = list(self._values)[1 - window :] if window > 1 else []
        known = np.concatenate([before, values])
        means = np.zeros(len(values))
        for back in range(min(window, len(known))):
            first = max(0, back - len(before))
            means[first:] += known[len(before) + first - back : len(known) - back]
        means /= np.minimum(np.arange(len(before), len(known)) + 1, window)
        self._values.extend(values[-window:].tolist())
        return means
