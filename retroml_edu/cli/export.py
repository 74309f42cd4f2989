"""`retroml-edu export`: take a run's data away."""

from __future__ import annotations

import argparse
from pathlib import Path

from retroml_edu.cli.options import add_run, chosen_run


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `export` to the command line."""
    parser = subparsers.add_parser("export", help="write a run's data to a file")
    add_run(parser)
    parser.add_argument(
        "--as", dest="what", default="csv", metavar="FORM", help="csv, json, png, svg, html, yaml or zip"
    )
    parser.add_argument("--to", type=Path, metavar="PATH", help="file or folder (default: the current folder)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the file and print its path.

    Raises:
        RetroMLError: If the run, the form or the target is not there.
    """
    print(chosen_run(args).export(args.what.lower(), args.to))
    return 0
