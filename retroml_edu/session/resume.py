"""What a run that was left can go on from."""

from __future__ import annotations

from typing import Literal

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import ConfigError, Problem, RunBusyError, StorageError
from retroml_edu.core.settings import ParentRun
from retroml_edu.core.states import RunState
from retroml_edu.session.importing import is_imported
from retroml_edu.storage.checkpoints import StoredCheckpoint, newest_checkpoint, read_checkpoint
from retroml_edu.storage.environment import environment_differences, environment_facts
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.json_text import read_json_object
from retroml_edu.storage.lease import lease_state
from retroml_edu.storage.reader import run_state

Schedules = Literal["continue", "restart"]

_FROM_WEIGHTS = (
    "it holds weights only, from which a new run can begin (retroml-edu train --weights-of, or Session.start with "
    "weights)."
)


def checkpoint_to_resume(
    folder: RunFolder, config: ExperimentConfig, step: int | None = None
) -> tuple[StoredCheckpoint | None, list[str]]:
    """Return the checkpoint from which a run goes on, and a sentence for each newer one that is damaged.

    A run that was left before its first checkpoint goes on from its beginning, which its config and seed decide: None.

    Args:
        folder: Of the run.
        config: Of the run.
        step: Step of the checkpoint; the newest that is whole, if left out.

    Raises:
        RunBusyError: If the run still goes on.
        StorageError: If it has reached its end, or there is no checkpoint that can be used.
    """
    if lease_state(folder) == "alive":
        raise RunBusyError(f"The run {folder.run_id} still goes on, in a running process: stop it first.")
    if run_state(folder) is RunState.DONE:
        raise StorageError(
            f"The run {folder.run_id} has reached its last step, so there is nothing left to resume. To train on, "
            f"extend it to more steps: retroml-edu train --from {folder.run_id} --steps ..., or Session.extend."
        )
    if is_imported(folder):
        raise StorageError(f"The run {folder.run_id} is a model that was imported: {_FROM_WEIGHTS}")
    if step is None and config.parent is None:
        checkpoint, problems = newest_checkpoint(folder)
        return checkpoint, problems
    return usable_checkpoint(folder, step)


def usable_checkpoint(folder: RunFolder, step: int | None = None) -> tuple[StoredCheckpoint, list[str]]:
    """Return a run's checkpoint, and a sentence for each newer one that is damaged.

    Raises:
        StorageError: If there is none that can be used.
    """
    if step is not None:
        return read_checkpoint(folder, step, with_rows=True), []
    if is_imported(folder):
        raise StorageError(f"The run {folder.run_id} is a model that was imported: {_FROM_WEIGHTS}")
    checkpoint, problems = newest_checkpoint(folder)
    if checkpoint is None:
        reasons = f" {' '.join(problems)}" if problems else ""
        raise StorageError(
            f"The run {folder.run_id} has no checkpoint that can be used.{reasons} Start it anew from its config."
        )
    return checkpoint, problems


def environment_changes(folder: RunFolder) -> list[str]:
    """Return a warning if the machine is another than the one on which the run began, in what may change bits."""
    try:
        differences = environment_differences(read_json_object(folder.environment_file), environment_facts({}))
    except (OSError, ValueError):
        differences = ["environment.json cannot be read"]
    warning = (
        "From here on the values may differ in their last digits from those of the uninterrupted run, since it began "
        f"elsewhere: {'; '.join(differences)}."
    )
    return [warning] if differences else []


def extended(config: ExperimentConfig, run_id: str, step: int, total_timesteps: int) -> ExperimentConfig:
    """Return the config of a run that trains on from a step of another one.

    Raises:
        ConfigError: If it would not be longer than what was trained already.
    """
    if total_timesteps <= step:
        raise ConfigError.of(
            [
                Problem(
                    "total_timesteps",
                    f"total_timesteps={total_timesteps}: the run {run_id} has {step:,} steps behind it already.",
                    f"Give the steps that both runs have together, more than {step:,}.",
                )
            ]
        )
    return config.changed(
        run_type="custom", total_timesteps=total_timesteps, parent=ParentRun(run_id=run_id, step=step)
    )
