"""`retroml-edu runs`: the list of runs."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

from retroml_edu.cli.options import add_home
from retroml_edu.cli.table import on_terminal, print_table
from retroml_edu.core.states import RunState

_SHORT = 8
"""Last characters of an id that a terminal shows: the first ones tell the time, and are alike for a day's runs."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `runs` to the command line."""
    parser = subparsers.add_parser("runs", help="list runs, newest first")
    parser.add_argument("--env", metavar="ID", help="only runs on this environment")
    parser.add_argument("--algo", metavar="NAME", help="only runs of this algorithm")
    parser.add_argument("--state", help="only runs in this state, such as done")
    parser.add_argument("--limit", type=int, default=20, help="at most so many (default: %(default)s; 0: all)")
    parser.add_argument("--json", action="store_true", help="for programs")
    add_home(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    from retroml_edu.session.history import list_runs
    from retroml_edu.storage.home import find_home

    algorithm = args.algo.upper() if args.algo else None
    rows = list_runs(args.home, env_id=args.env, algorithm=algorithm, state=args.state, limit=args.limit or None)
    if args.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return 0
    home = find_home(args.home)
    if not rows:
        print(f"No runs in {home.path} ({home.why}).")
        return 0
    shown = slice(-_SHORT, None) if on_terminal() else slice(None)
    named = not on_terminal() or any(row.name for row in rows)  # a terminal has no room for an empty column
    table = [
        [
            row.run_id[shown],
            row.env_id,
            row.algorithm,
            "" if row.seed is None else str(row.seed),
            str(row.state),
            f"{row.steps:,}",
            "" if row.return_mean is None else f"{row.return_mean:.1f}",
            row.created_utc[:16].replace("T", " "),
            *([row.name] if named else []),
        ]
        for row in rows
    ]
    header = ["run", "environment", "algo", "seed", "state", "steps", "return", "made (UTC)"]
    print_table([*header, "name"] if named else header, table)
    lost = [row for row in rows if row.state is RunState.LOST]
    if lost:
        print(
            f"{len(lost)} lost (the process ended without a word): `retroml-edu show {lost[0].run_id}` says what is "
            "possible.",
            file=sys.stderr,  # a program that reads the table sees rows only
        )
    return 0
