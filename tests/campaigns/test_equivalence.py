"""The test that says whether engines learn alike."""

from __future__ import annotations

import numpy as np
import pytest

from tests.campaigns.curves import WINDOW, Curve
from tests.campaigns.equivalence import equivalence, student_quantile


@pytest.mark.parametrize(
    ("probability", "freedom", "quantile"),
    [(0.95, 10, 1.812), (0.95, 18, 1.734), (0.975, 5, 2.571), (0.95, 1e6, 1.645)],
)
def test_quantiles_are_those_of_printed_tables(probability, freedom, quantile):
    assert student_quantile(probability, freedom) == pytest.approx(quantile, abs=1e-3)


def test_the_interval_is_that_of_welch():
    found = equivalence(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([2.0, 4.0, 6.0, 8.0, 10.0]))
    # Variances 2.5 and 10 of five each: error 1.5811, 5.8824 degrees of freedom, t 1.9510.
    assert found.difference == pytest.approx(3.0)
    assert (found.high - found.low) / 2 == pytest.approx(1.5811 * 1.9510, rel=1e-3)
    assert found.margin == pytest.approx(np.sqrt(2.5))


def test_engines_a_margin_apart_pass_one_time_in_twenty_and_equal_ones_nearly_always():
    rng = np.random.default_rng(1)
    apart = [equivalence(rng.normal(0, 1, 20), rng.normal(1.0, 1, 40)).shown for _ in range(200)]
    equal = [equivalence(rng.normal(0, 1, 20), rng.normal(0.0, 1, 40)).shown for _ in range(200)]
    assert np.mean(apart) < 0.15
    assert np.mean(equal) > 0.85


def test_one_seed_has_no_spread():
    with pytest.raises(ValueError, match="take more seeds"):
        equivalence(np.array([1.0]), np.array([1.0, 2.0]))


def test_a_curve_is_the_mean_of_the_last_games():
    count = WINDOW + 10
    curve = Curve(1, np.arange(1.0, count + 1) * 10, np.arange(count, dtype=float))
    start, two, last = curve.on(np.array([0.0, 20.0, count * 10.0]))
    assert (start, two) == (0.0, 0.5)
    assert last == np.arange(10, count).mean()


def test_a_curve_without_games_says_so():
    with pytest.raises(ValueError, match="train longer"):
        Curve(3, np.array([]), np.array([])).on(np.array([1.0]))


def test_where_nothing_spreads_a_least_margin_holds():
    ceiling, nearly = np.full(10, 500.0), np.array([500.0, 499.0, 500.0, 499.5])
    assert not equivalence(ceiling, nearly).shown
    assert equivalence(ceiling, nearly, least_margin=5.0).shown
