"""First weights, their shape and their way out as arrays and back."""

from __future__ import annotations

import threading

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3 import A2C, DQN, PPO

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import TrainingError
from retroml_edu.envs.spaces import describe_observation
from retroml_edu.policies import WeightsError, build_policy, copy_weights, load_weights, policy_spec
from retroml_edu.policies.threads import one_torch_thread

NUMBERS = spaces.Box(-1.0, 1.0, (4,), np.float32)
PICTURE = spaces.Box(0, 255, (84, 84, 4), np.uint8)
ACTIONS = spaces.Discrete(2)
SEED = 7


def config(algorithm="PPO", seed=SEED, **hyperparameters):
    return ExperimentConfig(env_id="CartPole-v1", algorithm=algorithm, seed=seed, hyperparameters=hyperparameters)


@pytest.mark.parametrize("stock", [PPO, A2C, DQN])
def test_first_weights_are_those_of_stable_baselines3_with_the_same_seed(stock):
    env = gym.make("CartPole-v1")
    mine = build_policy(config(stock.__name__), env.observation_space, env.action_space)
    buffer = {"buffer_size": 10} if stock is DQN else {}
    state = torch.get_rng_state()
    theirs = stock("MlpPolicy", env, seed=SEED, device="cpu", **buffer).policy
    torch.set_rng_state(state)
    for name, value in theirs.state_dict().items():
        assert torch.equal(mine.state_dict()[name], value), name


@pytest.mark.parametrize("space", [NUMBERS, PICTURE], ids=["numbers", "picture"])
def test_building_leaves_global_generators_alone(space):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()
    build_policy(config(), space, ACTIONS)
    assert torch.equal(torch.get_rng_state(), torch_state)
    assert np.array_equal(np.random.get_state()[1], numpy_state)


def test_another_seed_gives_other_weights():
    first, second = (copy_weights(build_policy(config(seed=seed), NUMBERS, ACTIONS)) for seed in (1, 2))
    assert not np.array_equal(first["action_net.weight"], second["action_net.weight"])


@pytest.mark.parametrize(
    ("space", "name", "reads_images"),
    [
        (NUMBERS, "MlpPolicy", False),
        (spaces.Discrete(16), "MlpPolicy", False),
        (PICTURE, "CnnPolicy", True),
        (spaces.Box(0, 255, (84, 84, 8), np.uint8), "CnnPolicy", True),
        (spaces.Box(0, 255, (20, 20, 3), np.uint8), "MlpPolicy", False),
        (spaces.Dict({"near": NUMBERS, "far": spaces.Discrete(3)}), "MultiInputPolicy", False),
        (spaces.Dict({"near": NUMBERS, "eye": PICTURE}), "MultiInputPolicy", True),
    ],
)
@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
def test_observations_decide_the_network(algorithm, space, name, reads_images):
    spec = policy_spec(config(algorithm), space, ACTIONS)
    assert (spec.name, spec.reads_images) == (name, reads_images)
    assert (describe_observation(space)[1] == "image") == (name == "CnnPolicy")
    build_policy(config(algorithm), space, ACTIONS)


def test_pictures_are_read_channels_first():
    spec = policy_spec(config(), PICTURE, ACTIONS)
    assert spec.observation_space.shape == (4, 84, 84)


def test_layers_and_activation_are_those_of_the_config():
    policy = build_policy(config(net_arch=(32, 16), activation="relu"), NUMBERS, ACTIONS)
    layers = list(policy.mlp_extractor.policy_net)
    assert [layer.out_features for layer in layers[::2]] == [32, 16]
    assert isinstance(layers[1], torch.nn.ReLU)


def test_dqn_on_continuous_actions_is_refused_in_plain_words():
    with pytest.raises(TrainingError, match="choose PPO or A2C"):
        build_policy(config("DQN"), NUMBERS, spaces.Box(-1.0, 1.0, (2,), np.float32))


@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
@pytest.mark.parametrize("space", [NUMBERS, PICTURE], ids=["numbers", "picture"])
def test_weights_go_out_and_back(algorithm, space):
    source = build_policy(config(algorithm, seed=1), space, ACTIONS)
    target = build_policy(config(algorithm, seed=2), space, ACTIONS)
    load_weights(target, copy_weights(source))
    for name, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[name], value), name


def test_copies_do_not_follow_later_training():
    policy = build_policy(config(), NUMBERS, ACTIONS)
    arrays = copy_weights(policy)
    before = arrays["value_net.weight"].copy()
    with torch.no_grad():
        policy.value_net.weight.add_(1.0)
    assert np.array_equal(arrays["value_net.weight"], before)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda arrays: arrays.pop("value_net.bias"), "lack value_net.bias"),
        (lambda arrays: arrays.update(q_net=np.zeros(1)), "have q_net, which it has not"),
        (
            lambda arrays: arrays.update({"value_net.bias": np.zeros(3)}),
            r"value_net.bias has shape \(3,\) instead of \(1,\)",
        ),
    ],
)
def test_weights_of_another_network_are_refused(change, says):
    policy = build_policy(config(), NUMBERS, ACTIONS)
    before = copy_weights(policy)
    arrays = dict(before)
    change(arrays)
    with pytest.raises(WeightsError, match=says):
        load_weights(policy, arrays)
    assert all(np.array_equal(value, before[name]) for name, value in copy_weights(policy).items())


def test_one_torch_thread_is_for_the_calling_thread_alone():
    counts = {}

    def ask(name):
        counts[name] = torch.get_num_threads()

    before = torch.get_num_threads()
    with one_torch_thread():
        ask("inside")
        other = threading.Thread(target=ask, args=("another thread",))
        other.start()
        other.join()
    ask("after")
    assert counts == {"inside": 1, "another thread": before, "after": before}
