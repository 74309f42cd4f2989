"""`retroml-edu prepare`: compile the fast engine and the lessons' algorithms now, so that nobody has to wait for it."""

from __future__ import annotations

import argparse
import importlib
import sys

LESSON_PARTS = (
    "retroml_edu.tabular.bandit_kernels",
    "retroml_edu.tabular.learning_kernels",
    "retroml_edu.tabular.prediction_kernels",
    "retroml_edu.tabular.bias_kernels",
    "retroml_edu.tabular.car_kernels",
)
"""Modules of kernels that lessons take their algorithms from."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `prepare` to the command line."""
    parser = subparsers.add_parser(
        "prepare", help="compile the fast engine and the lessons' algorithms for this machine, once"
    )
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """Compile what was not compiled yet."""
    from retroml_edu.core import compilation
    from retroml_edu.training.fast.preparation import prepare

    warm = compilation.is_warm() and compilation.is_warm(compilation.LESSONS)
    prepare(lambda done, of: _show("the fast engine", done, of))
    prepare_lessons()
    problem = compilation.cache_problem()
    if problem:
        print(f"The fast engine works, and each start will compile it again: {problem}")
    else:
        print(f"The fast engine and the lessons' algorithms {'were compiled already' if warm else 'are compiled'}.")
    return 0


def prepare_lessons() -> None:
    """Compile the algorithms of lessons, unless they are kept compiled."""
    from retroml_edu.core import compilation

    if compilation.is_warm(compilation.LESSONS):
        return
    for done, name in enumerate(LESSON_PARTS):
        _show("the lessons' algorithms", done, len(LESSON_PARTS))
        importlib.import_module(name)
    compilation.mark_warm(compilation.LESSONS)


def _show(what: str, done: int, of: int) -> None:
    print(f"Compiling {what}, once on this machine: part {done + 1} of {of}", file=sys.stderr)
