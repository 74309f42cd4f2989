"""What the list of runs says of one run, and how that is read from its folder."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from retroml_edu.core.errors import ConfigError
from retroml_edu.core.states import RunState
from retroml_edu.storage.folder import RunFolder, read_config
from retroml_edu.storage.json_text import read_json_object
from retroml_edu.storage.labels import read_labels
from retroml_edu.storage.plain_files import NotPlainError, refuse_others
from retroml_edu.storage.reader import run_state
from retroml_edu.storage.summary import created_utc, summarise

MOST_REASON = 1_000
"""Characters of what an error says: some print all that they could not work with."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run in a list; what is not known is None or empty.

    Attributes:
        run_id: Name of the run's folder.
        env_id: Environment.
        algorithm: Algorithm.
        seed: Seed.
        state: Where the run stands.
        name: Name that a person gave it.
        tags: Words that a person put on it.
        notes: What a person wrote about it.
        steps: Environment steps taken.
        total_timesteps: Environment steps asked for.
        episodes: Whole games played while training.
        return_mean: Mean return of the newest `RETURN_WINDOW` games, in points.
        return_best: Best return of a single game, in points.
        created_utc: When it was made, ISO 8601.
        ended_utc: When it reached its final state, ISO 8601.
        training_time_s: Seconds of training, pauses not counted.
        path: Folder, relative to the home.
        problem: What is damaged about the folder, or else why the run failed, in a sentence.
    """

    run_id: str
    env_id: str = ""
    algorithm: str = ""
    seed: int | None = None
    state: RunState = RunState.CREATED
    name: str = ""
    tags: tuple[str, ...] = ()
    notes: str = ""
    steps: int = 0
    total_timesteps: int = 0
    episodes: int = 0
    return_mean: float | None = None
    return_best: float | None = None
    created_utc: str = ""
    ended_utc: str = ""
    training_time_s: float = 0.0
    path: str = ""
    problem: str = ""


def row_of_folder(folder: RunFolder) -> RunRow:
    """Return the row of a run folder; a damaged folder gives what is known, and what is wrong."""
    facts: dict[str, Any] = {
        "run_id": folder.run_id,
        "path": folder.path.name,
        "created_utc": created_utc(folder.run_id),
        **asdict(read_labels(folder)),
    }
    problem = ""
    try:
        config = read_config(folder)
        facts |= {
            "env_id": _storable(config.env_id),
            "algorithm": config.algorithm,
            "seed": config.seed,
            "total_timesteps": config.total_timesteps,
        }
    except ConfigError as error:
        problem = str(error)
    try:
        summary = _summary(folder)
        facts |= {"state": run_state(folder), **_figures(summary)}
        problem = problem or _why_it_failed(facts["state"], summary)
        refuse_others(_read_files(folder))  # of some nothing is read, and nothing was said
    except NotPlainError as error:
        facts.setdefault("state", RunState.LOST)  # no process of ours writes into such a log
        problem = problem or str(error)
    except OSError as error:
        problem = problem or f"{folder.path} cannot be read: {error.strerror or error}."
    return RunRow(**facts, problem=_storable(problem))


def _read_files(folder: RunFolder) -> Sequence[Path]:
    """Return the files that a row is read from."""
    logs = (folder.metrics_log, folder.events_log, folder.labels_log)
    return (folder.config_file, folder.summary_file, folder.lease_file, *logs)


def _summary(folder: RunFolder) -> Mapping[str, Any]:
    try:
        return read_json_object(folder.summary_file)
    except (OSError, ValueError):  # the run goes on, or ended without a word, or the file is damaged
        return summarise(folder)


def _why_it_failed(state: RunState, summary: Mapping[str, Any]) -> str:
    reason = summary.get("error")
    return reason[:MOST_REASON] if state is RunState.FAILED and isinstance(reason, str) else ""


def _figures(summary: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "steps": _whole(summary.get("steps")),
        "episodes": _whole(summary.get("episodes")),
        "return_mean": _number(summary.get("return_mean")),
        "return_best": _number(summary.get("return_best")),
        "training_time_s": _number(summary.get("training_time_s")) or 0.0,
        "ended_utc": _storable(str(summary.get("ended_utc") or "")[:40]),
    }


def _storable(text: str) -> str:
    # JSON can hold halves of characters, which no database takes, and NUL, which PostgreSQL does not take.
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _whole(value: Any) -> int:
    return value if type(value) is int and 0 <= value < 2**63 else 0


def _number(value: Any) -> float | None:
    if type(value) is float or (type(value) is int and abs(value) < 2**63):
        return float(value) if math.isfinite(value) else None
    return None
