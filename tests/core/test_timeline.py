"""When which step was taken, in a bounded number of pairs."""

from __future__ import annotations

import numpy as np
import pytest

from retroml_edu.core.timeline import Timeline


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 100, 12_345])
def test_it_is_bounded_and_reaches_from_the_first_to_the_newest(count: int) -> None:
    timeline = Timeline(capacity=8)
    for number in range(count):
        timeline.add(10 * number, number / 4)
    steps, seconds = timeline.columns()
    assert len(steps) == len(seconds) == min(count, len(steps)) <= 8
    np.testing.assert_array_equal(seconds * 40, steps)
    if count:
        assert (steps[0], steps[-1]) == (0, 10 * (count - 1))
        assert len(set(np.diff(steps[:-1]))) <= 1, "they do not lie evenly"


def test_times_between_its_pairs_are_near_the_truth() -> None:
    timeline = Timeline()
    steps = np.arange(100_000)
    truth = np.sqrt(steps)
    for step, seconds in zip(steps, truth, strict=True):
        timeline.add(step, seconds)
    found = np.interp(steps, *timeline.columns())
    assert np.abs(found - truth).max() < 0.01 * truth[-1]
