"""Our loops do what stable-baselines3's own do: with the same draws they give the same bits."""

from __future__ import annotations

import numpy as np
import pytest
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.logger import Logger

from retroml_edu.core.control import Control
from retroml_edu.core.events import MetricEvent
from retroml_edu.envs.vector import make_vector_env
from retroml_edu.policies import copy_weights, policy_spec
from retroml_edu.policies.initialization import DrawnFrom
from retroml_edu.policies.sampling import DrawsActions
from retroml_edu.policies.threads import one_torch_thread
from retroml_edu.training import trainer_for
from retroml_edu.training.sb3.metrics import update_metrics
from retroml_edu.training.sb3.settings import algorithm_arguments
from retroml_edu.training.sb3.trainer import _Draws, _normalizing

CASES = {
    "PPO": {"hyperparameters": {"learning_rate_schedule": "linear", "clip_range_schedule": "linear"}},
    "PPO alone": {"n_envs": 1},
    "PPO continuous": {"env_id": "Pendulum-v1", "steps": 600, "normalize": True},
    "PPO pictures": {"env_id": "ALE/Breakout-v5", "steps": 64, "device": "cpu", "deterministic": True},
    "A2C": {},
    "DQN": {"steps": 600},
    "DQN normalised": {"normalize": True},
}


@pytest.mark.parametrize("case", CASES)
def test_the_same_draws_give_the_same_run_in_stock_stable_baselines3(tiny, run, monkeypatch, case):
    config = tiny(case.split()[0], **CASES[case])
    ours = run(trainer_for(config), config, Control())
    with one_torch_thread():
        stock = stock_model(config, monkeypatch)
        stock.learn(config.total_timesteps, log_interval=None)
    weights = copy_weights(stock.policy)
    assert stock.num_timesteps == ours.model.weights.step
    assert all(np.array_equal(weights[name], array) for name, array in ours.model.weights.arrays.items())
    values = dict(ours.of(MetricEvent)[-1].values)
    del values["time/steps_per_second"]
    assert update_metrics(stock) == values


def stock_model(config, monkeypatch):
    """Return a model of stable-baselines3 itself, whose draws come from generators like our run's."""
    venv = make_vector_env(config.env_id, config.n_envs, seed=config.seed)
    spec = policy_spec(config, venv.observation_space, venv.action_space)
    if config.normalize:
        venv = _normalizing(venv, config.hyperparameters.gamma)
    algorithm = {"PPO": PPO, "A2C": A2C, "DQN": DQN}[config.algorithm]
    with DrawnFrom(config.seed):
        model = algorithm(spec.policy_class, venv, device="cpu", **algorithm_arguments(config, spec))
    model.set_logger(Logger(folder=None, output_formats=[]))
    draws = _Draws.of(config.seed)
    model.action_space.seed(draws.action_space_seed)
    if isinstance(model.policy, DrawsActions):
        model.policy.draw_from(draws.actions)
    monkeypatch.setattr(np.random, "rand", draws.actions.random)
    monkeypatch.setattr(np.random, "permutation", draws.batches.permutation)
    monkeypatch.setattr(
        np.random, "randint", lambda low, high=None, size=None: draws.batches.integers(low, high, size=size)
    )
    return model
