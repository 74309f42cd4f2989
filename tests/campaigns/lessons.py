"""What a class sees of each fast form of a game: seconds to each return over many seeds, confirmed by examinations."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from statistics import fmean
from types import MappingProxyType
from typing import Any

import numpy as np

from retroml_edu.core.config import ExperimentConfig, PrecisionName
from retroml_edu.envs import get_env, resolve_config
from retroml_edu.storage.environment import training_code
from retroml_edu.training.fast.preparation import prepare
from tests.campaigns.learning import EXAM_GAMES, WINDOW, Learned, learn
from tests.campaigns.outcome import Outcome, Request

SEEDS = 10
STANDARD_STEPS = 10_000_000
"""For which the standard settings' schedules are made, as published."""


@dataclass(frozen=True)
class Lesson:
    """A fast form of a game with its preset, and what is expected of it.

    Attributes:
        env_id: What is played.
        marks: Mean returns of training games whose times are told.
        goal: What an examination has to confirm.
        most_s: Where a run ends that does not get there.
        standard: The same game in the standard setting, if that is to be trained for as long beside it.
        precision: What the network is computed in.
    """

    env_id: str
    marks: tuple[float, ...]
    goal: float
    most_s: float
    standard: str = ""
    precision: PrecisionName = "float32"

    @property
    def name(self) -> str:
        """Short, and fit for a file."""
        coarse = "" if self.precision == "float32" else f"-{self.precision}"
        return self.env_id.rpartition("/")[2] + coarse

    def config(self, seed: int, settings: Mapping[str, Any] = MappingProxyType({})) -> ExperimentConfig:
        """Return a run of it with every value resolved.

        Args:
            seed: Of the run.
            settings: What differs from the preset: hyperparameters and `n_envs`.
        """
        hyperparameters = dict(settings)
        return resolve_config(
            ExperimentConfig(
                env_id=self.env_id,
                algorithm="PPO",
                run_type="custom",
                total_timesteps=get_env(self.env_id).lesson_steps or STANDARD_STEPS,
                seed=seed,
                n_envs=hyperparameters.pop("n_envs", None),
                hyperparameters=hyperparameters,
                engine="fast",
                precision=self.precision,
                device="cpu",
            )
        )


# The goals of the last three games: three times the spread of a random policy's games above their mean, and more. Over
# 30 games it has 0 (spread 0) in Freeway, 1.0 (5.4) in Boxing, 143 (86) in Space Invaders.
LESSONS = (
    Lesson("RetroML/PongObjects-v0", (-15, 0, 15), 15, 180),
    Lesson("RetroML/PongPixels-v0", (-15, 0, 15), 15, 300, "PongNoFrameskip-v4"),
    Lesson("RetroML/PongPixelsSticky-v0", (-15, 0, 15), 15, 600),
    Lesson("RetroML/BreakoutObjects-v0", (5, 20, 50, 100), 100, 120),
    Lesson("RetroML/BreakoutPixels-v0", (5, 15, 30), 30, 400),
    Lesson("RetroML/FreewayObjects-v0", (5, 15, 20), 20, 150),
    Lesson("RetroML/BoxingObjects-v0", (5, 20, 40), 40, 150),
    Lesson("RetroML/SpaceInvadersObjects-v0", (250, 410), 410, 150),
    Lesson("RetroML/FreewayPixels-v0", (5, 15, 20), 20, 150),
    Lesson("RetroML/BoxingPixels-v0", (5, 20), 20, 400),
    Lesson("RetroML/SpaceInvadersPixels-v0", (250, 410), 410, 400),
)


def lessons(only: str | None) -> list[Lesson]:
    """Return the lessons, or those whose ids contain a text."""
    return [lesson for lesson in LESSONS if only is None or only in lesson.env_id]


def seeds_of(request: Request, count: int) -> range:
    """Return the seeds of runs: 101 and so on for the campaign's seed 1; settings are searched for with smaller ones.

    Args:
        request: What was asked for.
        count: How many, if that was left open.
    """
    first = 100 * request.seed + 1
    return range(first, first + (request.count or count))


def run(request: Request) -> Outcome:
    """Run every lesson; `count` is the number of seeds, `only` picks lessons.

    `out` keeps what each run showed, and what is there of an earlier campaign with the same settings and the same code
    is not run again: it takes an hour, and can be done in parts.
    """
    prepare()
    folder = request.out or request.place
    folder.mkdir(parents=True, exist_ok=True)
    outcome = Outcome(
        "Learning that a class can watch",
        ("", "seeds", "seconds to a mean of", "median", "90th percentile", "each seed", "greedy"),
    )
    for lesson in lessons(request.only):
        seeds = seeds_of(request, SEEDS)
        runs = [kept_run(lesson, seed, folder) for seed in seeds]
        outcome.rows.extend(_rows(lesson, runs))
        standard = kept_run(replace(lesson, env_id=lesson.standard), seeds[0], folder) if lesson.standard else None
        draw(lesson, runs, standard, folder / f"{lesson.name}.png")
    outcome.notes.append(
        f"Seconds from the start of a run, environments and workers made within them. A mark is passed when the last "
        f"{WINDOW} training games have a higher mean. *Confirmed*: then {EXAM_GAMES} whole games with raw rewards, "
        "each after a wait of 1 to 30 frames that its own seed draws and with actions drawn as in training, have that "
        "mean; training and its clock stand still meanwhile. Greedy: the mean of as many games with the likeliest "
        "actions; two that began after equal waits are one game twice, where nothing sticks. A seed that did not get "
        "there counts as infinitely long; the 90th percentile of ten is the ninth. The curves are drawn in "
        f"{folder}, the pixels of Pong with the standard setting's first seconds beside them."
    )
    return outcome


