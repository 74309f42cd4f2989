"""The fast engine against stable-baselines3's own updates, from one state, with the same draws.

Both take the same draws in the same order. So from equal weights they choose equal actions, and learn from equal
steps, until a rounding (single precision, sums in another order) tips a choice that was about even.
"""

from __future__ import annotations

import io

import gymnasium
import numpy as np
import pytest
from stable_baselines3 import A2C, DQN, PPO

from retroml_edu.core.control import Control
from retroml_edu.core.events import EpisodeEvent, MetricEvent
from retroml_edu.envs.calibration import WORKERS_VARIABLE
from retroml_edu.training import trainer_for

STOCK = {"PPO": PPO, "A2C": A2C, "DQN": DQN}
PICTURES = {"env_id": "ALE/Breakout-v5", "steps": 96, "device": "cpu"}
CASES = {
    "PPO": {"algorithm": "PPO"},
    "PPO alone": {"algorithm": "PPO", "n_envs": 1, "hyperparameters": {"batch_size": 12}},
    "PPO numbers": {"algorithm": "PPO", "env_id": "Pendulum-v1", "hyperparameters": {"ent_coef": 0.01}},
    "PPO several numbers": {"algorithm": "PPO", "env_id": "BipedalWalker-v3", "normalize": True},
    "PPO lander": {"algorithm": "PPO", "env_id": "LunarLander-v3", "hyperparameters": {"activation": "relu"}},
    "PPO lander cut off": {"algorithm": "PPO", "env_id": "LunarLander-v3", "time_limit": 20},
    "PPO three choices cut off": {"algorithm": "PPO", "env_id": "MountainCar-v0", "time_limit": 20},
    "A2C lander cut off": {"algorithm": "A2C", "env_id": "LunarLander-v3", "time_limit": 20},
    "PPO three choices": {"algorithm": "PPO", "env_id": "MountainCar-v0", "hyperparameters": {"ent_coef": 0.1}},
    "PPO six numbers seen": {"algorithm": "PPO", "env_id": "Acrobot-v1", "hyperparameters": {"net_arch": [20]}},
    "PPO one number": {"algorithm": "PPO", "env_id": "MountainCarContinuous-v0"},
    "PPO deep": {"algorithm": "PPO", "hyperparameters": {"net_arch": [32, 8, 40], "normalize_advantage": False}},
    "PPO early stop": {"algorithm": "PPO", "hyperparameters": {"target_kl": 0.002, "n_epochs": 8}},
    "PPO schedules": {
        "algorithm": "PPO",
        "hyperparameters": {"learning_rate_schedule": "linear", "clip_range_schedule": "linear"},
    },
    "PPO normalised": {"algorithm": "PPO", "normalize": True},
    "PPO pictures": {"algorithm": "PPO", **PICTURES},
    "PPO pictures, early stop": {
        "algorithm": "PPO",
        **PICTURES,
        "hyperparameters": {"target_kl": 1e-4, "n_epochs": 8, "clip_range_schedule": "linear"},
    },
    "PPO small pictures": {"algorithm": "PPO", **PICTURES, "env_id": "RetroML/PongPixelsSticky-v0"},
    "A2C pictures": {"algorithm": "A2C", **PICTURES, "hyperparameters": {"normalize_advantage": True}},
    "DQN pictures": {"algorithm": "DQN", **PICTURES},
    "DQN pictures, soft target": {
        "algorithm": "DQN",
        **PICTURES,
        "n_envs": 1,
        "hyperparameters": {"tau": 0.5, "target_update_interval": 10, "exploration_fraction": 0.9},
    },
    "DQN pictures cut off": {"algorithm": "DQN", **PICTURES, "time_limit": 20},
    "A2C": {"algorithm": "A2C"},
    "A2C numbers": {"algorithm": "A2C", "env_id": "Pendulum-v1", "hyperparameters": {"ent_coef": 0.01}},
    "A2C Adam": {"algorithm": "A2C", "hyperparameters": {"use_rms_prop": False, "normalize_advantage": True}},
    "DQN": {"algorithm": "DQN"},
    "DQN alone": {"algorithm": "DQN", "n_envs": 1, "hyperparameters": {"buffer_size": 100}},
    "DQN soft target": {"algorithm": "DQN", "hyperparameters": {"tau": 0.1, "target_update_interval": 4}},
    "DQN normalised": {"algorithm": "DQN", "env_id": "Acrobot-v1", "normalize": True},
    "DQN lander": {"algorithm": "DQN", "env_id": "LunarLander-v3"},
    "DQN lander cut off": {"algorithm": "DQN", "env_id": "LunarLander-v3", "time_limit": 20},
}
"""`time_limit`: after so many steps games are cut off; with Gymnasium's own limits no run this short would be."""
WEIGHTS = 2e-4
"""Largest difference of a weight, some updates on. Adam moves a weight by about the learning rate at each step,
whatever its gradient: one that is zero but for roundings may move either way."""
LONGEST_OPENING = 10
"""Steps that an Atari game may have done nothing before it begins: they count towards its limit."""
METRICS = 2e-3
"""Largest difference of what the first update measures, relative or absolute."""


