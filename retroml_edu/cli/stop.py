"""`retroml-edu stop`: ask a run of another process to end."""

from __future__ import annotations

import argparse
import time

from retroml_edu.cli.options import add_run, newest_run

PATIENCE_S = 30.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `stop` to the command line."""
    parser = subparsers.add_parser("stop", help="stop a run that goes on in another process")
    add_run(parser, newest="the newest that goes on")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask the run to stop and wait until it has.

    Raises:
        UnknownNameError: If there is no such run.
    """
    from retroml_edu.storage.inbox import send_command

    stored = newest_run(args, lambda row: not row.state.is_final)
    if stored is None:
        print("No run goes on.")
        return 0
    if stored.state.is_final:
        print(f"Run {stored.run_id} has ended already: {stored.state}.")
        return 0
    print(f"Stopping {stored.title}, run {stored.run_id} …", flush=True)
    send_command(stored.folder, "stop")
    deadline = time.monotonic() + PATIENCE_S
    while not stored.state.is_final:
        if time.monotonic() > deadline:
            print(f"Run {stored.run_id} was asked to stop, but is still {stored.state} after {PATIENCE_S:g} s.")
            return 1
        time.sleep(0.1)
    print(f"Run {stored.run_id}: {stored.state}.")
    return 0
