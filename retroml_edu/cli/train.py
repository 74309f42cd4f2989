"""`retroml-edu train`: a run from the command line."""

from __future__ import annotations

import argparse
import math
from typing import Any

from retroml_edu.cli.options import add_home
from retroml_edu.core.config import ALGORITHMS, RUN_LENGTHS, ExperimentConfig
from retroml_edu.core.errors import ConfigError
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.core.results import RunResult


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `train` to the command line."""
    parser = subparsers.add_parser("train", help="train an agent")
    parser.add_argument("--env", required=True, metavar="ID", help="Gymnasium id, such as CartPole-v1 or ALE/Pong-v5")
    parser.add_argument("--algo", default="PPO", metavar="NAME", help=f"{', '.join(ALGORITHMS)} (default: %(default)s)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="how many environment steps")
    length.add_argument("--length", choices=tuple(RUN_LENGTHS), help="a preset length (default: quick, 10,000 steps)")
    length.add_argument("--minutes", type=float, help="how long; the machine's speed is measured first")
    parser.add_argument("--seed", type=int, help="seed of all random draws (default: drawn, and shown)")
    parser.add_argument("--n-envs", type=int, help="environments side by side (default: tuned)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (default: %(default)s)")
    parser.add_argument("--no-video", action="store_true", help="record no videos")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a hyperparameter, such as --set learning_rate=0.001 (may be repeated)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_home(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train and print what came of it.

    Raises:
        RetroMLError: If it cannot start.
    """
    config = config_of(args)
    from retroml_edu.session.experiment import run_experiment

    if args.minutes is not None:
        config = _lasting(config, args)
    result = run_experiment(config, args.home, progress=not args.quiet)
    _report(result, config)
    return 0 if result.success else 1


def config_of(args: argparse.Namespace) -> ExperimentConfig:
    """Return the config that the arguments describe.

    Raises:
        ConfigError: If they describe none.
    """
    settings: dict[str, Any] = {"env_id": args.env, "algorithm": args.algo, "device": args.device}
    if args.steps is not None:
        settings |= {"run_type": "custom", "total_timesteps": args.steps}
    elif args.length is not None:
        settings["run_type"] = args.length
    if args.minutes is not None and not 0 < args.minutes < math.inf:
        raise ConfigError(f"--minutes {args.minutes:g} is no time to train: give a number above 0.")
    settings |= {name: value for name in ("seed", "n_envs") if (value := getattr(args, name)) is not None}
    if args.no_video:
        settings["video"] = {"enabled": False}
    settings["hyperparameters"] = dict(_assignment(text) for text in args.set)
    return ExperimentConfig(**settings)


def _assignment(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign or not name:
        raise ConfigError(f'--set "{text}" is no setting: write NAME=VALUE, as in --set learning_rate=0.001.')
    if value.lower() in ("none", "off"):
        return name, None
    if "," in value:
        return name, [part for part in value.split(",") if part]
    return name, value


def _lasting(config: ExperimentConfig, args: argparse.Namespace) -> ExperimentConfig:
    from retroml_edu.session.session import Session
    from retroml_edu.session.speed import lasting

    print("Measuring this machine's speed …", flush=True)
    speed = Session(args.home).measure_speed(config)
    timed = lasting(config, args.minutes * 60, speed)
    print(f"{speed:,.0f} steps a second: {args.minutes:g} minutes are about {timed.total_timesteps:,} steps.")
    return timed


def _report(result: RunResult, config: ExperimentConfig) -> None:
    mean = result.summary.get("return_mean")
    name = f"{config.env_id} {config.algorithm} seed {config.seed}"
    print(f"{result.state}: {name}, {result.training_time_s:.1f} s of training")
    if result.error:
        print(f"  error     {result.error}")
    if mean is not None:
        print(f"  return    {mean:.1f}, mean of the last {RETURN_WINDOW} episodes")
        print("            (one seed: no conclusion about the algorithm)")
    print(f"  run       {result.run_id}")
    print(f"  folder    {result.path}")
    if result.video_path:
        print(f"  video     {result.video_path}")
