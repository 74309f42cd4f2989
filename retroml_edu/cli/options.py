"""Options that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from retroml_edu.core.errors import ConfigError
from retroml_edu.session.history import Run, list_runs, load_run
from retroml_edu.storage.index import RunRow

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


def newest_run(args: argparse.Namespace, suits: Callable[[RunRow], bool]) -> Run | None:
    """Return the run that the arguments name; if they name none, the newest that suits, or None if there is none.

    Raises:
        UnknownNameError: If there is no run of that name.
    """
    if args.run_id != LATEST:
        return chosen_run(args)
    row = next(filter(suits, list_runs(args.home)), None)
    return None if row is None else load_run(row.run_id, args.home)


def add_set(parser: argparse.ArgumentParser) -> None:
    """Add ``--set``."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a hyperparameter, such as --set learning_rate=0.001 (may be repeated)",
    )


def chosen_hyperparameters(args: argparse.Namespace) -> dict[str, Any]:
    """Return what ``--set`` says.

    Raises:
        ConfigError: If it is not of the form NAME=VALUE.
    """
    return dict(_assignment(text) for text in args.set)


def _assignment(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise ConfigError(f'--set "{text}" is no setting: write NAME=VALUE, as in --set learning_rate=0.001.')
    if value.lower() in ("none", "off"):
        return name, None
    if "," in value:
        return name, [part for part in value.split(",") if part]
    return name, value
