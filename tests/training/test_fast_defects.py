"""What the fast engine must not do where kernels and environments, spaces or saved states are at odds."""

from __future__ import annotations

from dataclasses import replace

import gymnasium as gym
import numpy as np
import pytest
from gymnasium import spaces

from retroml_edu.core.control import Control
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.events import EpisodeEvent
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.envs.calibration import WORKERS_VARIABLE
from retroml_edu.training import trainer_for
from retroml_edu.training.sb3 import trainer

ROW = spaces.Box(-1.0, 1.0, (3,), np.float32)


class Strict(gym.Env):
    """Refuses actions outside its space, in whole numbers of any type. It shows what its space has."""

    def __init__(self, observations, actions):
        self.observation_space, self.action_space = observations, actions

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self._steps = 0
        self.observation_space.seed(int(self.np_random.integers(2**30)))
        return self.observation_space.sample(), {}

    def step(self, action):
        own = action if isinstance(self.action_space, spaces.Box) else int(action)
        assert self.action_space.contains(own), f"{action!r} is not in {self.action_space}"
        self._steps += 1
        return self.observation_space.sample(), 1.0, False, self._steps == 9, {}


@pytest.fixture
def registered(monkeypatch):
    """Registers an environment of these spaces for a test, and returns its id."""
    monkeypatch.setenv(WORKERS_VARIABLE, "0")

    def register(observations, actions):
        gym.register("Strict-v0", lambda render_mode=None: Strict(observations, actions), disable_env_checker=True)
        return "Strict-v0"

    yield register
    gym.registry.pop("Strict-v0", None)


class Last:
    """Keeps the last snapshot, which is the one of where training ended."""

    def due(self, step):
        return False

    def take(self, snapshot):
        self.taken = Snapshot(snapshot.step, snapshot.facts, dict(snapshot.arrays))


def left(run, config, control):
    """Train until control stops it, and return the snapshot that is left."""
    control.snapshots = Last()
    run(trainer_for(config), config, control)
    return control.snapshots.taken


# --- stops


@pytest.mark.parametrize(("algorithm", "settings"), [("A2C", {}), ("DQN", {"gradient_steps": 1})])
def test_a_stop_inside_the_first_update_leaves_an_optimiser_that_remembers_nothing(
    tiny, run, watching, algorithm, settings
):
    config = tiny(algorithm, engine="fast", hyperparameters=settings)
    inside = left(run, config, watching(stop_at_batch=1))
    before = left(run, config, watching(stop_at_step=inside.step))
    assert 0 < inside.step == before.step < config.total_timesteps
    assert [name for name in inside.arrays if name.startswith("optimizer/")] == []
    assert inside.arrays.keys() == before.arrays.keys()
    for name, array in inside.arrays.items():
        assert np.array_equal(array, before.arrays[name]), name
    assert {**inside.facts, "timing": None} == {**before.facts, "timing": None}


# --- spaces


@pytest.mark.parametrize(
    ("observations", "actions", "settings", "why"),
    [
        (spaces.MultiDiscrete([4, 4]), spaces.Discrete(3), {}, "observations are of the kind MultiDiscrete"),
        (ROW, spaces.MultiDiscrete([5, 5]), {}, "actions are of the kind MultiDiscrete"),
        (ROW, spaces.Discrete(3), {"net_arch": [1_024]}, "a layer has 1,024 units"),
    ],
)
def test_what_no_kernel_is_for_is_refused_before_one_is_called(
    tiny, run, registered, monkeypatch, observations, actions, settings, why
):
    env_id = registered(observations, actions)
    config = tiny("PPO", env_id=env_id, hyperparameters=settings).changed(engine="fast")
    monkeypatch.setattr(trainer, "_train", lambda *_: pytest.fail("it was trained"))
    with pytest.raises(TrainingError, match=f'engine="fast" does not fit here: .*{why}.*Choose "auto"'):
        run(trainer_for(config), config, Control())


@pytest.mark.parametrize("algorithm", ["PPO", "A2C"])
def test_actions_stay_within_bounds_that_single_precision_does_not_have(tiny, run, registered, algorithm):
    tenth = np.array([0.1, 0.1])
    assert (np.float32(tenth) > tenth).all(), "rounded, the bounds lie outside"
    env_id = registered(ROW, spaces.Box(-tenth, tenth, dtype=np.float64))
    config = tiny(algorithm, env_id=env_id, steps=64, engine="fast")
    assert run(trainer_for(config), config).of(EpisodeEvent)


def test_choices_that_a_space_counts_in_another_type_are_learned_from(tiny, run, registered):
    env_id = registered(ROW, spaces.Discrete(3, dtype=np.int32))
    config = tiny("DQN", env_id=env_id, steps=128, engine="fast")
    played = run(trainer_for(config), config)
    assert played.model.weights.step == config.total_timesteps
    assert played.of(EpisodeEvent)


# --- saved states


@pytest.fixture(scope="module")
def learned(tiny):
    """For each algorithm a config, and a snapshot from after some updates."""
    made = {}
    for algorithm in ("PPO", "A2C", "DQN"):
        config = tiny(algorithm, engine="fast", steps=128)
        control = Control()
        control.snapshots = Last()
        trainer_for(config).train(config, [].append, control)
        made[algorithm] = config, control.snapshots.taken
    return made


@pytest.mark.parametrize(
    ("algorithm", "moment", "value"),
    [
        ("PPO", "step", 1e30),
        ("PPO", "step", -1.0),
        ("PPO", "exp_avg_sq", -1.0),
        ("DQN", "step", 1e30),
        ("DQN", "step", -7.0),
        ("DQN", "exp_avg_sq", -1e-9),
        ("A2C", "square_avg", -1.0),
    ],
)
def test_an_optimisers_memory_that_none_has_is_refused(learned, algorithm, moment, value):
    config, snapshot = learned[algorithm]
    arrays = {
        name: np.full_like(array, value) if name.startswith("optimizer/") and name.endswith(f"/{moment}") else array
        for name, array in snapshot.arrays.items()
    }
    changed = replace(snapshot, arrays=arrays)
    longer = config.changed(total_timesteps=256)
    with pytest.raises(TrainingError, match="its optimiser remembers no number for"):
        trainer_for(longer).train(longer, [].append, Control(), changed)
