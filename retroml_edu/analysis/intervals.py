"""Intervals of means: how far the mean of some runs may be from that of all runs there could be."""

from __future__ import annotations

import numpy as np

from retroml_edu.core.errors import RetroMLError

_T_95 = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
"""Student's t, two-sided 95 %, for 1 to 30 degrees of freedom."""
_NORMAL_95 = 1.959964


def t_quantile(degrees: int) -> float:
    """Return what 95 % of Student's t distribution lies within, either side of 0.

    Beyond 30 degrees of freedom by the first terms of its expansion (Abramowitz and Stegun 1964, 26.7.5), which is
    right to three digits there.
    """
    if degrees <= len(_T_95):
        return _T_95[degrees - 1]
    z = _NORMAL_95
    return z + (z**3 + z) / (4 * degrees) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)


def mean_interval(values: np.ndarray, axis: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean of runs and the interval that holds it with 95 % confidence.

    Numbers have Student's interval, which is right if runs are about normal or many. What is true or false of each run
    has a share, and Wilson's interval of it (1927, Probable inference, the law of succession, and statistical
    inference): it stays between 0 and 1, and has a width even where all runs agree.

    Args:
        values: One entry a run along `axis`, two runs or more; numbers, or bool.
        axis: Which one.

    Returns:
        Mean, lower and upper end, each of the shape of `values` without that axis.

    Raises:
        RetroMLError: If there are fewer than two runs: one says nothing of how runs differ.
    """
    runs = values.shape[axis]
    if runs < 2:
        raise RetroMLError("An interval needs two runs or more: one run says nothing of how much runs differ.")
    mean = values.mean(axis=axis)
    if values.dtype == bool:
        return mean, *_wilson(mean, runs)
    half = t_quantile(runs - 1) * values.std(axis=axis, ddof=1) / np.sqrt(runs)
    return mean, mean - half, mean + half


def _wilson(share: np.ndarray, runs: int) -> tuple[np.ndarray, np.ndarray]:
    weight = _NORMAL_95**2 / runs
    centre = (share + weight / 2) / (1 + weight)
    half = np.sqrt(weight * share * (1 - share) + weight**2 / 4) / (1 + weight)
    # Rounding must not leave a share outside its own interval.
    return np.clip(centre - half, 0, share), np.clip(centre + half, share, 1)
