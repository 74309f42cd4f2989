"""Compiling all kernels, once for each version, person and processor; from then on they are read in a moment."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable

from retroml_edu.core import compilation

_LAST = "retroml_edu.training.fast.algorithms"
PARTS = (
    "retroml_edu.envs.compiled.dynamics",
    "retroml_edu.envs.compiled.games",
    "retroml_edu.training.fast.linear",
    "retroml_edu.training.fast.network",
    "retroml_edu.training.fast.optimizers",
    "retroml_edu.training.fast.actor_critic",
    "retroml_edu.training.fast.advantages",
    "retroml_edu.training.fast.rollouts",
    "retroml_edu.training.fast.slopes",
    "retroml_edu.training.fast.updates",
    "retroml_edu.training.fast.q_learning",
)
"""Modules of kernels, each after those that it calls."""


def prepare(report: Callable[[int, int], None] = lambda _done, _of: None) -> None:
    """Import everything that the fast engine needs, and compile what was never compiled before.

    Args:
        report: Told before each part that this process has to wait for how many are done, and of how many; not at all
            if nothing has to be compiled. What it raises ends the preparation, of which nothing is lost.

    Threads: any; numba compiles in one at a time.
    """
    if compilation.is_warm():
        importlib.import_module(_LAST)
        return
    for done, name in enumerate(PARTS):
        if not is_imported(name):
            report(done, len(PARTS))
            importlib.import_module(name)
    importlib.import_module(_LAST)
    compilation.mark_warm()


def is_imported(name: str) -> bool:
    """Return whether a module is there to its end: while another thread imports it, Python lists it already."""
    spec = getattr(sys.modules.get(name), "__spec__", None)
    return spec is not None and not getattr(spec, "_initializing", False)  # as the import system itself asks
