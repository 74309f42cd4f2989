"""The session: starts runs in this process."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.errors import Problem, WaitTimeoutError, raise_problems
from retroml_edu.core.events import LEFT_BY_ITS_PROCESS, log
from retroml_edu.core.training import Trainer
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.session.archive import RunArchive
from retroml_edu.session.check import check, check_weights
from retroml_edu.session.resolving import engine_sentence, resolved_config
from retroml_edu.session.resume import Schedules, checkpoint_to_resume, environment_changes, extended, usable_checkpoint
from retroml_edu.session.run import TrainerFactory, TrainingRun
from retroml_edu.session.speed import measure_speed
from retroml_edu.storage.folder import open_run_folder, read_config
from retroml_edu.storage.home import open_home
from retroml_edu.storage.index import RunIndex


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
        run.stop(LEFT_BY_ITS_PROCESS)
    for run in runs:
        with suppress(WaitTimeoutError):
            run.wait(EXIT_TIMEOUT_S)


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

    def start(self, config: ExperimentConfig, *, weights: PolicyWeights | None = None) -> TrainingRun:
        """Start a run in a thread of its own and return at once.

        Args:
            config: What to train.
            weights: What the policy knows at the beginning; everything else begins anew. Drawn, if left out.

        Raises:
            ConfigError: If the config cannot run; the message names every problem.
            WeightsError: If the weights are those of another network.
            StorageError: If its folder cannot be made.
        """
        problems = self.check(config)
        raise_problems(problems)
        resolved = resolved_config(config)
        if weights is not None:
            check_weights(resolved, weights)
        archive = RunArchive.create(self.home, self.index, resolved)
        run = self._begin(TrainingRun(resolved, self._trainer_for(resolved), archive, start=weights))
        run.bus.publish(log("info", engine_sentence(config, resolved)))
        for warning in problems:  # who starts a run by code sees no form beside which they stand
            run.bus.publish(log("warning", str(warning)))
        return run

    def resume(self, run_id: str, *, step: int | None = None) -> TrainingRun:
        """Go on with a run that was stopped, failed or was lost, from its newest checkpoint, in the same folder.

        One that was left before its first checkpoint goes on from its beginning, which comes to the same. Every value
        that it reports from there on, and the weights, are those of the run that was never interrupted. What it had
        measured after the checkpoint counts no longer.

        Args:
            run_id: Its id, or the first characters of it, four at least.
            step: Step of another checkpoint to go on from.

        Raises:
            UnknownNameError: If there is no such run.
            RunBusyError: If it still goes on.
            ConfigError: If its config cannot run here.
            StorageError: If it has reached its end, or the checkpoint cannot be used.
        """
        folder = open_run_folder(self.home.path, run_id)
        config = read_config(folder)
        checkpoint, passed_over = checkpoint_to_resume(folder, config, step)
        raise_problems(self.check(config))
        archive = RunArchive.reopen(folder, config, self.index, checkpoint)
        run = TrainingRun(
            config,
            self._trainer_for(config),
            archive,
            start=None if checkpoint is None else checkpoint.snapshot,
            values_digest="" if checkpoint is None else checkpoint.values_digest,
        )
        self._begin(run)  # first: what is said from here on is written into its folder
        where = "the beginning" if checkpoint is None else f"the checkpoint of step {checkpoint.step:,}"
        run.bus.publish(log("info", f"Going on from {where}.", step=run.first_step))
        for problem in [*passed_over, *environment_changes(folder)]:
            run.bus.publish(log("warning", problem, step=run.first_step))
        return run

    def extend(
        self, run_id: str, total_timesteps: int, *, step: int | None = None, schedules: Schedules = "continue"
    ) -> TrainingRun:
        """Train on where another run ended: a new run that begins with that one's exact state.

        Args:
            run_id: The earlier run, or the first characters of its id.
            total_timesteps: Steps that both have together.
            step: Step of another of its checkpoints than the newest.
            schedules: What becomes of a learning rate that falls over the run: ``continue`` counts progress over both
                runs together, so that it goes on where the longer line would be; ``restart`` begins at its first value
                again, and falls over the steps that are added.

        Raises:
            UnknownNameError: If there is no such run.
            ConfigError: If the new run would not be longer.
            StorageError: If it has no checkpoint that can be used.
        """
        folder = open_run_folder(self.home.path, run_id)
        checkpoint, _ = usable_checkpoint(folder, step)
        config = extended(read_config(folder), folder.run_id, checkpoint.step, total_timesteps)
        raise_problems(self.check(config))
        archive = RunArchive.create(self.home, self.index, config)
        start = checkpoint.snapshot.with_new_schedules() if schedules == "restart" else checkpoint.snapshot
        return self._begin(TrainingRun(config, self._trainer_for(config), archive, start=start))

    def _begin(self, run: TrainingRun) -> TrainingRun:
        _going_on.add(run)
        run.start()
        return run

    def measure_speed(
        self,
        config: ExperimentConfig,
        control: Control | None = None,
        *,
        report: Callable[[float], None] | None = None,
    ) -> float:
        """Train a throw-away copy for a few seconds and return its environment steps a second.

        Args:
            config: What to train.
            control: Of the trial, for somebody who may want to call it off with `Control.stop`.
            report: Told now and then which share of the time is over.

        Raises:
            ConfigError: If the config cannot run.
            RunBusyError: If it was called off.
            TrainingError: If the speed cannot be measured.
        """
        raise_problems(self.check(config))
        resolved = resolved_config(config)
        return measure_speed(resolved, self._trainer_for(resolved), control, report=report)
