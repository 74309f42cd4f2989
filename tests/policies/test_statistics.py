"""Running statistics as arrays, and back."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.policies import WeightsError, build_policy, copy_weights, load_weights
from retroml_edu.policies.normalization import copy_statistics, load_statistics


@pytest.fixture
def normalizer():
    made = VecNormalize(DummyVecEnv([lambda: gym.make("CartPole-v1")]))
    yield made
    made.close()


def test_they_come_back_as_they_were(normalizer):
    arrays = {name: array + 0.25 for name, array in copy_statistics(normalizer).items()}
    load_statistics(normalizer, arrays)
    back = copy_statistics(normalizer)
    assert back.keys() == arrays.keys()
    assert all(np.array_equal(array, arrays[name]) for name, array in back.items())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("obs_mean", np.zeros(3)),
        ("obs_mean", np.full(4, np.nan)),
        ("obs_var", np.full(4, -1.0)),
        ("obs_var", np.ones(4, np.int64)),
        ("return_count", np.array(-1.0)),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(normalizer, name, value):
    before = copy_statistics(normalizer)
    with pytest.raises(WeightsError, match=f"{name} does not fit"):
        load_statistics(normalizer, {**before, name: value})
    assert all(np.array_equal(array, before[name]) for name, array in copy_statistics(normalizer).items())


def test_a_run_without_statistics_takes_none(normalizer):
    load_statistics(None, {})
    with pytest.raises(WeightsError, match=r"learned with running statistics.*this run keeps none\. Set normalize"):
        load_statistics(None, copy_statistics(normalizer))
    with pytest.raises(WeightsError, match=r"learned without running statistics.*this run keeps some\. Set normalize"):
        load_statistics(normalizer, {})


@pytest.mark.parametrize(("dtype", "factor"), [(np.float64, 1.0), (np.float32, np.nan)])
def test_weights_of_another_type_or_that_are_no_numbers_are_refused(dtype, factor):
    numbers = gym.spaces.Box(-1.0, 1.0, (4,), np.float32)
    policy = build_policy(ExperimentConfig(env_id="CartPole-v1", seed=7), numbers, gym.spaces.Discrete(2))
    before = copy_weights(policy)
    name = next(iter(before))
    changed = (before[name] * factor).astype(dtype)
    with pytest.raises(WeightsError, match="finite numbers of type float32 are needed"):
        load_weights(policy, {**before, name: changed})
    assert all(np.array_equal(array, before[name]) for name, array in copy_weights(policy).items())
