"""Processes of their own for what is measured: each as it would be if the other were not there."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

_WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
"""How torch's threads wait for work: our package sets it, for this process and those that it starts."""


@contextmanager
def apart(*, ours: bool) -> Iterator[Executor]:
    """Start one process that computes, one thing after the other, what it is given.

    What our package sets for a whole process, memory that is kept and threads that hardly spin, then holds for ours
    alone: others run as they do without us. It begins to load while the caller goes on.

    Args:
        ours: Whether our package is loaded before anything else, as in a notebook.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), _load_ours if ours else _forget_ours) as process:
        process.submit(_load)
        yield process


def measured_in(process: Executor, measure: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Return what a function finds in a process, which has to be able to import it."""
    return process.submit(measure, *arguments, **named).result()


def _load() -> None:
    # Torch comes first there, and looks at how its threads are to wait.
    importlib.import_module("tests.benchmarks.contestants")


def _load_ours() -> None:
    importlib.import_module("retroml_edu")


def _forget_ours() -> None:
    for name in _WAITING:
        os.environ.pop(name, None)
