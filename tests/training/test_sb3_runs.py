"""Real runs of all three algorithms: they learn, on numbers and on pictures."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.vec_env import DummyVecEnv

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control, StopRequested
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.events import EpisodeEvent, MetricEvent
from retroml_edu.core.metrics import METRICS
from retroml_edu.envs import resolve_config
from retroml_edu.policies import build_policy, copy_weights, policy_spec
from retroml_edu.training import trainer_for
from retroml_edu.training.devices import resolve_device
from retroml_edu.training.sb3.algorithms import RunPPO
from retroml_edu.training.sb3.settings import algorithm_arguments
from retroml_edu.training.sb3.update import UpdateGuard

COMMON = {"train/loss", "train/learning_rate", "train/updates", "time/steps_per_second"}
ACTOR_CRITIC = COMMON | {
    "train/policy_loss",
    "train/value_loss",
    "train/entropy",
    "train/explained_variance",
}
MEASURED = {
    "PPO": ACTOR_CRITIC | {"train/approx_kl", "train/clip_fraction", "train/clip_range"},
    "A2C": ACTOR_CRITIC,
    "DQN": COMMON | {"train/exploration_rate"},
}


def train(config, run):
    return run(trainer_for(config), config, Control())


def custom(algorithm, env_id, steps, **changes):
    config = ExperimentConfig(
        env_id=env_id, algorithm=algorithm, run_type="custom", total_timesteps=steps, seed=3, **changes
    )
    return resolve_config(config)


def returns(played):
    return [event.episode_return for event in played.of(EpisodeEvent)]


@pytest.mark.parametrize(("algorithm", "steps"), [("PPO", 10_000), ("A2C", 8_000), ("DQN", 6_000)])
def test_it_learns_to_balance_the_pole(run, algorithm, steps):
    played = train(custom(algorithm, "CartPole-v1", steps), run)
    gained = returns(played)
    assert np.mean(gained[-20:]) > 2.5 * np.mean(gained[:20])
    assert played.of(MetricEvent)[-1].values.keys() == MEASURED[algorithm]
    assert played.model.facts == {
        "engine": "sb3",
        "engine_version": played.model.facts["engine_version"],
        "device": "cpu",
        "torch_threads": 1,
        "deterministic": False,
        "precision": "float32",
        "determinism": played.model.facts["determinism"],
    }
    assert "computed by one thread" in played.model.facts["determinism"]


def test_continuous_actions_with_running_statistics(run):
    config = custom("PPO", "BipedalWalker-v3", 2_000, n_envs=2, hyperparameters={"n_steps": 512})
    played = train(config, run)
    statistics = played.model.weights.normalization
    assert statistics["obs_mean"].shape == (24,)
    # VecNormalize starts from a count of 1e-4, then sees each step and the first observations.
    assert statistics["obs_count"] == pytest.approx(played.model.weights.step + 2, abs=0.01)
    assert played.of(MetricEvent)[-1].values["train/std"] > 0.5
    assert played.of(MetricEvent)[-1].values.keys() == MEASURED["PPO"] | {"train/std"}


@pytest.mark.parametrize(
    ("algorithm", "settings"),
    [
        ("PPO", {"n_steps": 32, "batch_size": 32, "n_epochs": 1}),
        ("A2C", {"n_steps": 16}),
        ("DQN", {"buffer_size": 500, "learning_starts": 100, "train_freq": 16}),
    ],
)
def test_pictures_of_breakout(run, algorithm, settings):
    config = custom(algorithm, "ALE/Breakout-v5", 256, n_envs=2, device="cpu", hyperparameters=settings)
    played = train(config, run)
    assert len(played.of(MetricEvent)) > 2
    pictures, actions = spaces.Box(0, 255, (4, 84, 84), np.uint8), spaces.Discrete(4)
    first, last = copy_weights(build_policy(config, pictures, actions)), played.model.weights.arrays
    assert last.keys() == first.keys()
    assert any(not np.array_equal(first[name], last[name]) for name in first)


def test_a_deterministic_run_keeps_to_one_thread_and_the_cpu(run, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    settings = {"n_steps": 32, "batch_size": 32, "n_epochs": 1}
    config = custom("PPO", "ALE/Breakout-v5", 32, n_envs=1, deterministic=True, hyperparameters=settings)
    facts = train(config, run).model.facts
    assert (facts["device"], facts["torch_threads"], facts["deterministic"]) == ("cpu", 1, True)


class _Named(gym.Env):
    observation_space = spaces.Dict({"near": spaces.Box(-1.0, 1.0, (3,), np.float32), "where": spaces.Discrete(4)})
    action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._steps = 0
        return self._look(), {}

    def step(self, action):
        self._steps += 1
        return self._look(), float(action), self._steps == 10, False, {}

    def _look(self):
        return {"near": self.np_random.random(3, np.float32), "where": int(self.np_random.integers(4))}


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("algorithm", ["PPO", "A2C", "DQN"])
def test_observations_with_names(run, tiny, monkeypatch, algorithm, normalize):
    def make(env_id, n_envs, *, seed):
        venv = DummyVecEnv([_Named] * n_envs)
        venv.seed(seed)
        return venv

    monkeypatch.setattr("retroml_edu.training.sb3.trainer.make_vector_env", make)
    config = tiny(algorithm, steps=128, normalize=normalize)
    played = train(config, run)
    assert played.model.weights.step >= 128
    assert ("obs_mean/near" in played.model.weights.normalization) is normalize
    assert "obs_mean/where" not in played.model.weights.normalization


def test_linear_schedules_fall_to_zero(run, tiny):
    schedules = {"learning_rate_schedule": "linear", "clip_range_schedule": "linear"}
    metrics = train(tiny("PPO", hyperparameters=schedules), run).of(MetricEvent)
    rates = [event.values["train/learning_rate"] for event in metrics]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == metrics[-1].values["train/clip_range"] == 0.0


def test_a2c_tells_the_whole_of_its_loss(run, tiny):
    config = tiny("A2C", hyperparameters={"ent_coef": 0.1, "vf_coef": 0.25})
    last = train(config, run).of(MetricEvent)[-1].values
    parts = last["train/policy_loss"] - 0.1 * last["train/entropy"] + 0.25 * last["train/value_loss"]
    assert last["train/loss"] == pytest.approx(parts)


@pytest.mark.parametrize(
    ("algorithm", "settings"),
    [("PPO", {"batch_size": 12}), ("DQN", {"target_update_interval": 1})],
)
def test_what_stable_baselines3_would_warn_of_goes_quietly(run, tiny, algorithm, settings):
    train(tiny(algorithm, hyperparameters=settings), run)


@pytest.mark.parametrize("algorithm", [PPO, A2C, DQN])
def test_arguments_mean_in_stable_baselines3_what_the_config_says(tiny, algorithm):
    config = tiny(algorithm.__name__, n_envs=1, steps=2_000)
    env = gym.make("CartPole-v1")
    spec = policy_spec(config, env.observation_space, env.action_space)
    model = algorithm(spec.name, env, device="cpu", **algorithm_arguments(config, spec))
    for name, value in config.hyperparameters.model_dump().items():
        held = getattr(model, name, value)
        if name not in ("learning_rate", "clip_range", "net_arch", "train_freq"):
            assert held == value, name
    assert model.lr_schedule(1.0) == config.hyperparameters.learning_rate


def test_a_missing_device_is_named(tiny, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    config = tiny("PPO", device="cuda")
    with pytest.raises(TrainingError, match=r'device="cuda".*Choose "auto" or "cpu"'):
        trainer_for(config).train(config, [].append, Control())


@pytest.mark.parametrize(
    ("name", "is_large", "cuda", "expected"),
    [
        ("auto", True, True, "cuda"),
        ("auto", True, False, "cpu"),
        ("auto", False, True, "cpu"),
        ("cuda", False, True, "cuda"),
        ("cpu", True, True, "cpu"),
    ],
)
def test_a_gpu_is_taken_for_pictures_or_when_asked_for(monkeypatch, name, is_large, cuda, expected):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert resolve_device(name, is_large=is_large) == expected


@pytest.fixture
def model():
    venv = DummyVecEnv([lambda: gym.make("CartPole-v1")])
    state = torch.get_rng_state()
    made = RunPPO("MlpPolicy", venv, n_steps=16, batch_size=8, device="cpu")
    torch.set_rng_state(state)
    made.guard = UpdateGuard(after=lambda model: None)
    yield made
    venv.close()


def _gradient_step(model):
    loss = sum(value.square().sum() for value in model.policy.parameters())
    model.policy.optimizer.zero_grad()
    loss.backward()
    model.policy.optimizer.step()


@pytest.mark.parametrize("steps_before", [0, 2])
def test_a_stopped_update_takes_the_optimiser_back_too(model, steps_before):
    for _ in range(steps_before):
        _gradient_step(model)
    before = {name: value.clone() for name, value in model.policy.state_dict().items()}
    moments = _moments(model)

    def stopped():
        with model.guard.around(model, batches=2):
            model.policy.optimizer.param_groups[0]["lr"] = 0.5
            _gradient_step(model)
            model._n_updates += 1
            raise StopRequested

    with pytest.raises(StopRequested):
        stopped()
    assert all(torch.equal(value, before[name]) for name, value in model.policy.state_dict().items())
    assert _moments(model) == moments
    assert model.policy.optimizer.param_groups[0]["lr"] == pytest.approx(3e-4)
    assert model._n_updates == 0


def _moments(model):
    return [{name: value.tolist() for name, value in state.items()} for state in model.policy.optimizer.state.values()]


def test_a_policy_that_became_not_a_number_ends_training_in_plain_words(model):
    def broken():
        with model.guard.around(model, batches=1), torch.no_grad():
            model.policy.value_net.bias.fill_(float("nan"))

    with pytest.raises(TrainingError, match=r"not-a-number at step 0.*Lower 'Learning rate'"):
        broken()


class Slipping(gym.Env):
    """A game with a slip: what it gives is not a number now and then."""

    observation_space = spaces.Box(-1, 1, (2,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, what, render_mode=None):
        self.what, self.steps = what, 0

    def _slip(self, what):
        return float("nan") if what == self.what and self.steps > 20 else 0.5

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}

    def step(self, action):
        self.steps += 1
        observation = np.full(2, self._slip("an observation"), np.float32)
        return observation, self._slip("a reward"), False, self.steps % 10 == 0, {}


@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
@pytest.mark.parametrize("what", ["a reward", "an observation"])
def test_a_game_that_gives_no_number_is_named_as_the_cause(run, algorithm, what):
    gym.register("Slipping-v0", Slipping, kwargs={"what": what}, disable_env_checker=True)
    changes = {"n_steps": 64} if algorithm == "PPO" else {"learning_starts": 30}
    try:
        with pytest.raises(TrainingError, match=f"the game had given {what} that is not a number"):
            train(custom(algorithm, "Slipping-v0", 2_000, n_envs=1, hyperparameters=changes), run)
    finally:
        gym.registry.pop("Slipping-v0")


def test_every_metric_is_in_the_catalogue():
    assert set().union(*MEASURED.values()) <= METRICS.keys()
