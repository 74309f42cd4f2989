"""`retroml-edu resume`: go on with a run that was left."""

from __future__ import annotations

import argparse

from retroml_edu.cli.interrupts import begun
from retroml_edu.cli.options import add_run, newest_run
from retroml_edu.cli.train import print_result


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `resume` to the command line."""
    parser = subparsers.add_parser(
        "resume",
        help="go on with a run that was stopped, failed or was lost",
        description="Go on with a run from its newest checkpoint, in the same folder. What it reports from there on, "
        "and the network, are those of the run that was never interrupted; what it had measured after the checkpoint "
        "counts no longer. A checkpoint that is damaged is named and passed over for an older one.",
    )
    add_run(parser, newest="the newest that was left")
    parser.add_argument("--step", type=int, help="step of another checkpoint, as `show` lists them")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train to the end and print what came of it.

    Raises:
        RetroMLError: If the run cannot go on.
    """
    from retroml_edu.session.experiment import see_through
    from retroml_edu.session.recovery import LEFT
    from retroml_edu.session.session import Session

    stored = newest_run(args, lambda row: row.state in LEFT)
    if stored is None:
        print("No run was left before its end.")
        return 0
    training = begun(lambda: Session(args.home).resume(stored.run_id, step=args.step))
    if not args.quiet:
        print(f"Going on with {stored.title}, run {stored.run_id}, from step {training.first_step:,}.", flush=True)
    result = see_through(training, progress=not args.quiet)
    print_result(result, training.config)
    return 0 if result.success else 1
