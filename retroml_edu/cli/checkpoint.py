"""`retroml-edu checkpoint`: have a run of another process write down its exact state."""

from __future__ import annotations

import argparse
import time

from retroml_edu.cli.options import add_run, newest_run

PATIENCE_S = 30.0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `checkpoint` to the command line."""
    parser = subparsers.add_parser("checkpoint", help="have a run of another process write down its exact state now")
    add_run(parser, newest="the newest that goes on")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Ask the run for a checkpoint and wait until it is there.

    Raises:
        UnknownNameError: If there is no such run.
        RunBusyError: If the run makes no checkpoints, or has ended.
    """
    from retroml_edu.session.models import ask_for_checkpoint

    stored = newest_run(args, lambda row: not row.state.is_final)
    if stored is None:
        print("No run goes on.")
        return 0
    before = {(info.path, info.time_utc) for info in stored.checkpoints()}
    ask_for_checkpoint(stored)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and not stored.state.is_final:
        for info in stored.checkpoints():
            if info.reason == "request" and (info.path, info.time_utc) not in before:
                print(f"Run {stored.run_id}: checkpoint at step {info.step:,}, {stored.path / info.path}")
                return 0
        time.sleep(0.1)
    print(f"Run {stored.run_id} ({stored.state}) was asked for a checkpoint and has made none within {PATIENCE_S:g} s.")
    return 1
