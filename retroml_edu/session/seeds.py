"""Which seeds of the same experiment there are: runs that differ from one in their seeds alone."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import RetroMLError
from retroml_edu.core.states import RunState
from retroml_edu.session.history import Run
from retroml_edu.storage.folder import RunFolder, read_config
from retroml_edu.storage.index import RunIndex
from retroml_edu.storage.index.run_index import INDEX_FILE
from retroml_edu.storage.json_text import canonical

_NOT_THE_EXPERIMENT = {
    *("schema_version", "seed", "run_type", "video", "checkpoints", "group_id", "owner"),
    *("device", "engine", "deterministic"),
}
"""Fields that decide nothing of what is learned but its draws: engines and devices do the same mathematics."""


def other_seeds(run: Run) -> frozenset[int]:
    """Return the seeds of the other runs of the home that were trained to their end with the same settings.

    The list of runs tells which may be meant; only of those the settings are read, once in the life of this process.

    Raises:
        RetroMLError: If the run's own config or the list of runs cannot be read.
    """
    home, config = run.path.parent, run.config
    if not (home / INDEX_FILE).exists():  # a folder that lies alone somewhere
        return frozenset()
    with RunIndex(home) as index:
        rows = index.list_runs(env_id=config.env_id, algorithm=config.algorithm, state=RunState.DONE)
    wanted = experiment_of(config)
    trained = [row for row in rows if row.steps]  # a model from elsewhere was not
    others = {row.run_id: row.seed for row in trained if row.seed is not None and row.seed != config.seed}
    return frozenset(seed for run_id, seed in others.items() if _experiment_in(home / run_id) == wanted)


@lru_cache(maxsize=10_000)
def _experiment_in(path: Path) -> str:
    # A config never changes once it is written.
    try:
        return experiment_of(read_config(RunFolder(path)))
    except RetroMLError:
        return ""


def experiment_of(config: ExperimentConfig) -> str:
    """Return a text that is the same for two configs of one experiment, which may differ in their seeds."""
    return canonical(config.model_dump(mode="json", exclude=_NOT_THE_EXPERIMENT))
