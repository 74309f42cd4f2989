"""Running statistics of observations and rewards, as stable-baselines3's VecNormalize keeps them, as plain arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecNormalize

from retroml_edu.core.weights import Arrays

CLIP = 10.0
"""Observations and rewards beyond this many standard deviations are cut off."""
EPSILON = 1e-8


def copy_statistics(normalizer: VecNormalize | None) -> dict[str, np.ndarray]:
    """Return copies of the statistics.

    Returns:
        ``obs_mean``, ``obs_var``, ``obs_count`` where observations are normalised (``obs_mean/name`` and so on for
        observations that have names), ``return_mean``, ``return_var``, ``return_count`` of the discounted return by
        whose spread rewards are scaled. Empty without a normaliser.
    """
    if normalizer is None:
        return {}
    arrays = _statistics("return", "", normalizer.ret_rms)
    if normalizer.norm_obs:
        statistics: Any = normalizer.obs_rms
        if isinstance(statistics, dict):
            for name, part in statistics.items():
                arrays |= _statistics("obs", f"/{name}", part)
        else:
            arrays |= _statistics("obs", "", statistics)
    return arrays


def normalized(observation: Any, statistics: Arrays) -> Any:
    """Return an observation as the network learned to read it; as it is, if there are no statistics for it."""
    if not statistics:
        return observation
    if isinstance(observation, dict):
        return {name: _normalized(part, statistics, f"/{name}") for name, part in observation.items()}
    return _normalized(observation, statistics, "")


def _normalized(observation: Any, statistics: Arrays, suffix: str) -> Any:
    mean = statistics.get(f"obs_mean{suffix}")
    if mean is None:
        return observation
    spread = np.sqrt(statistics[f"obs_var{suffix}"] + EPSILON)
    return np.clip((observation - mean) / spread, -CLIP, CLIP).astype(np.float32)


def _statistics(kind: str, suffix: str, running: RunningMeanStd) -> dict[str, np.ndarray]:
    return {
        f"{kind}_mean{suffix}": np.array(running.mean, copy=True),
        f"{kind}_var{suffix}": np.array(running.var, copy=True),
        f"{kind}_count{suffix}": np.array(running.count),
    }
