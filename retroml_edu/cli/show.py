"""`retroml-edu show`: one run in a few lines, or as it goes on."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator

from retroml_edu.cli.options import add_run, chosen_run
from retroml_edu.core.states import RunState
from retroml_edu.session.history import Run


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `show` to the command line."""
    parser = subparsers.add_parser("show", help="show one run")
    add_run(parser)
    parser.add_argument("--follow", action="store_true", help="go on until the run has ended")
    parser.add_argument("--json", action="store_true", help="config and summary, for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the run.

    Raises:
        UnknownNameError: If there is no such run.
    """
    stored = chosen_run(args)
    if args.json:
        print(json.dumps({"config": stored.config.to_json_dict(), "summary": dict(stored.summary)}, indent=2))
        return 0
    while args.follow and not stored.state.is_final:
        print(_line(stored), flush=True)
        time.sleep(2.0)
    _print(stored)
    return 0


def _line(stored: Run) -> str:
    from retroml_edu.figures.summary import text_summary

    return f"{stored.state}: {text_summary(stored.curves(), stored.config.algorithm)}"


def _print(stored: Run) -> None:
    from retroml_edu.session.importing import is_imported

    config = stored.config
    print(stored.title)
    print(f"  run       {stored.run_id}")
    print(f"  folder    {stored.path}")
    for what, text in _labels(stored):
        print(f"  {what:9} {text}")
    if config.parent is not None:
        print(
            f"  from      step {config.parent.step:,} of run {ascii(config.parent.run_id[:60])[1:-1]}"
        )  # a stranger's text
    if is_imported(stored.folder):
        print("  from      a model of plain stable-baselines3: its weights alone, nothing was trained here")
    print(f"  {_line(stored)}")
    print(
        f"  settings  {config.n_envs} environments, normalize={config.normalize}, device={config.device}, "
        f"engine={config.engine}, precision={config.precision}"
    )
    for name, value in config.hyperparameters.model_dump().items():
        print(f"            {name} = {value}")
    for info in stored.checkpoints():
        tag = f", {info.tag}" if info.tag else ""
        print(f"  saved     step {info.step:,} ({info.reason}{tag}), {info.time_utc[:16].replace('T', ' ')} UTC")
    for video in stored.videos():
        print(f"  video     {stored.path / video.path} (return {video.episode_return:g})")
    for sentence in _possible(stored):
        print(f"  next      {sentence}")


def _labels(stored: Run) -> Iterator[tuple[str, str]]:
    """Return what a person has said of the run, a line each."""
    labels = stored.labels
    if labels.name:
        yield "name", labels.name
    if labels.tags:
        yield "tags", ", ".join(labels.tags)
    for number, line in enumerate(labels.notes.splitlines()):
        yield ("" if number else "notes"), line


def _possible(stored: Run) -> Iterator[str]:
    """Say what can be done with a run that was left."""
    from retroml_edu.session.recovery import LEFT

    state, checkpoints = stored.state, stored.checkpoints()
    if state not in LEFT:
        return
    if state is RunState.LOST:
        yield "Its process ended without a word; everything up to its last lines is kept."
    if checkpoints:
        step = checkpoints[-1].step
        yield f"Resume it with `retroml-edu resume {stored.run_id}`: it goes on from step {step:,}."
    else:
        yield "It has no checkpoint to go on from: export its settings with `export --as yaml`, and train anew."
