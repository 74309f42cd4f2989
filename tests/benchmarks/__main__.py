"""Run benchmarks, or all of them: ``python -m tests.benchmarks [NAME ...] [--pairs N] [--quick] [--keep]``."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.kept import against_kept, keep, keep_only, read_kept
from tests.benchmarks.measuring import Report, Scale

BENCHMARKS = {
    "engines": "small networks against stock stable-baselines3 (and sbx): speed, and what is left to win",
    "pictures": "Atari against stock stable-baselines3, sbx and a plain loop: training, environments, updates, memory",
    "goals": "seconds to a mean return, ours against stock stable-baselines3, many seeds",
    "company": "a run beside a busy neighbour, and two runs at once, ours and stock's",
    "panel": "training with the panel open in JupyterLab against the same run without it",
    "latency": "how fast the kernel answers while an agent trains, and how fast Stop stops",
    "first_run": "from Train to the first point and the first and last video, in JupyterLab",
    "cost": "imports, Lab(), one tick of the panel, storage and event bus",
    "averages": "many random walks at once, for sliders of lessons: compiled against one episode after another",
    "trust": "checkpoints, digest and determinism against the same run without them",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what was asked for; each prints its table as soon as it is done."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.keep and asked.quick:
        parser.error("figures of --quick mean nothing: leave out --keep, or --quick")
    os.environ.update(SDL_VIDEODRIVER="dummy", MPLBACKEND="agg")
    scale = Scale(pairs=asked.pairs or (1 if asked.quick else 5), quick=asked.quick)
    reports = {}
    for name in asked.names or BENCHMARKS:
        began = time.monotonic()
        found: list[Report] = []
        before = read_kept()
        for report in importlib.import_module(f"tests.benchmarks.{name}").run(scale):
            found.append(report)
            print(report.to_markdown(), end="\n\n", flush=True)
            if asked.keep:
                keep(name, report)
        changes = "" if scale.quick else against_kept(name, found, before)
        if changes:
            print(changes, end="\n\n", flush=True)
        if asked.keep:
            keep_only(name, [report.title for report in found])
        trial = " Tried out with --quick: these figures mean nothing." if scale.quick else ""
        print(f"`{name}` took {time.monotonic() - began:.0f} s.{trial}\n", flush=True)
        reports[name] = [report.to_json_dict() for report in found]
        if asked.json:
            asked.json.write_text(json.dumps(reports, indent=1), "utf-8")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description="Measure speed, on a machine that does nothing else.",
        epilog="\n".join(f"{name:10} {about}" for name, about in BENCHMARKS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # `choices` would refuse the empty list that stands for all.
    parser.add_argument("names", nargs="*", metavar="NAME", type=_known, help="which to run; all, if left out")
    parser.add_argument("--pairs", type=int, help="how often baseline and ours alternate (5)")
    parser.add_argument("--quick", action="store_true", help="one short pair each, to see that they work")
    parser.add_argument("--keep", action="store_true", help="into kept.json and the README, for later comparisons")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every single value there")
    return parser


def _known(name: str) -> str:
    if name not in BENCHMARKS:
        raise argparse.ArgumentTypeError(f'there is no benchmark "{name}": choose from {", ".join(BENCHMARKS)}')
    return name


if __name__ == "__main__":
    main()
