"""Bounded series and the curves made of them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from retroml_edu.core.curves import CurveRecorder, curve_data
from retroml_edu.core.events import EpisodeEvent, LogEvent, MetricEvent, ProgressEvent
from retroml_edu.core.metrics import LENGTH, RETURN, RETURN_MEAN, RETURN_WINDOW
from retroml_edu.core.series import MovingMean, Series


@pytest.mark.parametrize("seed", range(20))
def test_many_points_at_once_are_bit_for_bit_the_same_as_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=int(rng.integers(1, 3_000))) * 10.0 ** rng.integers(-3, 4)
    values[rng.random(len(values)) < 0.01 * (seed % 3)] = np.nan
    steps = np.cumsum(rng.integers(0, 9, len(values))).astype(float)
    capacity = int(2 * rng.integers(1, 60))
    single, whole = Series(capacity), Series(capacity)
    for step, value in zip(steps, values, strict=True):
        single.add(step, value)
    for part in np.split(np.arange(len(values)), np.sort(rng.integers(0, len(values), 3))):
        whole.extend(steps[part], values[part])
    for name in ("step", "mean", "low", "high"):
        np.testing.assert_array_equal(getattr(single, name), getattr(whole, name))
    assert (single.count, single.points_per_bucket) == (whole.count, whole.points_per_bucket)
    np.testing.assert_equal(single.last, whole.last)


@pytest.mark.parametrize("capacity", [2, 8, 100])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 9, 99, 100, 101, 1_000, 4_097])
def test_buckets_are_what_numpy_makes_of_the_points(capacity: int, count: int) -> None:
    # Whole numbers: their sums are exact in any order.
    values = np.random.default_rng(count).integers(-1_000, 1_000, count).astype(float)
    steps = np.arange(count, dtype=float) * 3
    series = Series(capacity)
    for step, value in zip(steps, values, strict=True):
        series.add(step, value)
    size = series.points_per_bucket
    starts = np.arange(0, count, size)
    assert series.count == count
    assert len(series.step) == len(starts) <= capacity
    if not count:
        assert math.isnan(series.last)
        return
    assert size == 1 or len(starts) > capacity // 2
    ends = np.minimum(starts + size, count) - 1
    np.testing.assert_array_equal(series.step, steps[ends])
    np.testing.assert_array_equal(series.mean, np.add.reduceat(values, starts) / (ends - starts + 1))
    np.testing.assert_array_equal(series.low, np.minimum.reduceat(values, starts))
    np.testing.assert_array_equal(series.high, np.maximum.reduceat(values, starts))
    assert series.last == values[-1]


def test_what_is_read_is_a_copy() -> None:
    series = Series(4)
    series.add(1, 5)
    for name in ("step", "mean", "low", "high"):
        getattr(series, name)[:] = 99
    assert (series.step[0], series.mean[0], series.low[0], series.high[0]) == (1, 5, 5, 5)


@pytest.mark.parametrize("capacity", [-2, 0, 1, 7])
def test_an_odd_capacity_is_refused(capacity: int) -> None:
    with pytest.raises(ValueError, match=f"capacity={capacity} must be even"):
        Series(capacity)


def test_a_moving_mean_is_shorter_at_the_start() -> None:
    mean = MovingMean(3)
    assert [mean.add(value) for value in (3.0, 5.0, 10.0, 0.0)] == [3.0, 4.0, 6.0, 5.0]


@pytest.mark.parametrize("window", [1, 2, 20, 100])
@pytest.mark.parametrize("parts", [1, 2, 7])
def test_a_moving_mean_of_many_values_at_once_is_that_of_single_ones(window: int, parts: int) -> None:
    rng = np.random.default_rng(window)
    values = rng.integers(-9, 9, 257).astype(float)
    values[40] = np.nan
    single, whole = MovingMean(window), MovingMean(window)
    expected = [single.add(float(value)) for value in values]
    cuts = np.sort(rng.integers(0, len(values), parts - 1))
    found = np.concatenate([whole.extend(part) for part in np.split(values, cuts)])
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert np.isnan(found).sum() == window, "a value that is no number counts longer than its window"
    assert len(whole.extend(np.zeros(0))) == 0


def story(episodes: int) -> list[object]:
    rng = np.random.default_rng(1)
    events: list[object] = []
    for number in range(episodes):
        events.append(EpisodeEvent(10 * number, 0.0, 0, float(rng.normal()), int(rng.integers(1, 99))))
        events.append(ProgressEvent(10 * number, 0.0))
        if number % 7 == 0:
            events.append(MetricEvent(10 * number, 0.0, {"train/loss": float(rng.normal())}))
    return events


@pytest.mark.parametrize("chunk", [1, 13, 10_000])
def test_curves_are_equal_however_events_are_chunked(chunk: int) -> None:
    events = story(700)
    recorder = CurveRecorder("run", capacity=100)
    for at in range(0, len(events), chunk):
        recorder.handle(events[at : at + chunk])
    live, whole = recorder.data(), curve_data(events, "run", capacity=100)
    assert live.title == whole.title == "run"
    assert live.curves.keys() == whole.curves.keys() == {RETURN, RETURN_MEAN, LENGTH, "train/loss"}
    for name, curve in live.curves.items():
        for part in ("step", "value", "low", "high"):
            np.testing.assert_array_equal(getattr(curve, part), getattr(whole[name], part))
        assert (curve.count, curve.points_per_bucket) == (whole[name].count, whole[name].points_per_bucket)
        assert len(curve.step) <= 100


def test_the_mean_return_looks_back_over_its_window() -> None:
    returns = np.random.default_rng(2).normal(size=250)
    data = curve_data(EpisodeEvent(n, 0.0, 0, float(value), 1) for n, value in enumerate(returns))
    expected = [returns[max(0, n + 1 - RETURN_WINDOW) : n + 1].mean() for n in range(250)]
    np.testing.assert_allclose(data[RETURN_MEAN].value, expected, rtol=0, atol=1e-12)


def test_the_version_rises_with_what_is_measured_only() -> None:
    recorder = CurveRecorder()
    recorder.handle([ProgressEvent(1, 0.0), LogEvent("info", "x")])
    assert recorder.version == 0
    recorder.handle([MetricEvent(1, 0.0, {"train/loss": 2.0})])
    assert recorder.version == 1


def test_last_values() -> None:
    recorder = CurveRecorder()
    assert math.isnan(recorder.last(RETURN))
    recorder.handle([EpisodeEvent(1, 0.0, 0, 5.0, 3), EpisodeEvent(2, 0.0, 0, 7.0, 3)])
    assert recorder.last(RETURN) == 7.0
    assert recorder.last(RETURN_MEAN) == recorder.data()[RETURN_MEAN].last == 6.0
    assert math.isnan(recorder.data()["train/loss"].last)


def test_the_newest_value_is_no_mean_of_merged_ones() -> None:
    recorder = CurveRecorder(capacity=2)
    recorder.handle([MetricEvent(step, 0.0, {"train/loss": float(step)}) for step in range(64)])
    curve = recorder.data()["train/loss"]
    assert curve.points_per_bucket > 1
    assert curve.last == recorder.last("train/loss") == 63.0 != curve.value[-1]


def test_data_stays_as_it_was_read_and_a_missing_curve_is_empty() -> None:
    recorder = CurveRecorder()
    recorder.handle([EpisodeEvent(1, 0.0, 0, 5.0, 3)])
    data = recorder.data()
    recorder.handle([EpisodeEvent(2, 0.0, 0, 7.0, 3)])
    assert data[RETURN].count == 1
    assert RETURN in data
    assert "train/loss" not in data
    assert len(data["train/loss"].step) == data["train/loss"].count == 0
