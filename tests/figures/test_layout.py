"""What is drawn: panels and layers."""

from __future__ import annotations

import numpy as np
import pytest

from retroml_edu.core.config import ALGORITHMS
from retroml_edu.core.metrics import RETURN, RETURN_MEAN
from retroml_edu.figures import LIGHT, PANELS, what_is_drawn
from retroml_edu.figures.layout import FEW_POINTS, MAX_BAND_POINTS, layers, points_per_band_step


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_has_the_return_on_top_and_three_panels_below(algorithm) -> None:
    first, *below = PANELS[algorithm]
    assert (first.metric, first.trend, first.title) == (RETURN, RETURN_MEAN, "Return (points)")
    assert len(below) == 3
    assert all(panel.title and panel.waiting and panel.missing and panel.role in LIGHT.lines for panel in below)


def test_single_episodes_are_dots_under_the_moving_mean(sample) -> None:
    data = sample("PPO", 300)
    drawn = layers(data, PANELS["PPO"][0])
    np.testing.assert_array_equal(drawn.point, data[RETURN].value)
    np.testing.assert_array_equal(drawn.line, data[RETURN_MEAN].value)
    assert len(drawn.band_step) == 0


@pytest.mark.parametrize("episodes", [1_001, 4_321, 30_000])
def test_merged_episodes_become_a_band_that_spans_them_all(sample, episodes: int) -> None:
    data = sample("PPO", episodes)
    curve, drawn = data[RETURN], layers(data, PANELS["PPO"][0])
    assert len(drawn.point) == 0
    assert 0 < len(drawn.band_step) <= MAX_BAND_POINTS
    assert drawn.low.min() == curve.low.min()
    assert drawn.high.max() == curve.high.max()
    assert drawn.band_step[-1] == curve.step[-1]
    size = points_per_band_step(curve) // curve.points_per_bucket
    assert drawn.low[0] == curve.low[:size].min()
    assert f"of {points_per_band_step(curve):,} episodes each" in what_is_drawn(data)


def test_few_updates_are_marked_and_many_are_a_line(sample) -> None:
    panel = PANELS["PPO"][1]
    assert len(layers(sample("PPO", 5, updates=FEW_POINTS), panel).point) == FEW_POINTS
    many = layers(sample("PPO", 5, updates=FEW_POINTS + 1), panel)
    assert len(many.point) == 0
    assert len(many.line) == FEW_POINTS + 1


def test_nothing_is_drawn_of_nothing(sample) -> None:
    drawn = layers(sample("PPO", 0, updates=0), PANELS["PPO"][0])
    assert len(drawn.band_step) == len(drawn.point_step) == len(drawn.line_step) == 0
