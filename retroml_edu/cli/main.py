"""The entry of the command line: finds the command, runs it, turns a mistake into one line and an exit code."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from retroml_edu import __version__
from retroml_edu.analysis.diagnostics import diagnose, one_line, story
from retroml_edu.cli import (
    checkpoint,
    doctor,
    export,
    import_model,
    lab,
    lesson,
    prepare,
    report,
    resume,
    runs,
    settings,
    show,
    stop,
    test,
    train,
    verify,
)
from retroml_edu.core.errors import RetroMLError

COMMANDS = (
    lab,
    train,
    stop,
    checkpoint,
    resume,
    test,
    runs,
    show,
    export,
    report,
    import_model,
    verify,
    lesson,
    prepare,
    settings,
    doctor,
)
MISTAKE = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 well, 1 not done, 2 a mistake in what was asked.

    `verify` adds 3: not comparable on this machine.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a pipe may speak an old code page, on Windows above all
    parser = _parser()
    parsed = parser.parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader has seen enough, as in `retroml-edu runs | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left goes nowhere, without a word
        return 0
    except Exception as error:
        if not isinstance(error, RetroMLError | OSError) and diagnose(story(error)) is None:
            raise
        print(f"retroml-edu: {one_line(error)}", file=sys.stderr)
        return MISTAKE
    return code


class _Parser(argparse.ArgumentParser):
    """Says a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(MISTAKE, f"{self.prog}: {message} (more: {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="retroml-edu",
        description="Reinforcement learning that can be watched: train, film, compare, export.",
    )
    parser.add_argument("--version", action="version", version=f"retroml-edu {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser
