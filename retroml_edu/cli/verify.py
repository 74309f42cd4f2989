"""`retroml-edu verify`: check that a run is what it claims to be."""

from __future__ import annotations

import argparse
import textwrap
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from retroml_edu.cli.options import add_run, chosen_run
from retroml_edu.core.errors import ConfigError

if TYPE_CHECKING:
    from retroml_edu.session.history import Run
    from retroml_edu.session.verification import Verification

EXIT_CODES = {"identical": 0, "altered": 1, "not comparable here": 3}
_BAR = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `verify` to the command line."""
    parser = subparsers.add_parser(
        "verify",
        help="check a run by its files, and by training parts of it again",
        description="Compare the files of a run with its certificate, then train stretches of it again and compare "
        "every value and state: the beginning and the steepest rise of the return in any case. On another kind of "
        "machine the first update alone is trained again, within a tolerance.",
        epilog="Exit codes: 0 identical, 1 altered, 2 the check could not be made, 3 not comparable on this machine.",
    )
    add_run(parser)
    much = parser.add_mutually_exclusive_group()
    much.add_argument("--share", type=float, help="train at least this share of the run again (default: 0.2)")
    much.add_argument("--all", action="store_true", help="train the whole run again")
    much.add_argument("--prefix", type=int, metavar="STEPS", help="train the first steps again, to the next checkpoint")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check and print the verdict.

    Raises:
        RetroMLError: If the run cannot be checked.
    """
    from retroml_edu.session.verification import DEFAULT_SHARE, verify

    if args.prefix is not None and args.prefix < 1:
        raise ConfigError(f"--prefix {args.prefix}: give a number of steps, 1 or more.")
    share = DEFAULT_SHARE if args.share is None else args.share
    stored = chosen_run(args)
    bar: tqdm[Any]
    with tqdm(total=1.0, desc=stored.title, bar_format=_BAR, smoothing=0, disable=args.quiet) as bar:

        def progress(done: float, what: str) -> None:
            bar.set_description_str(what, refresh=False)
            bar.update(min(done, 1.0) - bar.n)

        found = verify(stored, share=1.0 if args.all else share, prefix_steps=args.prefix, progress=progress)
        progress(1.0, "checked")
    _print(stored, found)
    return EXIT_CODES[str(found.verdict)]


def _print(stored: Run, found: Verification) -> None:
    print(f"{found.verdict}: {stored.title}, run {stored.run_id}")
    for finding in found.findings[:1]:
        print(f"  first difference  {finding}")
    for finding in found.findings[1:]:
        print(f"  further           {finding}")
    for difference in found.environment:
        print(f"  other machine     {difference}")
    for note in found.notes:
        print(f"  looked at         {note}")
    print(f"  trained again     {found.share:.0%} of the steps")
    files_only = not (found.findings or found.environment or found.share)
    meaning = _FILES_ONLY if files_only else _MEANINGS[str(found.verdict)]
    print(f"  what it means     {meaning}")
    print(textwrap.fill(found.statement, 110, initial_indent="  ", subsequent_indent="  "))


_FILES_ONLY = "The files agree with each other. Nothing was trained again, so how they came about was not looked at."
_MEANINGS = {
    "identical": "What was looked at is what the config leads to, bit for bit.",
    "altered": "The run is not what its config leads to, or its files do not belong together.",
    "not comparable here": "This machine computes other last digits, so nothing can be said to the bit; nothing that "
    "was looked at contradicts the run.",
}
