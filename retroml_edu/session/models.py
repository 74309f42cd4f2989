"""All models of all runs of a home: listed, trained on, taken along, taken in, stored."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from retroml_edu.core.config import ExperimentConfig, random_seed
from retroml_edu.core.errors import ConfigError, RunBusyError, StorageError
from retroml_edu.core.settings import ParentRun
from retroml_edu.core.states import RunState
from retroml_edu.session.experiments import Experiments, Outcome, folder_of
from retroml_edu.session.history import Run
from retroml_edu.session.kept_evaluations import evaluation_names, kept_evaluation
from retroml_edu.storage.checkpoint_layout import checkpoint_names, order
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.inbox import send_command
from retroml_edu.storage.index import RunRow
from retroml_edu.storage.model_files import load_model

if TYPE_CHECKING:
    from retroml_edu.session.run import TrainingRun
    from retroml_edu.session.session import Session
    from retroml_edu.storage.checkpoints import CheckpointInfo

Way = Literal["resume", "extend", "weights", "none"]


@dataclass(frozen=True, slots=True)
class Model:
    """What a run has learned, as it lies on the disk.

    Attributes:
        run: The run, as the list of runs has it.
        way: How training goes on: ``resume`` in the same run, exactly; ``extend`` in a new run that begins with the
            exact state; ``weights`` in a new run that begins with the weights alone; ``none`` while it trains.
        steps: Training steps behind the newest weights.
        size_bytes: Of the exported model, or of our own form where there is no other; of the newest checkpoint while
            there is no model yet.
        made_s: When that was written, in seconds since the epoch.
        has_model: Whether there are final weights, which can be tested.
        has_zip: Whether there is a ``model.zip`` for stable-baselines3.
        checkpoint_steps: Steps of its checkpoints, from the oldest.
        tested_mean: Mean return of the newest test of the final weights; None without one.
        tested_games: Games of that test.
    """

    run: RunRow
    way: Way
    steps: int
    size_bytes: int
    made_s: float
    has_model: bool
    has_zip: bool
    checkpoint_steps: tuple[int, ...]
    tested_mean: float | None = None
    tested_games: int = 0


@dataclass(frozen=True, slots=True)
class _Test:
    weights_step: int
    return_mean: float
    games: int


class Models:
    """The models of a home's runs.

    Ids may come from a page: those that are no runs of the home are refused.

    Args:
        home: Where runs live; it need not exist.

    Threads: safe.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._experiments = Experiments(home)
        self._tests: dict[str, _Test | None] = {}

    def models(self) -> list[Model]:
        """Return the models of all runs that have one or a checkpoint, or go on; the newest run's first.

        Raises:
            StorageError: If the home or its index cannot be read.
        """
        return list(self._of(self._experiments.rows()))

    def models_of(self, run_ids: Iterable[str]) -> list[Model]:
        """Return the models of some runs; those that are gone are left out.

        Raises:
            StorageError: If the index cannot be read.
        """
        return list(self._of(self._experiments.rows_of(run_ids)))

    def run(self, run_id: str) -> Run:
        """Return a run.

        Raises:
            UnknownNameError: If there is no such run.
        """
        return Run(folder_of(self._home, run_id))

    def rename(self, run_id: str, name: str) -> Outcome:
        """Give a run, and so its model, a name; an empty one takes it away."""
        return self._experiments.rename(run_id, name)

    def checkpoints(self, run_id: str) -> list[CheckpointInfo]:
        """Return the checkpoints of a run, newest first.

        Raises:
            UnknownNameError: If there is no such run.
            StorageError: If they cannot be read.
        """
        return self.run(run_id).checkpoints()[::-1]

    def save(self, run_id: str) -> None:
        """Ask a run that goes on, in whatever process, to store its exact state now.

        Raises:
            UnknownNameError: If there is no such run.
            RunBusyError: If it has ended, or makes no checkpoints.
        """
        ask_for_checkpoint(self.run(run_id))

    def take_in(self, path: Path, config: ExperimentConfig) -> Run:
        """Take in a ``model.zip`` of stable-baselines3; see `session.importing.import_model`.

        Raises:
            RetroMLError: If the file or the settings cannot be used.
        """
        from retroml_edu.session.importing import import_model

        return import_model(path, config, self._home)

    def _of(self, rows: Iterable[RunRow]) -> Iterator[Model]:
        for row in rows:
            with suppress(OSError, StorageError):  # a folder that goes while it is looked at
                model = self._model(row, RunFolder(self._home / row.run_id))
                if model is not None:
                    yield model

    def _model(self, row: RunRow, folder: RunFolder) -> Model | None:
        names = checkpoint_names(folder)
        files = _files(folder.model_dir)
        packed = _files(folder.model_zip)
        if not (names or files or not row.state.is_final):
            return None
        checkpoint = _files(folder.checkpoints_dir / names[-1]) if names and not files else []
        newest = packed or files or checkpoint
        # Tests of a run that went on afterwards say nothing of what it has learned in the end.
        test = self._newest_test(folder, row.steps) if row.state.is_final and files else None
        return Model(
            run=row,
            way=_way(row.state, has_checkpoints=bool(names), has_model=bool(files)),
            steps=max([row.steps, *(order(name)[0] for name in names)]) if row.state.is_final else row.steps,
            size_bytes=sum(facts.st_size for facts in newest),
            made_s=max((facts.st_mtime for facts in newest), default=0.0),
            has_model=bool(files),
            has_zip=bool(packed),
            checkpoint_steps=tuple(order(name)[0] for name in names),
            tested_mean=test.return_mean if test else None,
            tested_games=test.games if test else 0,
        )

    def _newest_test(self, folder: RunFolder, weights_step: int) -> _Test | None:
        for name in evaluation_names(folder):
            key = f"{folder.run_id}/{name}"
            if key not in self._tests:
                kept = kept_evaluation(folder, name)
                self._tests[key] = _Test(kept.weights_step, kept.return_mean, len(kept.episodes)) if kept else None
            test = self._tests[key]
            if test is not None and test.weights_step == weights_step:
                return test
        return None


