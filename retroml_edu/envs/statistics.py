"""The running statistics of stable-baselines3's VecNormalize, as plain arrays and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecNormalize

from retroml_edu.core.saved import SavedState, misfit

_RETURNS = "normalizer/returns"


def copy_normalizer(normalizer: VecNormalize) -> dict[str, np.ndarray]:
    """Return all that the normaliser has counted, as float64 under ``normalizer/``."""
    arrays = {_RETURNS: np.array(normalizer.returns, np.float64)}
    for name, statistics in _statistics(normalizer):
        for part in ("mean", "var", "count"):
            arrays[f"{name}/{part}"] = np.array(getattr(statistics, part), np.float64)
    return arrays


def read_normalizer(normalizer: VecNormalize, saved: SavedState) -> dict[str, np.ndarray]:
    """Return what fits this normaliser, looked at; nothing is set yet.

    Raises:
        TrainingError: If something is missing or cannot be.
    """
    values = {_RETURNS: saved.finite(_RETURNS, (normalizer.num_envs,))}
    for name, statistics in _statistics(normalizer):
        shape = np.shape(statistics.mean)
        for part, shape_of_part in (("mean", shape), ("var", shape), ("count", ())):
            value = values[f"{name}/{part}"] = saved.finite(f"{name}/{part}", shape_of_part)
            if part != "mean" and (value < 0).any():
                raise misfit(f'"{name}/{part}" is below zero')
    return values


def set_normalizer(normalizer: VecNormalize, values: Mapping[str, np.ndarray]) -> None:
    """Put a normaliser where another was, with what `read_normalizer` returned."""
    normalizer.returns = values[_RETURNS].copy()
    for name, statistics in _statistics(normalizer):
        statistics.mean = values[f"{name}/mean"].copy()
        statistics.var = values[f"{name}/var"].copy()
        statistics.count = float(values[f"{name}/count"])


def _statistics(normalizer: VecNormalize) -> Iterator[tuple[str, RunningMeanStd]]:
    yield "normalizer/return", normalizer.ret_rms
    if normalizer.norm_obs:
        statistics: Any = normalizer.obs_rms
        if isinstance(statistics, dict):
            yield from ((f"normalizer/observation/{name}", part) for name, part in statistics.items())
        else:
            yield "normalizer/observation", statistics
