"""Made-up runs whose curves are known to the last point."""

from __future__ import annotations

from typing import Any

import numpy as np

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveData, CurveRecorder, Points
from retroml_edu.envs import resolve_config

STEPS = 100_000


def config_of(algorithm: str = "PPO", env_id: str = "CartPole-v1", **settings: Any) -> ExperimentConfig:
    """Return the config of a run of 100,000 steps with tuned settings, but for some hyperparameters."""
    return resolve_config(
        ExperimentConfig(
            env_id=env_id,
            algorithm=algorithm,
            run_type="custom",
            total_timesteps=STEPS,
            seed=1,
            hyperparameters=settings,
        )
    )


def noisy(values: Any, scatter: Any = 10.0, seed: int = 0) -> np.ndarray:
    """Return values with noise."""
    values = np.asarray(values, float)
    return values + np.random.default_rng(seed).normal(size=len(values)) * scatter


def climb(start: float, end: float, games: int = 600, by: float = 0.5) -> np.ndarray:
    """Return a mean return that rises evenly, is there after a part of the run and stays."""
    return start + (end - start) * np.minimum(np.linspace(0, 1 / by, games), 1)


def flat(value: float, games: int = 600) -> np.ndarray:
    """Return a mean return that stays."""
    return np.full(games, value)


def fallen(end: float, best: float = 400.0, scatter: float = 10.0) -> np.ndarray:
    """Return returns that rise from 20 to their best, and fall at once after two thirds of the run."""
    return noisy(np.concatenate([climb(20, best, 400), flat(end, 200)]), scatter)


def curves(returns: Any, *, share: float = 1.0, capacity: int = 1_000, **updates: Any) -> CurveData:
    """Return the curves of a run.

    Args:
        returns: One a game.
        share: Part of the run that is over.
        capacity: Most points a curve.
        updates: Values by the metric's name without ``train/``, one an update; a single number stands for fifty.
    """
    recorder = CurveRecorder(capacity=capacity)
    columns = {"episode/return": np.asarray(returns, float)}
    for name, values in updates.items():
        columns[f"train/{name}"] = np.full(50, float(values)) if np.ndim(values) == 0 else np.asarray(values, float)
    steps = {name: np.floor(np.linspace(0, share * STEPS, len(values) + 1)[1:]) for name, values in columns.items()}
    recorder.extend(Points({name: (steps[name], values) for name, values in columns.items()}))
    return recorder.data()
