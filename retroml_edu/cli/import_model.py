"""`retroml-edu import`: take in a model of plain stable-baselines3."""

from __future__ import annotations

import argparse
from pathlib import Path

from retroml_edu.cli.options import add_home, add_set, chosen_hyperparameters
from retroml_edu.core.config import ALGORITHMS, ExperimentConfig


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `import` to the command line."""
    parser = subparsers.add_parser(
        "import",
        help="take in a model.zip of plain stable-baselines3",
        description="Take in a model that plain stable-baselines3 saved, as a run that can be tested and trained on "
        "from. Only the weights are read, so the zip may come from anybody: the pickles in it stay closed. What is in "
        "those pickles has to be said here: environment, algorithm, layers of the network. Statistics of VecNormalize "
        "(.pkl) are pickles too and are never opened: a model that needs them cannot be imported.",
    )
    parser.add_argument("model", type=Path, metavar="MODEL.zip", help="the file")
    parser.add_argument("--env", required=True, metavar="ID", help="Gymnasium id that it was trained for")
    parser.add_argument(
        "--algo", "--algorithm", default="PPO", metavar="NAME", help=f"{', '.join(ALGORITHMS)} (default: PPO)"
    )
    add_set(parser)
    add_home(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Import and print what can be done with it.

    Raises:
        RetroMLError: If the file or the settings cannot be used.
    """
    from retroml_edu.session.importing import import_model

    config = ExperimentConfig(env_id=args.env, algorithm=args.algo, hyperparameters=chosen_hyperparameters(args))
    imported = import_model(args.model, config, args.home)
    settings = imported.config.hyperparameters
    print(f"imported: {args.model.name} as {imported.config.env_id} {imported.config.algorithm}, weights alone")
    print(f"  network   layers {', '.join(map(str, settings.net_arch))}; {_activation(imported.config)}")
    print("            observations as they are, without running statistics (VecNormalize)")
    print(f"  run       {imported.run_id}")
    print(f"  folder    {imported.path}")
    print(f"  next      retroml-edu test {imported.run_id}")
    print(f"            retroml-edu train --weights-of {imported.run_id} --steps 100000")
    return 0


def _activation(config: ExperimentConfig) -> str:
    name = getattr(config.hyperparameters, "activation", None)
    return f"activation {name}, which the file does not tell" if name else "activation relu"