def ask_for_checkpoint(run: Run) -> None:
    """Ask a run that goes on, in whatever process, to store its exact state.

    Raises:
        RunBusyError: If it has ended, or makes no checkpoints.
        StorageError: If it cannot be asked.
    """
    if run.state.is_final:
        raise RunBusyError(f"The run {run.run_id} is {run.state}: only a run that trains makes a checkpoint.")
    if not run.config.checkpoints.enabled:
        raise RunBusyError(f"The run {run.run_id} makes no checkpoints: its config says so (checkpoints.enabled).")
    send_command(run.folder, "checkpoint")


def train_on(session: Session, run_id: str, more_steps: int, step: int | None = None) -> TrainingRun:
    """Start a new run where another one ended: with its exact state, or with its weights where it has no checkpoint.

    Args:
        session: Of the home that both belong to.
        run_id: The earlier run.
        more_steps: Steps of the new one.
        step: Step of another of its checkpoints than the newest.

    Raises:
        UnknownNameError: If there is no such run.
        ConfigError: If the new run would be none.
        StorageError: If it has neither a checkpoint nor a model that can be used.
    """
    if more_steps < 1:
        raise ConfigError(f"{more_steps} more steps are none: give a number above 0.")
    run = Run(folder_of(session.home.path, run_id))
    if checkpoint_names(run.folder):
        from retroml_edu.session.resume import usable_checkpoint

        start = usable_checkpoint(run.folder, step)[0].step
        return session.extend(run_id, start + more_steps, step=start)
    weights, _ = load_model(run.folder)
    config = run.config.changed(
        seed=random_seed(),
        run_type="custom",
        total_timesteps=more_steps,
        parent=ParentRun(run_id=run_id, step=weights.step),
    )
    return session.start(config, weights=weights)


def _way(state: RunState, *, has_checkpoints: bool, has_model: bool) -> Way:
    if not state.is_final:
        return "none"
    if state is not RunState.DONE and has_checkpoints:
        return "resume"
    if has_checkpoints:
        return "extend"
    return "weights" if has_model else "none"


def _files(place: Path) -> list[os.stat_result]:
    """Return the facts of a plain file, or of those in a folder; none of what is not there, or a link."""
    with suppress(OSError):
        facts = place.lstat()
        if stat.S_ISREG(facts.st_mode):
            return [facts]
        if stat.S_ISDIR(facts.st_mode):
            with os.scandir(place) as entries:
                return [entry.stat(follow_symlinks=False) for entry in entries if entry.is_file(follow_symlinks=False)]
    return []