def outcome(config):
    events = []
    model = trainer_for(config).train(config, events.append, Control())
    return model, events


def test_workers_change_nothing(tiny, monkeypatch):
    config = tiny("PPO", env_id="LunarLander-v3", n_envs=3, engine="fast")
    alone, events = outcome(config)
    monkeypatch.setenv(WORKERS_VARIABLE, "2")
    shared, shared_events = outcome(config)
    for name, array in alone.weights.arrays.items():
        assert np.array_equal(array, shared.weights.arrays[name]), name
    episodes = [[event for event in told if isinstance(event, EpisodeEvent)] for told in (events, shared_events)]
    assert [(e.step, e.episode_return) for e in episodes[0]] == [(e.step, e.episode_return) for e in episodes[1]]


def cut_games_off(patch, spec, steps):
    """Set a time limit; for an emulator it is in frames."""
    frames = "max_num_frames_per_episode"
    if frames in spec.kwargs:
        patch.setitem(spec.kwargs, frames, 4 * steps)
    else:
        patch.setattr(spec, "max_episode_steps", steps)


@pytest.fixture(scope="module", params=CASES)
def both(request, tiny):
    settings = {"steps": 192, "n_envs": 2, **CASES[request.param]}
    time_limit = settings.pop("time_limit", None)
    config = tiny(**settings, engine="fast")
    with pytest.MonkeyPatch.context() as patch:
        if time_limit:
            cut_games_off(patch, gymnasium.spec(config.env_id), time_limit)
        learned = outcome(config), outcome(config.model_copy(update={"engine": "sb3"}))
    if time_limit:
        lengths = {event.length for event in learned[0][1] if isinstance(event, EpisodeEvent)}
        assert time_limit - LONGEST_OPENING <= max(lengths) <= time_limit
    return config, *learned


def test_episodes_are_the_same(both):
    _, (_, fast), (_, stock) = both
    ended = [
        [(event.step, event.env_index, event.length) for event in events if isinstance(event, EpisodeEvent)]
        for events in (fast, stock)
    ]
    assert ended[0] == ended[1]


def test_returns_are_the_same(both):
    _, (_, fast), (_, stock) = both
    gained = [[event.episode_return for event in events if isinstance(event, EpisodeEvent)] for events in (fast, stock)]
    assert np.allclose(*gained, rtol=1e-4, atol=1e-4)


def test_updates_measure_the_same(both):
    _, (_, fast), (_, stock) = both
    measured = [[event for event in events if isinstance(event, MetricEvent)] for events in (fast, stock)]
    assert len(measured[0]) == len(measured[1]) >= 2
    for one, other in zip(*measured, strict=True):
        assert one.step == other.step
        assert one.values.keys() == other.values.keys()
    one, other = measured[0][0].values, measured[1][0].values
    for name in one.keys() - {"time/steps_per_second"}:
        assert one[name] == pytest.approx(other[name], rel=METRICS, abs=METRICS), name


def test_weights_are_the_same(both):
    _, (fast, _), (stock, _) = both
    assert fast.weights.step == stock.weights.step
    assert fast.weights.arrays.keys() == stock.weights.arrays.keys()
    for name, array in fast.weights.arrays.items():
        assert np.abs(array - stock.weights.arrays[name]).max() < WEIGHTS, name


def test_plain_stable_baselines3_goes_on_with_the_model(both, tmp_path):
    config, (fast, _), (stock, _) = both
    moved = []
    for model in (fast, stock):
        file = io.BytesIO()
        model.export(file)
        file.seek(0)
        loaded = STOCK[config.algorithm].load(file, device="cpu")
        seen = loaded.observation_space.sample()
        before = {name: value.clone() for name, value in loaded.policy.state_dict().items()}
        state = loaded.policy.optimizer.state_dict()["state"]
        steps = {float(part["step"]) for part in state.values()}
        for value in loaded.policy.parameters():
            value.grad = value.detach() * 0.1 + 0.01
        loaded.policy.optimizer.step()
        after = loaded.policy.state_dict()
        assert {float(part["step"]) for part in loaded.policy.optimizer.state_dict()["state"].values()} == {
            step + 1 for step in steps
        }
        moved.append({name: (after[name] - before[name]).numpy() for name in before})
        assert loaded.predict(seen, deterministic=True)[0].shape == loaded.action_space.shape
    for name, change in moved[0].items():
        assert np.allclose(change, moved[1][name], atol=WEIGHTS), name
