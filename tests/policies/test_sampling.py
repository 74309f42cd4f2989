"""Actions drawn from the run's generator: as often as their probabilities say, and from nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium import spaces

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.policies import build_policy

OBSERVATIONS = spaces.Box(-1.0, 1.0, (3,), np.float32)
ROWS = 20_000


def policy_for(action_space):
    policy = build_policy(ExperimentConfig(env_id="CartPole-v1", seed=5), OBSERVATIONS, action_space)
    with torch.no_grad():
        policy.action_net.bias.copy_(torch.linspace(-0.8, 0.9, len(policy.action_net.bias)))
    policy.draw_from(np.random.default_rng(11))
    return policy


def draw(policy):
    observation = torch.tensor([[0.1, -0.4, 0.7]]).repeat(ROWS, 1)
    with torch.no_grad():
        actions, _, log_probs = policy(observation)
        distribution = policy.get_distribution(observation)
    return actions, log_probs, distribution


def assert_frequencies(counts, probabilities):
    """The chi-square statistic stays below its 99.9th percentile (for up to 4 degrees of freedom: 18.5)."""
    expected = np.asarray(probabilities) * ROWS
    assert ((np.asarray(counts) - expected) ** 2 / expected).sum() < 18.5


def test_choices_come_as_often_as_their_probabilities_say():
    actions, log_probs, distribution = draw(policy_for(spaces.Discrete(5)))
    assert_frequencies(np.bincount(actions, minlength=5), distribution.distribution.probs[0])
    assert torch.equal(log_probs, distribution.log_prob(actions))


def test_several_choices_come_as_often_as_their_probabilities_say():
    actions, log_probs, distribution = draw(policy_for(spaces.MultiDiscrete([3, 2])))
    for column, part in enumerate(distribution.distribution):
        assert_frequencies(np.bincount(actions[:, column]), part.probs[0])
    assert torch.equal(log_probs, distribution.log_prob(actions))


def test_switches_are_on_as_often_as_their_probabilities_say():
    actions, log_probs, distribution = draw(policy_for(spaces.MultiBinary(3)))
    for column, probability in enumerate(distribution.distribution.probs[0]):
        on = float(actions[:, column].sum())
        assert_frequencies([ROWS - on, on], [1 - probability, probability])
    assert torch.equal(log_probs, distribution.log_prob(actions))


def test_numbers_have_the_mean_and_spread_of_their_distribution():
    actions, log_probs, distribution = draw(policy_for(spaces.Box(-1.0, 1.0, (2,), np.float32)))
    normal = distribution.distribution
    error = normal.stddev[0] / ROWS**0.5
    assert bool(((actions.mean(0) - normal.mean[0]).abs() < 4 * error).all())
    assert bool(((actions.std(0) / normal.stddev[0] - 1).abs() < 4 / (2 * ROWS) ** 0.5).all())
    assert torch.equal(log_probs, distribution.log_prob(actions))


@pytest.mark.parametrize(
    "action_space",
    [
        spaces.Discrete(3),
        spaces.MultiDiscrete([3, 2]),
        spaces.MultiBinary(4),
        spaces.Box(-1.0, 1.0, (2,), np.float32),
    ],
    ids=lambda space: type(space).__name__,
)
def test_draws_leave_global_generators_alone_and_repeat_with_their_own(action_space):
    policy = policy_for(action_space)
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = draw(policy)[0]
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)
    torch.rand(3)
    policy.draw_from(np.random.default_rng(11))
    assert torch.equal(draw(policy)[0], first)
