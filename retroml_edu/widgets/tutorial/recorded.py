"""The run that ships with the package, made by ``python -m tests.campaigns tutorial --keep``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import Points, curve_points
from retroml_edu.core.events import EpisodeEvent

RECORDED = Path(__file__).with_name("recorded_run.json")


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A run of known result.

    Attributes:
        config: Its own, every value resolved.
        points: Returns and lengths of all its games.
        made_with: Processor and packages, in words.
    """

    config: ExperimentConfig
    points: Points
    made_with: str


@cache
def recorded_run() -> RecordedRun:
    """Return the run that ships with the package."""
    return read_recorded(RECORDED)


def read_recorded(file: Path) -> RecordedRun:
    """Return the run that a file of the package keeps."""
    kept = json.loads(file.read_text("utf-8"))
    steps = np.cumsum(kept["steps"]).tolist()
    games = [
        EpisodeEvent(step, 0.0, 0, float(game_return), length)
        for step, game_return, length in zip(steps, kept["returns"], kept["lengths"], strict=True)
    ]
    return RecordedRun(ExperimentConfig(**kept["config"]), curve_points(games), kept["made_with"])


def as_json(config: ExperimentConfig, games: list[EpisodeEvent], made_with: str) -> dict[str, Any]:
    """Return a run as the file keeps it; steps as differences, which are shorter."""
    return {
        "made_by": "python -m tests.campaigns tutorial --keep",
        "made_with": made_with,
        "config": config.to_json_dict(),
        "steps": np.diff([game.step for game in games], prepend=0).tolist(),
        "returns": [game.episode_return for game in games],
        "lengths": [game.length for game in games],
    }
