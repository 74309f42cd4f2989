"""Run campaigns: ``python -m tests.campaigns [NAME ...] [--seed N] [--count N] [--out FOLDER] ...``."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

CAMPAIGNS = {
    "kills": "kill -9 at random moments, then resume and compare bit for bit (count: kills)",
    "faults": "full disk, I/O errors, read-only folder at every write site (count: faults at most)",
    "fuzz": "malformed files of every kind (count: inputs)",
    "table": "the same run eight times, watched and disturbed or not (count: configs at most)",
    "engines": "do fast engine and stable-baselines3 learn alike? (count: seeds of the latter, twice as many of ours)",
    "lessons": "seconds until the fast forms of games are learned, confirmed by examinations (count: seeds)",
    "precision": "is a game learned from pictures in bfloat16 as in float32? (count: seeds)",
    "search": "settings with which they are learned soonest (count: candidates beside the preset)",
    "presets": "how far the presets of environments that are observed as numbers come (count: seeds)",
    "insights": "how often is what curves are said to show right? on runs of known health (count: seeds)",
    "tutorial": "the run that ships with the tutorial (count: steps)",
    "long": "memory, tick, checkpoint and file handles over a long run (count: steps)",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; return how many campaigns found failures."""
    asked = _parser().parse_args(arguments)
    # Read when the libraries are first imported. One thread each, so that sums come out the same on every machine;
    # but for those that measure seconds.
    os.environ.update(SDL_VIDEODRIVER="dummy", MPLBACKEND="agg")
    if not {"lessons", "precision", "search"} & set(asked.names):
        os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    from tests.benchmarks.measuring import Machine
    from tests.campaigns.outcome import Request

    failed = 0
    for name in asked.names or CAMPAIGNS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix=f"retroml-{name}-", ignore_cleanup_errors=True) as place:
            os.environ["RETROML_HOME"] = str(Path(place, "nowhere"))  # whatever forgets its home stays in here
            request = Request(
                Path(place), asked.seed, asked.count, asked.picture, asked.out, asked.only, keep=asked.keep
            )
            outcome = importlib.import_module(f"tests.campaigns.{name}").run(request)
        print(outcome.to_markdown(), end="\n\n", flush=True)
        print(f"`{name}` with seed {asked.seed} took {time.monotonic() - began:.0f} s on {Machine().describe()}.\n")
        failed += bool(outcome.failures)
    return failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.campaigns",
        description="Attack what a run promises. Exits with the number of campaigns that found something.",
        epilog="\n".join(f"{name:9} {about}" for name, about in CAMPAIGNS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # `choices` would refuse the empty list that stands for all.
    parser.add_argument("names", nargs="*", metavar="NAME", type=_known, help="which to run; all, if left out")
    parser.add_argument("--seed", type=int, default=1, help="of every draw (1)")
    parser.add_argument("--count", type=int, help="how many attempts; what one is, is said below")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the curve of `long` into a .png or .svg")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="where `engines`, `insights`, `lessons`, `precision` and `search` keep runs",
    )
    parser.add_argument("--only", metavar="TEXT", help="lessons and insights whose environment's id contains it")
    parser.add_argument("--keep", action="store_true", help="`insights`, `presets`, `tutorial`: into the package")
    return parser


def _known(name: str) -> str:
    if name not in CAMPAIGNS:
        raise argparse.ArgumentTypeError(f'there is no campaign "{name}": choose from {", ".join(CAMPAIGNS)}')
    return name


if __name__ == "__main__":
    sys.exit(main())
