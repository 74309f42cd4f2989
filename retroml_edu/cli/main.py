"""The entry of the command line: finds the command, runs it, turns a mistake into one line and an exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from retroml_edu import __version__
from retroml_edu.cli import doctor, export, lab, runs, show, stop, test, train
from retroml_edu.core.errors import RetroMLError

COMMANDS = (lab, train, stop, test, runs, show, export, doctor)
MISTAKE = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 well, 1 not done, 2 a mistake in what was asked."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
    except RetroMLError as error:
        print(f"retroml-edu: {error}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough, as in `retroml-edu runs | head`
        sys.stderr.close()
        return 0
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="retroml-edu",
        description="Reinforcement learning that can be watched: train, film, compare, export.",
    )
    parser.add_argument("--version", action="version", version=f"retroml-edu {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser
