"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

from retroml_edu.session.history import Run, list_runs, load_run

LATEST = "latest"


def add_home(parser: argparse.ArgumentParser) -> None:
    """Add ``--home``."""
    parser.add_argument("--home", type=Path, metavar="FOLDER", help="where runs live (default: as `doctor` says)")


def add_run(parser: argparse.ArgumentParser, newest: str = "the newest") -> None:
    """Add the run that a command is about, and ``--home``."""
    parser.add_argument(
        "run_id",
        metavar="RUN",
        nargs="?",
        default=LATEST,
        help=f"its id, or the first characters of it (default: {newest})",
    )
    add_home(parser)


def chosen_run(args: argparse.Namespace) -> Run:
    """Return the run that the arguments name.

    Raises:
        UnknownNameError: If there is none.
    """
    if args.run_id == LATEST:
        rows = list_runs(args.home, limit=1)
        if rows:
            return load_run(rows[0].run_id, args.home)
    return load_run(args.run_id, args.home)
