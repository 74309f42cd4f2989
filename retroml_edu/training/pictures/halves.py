"""Gradients of many pictures, shared between two threads."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import NamedTuple

import torch
from torch import Tensor, nn

from retroml_edu.policies.threads import stay_with_one_torch_thread

FEWEST = 16
"""Pictures of a half that are worth a thread of their own."""


class Slope(NamedTuple):
    """What a mini-batch, or a part of one, says about where its loss falls.

    Attributes:
        gradients: One a parameter.
        told: What was measured on the way: means over the mini-batch, or what a part adds to them.
    """

    gradients: Sequence[Tensor]
    told: dict[str, float]

    def hand_to(self, parameters: Sequence[nn.Parameter]) -> None:
        """Let an optimiser step by these gradients."""
        for parameter, gradient in zip(parameters, self.gradients, strict=True):
            # A fused optimiser reads both as they lie in memory, where channels last make them differ.
            parameter.grad = gradient.contiguous()


class Halves:
    """Computes the two halves of a mini-batch side by side.

    torch's own threads meet after every operation, some thirty times a mini-batch: whoever takes a core from one of
    them for a moment keeps both waiting. Halves meet once.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(2, "retroml-half", initializer=stay_with_one_torch_thread)

    def __call__(self, compute: Callable[[slice], Slope], count: int) -> Slope:
        """Compute a mini-batch in two halves; a small one whole, and in this thread.

        Args:
            compute: Takes which part of the mini-batch it is to compute; each part in a thread of its own.
            count: Size of the mini-batch.

        Raises:
            Exception: What `compute` raised; both halves have ended then.
        """
        if count < 2 * FEWEST:
            return compute(slice(0, count))
        middle = count // 2
        halves = [self._threads.submit(compute, which) for which in (slice(0, middle), slice(middle, count))]
        wait(halves)
        first, second = (half.result() for half in halves)
        torch._foreach_add_(list(first.gradients), list(second.gradients))
        told = {name: math.fsum((first.told[name], second.told[name])) for name in first.told}
        return Slope(first.gradients, told)
