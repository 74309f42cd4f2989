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


def test_a_share_has_wilson_s_interval():
    # Newcombe (1998), Two-sided confidence intervals for the single proportion, table I, method 3: 81 of 263, 15 of
    # 148, 0 of 20, 1 of 29.
    for successes, runs, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        found = mean_interval(np.arange(runs) < successes)
        np.testing.assert_allclose(found, (successes / runs, low, high), atol=5e-5)


def test_a_share_stays_within_its_bounds_and_is_never_certain():
    shares = mean_interval(np.tile([True, False], (5, 1)))
    np.testing.assert_array_equal(shares[0], [1, 0])
    assert shares[2][0] == 1
    assert shares[1][1] == 0
    assert 0 < shares[2][1] < 0.5 < shares[1][0] < 1


def test_one_run_has_no_interval():
    with pytest.raises(RetroMLError, match="two runs or more"):
        mean_interval(np.zeros((1, 4)))