def draw(lesson: Lesson, runs: Sequence[Learned], standard: Learned | None, target: Path) -> None:
    """Draw each seed's mean return against the seconds, and the standard setting's beside them.

    Args:
        lesson: Whose curves they are.
        runs: One a seed.
        standard: The same game in the standard setting.
        target: The picture's file.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for run in runs:
        seconds, _, means = zip(*run.curve, strict=True) if run.curve else ((), (), ())
        axes.plot(seconds, means, color="tab:blue", linewidth=1, alpha=0.6)
        if run.confirmed is not None:
            axes.plot(run.confirmed[0], fmean(run.sampled), "o", color="tab:blue")
    axes.plot([], [], "o-", color="tab:blue", label=f"{lesson.name}, {len(runs)} seeds; dots: confirmed")
    if standard is not None and standard.curve:
        seconds, _, means = zip(*standard.curve, strict=True)
        axes.plot(seconds, means, color="tab:orange", linewidth=2, label=f"{lesson.standard}, one seed")
    axes.axhline(lesson.goal, color="grey", linewidth=1, linestyle=":")
    axes.set(xlabel="seconds from the start of the run", ylabel=f"mean return of the last {WINDOW} games")
    figure.legend(loc="outside upper left", ncols=2, frameon=False)
    figure.savefig(target, dpi=110)


def kept_run(lesson: Lesson, seed: int, folder: Path, settings: Mapping[str, Any] = MappingProxyType({})) -> Learned:
    """Return what came of a run of a lesson, made now or earlier by the same code; it is kept in the folder.

    Args:
        lesson: What is learned.
        seed: Of the run.
        folder: Where runs are kept.
        settings: See `Lesson.config`.
    """
    tried = f"-{sha256(json.dumps(dict(settings), sort_keys=True).encode()).hexdigest()[:8]}" if settings else ""
    file = folder / f"{lesson.name}-{seed}{tried}.json"
    config = lesson.config(seed, settings)
    asked = {"marks": list(lesson.marks), "goal": lesson.goal, "most_s": lesson.most_s, "code": training_code()}
    if file.is_file():
        kept = json.loads(file.read_text("utf-8"))
        # As a config: an earlier version may have written it, and meant the same.
        if ExperimentConfig(**kept["asked"].pop("config")) == config and kept["asked"] == asked:
            return _read(kept["learned"])
    asked["config"] = config.to_json_dict()
    learned = learn(config, lesson.marks, lesson.goal, lesson.most_s)
    file.write_text(json.dumps({"asked": asked, "learned": asdict(learned)}), "utf-8")
    confirmed = "not confirmed" if learned.confirmed is None else f"confirmed after {learned.confirmed[0]:.0f} s"
    told = f"{lesson.name}, seed {seed}{''.join(f', {name} {value}' for name, value in settings.items())}"
    print(f"{told}: {confirmed}, {learned.steps:,} steps", file=sys.stderr, flush=True)
    return learned


def _read(kept: Mapping[str, Any]) -> Learned:
    """Return what was written as JSON, which has neither tuples nor numbers as names."""
    marks = {float(mark): (seconds, steps) for mark, (seconds, steps) in kept["marks"].items()}
    confirmed = None if kept["confirmed"] is None else tuple(kept["confirmed"])
    return Learned(**{**kept, "marks": marks, "confirmed": confirmed})


def _rows(lesson: Lesson, runs: Sequence[Learned]) -> list[list[str]]:
    rows = [_row(lesson, f"{mark:g}", [run.marks.get(mark, (np.inf, 0))[0] for run in runs]) for mark in lesson.marks]
    greedy = [fmean(run.greedy) for run in runs if run.greedy]
    confirmed = [np.inf if run.confirmed is None else run.confirmed[0] for run in runs]
    shown = f"{np.mean(greedy):.1f}" if greedy else ""
    return [*rows, _row(lesson, f"{lesson.goal:g}, confirmed", confirmed, shown)]


def _row(lesson: Lesson, mark: str, seconds: Sequence[float], greedy: str = "") -> list[str]:
    figures = [float(np.median(seconds)), float(np.percentile(seconds, 90, method="inverted_cdf"))]
    each = ", ".join(f"{value:.0f}" for value in sorted(seconds))
    return [lesson.env_id, str(len(seconds)), mark, *(f"{value:.0f} s" for value in figures), each, greedy]
