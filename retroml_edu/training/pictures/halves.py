"""Work on many pictures, shared between two threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from retroml_edu.policies.threads import stay_with_one_torch_thread

Half = TypeVar("Half")

FEWEST = 16
"""Pictures of a half that are worth a thread of their own."""


class Halves:
    """Computes two halves of a batch side by side.

    torch's own threads meet after every operation, some thirty times a mini-batch: whoever takes a core from one of
    them for a moment keeps both waiting. Halves meet once.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(2, "retroml-half", initializer=stay_with_one_torch_thread)

    def __call__(self, compute: Callable[[slice], Half], count: int) -> list[Half]:
        """Compute the first and the second half of a batch; all of it in this thread, if it is small.

        Args:
            compute: Takes which of the batch it is to compute, and the thread for itself.
            count: Size of the batch.

        Raises:
            Exception: What `compute` raised; both halves have ended then.
        """
        if count < 2 * FEWEST:
            return [compute(slice(0, count))]
        middle = count // 2
        halves = [self._threads.submit(compute, which) for which in (slice(0, middle), slice(middle, count))]
        wait(halves)
        return [half.result() for half in halves]
