"""Settings with which the fast forms of games are learned soonest: drawn at random, the better half goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from retroml_edu.training.fast.preparation import prepare
from tests.campaigns.lessons import Lesson, kept_run, lessons
from tests.campaigns.outcome import Outcome, Request

CANDIDATES = 8
SEEDS = (1, 2)
"""Of the runs that are compared; `lessons` measures what was found with others."""
CHOICES: Mapping[str, Sequence[Any]] = {
    "n_envs": (8, 16),
    "n_steps": (128, 256),
    "batch_size": (256, 512),
    "n_epochs": (3, 4, 6),
    "learning_rate": (1e-3, 1.5e-3, 2.5e-3, 4e-3),
    "ent_coef": (0.0005, 0.001, 0.003, 0.01),
    "gamma": (0.98, 0.99),
    "gae_lambda": (0.8, 0.95),
}
PENALTY = 2.0
"""A run that did not get there counts as so many times its length."""


@dataclass
class Candidate:
    """Settings, and how soon they got there.

    Attributes:
        settings: What differs from the preset.
        seconds: One a seed.
    """

    settings: Mapping[str, Any]
    seconds: list[float] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Geometric mean of the seconds: twice as long counts the same everywhere."""
        return exp(fmean(log(value) for value in self.seconds))


def run(request: Request) -> Outcome:
    """Search for each lesson; `count` is the number of candidates beside the preset, `only` picks lessons."""
    prepare()
    folder = request.out or request.place
    folder.mkdir(parents=True, exist_ok=True)
    outcome = Outcome("Settings for lessons", ("", "settings", "seconds of each seed", "geometric mean"))
    for lesson in lessons(request.only):
        rng = np.random.default_rng(request.seed)
        candidates = [Candidate({}), *(Candidate(_draw(rng)) for _ in range(request.count or CANDIDATES))]
        for seed in SEEDS:
            for candidate in candidates:
                candidate.seconds.append(_seconds(lesson, candidate.settings, seed, folder))
            candidates.sort(key=lambda candidate: candidate.score)
            outcome.rows.extend(_row(lesson, candidate) for candidate in candidates[_half(candidates) :])
            candidates = candidates[: _half(candidates)]
        outcome.rows.extend(_row(lesson, candidate) for candidate in candidates)
    outcome.notes.append(
        "Each seed was run by the better half of those that had run the one before. Runs that did not get there count "
        f"{PENALTY:g} times as long as they were allowed to be. No settings named: the preset itself."
    )
    return outcome


def _draw(rng: np.random.Generator) -> dict[str, Any]:
    return {name: values[rng.integers(len(values))] for name, values in CHOICES.items()}


def _half(candidates: Sequence[Candidate]) -> int:
    return max(1, (len(candidates) + 1) // 2)


def _seconds(lesson: Lesson, settings: Mapping[str, Any], seed: int, folder: Path) -> float:
    learned = kept_run(lesson, seed, folder, settings)
    return PENALTY * lesson.most_s if learned.confirmed is None else learned.confirmed[0]


def _row(lesson: Lesson, candidate: Candidate) -> list[str]:
    settings = ", ".join(f"{name} {value}" for name, value in candidate.settings.items()) or "preset"
    each = ", ".join(f"{value:.0f}" for value in candidate.seconds)
    return [lesson.env_id, settings, each, f"{candidate.score:.0f} s"]
