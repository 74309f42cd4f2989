"""A run that is left at any boundary and gone on with is the run that was never left, to the last bit."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import partial

import gymnasium as gym
import numpy as np
import pytest
import torch
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec
from stable_baselines3.common.vec_env import DummyVecEnv

from retroml_edu.core.control import Control
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.events import EpisodeEvent, MetricEvent
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.envs.episodes import EpisodeRecord
from retroml_edu.envs.replay import Replayable
from retroml_edu.training import trainer_for
from retroml_edu.training.fast import stretches
from retroml_edu.training.pictures import halves
from retroml_edu.training.scripted import ScriptedTrainer

PICTURES = {"env_id": "ALE/Breakout-v5", "device": "cpu", "deterministic": True}
CASES = {
    "scripted": {"algorithm": "PPO"},
    "PPO": {"algorithm": "PPO", "n_envs": 4, "steps": 320},
    "PPO alone": {
        "algorithm": "PPO",
        "n_envs": 1,
        "steps": 200,
        "hyperparameters": {"learning_rate_schedule": "linear", "clip_range_schedule": "linear", "batch_size": 12},
    },
    "PPO normalised": {"algorithm": "PPO", "env_id": "Pendulum-v1", "normalize": True, "steps": 480},
    "PPO lander": {"algorithm": "PPO", "env_id": "LunarLander-v3", "steps": 320},
    "PPO pictures": {"algorithm": "PPO", "steps": 64, **PICTURES},
    "A2C": {"algorithm": "A2C", "n_envs": 4},
    "A2C alone": {"algorithm": "A2C", "n_envs": 1, "steps": 160},
    "A2C normalised": {"algorithm": "A2C", "env_id": "BipedalWalker-v3", "normalize": True, "steps": 240},
    "DQN": {"algorithm": "DQN", "n_envs": 4, "steps": 480, "hyperparameters": {"target_update_interval": 60}},
    "DQN alone": {
        "algorithm": "DQN",
        "n_envs": 1,
        "steps": 400,
        "hyperparameters": {"train_freq": 4, "gradient_steps": 1, "buffer_size": 128, "target_update_interval": 30},
    },
    "DQN normalised": {"algorithm": "DQN", "normalize": True},
    "DQN pictures": {"algorithm": "DQN", "steps": 64, "n_envs": 1, **PICTURES},
}
FAST = {f"fast {case}": {**settings, "engine": "fast"} for case, settings in CASES.items() if case != "scripted"}
FAST["fast A2C pictures"] = {"algorithm": "A2C", "steps": 64, "engine": "fast", **PICTURES}
FAST["fast PPO coarse pictures"] = {**FAST["fast PPO pictures"], "precision": "bfloat16"}
FAST["fast DQN coarse pictures"] = {**FAST["fast DQN pictures"], "precision": "bfloat16"}
FAST["fast DQN pictures, all cores"] = {
    **FAST["fast DQN pictures"],
    "deterministic": False,
    "steps": 160,
    "hyperparameters": {"train_freq": 4, "gradient_steps": 1, "buffer_size": 100, "target_update_interval": 14},
}
FAST["fast PPO pictures, all cores"] = {**FAST["fast PPO pictures"], "deterministic": False}
FAST["fast PPO small pictures"] = {**FAST["fast PPO pictures"], "env_id": "RetroML/FreewayPixels-v0"}
FAST["fast PPO numbers"] = {"algorithm": "PPO", "env_id": "Pendulum-v1", "n_envs": 3, "steps": 480, "engine": "fast"}
CASES |= FAST


class Copied:
    """Rows of a replay buffer that were written down."""

    def __init__(self, rows):
        self.added, self.kept = rows.added, rows.kept
        self._first = rows.added - rows.kept
        self._parts = rows.rows(self._first, self.added)

    def rows(self, first, last):
        return {name: part[first - self._first : last - self._first].copy() for name, part in self._parts.items()}


def travelled(snapshot):
    """What arrives of a snapshot that went through files."""
    return Snapshot(
        snapshot.step,
        json.loads(json.dumps(snapshot.facts, allow_nan=False)),
        {name: np.array(array, order="C") for name, array in snapshot.arrays.items()},
        None if snapshot.replay is None else Copied(snapshot.replay),
    )


class Keeper(Control):
    """Has snapshots taken at some steps, and disturbs what is not the run's own each time."""

    def __init__(self, config, steps=(), *, stop_at_batch=None):
        super().__init__()
        self.snapshots = self
        self.taken = {}
        """Step to (snapshot, number of events before it); the last snapshot of a step counts."""
        self.live = {}
        """Step to the snapshot itself, not a copy."""
        self.events = []
        self._steps = {step for step in steps if step < config.total_timesteps}
        self._batches = 0
        self._stop_at_batch = stop_at_batch

    def due(self, step):
        return step in self._steps

    def take(self, snapshot):
        torch.rand(3)
        np.random.rand(3)
        random.random()
        self.taken[snapshot.step] = (travelled(snapshot), len(self.events))
        self.live[snapshot.step] = replace(snapshot, replay=None)

    def poll(self, step, view):
        self._stop_at_batch, wanted = None, self._stop_at_batch
        try:
            super().poll(step, view)
        finally:
            self._stop_at_batch = wanted

    def poll_within_update(self):
        if self._stop_at_batch is not None:
            self._batches += 1
            if self._batches == self._stop_at_batch:
                self.stop()
        super().poll_within_update()


