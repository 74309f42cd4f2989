"""Running statistics of observations and rewards, as stable-baselines3's VecNormalize keeps them, as plain arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecNormalize

from retroml_edu.core.weights import Arrays
from retroml_edu.policies.weights import WeightsError

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
    arrays: dict[str, np.ndarray] = {}
    for kind, suffix, running in _running(normalizer):
        arrays |= _statistics(kind, suffix, running)
    return arrays


def load_statistics(normalizer: VecNormalize | None, arrays: Arrays) -> None:
    """Overwrite the statistics with what `copy_statistics` returned.

    Raises:
        WeightsError: If they are not exactly those of such a normaliser; then nothing has been changed.
    """
    running = [] if normalizer is None else list(_running(normalizer))
    wanted = copy_statistics(normalizer)
    if wanted.keys() != arrays.keys():
        raise WeightsError(
            "These weights were learned "
            + ("with" if arrays else "without")
            + " running statistics of observations and rewards, and this run "
            + ("keeps others." if arrays and wanted else "keeps some." if wanted else "keeps none.")
            + " Set normalize as in the run that they come from."
        )
    for name, array in wanted.items():
        if arrays[name].shape != array.shape or not _possible(name, arrays[name]):
            raise WeightsError(f"These running statistics cannot be used: {name} does not fit.")
    for kind, suffix, part in running:
        part.mean = np.array(arrays[f"{kind}_mean{suffix}"], np.float64)
        part.var = np.array(arrays[f"{kind}_var{suffix}"], np.float64)
        part.count = float(arrays[f"{kind}_count{suffix}"])


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


def _possible(name: str, array: np.ndarray) -> bool:
    """Whether these are finite numbers, and neither spread nor count is negative."""
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        return False
    return "_mean" in name or bool((array >= 0).all())


def _running(normalizer: VecNormalize) -> Iterator[tuple[str, str, RunningMeanStd]]:
    """Go through the statistics, each with its kind and the end of its names."""
    yield "return", "", normalizer.ret_rms
    if normalizer.norm_obs:
        statistics: Any = normalizer.obs_rms
        if isinstance(statistics, dict):
            yield from (("obs", f"/{name}", part) for name, part in statistics.items())
        else:
            yield "obs", "", statistics


def _statistics(kind: str, suffix: str, running: RunningMeanStd) -> dict[str, np.ndarray]:
    return {
        f"{kind}_mean{suffix}": np.array(running.mean, copy=True),
        f"{kind}_var{suffix}": np.array(running.var, copy=True),
        f"{kind}_count{suffix}": np.array(running.count),
    }
