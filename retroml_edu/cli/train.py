"""`retroml-edu train`: a run from the command line."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retroml_edu.analysis.diagnostics import diagnose
from retroml_edu.cli import train_on
from retroml_edu.cli.interrupts import begun
from retroml_edu.cli.options import add_home, add_set, chosen_hyperparameters
from retroml_edu.core.config import ALGORITHMS, RUN_LENGTHS, ExperimentConfig
from retroml_edu.core.errors import ConfigError
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.core.results import RunResult
from retroml_edu.core.states import RunState
from retroml_edu.storage.config_files import read_config_file

if TYPE_CHECKING:
    from retroml_edu.session.run import TrainingRun
    from retroml_edu.session.session import Session


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `train` to the command line."""
    parser = subparsers.add_parser("train", help="train an agent")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help="settings in YAML or JSON, as `export --as yaml` writes them; every other option goes before what it says",
    )
    parser.add_argument("--env", metavar="ID", help="Gymnasium id, such as CartPole-v1 or ALE/Pong-v5")
    parser.add_argument("--algo", metavar="NAME", help=f"{', '.join(ALGORITHMS)} (default: PPO)")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="how many environment steps")
    length.add_argument(
        "--length",
        choices=tuple(RUN_LENGTHS),
        help="a preset length (default: quick, 10,000 steps, or what a game made for lessons needs)",
    )
    length.add_argument("--minutes", type=float, help="how long; the machine's speed is measured first")
    parser.add_argument("--seed", type=int, help="seed of all random draws (default: drawn, and shown)")
    parser.add_argument("--n-envs", type=int, help="environments side by side (default: tuned)")
    parser.add_argument("--device", help="auto, cpu, cuda or mps (default: auto)")
    parser.add_argument("--engine", help="who trains: auto, fast or sb3 (default: auto)")
    parser.add_argument("--precision", help="of pictures on the fast engine: float32 or bfloat16 (default: float32)")
    parser.add_argument(
        "--deterministic", action="store_true", help="one thread, on the CPU: the same bits on machines of one type"
    )
    parser.add_argument("--no-video", action="store_true", help="record no videos")
    parser.add_argument("--no-checkpoints", action="store_true", help="keep no exact states to resume from")
    add_set(parser)
    train_on.add_origin(parser)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    add_home(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Train and print what came of it.

    Raises:
        RetroMLError: If it cannot start.
    """
    from retroml_edu.session.experiment import see_through

    training = train_on.extended(args) if args.from_run is not None else _started(args)
    result = see_through(training, progress=not args.quiet)
    print_result(result, training.config)
    return 0 if result.success else 1


def _started(args: argparse.Namespace) -> TrainingRun:
    from retroml_edu.session.session import Session

    if args.schedules is not None:
        raise ConfigError("--schedules goes with --from: those of a new run begin with it.")
    weights, base = None, None
    if args.weights_of is not None:
        weights, base = train_on.weights_and_config(args)
    config = config_of(args, base)
    session = Session(args.home)
    if args.minutes is not None:
        config = _lasting(session, config, args.minutes)
    return begun(lambda: session.start(config, weights=weights))


def config_of(args: argparse.Namespace, base: ExperimentConfig | None = None) -> ExperimentConfig:
    """Return the config that the arguments describe.

    Args:
        args: What was typed.
        base: What the options go before; the file that they name, or the environment's defaults, if left out.

    Raises:
        ConfigError: If they describe none.
    """
    if args.minutes is not None and not 0 < args.minutes < math.inf:
        raise ConfigError(f"--minutes {args.minutes:g} is no time to train: give a number above 0.")
    settings = {field: value for name, field in _FIELDS.items() if (value := getattr(args, name)) is not None}
    if args.steps is not None:
        settings |= {"run_type": "custom", "total_timesteps": args.steps}
    if args.deterministic:
        settings["deterministic"] = True
    chosen = chosen_hyperparameters(args)
    base = base or _base(args)
    for name in ("video", "checkpoints"):
        if getattr(args, f"no_{name}"):
            settings[name] = getattr(base, name).model_dump() | {"enabled": False}
    if chosen:
        settings["hyperparameters"] = _set_before(base, settings.get("algorithm", base.algorithm)) | chosen
    return base.changed(**settings)


_FIELDS = {
    "env": "env_id",
    "algo": "algorithm",
    "length": "run_type",
    "seed": "seed",
    "n_envs": "n_envs",
    "device": "device",
    "engine": "engine",
    "precision": "precision",
}
"""Fields of the config by the names of the options that set them."""


def _base(args: argparse.Namespace) -> ExperimentConfig:
    if args.config is not None:
        return read_config_file(args.config)
    if args.env is None:
        raise ConfigError("the following arguments are required: --env ID, or --config FILE, or --from RUN.")
    return ExperimentConfig(env_id=args.env)


def _set_before(base: ExperimentConfig, algorithm: str) -> dict[str, Any]:
    """Return the hyperparameters that the base sets, if they are of this algorithm."""
    if algorithm.upper() != base.algorithm:
        return {}
    return {name: getattr(base.hyperparameters, name) for name in base.hyperparameters.model_fields_set}


def _lasting(session: Session, config: ExperimentConfig, minutes: float) -> ExperimentConfig:
    from retroml_edu.session.speed import lasting

    print("Measuring this machine's speed …", flush=True)
    speed = session.measure_speed(config)
    timed = lasting(config, minutes * 60, speed)
    print(f"{speed:,.0f} steps a second: {minutes:g} minutes are about {timed.total_timesteps:,} steps.")
    return timed


def print_result(result: RunResult, config: ExperimentConfig) -> None:
    """Print what came of a run."""
    mean = result.summary.get("return_mean")
    name = f"{config.env_id} {config.algorithm} seed {config.seed}"
    print(f"{result.state}: {name}, {result.training_time_s:.1f} s of training")
    if result.error:
        print(f"  error     {result.error}")
        known = diagnose(result.error)
        if known is not None:
            print(f"  cause     {known.title}. {known.cause}")
            print(f"  remedy    {known.remedy}")
    if mean is None:
        print("  return    none yet: no game has ended")
    else:
        games = min(result.summary["episodes"], RETURN_WINDOW)
        print(f"  return    {mean:.1f}, " + (f"mean of the last {games} episodes" if games > 1 else "of 1 episode"))
        print("            (one seed: no conclusion about the algorithm)")
    print(f"  run       {result.run_id}")
    if result.state is RunState.STOPPED and config.checkpoints.enabled:
        print(f"  go on     retroml-edu resume {result.run_id}")
    print(f"  folder    {result.path}")
    if result.video_path:
        print(f"  video     {result.video_path}")