def trainer_of(case, config):
    return ScriptedTrainer() if case == "scripted" else trainer_for(config)


def train(case, config, control, start=None):
    model = trainer_of(case, config).train(config, control.events.append, control, start)
    return model.weights


@pytest.fixture(scope="module", autouse=True)
def every_step_a_boundary():
    """Compiled games are played many steps at a time; here they can be left at every one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "STEPS", 1)
        yield


@pytest.fixture(scope="module")
def all_cores():
    """Tests have one thread of torch, and their mini-batches are too small for halves."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(halves, "FEWEST", 2)
        yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=CASES)
def whole(request, tiny, facts):
    """A run that nobody touches, the same with snapshots, and where those were taken."""
    case = request.param
    if "all cores" in case:
        request.getfixturevalue("all_cores")
    config = tiny(**CASES[case])
    plain = Control()
    plain.events = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stretches, "STEPS", 256)  # how many steps are played at a time changes nothing
        weights = train(case, config, plain)
    control = Keeper(config, boundaries(config, plain.events))
    with_snapshots = train(case, config, control)
    assert facts(control.events) == facts(plain.events), "a snapshot changed the run"
    assert_same(with_snapshots, weights)
    for step, (snapshot, _) in control.taken.items():
        # Whoever stores one may do so while training goes on.
        assert_same_state(travelled(control.live[step]), replace(snapshot, replay=None))
    return case, config, control.events, weights, control.taken


