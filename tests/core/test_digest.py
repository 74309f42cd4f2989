"""Digests of values, weights and arrays."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from retroml_edu.core.digest import ValuesDigest, array_digests, arrays_digest, policy_digest, weights_digest
from retroml_edu.core.events import (
    EpisodeEvent,
    Event,
    LogEvent,
    MetricEvent,
    ProgressEvent,
    event_from_dict,
    event_to_dict,
)
from retroml_edu.core.metrics import STEPS_PER_SECOND

EPISODE = EpisodeEvent(20, 1.5, 3, -21.0, 900)
METRIC = MetricEvent(30, 2.0, {"train/loss": 0.1, "train/entropy": -0.0, STEPS_PER_SECOND: 500.0})


def digest(*events: Event) -> str:
    values = ValuesDigest()
    for event in events:
        values.add(event)
    return values.hex


def test_the_digest_is_kept_the_same_for_ever() -> None:
    """A change here makes every certificate that was ever given out invalid."""
    assert digest() == "0" * 64
    assert digest(EPISODE, METRIC) == "5277ade798ff3ec8f04fb4a3a05e0070457fed3c06925eb5f5db3e41288e7558"


@pytest.mark.parametrize(
    "same",
    [
        (replace(EPISODE, elapsed_s=9.9), METRIC),
        (EPISODE, replace(METRIC, elapsed_s=9.9, values={**METRIC.values, STEPS_PER_SECOND: 1.0})),
        (EPISODE, replace(METRIC, values=dict(reversed(METRIC.values.items())))),
        (EPISODE, ProgressEvent(25, 1.6), LogEvent("info", "x"), METRIC),
        (replace(EPISODE, episode_return=-21), METRIC),
        (replace(EPISODE, episode_return=np.float32(-21.0)), METRIC),
    ],
)
def test_what_depends_on_the_machines_speed_does_not_count(same: tuple[Event, ...]) -> None:
    assert digest(*same) == digest(EPISODE, METRIC)


@pytest.mark.parametrize(
    "other",
    [
        (METRIC, EPISODE),
        (EPISODE,),
        (EPISODE, METRIC, METRIC),
        (replace(EPISODE, step=21), METRIC),
        (replace(EPISODE, env_index=2), METRIC),
        (replace(EPISODE, length=901), METRIC),
        (replace(EPISODE, episode_return=math.nextafter(-21.0, 0.0)), METRIC),
        (EPISODE, replace(METRIC, step=31)),
        (EPISODE, replace(METRIC, values={**METRIC.values, "train/entropy": 0.0})),
        (EPISODE, replace(METRIC, values={"train/loss": -0.0, "train/entropy": 0.1})),
        (EPISODE, replace(METRIC, values={"train/loss": 0.1})),
        (EPISODE, replace(METRIC, values={**METRIC.values, "own/thing": 1.0})),
    ],
)
def test_everything_else_counts(other: tuple[Event, ...]) -> None:
    assert digest(*other) != digest(EPISODE, METRIC)


def test_it_goes_on_from_its_digits() -> None:
    values = ValuesDigest(digest(EPISODE))
    values.add(METRIC)
    assert values.hex == digest(EPISODE, METRIC)


@pytest.mark.parametrize("start", ["x", "00", "zz" * 32])
def test_only_a_digest_can_be_gone_on_from(start: str) -> None:
    with pytest.raises(ValueError, match=r"no SHA-256|hexadecimal"):
        ValuesDigest(start)


@pytest.mark.parametrize("value", [-math.nan, math.inf, -math.inf])
def test_what_the_file_holds_as_null_is_all_the_same(value: float) -> None:
    read = MetricEvent(30, 2.0, {"train/loss": 0.1, "train/entropy": math.nan})
    assert digest(replace(METRIC, values={"train/loss": 0.1, "train/entropy": value})) == digest(read)
    assert digest(replace(EPISODE, episode_return=value)) == digest(replace(EPISODE, episode_return=math.nan))


def test_many_sets_of_metrics_need_no_memory_without_end() -> None:
    values = ValuesDigest()
    for number in range(1_000):
        values.add(MetricEvent(number, 0.0, {f"own/{number}": 1.0}))
    assert len(values._layouts) <= 256


def test_values_survive_json() -> None:
    draws = np.random.default_rng(5)
    doubles = np.frombuffer(draws.bytes(8 * 500))
    events = [MetricEvent(1, 0.0, {"train/loss": float(v)}) for v in doubles if math.isfinite(v)]
    read = [event_from_dict(json.loads(json.dumps(event_to_dict(event)))) for event in events]
    assert digest(*read) == digest(*events)


def test_arrays_count_by_what_they_hold_not_by_how_they_lie() -> None:
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    expected = arrays_digest({"a": array, "b": array})
    assert arrays_digest({"b": array, "a": np.asfortranarray(array)}) == expected
    assert arrays_digest({"a": array.astype(">f4"), "b": np.repeat(array, 2, axis=2)[:, :, ::2]}) == expected


@pytest.mark.parametrize(
    "other",
    [
        {"b": np.zeros(4, np.float32)},
        {"a": np.zeros(4, np.int32)},
        {"a": np.zeros((2, 2), np.float32)},
        {"a": np.array([0, 0, 0, -0.0], np.float32)},
        {"a": np.zeros(4, np.float32), "b": np.zeros(0)},
        {},
    ],
)
def test_names_types_shapes_and_bits_count(other: dict[str, np.ndarray]) -> None:
    assert arrays_digest(other) != arrays_digest({"a": np.zeros(4, np.float32)})


def test_a_policy_has_one_digest_in_a_checkpoint_and_in_a_model() -> None:
    weights, statistics = {"net.weight": np.ones((2, 2), np.float32)}, {"obs_mean": np.zeros(2)}
    arrays = {"policy/net.weight": weights["net.weight"], "normalization/obs_mean": statistics["obs_mean"]}
    stored = array_digests(arrays | {"optimizer/0": np.ones(3)})
    assert policy_digest(stored) == weights_digest(weights, statistics)
    assert weights_digest(weights, {}) != weights_digest(weights, statistics)
    assert weights_digest({}, weights) != weights_digest(weights, {})
