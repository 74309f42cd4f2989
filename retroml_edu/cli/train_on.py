"""`retroml-edu train --from` and `--weights-of`: training on from what another run has learned."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, get_args

from retroml_edu.cli.interrupts import begun
from retroml_edu.core.config import ExperimentConfig, random_seed
from retroml_edu.core.errors import ConfigError
from retroml_edu.core.hyperparameters import DQNHyperparameters
from retroml_edu.core.settings import ParentRun
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.session.history import load_run
from retroml_edu.session.resume import Schedules
from retroml_edu.storage.config_files import read_config_file
from retroml_edu.storage.model_files import load_model

if TYPE_CHECKING:
    from retroml_edu.session.run import TrainingRun

_NOT_WITH_FROM = (
    "config",
    "env",
    "algo",
    "length",
    "minutes",
    "seed",
    "n_envs",
    "device",
    "engine",
    "precision",
    "deterministic",
    "no_video",
    "no_checkpoints",
    "set",
)


def add_origin(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what a run goes on from."""
    origin = parser.add_mutually_exclusive_group()
    origin.add_argument(
        "--from",
        dest="from_run",
        metavar="RUN",
        help="train on where another run ended, with its exact state, to --steps in all; makes a new run",
    )
    origin.add_argument(
        "--weights-of",
        metavar="RUN",
        help="begin with the network of another run, or of an imported model; everything else begins anew: settings "
        "are that run's where no option says otherwise, the seed is drawn",
    )
    parser.add_argument(
        "--schedules",
        choices=get_args(Schedules),
        help="with --from: whether a learning rate that falls over the run goes on where it would be in the longer "
        "run, or falls once more from its first value (default: continue)",
    )


def extended(args: argparse.Namespace) -> TrainingRun:
    """Start the run that ``--from`` asks for.

    Raises:
        ConfigError: If other options contradict it, or the steps are not more than that run has.
        UnknownNameError: If there is no such run.
        StorageError: If it has no checkpoint that can be used.
    """
    clash = next((name for name in _NOT_WITH_FROM if _given(getattr(args, name))), None)
    if clash is not None:
        raise ConfigError(
            f"--from goes on with all settings as they are, so --{clash.replace('_', '-')} has no place beside it: "
            "--weights-of takes the network alone."
        )
    if args.steps is None:
        raise ConfigError("--from needs --steps: how many steps both runs have together.")
    from retroml_edu.session.session import Session

    schedules: Schedules = args.schedules or "continue"
    run = begun(lambda: Session(args.home).extend(args.from_run, args.steps, schedules=schedules))
    parent = run.config.parent
    if parent is not None and not args.quiet:
        print(f"From step {parent.step:,} of run {parent.run_id}; schedules {schedules}.", flush=True)
    return run


def _given(value: object) -> bool:
    return value is not None and value is not False and value != []


def weights_and_config(args: argparse.Namespace) -> tuple[PolicyWeights, ExperimentConfig]:
    """Return the network that ``--weights-of`` names, and the settings that options go before.

    Raises:
        UnknownNameError: If there is no such run.
        StorageError: If it has no model.
        ConfigError: If settings cannot be read.
    """
    source = load_run(args.weights_of, args.home)
    weights, _ = load_model(source.folder)
    if args.config is None:
        base = source.config.changed(seed=random_seed())
    else:
        base = _with_activation_of(source.config, read_config_file(args.config))
    return weights, base.changed(parent=ParentRun(run_id=source.run_id, step=weights.step))


def _with_activation_of(there: ExperimentConfig, config: ExperimentConfig) -> ExperimentConfig:
    """Return a config that leaves its activation to the network that it begins with: weights do not tell of it."""
    settings, theirs = config.hyperparameters, there.hyperparameters
    if isinstance(settings, DQNHyperparameters) or isinstance(theirs, DQNHyperparameters):
        return config  # DQN knows one
    given = {name: getattr(settings, name) for name in settings.model_fields_set}
    return config.changed(hyperparameters={"activation": theirs.activation} | given)