def boundaries(config, events):
    """Return steps before the first one, in mid-rollout, before updates, at the ends of episodes, and at random."""
    n_envs, settings = config.n_envs, config.hyperparameters
    rollout = n_envs * (settings.train_freq if config.algorithm == "DQN" else settings.n_steps)
    if "Breakout" in config.env_id:  # their networks take long to make
        late = (
            {settings.learning_starts + rollout + 2, config.total_timesteps - 2} if config.algorithm == "DQN" else set()
        )
        return {rollout - n_envs, rollout} | late
    ends = [event.step for event in events if isinstance(event, EpisodeEvent)]
    steps = {0, 3 * n_envs, rollout, 2 * rollout, 2 * rollout + n_envs, *ends[1:2]}
    some = np.random.default_rng(1).integers(1, config.total_timesteps // n_envs, size=2)
    return {step for step in steps | {int(step) * n_envs for step in some} if step <= config.total_timesteps}


def assert_same(first, second):
    for one, other in ((first.arrays, second.arrays), (first.normalization, second.normalization)):
        assert one.keys() == other.keys()
        for name, array in one.items():
            assert np.array_equal(array, other[name]), name


def assert_same_state(first, second):
    assert first.step == second.step
    assert {**first.facts, "timing": None} == {**second.facts, "timing": None}
    assert first.arrays.keys() == second.arrays.keys()
    for name, array in first.arrays.items():
        assert array.dtype == second.arrays[name].dtype, name
        assert np.array_equal(array, second.arrays[name]), name
    assert (first.replay is None) is (second.replay is None)
    if first.replay is not None:
        assert (first.replay.added, first.replay.kept) == (second.replay.added, second.replay.kept)
        span = first.replay.added - first.replay.kept, first.replay.added
        theirs = second.replay.rows(*span)
        assert all(np.array_equal(part, theirs[name]) for name, part in first.replay.rows(*span).items())


def test_resumed_anywhere_it_is_the_same_run(whole, facts):
    case, config, events, weights, taken = whole
    for snapshot, before in taken.values():
        control = Keeper(config)
        resumed = train(case, config, control, snapshot)
        assert facts(events[:before]) + facts(control.events) == facts(events), f"resumed from {snapshot.step}"
        assert_same(resumed, weights)


def test_a_resumed_run_has_the_same_snapshots(whole):
    case, config, _, _, taken = whole
    control = Keeper(config, taken)
    train(case, config, control, taken[min(taken)][0])
    assert control.taken.keys() == taken.keys()
    for step, (snapshot, _) in control.taken.items():
        assert_same_state(snapshot, taken[step][0])


def test_a_stop_inside_an_update_is_a_stop_before_it(whole, facts):
    case, config, events, weights, _ = whole
    settings = config.hyperparameters
    each = {"PPO": 2, "A2C": 1, "DQN": settings.gradient_steps if config.algorithm == "DQN" else 0}[config.algorithm]
    stopped = Keeper(config, stop_at_batch=2 * each + 1 if each == 1 else each + 2)
    train(case, config, stopped)
    ((snapshot, before),) = stopped.taken.values()
    boundary = Keeper(config, [snapshot.step])
    train(case, config, boundary)
    if snapshot.step < config.total_timesteps:
        assert_same_state(snapshot, boundary.taken[snapshot.step][0])
    control = Keeper(config)
    assert_same(train(case, config, control, snapshot), weights)
    assert facts(stopped.events[:before]) + facts(control.events) == facts(events)


class Named(gym.Env):
    """Observations that have names, numbers and choices among them."""

    spec = EnvSpec("Named-v0")
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


@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
def test_observations_with_names(tiny, facts, monkeypatch, algorithm):
    def make(env_id, n_envs, *, seed):
        return DummyVecEnv(
            [partial(lambda seed: Replayable(EpisodeRecord(Named()), seed), index) for index in range(n_envs)]
        )

    monkeypatch.setattr("retroml_edu.training.sb3.trainer.make_vector_env", make)
    config = tiny(algorithm, steps=128, normalize=True)
    control = Keeper(config, [46, 64])
    weights = train(algorithm, config, control)
    for step in (46, 64):
        snapshot, before = control.taken[step]
        again = Keeper(config)
        assert_same(train(algorithm, config, again, snapshot), weights)
        assert facts(control.events[:before]) + facts(again.events) == facts(control.events)


def learning_rates(control):
    events = [event for event in control.events if isinstance(event, MetricEvent)]
    return {event.step: event.values["train/learning_rate"] for event in events}


@pytest.fixture
def half(tiny):
    """A run of half the length with falling schedules, its last snapshot, and the config of a run twice as long."""
    config = tiny("PPO", n_envs=1, steps=160, hyperparameters={"learning_rate_schedule": "linear"})
    control = Keeper(config)
    train("PPO", config, control)
    ((snapshot, _),) = control.taken.values()
    return config, snapshot, config.changed(total_timesteps=320)


def test_an_extended_run_continues_its_schedules(half):
    config, snapshot, longer = half
    control = Keeper(longer)
    train("PPO", longer, control, snapshot)
    rate = config.hyperparameters.learning_rate
    assert learning_rates(control) == pytest.approx({step: rate * (1 - step / 320) for step in range(176, 336, 16)})


def test_schedules_can_begin_anew_and_stay_so_when_the_run_is_left_again(half):
    config, snapshot, longer = half
    control = Keeper(longer, [200])
    train("PPO", longer, control, snapshot.with_new_schedules())
    rate = config.hyperparameters.learning_rate
    expected = {step: rate * (1 - (step - 160) / 160) for step in range(176, 336, 16)}
    assert learning_rates(control) == pytest.approx(expected)
    again = Keeper(longer)
    train("PPO", longer, again, control.taken[200][0])
    assert learning_rates(again) == {step: value for step, value in learning_rates(control).items() if step > 200}


@pytest.mark.parametrize("room", [320, 200])
def test_a_replay_buffer_of_another_size_takes_the_newest_steps(tiny, room):
    config = tiny("DQN", n_envs=2, steps=320, hyperparameters={"buffer_size": 240})
    control = Keeper(config)
    train("DQN", config, control)
    ((snapshot, _),) = control.taken.values()
    assert (snapshot.replay.added, snapshot.replay.kept) == (160, 120)
    other = tiny("DQN", n_envs=2, steps=400, hyperparameters={"buffer_size": room})
    stopped = Keeper(other)
    stopped.stop()
    train("DQN", other, stopped, snapshot)
    ((resumed, _),) = stopped.taken.values()
    assert (resumed.replay.added, resumed.replay.kept) == (160, min(room // 2, 120))
    span = 160 - resumed.replay.kept, 160
    theirs = snapshot.replay.rows(*span)
    assert all(np.array_equal(part, theirs[name]) for name, part in resumed.replay.rows(*span).items())
    # And from there it is left and gone on with as any other run.
    through, again = Keeper(other, [352]), Keeper(other)
    weights = train("DQN", other, through, resumed)
    assert_same(train("DQN", other, again, through.taken[352][0]), weights)


@pytest.mark.parametrize("case", ["scripted", "PPO normalised", "DQN"])
def test_a_run_can_begin_with_weights_alone(tiny, case):
    config = tiny(**CASES[case])
    learned = train(case, config, Keeper(config))
    seen = []
    other = config.changed(seed=99)
    control = Keeper(other)
    control.at_steps([0], seen.append)
    train(case, other, control, learned)
    assert seen[0].step == 0
    assert all(np.array_equal(array, learned.arrays[name]) for name, array in seen[0].arrays.items())
    # The first observations are counted before the first step.
    for name, array in seen[0].normalization.items():
        assert np.allclose(array, learned.normalization[name], rtol=0.05, atol=3), name
    assert next(event.step for event in control.events if isinstance(event, MetricEvent)) <= 64


def test_weights_without_the_statistics_that_a_run_keeps_are_refused(tiny):
    plain = tiny("PPO", env_id="Pendulum-v1")
    learned = train("PPO", plain, Keeper(plain))
    with pytest.raises(TrainingError, match=r"learned without running statistics.*Set normalize as in"):
        train("PPO", plain.changed(normalize=True), Keeper(plain), learned)


def test_time_goes_on_where_it_was(tiny):
    config = tiny("PPO")
    control = Keeper(config, [128])
    train("PPO", config, control)
    snapshot = control.taken[128][0]
    old = Snapshot(snapshot.step, {**snapshot.facts, "timing": {"elapsed_s": 1_000.0}}, snapshot.arrays)
    again = Keeper(config)
    train("PPO", config, again, old)
    assert all(1_000.0 <= event.elapsed_s < 1_100.0 for event in again.events)
