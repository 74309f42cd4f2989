"""The axes on which predictions are drawn: there is one for every environment, and its goal lies on it."""

from __future__ import annotations

import gymnasium as gym
import pytest

from retroml_edu.core.errors import UnknownNameError
from retroml_edu.envs import goal_return, list_envs
from retroml_edu.envs.expectations import expectation
from retroml_edu.envs.return_ranges import ReturnRange, return_range


@pytest.mark.parametrize("env_id", [spec.id for spec in list_envs()])
def test_every_listed_environment_has_an_axis_with_what_is_known_of_it(env_id):
    span = return_range(env_id)
    assert span.known
    assert span.low < span.high
    goal, seen = goal_return(env_id), expectation(env_id, "PPO")
    for known in (goal, seen.mean_return if seen is not None else None):
        assert known is None or span.low < known < span.high


@pytest.mark.parametrize(
    ("threshold", "span"),
    [
        (None, ReturnRange(-100, 100, known=False)),
        (0.0, ReturnRange(-100, 100, known=False)),
        (8.0, ReturnRange(0, 10, known=False)),
        (-8.0, ReturnRange(-40, 0, known=False)),
    ],
)
def test_of_others_it_is_a_guess_from_their_goal(threshold, span):
    env_id = "PredictedCartPole-v0"
    gym.register(env_id, "gymnasium.envs.classic_control:CartPoleEnv", reward_threshold=threshold)
    try:
        assert return_range(env_id) == span
    finally:
        del gym.registry[env_id]


def test_an_environment_that_is_not_there_has_none():
    with pytest.raises(UnknownNameError, match="CartPole-v1"):
        return_range("CartPol-v1")
