"""Gradients of many pictures, shared between two threads."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from functools import partial
from queue import SimpleQueue
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.autograd.graph import increment_version

from retroml_edu.core.background import carry_out
from retroml_edu.policies.threads import limit_torch_threads

FEWEST = 64
"""Pictures of a half that are worth a thread of their own: DQN's mini-batches of 32 took a quarter longer in halves."""


class Slope(NamedTuple):
    """What a mini-batch, or a part of one, says about where its loss falls.

    Attributes:
        gradients: One a parameter.
        told: What was measured on the way: means over the mini-batch, or what a part adds to them.
    """

    gradients: Sequence[Tensor]
    told: dict[str, float]

    def descend(self, optimizer: torch.optim.Optimizer, parameters: Sequence[nn.Parameter], longest: float) -> float:
        """Let an optimiser make a step.

        Args:
            optimizer: Of these parameters.
            parameters: One a gradient.
            longest: Norm that all gradients together are clipped to.

        Returns:
            Their norm before that: no number, or infinite, if one of them is.
        """
        for parameter, gradient in zip(parameters, self.gradients, strict=True):
            # A fused optimiser reads both as they lie in memory.
            alike = gradient.stride() == parameter.stride()
            parameter.grad = gradient if alike else torch.empty_like(parameter).copy_(gradient)
        norm = float(nn.utils.clip_grad_norm_(parameters, longest))
        optimizer.step()
        increment_version(parameters)  # fused optimisers do not
        return norm


_Job: TypeAlias = tuple[Callable[[], Slope], Future[Slope]]


class Halves:
    """Computes the two halves of a mini-batch side by side.

    torch's own threads meet after every operation, some thirty times a mini-batch: whoever takes a core from one of
    them for a moment keeps both waiting. Halves meet once.

    Each half is computed with half as many of torch's threads as the thread takes that makes this: one, on two cores.
    """

    def __init__(self) -> None:
        self._torch_threads = max(1, torch.get_num_threads() // 2)
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._started = False

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
        self._start()
        middle = count // 2
        halves = []
        for which in (slice(0, middle), slice(middle, count)):
            half: Future[Slope] = Future()
            self._jobs.put((partial(compute, which), half))
            halves.append(half)
        wait(halves)  # for both, whatever becomes of the first
        first, second = (half.result() for half in halves)
        torch._foreach_add_(list(first.gradients), list(second.gradients))
        return Slope(first.gradients, {name: first.told[name] + second.told[name] for name in first.told})

    def _start(self) -> None:
        # No executor of the standard library: those are closed before runs that Python's end has caught can end well.
        if not self._started:
            self._started = True
            for _ in range(2):
                work = (self._jobs, self._torch_threads)
                threading.Thread(target=_work, args=work, name="retroml-half", daemon=True).start()
            weakref.finalize(self, _end, self._jobs).atexit = False


def _work(jobs: SimpleQueue[_Job | None], torch_threads: int) -> None:
    limit_torch_threads(torch_threads)
    while (job := jobs.get()) is not None:
        carry_out(*job)
        del job  # what it computed is not kept until the next


def _end(jobs: SimpleQueue[_Job | None]) -> None:
    for _ in range(2):
        jobs.put(None)
