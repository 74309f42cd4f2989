"""Intervals of means: how often they hold the truth, and what is known of their widths."""

from __future__ import annotations

import numpy as np
import pytest

from retroml_edu.analysis.intervals import mean_interval, t_quantile
from retroml_edu.core.errors import RetroMLError


# Abramowitz and Stegun (1964), table 26.10.
@pytest.mark.parametrize(("degrees", "quantile"), [(1, 12.706), (4, 2.776), (30, 2.042), (40, 2.021), (120, 1.980)])
def test_quantiles_are_those_of_the_table(degrees, quantile):
    assert t_quantile(degrees) == pytest.approx(quantile, abs=6e-4)


@pytest.mark.parametrize("runs", [2, 5, 40])
def test_nineteen_of_twenty_intervals_hold_the_mean(runs):
    values = np.random.default_rng(0).normal(3.0, 2.0, (runs, 20_000))
    _, low, high = mean_interval(values)
    assert np.mean((low <= 3) & (high >= 3)) == pytest.approx(0.95, abs=0.006)


def test_it_works_along_any_axis():
    values = np.random.default_rng(1).normal(size=(3, 10))
    for by_rows, by_columns in zip(mean_interval(values, axis=1), mean_interval(values.T), strict=True):
        np.testing.assert_allclose(by_rows, by_columns)


def test_one_run_has_no_interval():
    with pytest.raises(RetroMLError, match="two runs or more"):
        mean_interval(np.zeros((1, 4)))
