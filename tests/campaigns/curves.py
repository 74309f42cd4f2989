"""Learning curves of two engines over many seeds: trained once, kept in a folder, compared as numbers and pictures."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from retroml_edu.core.compilation import kernels_digest
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.hyperparameters import PPOHyperparameters
from retroml_edu.envs import resolve_config

Floats = npt.NDArray[np.float64]
Engine = Literal["stock", "fast"]
POINTS = 100
"""Where curves are compared, evenly over the run."""
WINDOW = 20
"""Games whose mean a point of a curve is."""


@dataclass(frozen=True, eq=False)
class Task:
    """What is learned, and how.

    Attributes:
        name: Of files and pictures.
        about: Its settings, in words.
        config: But for the seed and the engine.
    """

    name: str
    about: str
    config: ExperimentConfig

    @classmethod
    def of(cls, name: str, about: str, env_id: str, steps: int, **settings: Any) -> Task:
        """Make one with the tuned settings of its environment, where none are given."""
        config = ExperimentConfig(
            env_id=env_id, algorithm="PPO", run_type="custom", total_timesteps=steps, device="cpu", **settings
        )
        return cls(name, about, resolve_config(config))

    @property
    def grid(self) -> Floats:
        """The steps at which curves are compared."""
        return np.linspace(0, self.config.total_timesteps, POINTS + 1)[1:]


def cartpole(steps: int = 60_000) -> Task:
    """PPO on CartPole with stable-baselines3's own settings."""
    settings = PPOHyperparameters().model_dump()
    about = "stable-baselines3's defaults, 1 environment"
    return Task.of("CartPole", about, "CartPole-v1", steps, n_envs=1, normalize=False, hyperparameters=settings)


def lunar_lander(steps: int = 300_000) -> Task:
    """PPO on LunarLander with the settings that a run here has by default."""
    return Task.of(
        "LunarLander", "this package's defaults, after RL Baselines3 Zoo, 8 environments", "LunarLander-v3", steps
    )


@dataclass(frozen=True)
class Curve:
    """One seed.

    Attributes:
        seed: It.
        steps: When games ended, rising.
        returns: Theirs.
    """

    seed: int
    steps: Floats
    returns: Floats

    def on(self, grid: Floats) -> Floats:
        """Return the mean return of the last games at some steps; that of the first game before it has ended."""
        if not len(self.returns):
            raise ValueError(f"no game of seed {self.seed} ended: train longer")
        sums = np.concatenate([[0.0], np.cumsum(self.returns)])
        ends = np.arange(1, len(self.returns) + 1)
        begins = np.maximum(ends - WINDOW, 0)
        smooth = (sums[ends] - sums[begins]) / (ends - begins)
        return np.asarray(np.interp(grid, self.steps, smooth), np.float64)


def curves(task: Task, engine: Engine, seeds: Sequence[int], folder: Path, tell: Callable[[str], None]) -> list[Curve]:
    """Return one curve a seed, read from a folder or trained into it, as many at once as there are cores.

    Args:
        task: What is learned.
        engine: By whom.
        seeds: One run each.
        folder: Holds the curves already trained with these settings by these versions, for whoever is interrupted.
        tell: Takes a line when one is trained.
    """
    files = {seed: folder / f"{task.name}-{engine}-{seed}-{_digest(task, engine)}.npz" for seed in seeds}
    missing = [seed for seed in seeds if not files[seed].is_file()]
    for seed in _trained(task, engine, missing, files):
        tell(f"{task.name}, {engine}, seed {seed}")
    return [_read(seed, files[seed]) for seed in seeds]


def _trained(task: Task, engine: Engine, seeds: Sequence[int], files: dict[int, Path]) -> Iterator[int]:
    workers = min(os.cpu_count() or 1, len(seeds))
    if workers < 2:
        for seed in seeds:
            train_one(task, engine, seed, files[seed])
            yield seed
        return
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(train_one, task, engine, seed, files[seed]): seed for seed in seeds}
        for future in as_completed(waiting):
            future.result()
            yield waiting[future]


def train_one(task: Task, engine: Engine, seed: int, file: Path) -> None:
    """Train one seed and write down its games."""
    from tests.benchmarks.contestants import train_ours, train_stock

    config = task.config.changed(seed=seed, engine="fast" if engine == "fast" else "sb3")
    done = train_ours(config) if engine == "fast" else train_stock(config, threads=1, games=True)
    games = np.array(done.games, float).reshape(-1, 2)
    unfinished = file.with_suffix(".part")
    with unfinished.open("wb") as target:
        np.savez(target, steps=games[:, 0], returns=games[:, 1])
    unfinished.replace(file)


def _read(seed: int, file: Path) -> Curve:
    with np.load(file, allow_pickle=False) as kept:
        return Curve(seed, cast(Floats, kept["steps"]), cast(Floats, kept["returns"]))


def _digest(task: Task, engine: Engine) -> str:
    """Return what differs where other settings or other code would give other curves."""
    facts = task.config.model_dump(mode="json", include={"env_id", "total_timesteps", "n_envs", "normalize"})
    facts["hyperparameters"] = task.config.hyperparameters.model_dump(mode="json")
    facts["code"] = kernels_digest() if engine == "fast" else version("stable-baselines3")
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]
