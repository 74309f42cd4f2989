"""The session: starts runs in this process."""

from __future__ import annotations

import atexit
import weakref
from contextlib import suppress
from pathlib import Path

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.errors import Problem, WaitTimeoutError, raise_problems
from retroml_edu.core.training import Trainer
from retroml_edu.envs import get_env, resolve_config
from retroml_edu.session.archive import RunArchive
from retroml_edu.session.check import check
from retroml_edu.session.run import TrainerFactory, TrainingRun
from retroml_edu.session.speed import measure_speed
from retroml_edu.storage.home import open_home
from retroml_edu.storage.index import RunIndex
from retroml_edu.training.devices import resolve_device


def _default_trainer(config: ExperimentConfig) -> Trainer:
    from retroml_edu.training import trainer_for

    return trainer_for(config)


_going_on: weakref.WeakSet[TrainingRun] = weakref.WeakSet()
EXIT_TIMEOUT_S = 10.0


@atexit.register
def _end_runs() -> None:
    """Stop what still trains when Python ends: its threads would be torn down in the middle of a computation."""
    runs = [run for run in _going_on if not run.ended]
    for run in runs:
        run.stop()
    for run in runs:
        with suppress(WaitTimeoutError):
            run.wait(EXIT_TIMEOUT_S)


def _resolved(config: ExperimentConfig) -> ExperimentConfig:
    """Return the config with nothing left open, the device included: what config.json keeps."""
    resolved = resolve_config(config)
    reads_images = get_env(config.env_id).observation_kind == "image"
    return resolved.changed(device=resolve_device(config.device, reads_images=reads_images))


class Session:
    """Brings a config to life.

    Args:
        home: Where runs live; found as `retroml_edu.storage.home.find_home` says if left out.
        trainer_for: Chooses the trainer; tests give scripted ones.

    Raises:
        StorageError: If the home cannot be written.
    """

    def __init__(self, home: str | Path | None = None, *, trainer_for: TrainerFactory = _default_trainer) -> None:
        self.home = open_home(home)
        self.index = RunIndex.of_home(self.home)
        self._trainer_for = trainer_for

    def check(self, config: ExperimentConfig) -> list[Problem]:
        """Return everything that could keep the config from running."""
        return check(config)

    def start(self, config: ExperimentConfig) -> TrainingRun:
        """Start a run in a thread of its own and return at once.

        Raises:
            ConfigError: If the config cannot run; the message names every problem.
            StorageError: If its folder cannot be made.
        """
        raise_problems(self.check(config))
        resolved = _resolved(config)
        run = TrainingRun(resolved, self._trainer_for(resolved), RunArchive(self.home, self.index, resolved))
        _going_on.add(run)
        run.start()
        return run

    def measure_speed(self, config: ExperimentConfig, control: Control | None = None) -> float:
        """Train a throw-away copy for a few seconds and return its environment steps a second.

        Args:
            config: What to train.
            control: Of the trial, for somebody who may want to call it off with `Control.stop`.

        Raises:
            ConfigError: If the config cannot run.
            RunBusyError: If it was called off.
            TrainingError: If the speed cannot be measured.
        """
        raise_problems(self.check(config))
        resolved = _resolved(config)
        return measure_speed(resolved, self._trainer_for(resolved), control)
