"""The actor plays as stable-baselines3's `predict` would, with actions that the environment takes."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.envs import make_env
from retroml_edu.policies import Actor, build_policy, copy_weights
from retroml_edu.policies.normalization import copy_statistics, normalized

NUMBERS = spaces.Box(-1.0, 1.0, (4,), np.float32)
PICTURE = spaces.Box(0, 255, (4, 84, 84), np.uint8)
OBSERVATIONS = [
    NUMBERS,
    spaces.Discrete(16),
    PICTURE,
    spaces.Dict({"near": NUMBERS, "where": spaces.Discrete(3), "eye": PICTURE}),
]
ACTIONS = [
    spaces.Discrete(3),
    spaces.Box(np.float32([-0.01, 0.0]), np.float32([0.01, 0.005])),
    spaces.MultiDiscrete([3, 2]),
    spaces.MultiBinary(4),
]


def kind(space):
    return type(space).__name__ + str(space.shape or "")


def config(algorithm="PPO", seed=3):
    return ExperimentConfig(env_id="CartPole-v1", algorithm=algorithm, seed=seed)


@pytest.mark.parametrize("actions", ACTIONS, ids=kind)
@pytest.mark.parametrize("observations", OBSERVATIONS, ids=kind)
def test_ppo_acts_greedily_like_predict_and_always_validly(observations, actions):
    policy = build_policy(config(), observations, actions)
    actor = Actor(config(seed=4), observations, actions)
    actor.load(PolicyWeights(12, copy_weights(policy)))
    assert actor.step == 12
    observations.seed(0)
    rng = np.random.default_rng(0)
    for _ in range(5):
        observation = observations.sample()
        greedy = actor.act(observation, True, rng)
        expected, _ = policy.predict(observation, deterministic=True)
        assert np.allclose(greedy, expected)
        assert actions.contains(greedy)
        assert actions.contains(actor.act(observation, False, rng))


@pytest.mark.parametrize("observations", OBSERVATIONS, ids=kind)
def test_dqn_acts_greedily_like_predict(observations):
    policy = build_policy(config("DQN"), observations, ACTIONS[0])
    actor = Actor(config("DQN"), observations, ACTIONS[0], epsilon=0.0)
    observations.seed(0)
    rng = np.random.default_rng(0)
    for _ in range(5):
        observation = observations.sample()
        expected = int(policy.predict(observation)[0])
        assert actor.act(observation, True, rng) == actor.act(observation, False, rng) == expected


def test_dqn_acts_at_random_as_often_as_epsilon_says():
    actor = Actor(config("DQN"), NUMBERS, spaces.Discrete(2), epsilon=0.5)
    observation, rng = np.zeros(4, np.float32), np.random.default_rng(0)
    greedy = actor.act(observation, True, rng)
    others = sum(actor.act(observation, False, rng) != greedy for _ in range(2_000))
    assert 420 < others < 580  # half of the random half, four standard deviations either way


def test_draws_repeat_with_the_generator():
    actor = Actor(config(), NUMBERS, spaces.Discrete(5))
    first, second = (
        [actor.act(np.zeros(4), False, rng) for _ in range(20)]
        for rng in (np.random.default_rng(9), np.random.default_rng(9))
    )
    assert first == second
    assert len(set(first)) > 1


def test_pictures_may_have_their_channels_last():
    last = spaces.Box(0, 255, (84, 84, 4), np.uint8)
    actor = Actor(config(), last, spaces.Discrete(3))
    picture = np.random.default_rng(0).integers(0, 256, (84, 84, 4), np.uint8)
    rng = np.random.default_rng(0)
    assert actor.act(picture, True, rng) == actor.act(np.moveaxis(picture, 2, 0), True, rng)


@pytest.mark.parametrize("named", [False, True])
def test_observations_are_normalised_as_vecnormalize_does(named):
    venv = DummyVecEnv([lambda: make_env("CartPole-v1", seed=0)])
    venv.observation_space = spaces.Dict({"near": NUMBERS}) if named else NUMBERS
    normalizer = VecNormalize(venv)
    running = normalizer.obs_rms["near"] if named else normalizer.obs_rms
    running.update(np.random.default_rng(0).normal(2.0, 3.0, (50, 4)))
    statistics = copy_statistics(normalizer)
    numbers = np.float32([1.0, -2.0, 90.0, 4.0])
    observation = {"near": numbers} if named else numbers
    ours, theirs = normalized(observation, statistics), normalizer.normalize_obs(observation)
    if named:
        ours, theirs = ours["near"], theirs["near"]
    assert np.array_equal(ours, theirs)
    assert ours.max() == 10.0
    venv.close()
