"""`retroml-edu report`: everything about a run in one file."""

from __future__ import annotations

import argparse
from pathlib import Path

from retroml_edu.cli.options import add_run, chosen_run


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `report` to the command line."""
    parser = subparsers.add_parser("report", help="write a report of a run: settings, machine, curves, what they mean")
    add_run(parser)
    parser.add_argument(
        "--format", default="", metavar="FORM", help="html, json or text (default: as --out ends, else html)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="file or folder (default: the current folder)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the report and print its path.

    Raises:
        RetroMLError: If the run, the form or the target is not there.
    """
    print(chosen_run(args).report(args.format.lower(), args.out))
    return 0
