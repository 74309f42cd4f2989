"""`retroml-edu prepare`: compile the fast engine now, so that no first run has to wait for it."""

from __future__ import annotations

import argparse
import sys


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `prepare` to the command line."""
    parser = subparsers.add_parser("prepare", help="compile the fast engine for this machine, once")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """Compile what was not compiled yet."""
    from retroml_edu.core import compilation
    from retroml_edu.training.fast.preparation import prepare

    warm = compilation.is_warm()
    prepare(_show)
    problem = compilation.cache_problem()
    if problem:
        print(f"The fast engine works, and each start will compile it again: {problem}")
    else:
        print(f"The fast engine {'was compiled already' if warm else 'is compiled'}.")
    return 0


def _show(done: int, of: int) -> None:
    print(f"Compiling the fast engine, once on this machine: part {done + 1} of {of}", file=sys.stderr)
