"""model.zip is for plain stable-baselines3: it opens where retroml_edu is not installed, and plays the same."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import numpy as np
import pytest

from retroml_edu.core.control import Control
from retroml_edu.envs import make_env
from retroml_edu.policies import Actor, small_pictures
from retroml_edu.training import trainer_for
from retroml_edu.training.sb3 import export

CASES = {
    "PPO": {"algorithm": "PPO", "hyperparameters": {"learning_rate_schedule": "linear"}},
    "A2C": {"algorithm": "A2C"},
    "DQN": {"algorithm": "DQN"},
    "pictures": {"algorithm": "PPO", "env_id": "ALE/Breakout-v5", "steps": 32},
    "small pictures": {"algorithm": "DQN", "env_id": "RetroML/FreewayPixels-v0", "steps": 64},
    "continuous": {"algorithm": "PPO", "env_id": "MountainCarContinuous-v0"},
    "fast PPO": {"algorithm": "PPO", "engine": "fast", "hyperparameters": {"learning_rate_schedule": "linear"}},
    "fast A2C": {"algorithm": "A2C", "engine": "fast"},
    "fast DQN": {"algorithm": "DQN", "engine": "fast"},
    "fast pictures": {"algorithm": "PPO", "engine": "fast", "env_id": "ALE/Breakout-v5", "steps": 32, "device": "cpu"},
    "fast small pictures": {"algorithm": "PPO", "engine": "fast", "env_id": "RetroML/PongPixels-v0", "device": "cpu"},
    "fast continuous": {"algorithm": "PPO", "env_id": "Pendulum-v1", "engine": "fast"},
}

READER = """
import json, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "retroml_edu":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Absent())
import numpy as np
import stable_baselines3 as sb3

found = {}
for name, algorithm in json.loads(sys.argv[1]).items():
    model = getattr(sb3, algorithm).load(f"{name}.zip", device="cpu")
    actions, _ = model.predict(np.load(f"{name}.npy"), deterministic=True)
    found[name] = {
        "actions": actions.tolist(),
        "num_timesteps": model.num_timesteps,
        "optimizer_entries": len(model.policy.optimizer.state_dict()["state"]),
        "kernels_chosen": [model.policy.optimizer.param_groups[0].get(name) for name in ("fused", "foreach")],
        "policy": type(model.policy).__module__,
        "learning_rate": [model.lr_schedule(1.0), model.lr_schedule(0.5)],
    }
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory, tiny):
    """What plain stable-baselines3 found in the exported models, and what our actors say of the same."""
    folder, expected = tmp_path_factory.mktemp("exported"), {}
    for name, case in CASES.items():
        config = tiny(**case)
        trained = trainer_for(config).train(config, lambda event: None, Control())
        with (folder / f"{name}.zip").open("wb") as file:
            trained.export(file)
        expected[name] = _expect(config, trained, folder / f"{name}.npy")
    reader = folder / "reader.py"
    reader.write_text(READER)
    algorithms = json.dumps({name: case["algorithm"] for name, case in CASES.items()})
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", str(reader), algorithms],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), expected


def _expect(config, trained, path):
    env = make_env(config.env_id, seed=1)
    actor, rng = Actor(config, env.observation_space, env.action_space), np.random.default_rng(1)
    actor.load(trained.weights)
    observation, _ = env.reset()
    observations, actions = [], []
    for _ in range(20):
        observations.append(observation)
        actions.append(actor.act(observation, True, rng))
        observation, _, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            observation, _ = env.reset()
    env.close()
    np.save(path, np.stack(observations))
    return np.asarray(actions), trained.weights.step, config.hyperparameters.learning_rate


@pytest.mark.parametrize("name", CASES)
def test_plain_stable_baselines3_plays_the_same(exported, name):
    found, expected = exported[0][name], exported[1][name]
    assert np.allclose(found["actions"], expected[0], atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_counters_optimiser_and_schedules_come_along(exported, name):
    found, (_, step, learning_rate) = exported[0][name], exported[1][name]
    assert found["num_timesteps"] == step
    assert found["optimizer_entries"] > 0
    assert found["kernels_chosen"] == [None, None]
    assert found["policy"].startswith("stable_baselines3.")
    half = learning_rate / 2 if name in ("PPO", "fast PPO") else learning_rate
    if "pictures" not in name:  # there the tuned schedule is linear too
        assert found["learning_rate"] == pytest.approx([learning_rate, half])


def test_two_runs_may_end_at_once():
    """What a file carries along is one list for the whole process: the second waits for the first."""
    done = []

    def other():
        with export._defined_in_the_file(small_pictures):
            done.append("other")

    thread = threading.Thread(target=other)
    with export._defined_in_the_file(small_pictures):
        thread.start()
        done.append("one")
    thread.join(timeout=30)
    assert done == ["one", "other"]
