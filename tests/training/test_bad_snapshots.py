"""Snapshots that do not fit, or that somebody has tampered with, are refused in a sentence."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest

from retroml_edu.core.control import Control
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.generators import generator_state, set_generator_state
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.training import trainer_for
from retroml_edu.training.scripted import ScriptedTrainer

REFUSED = "does not fit|do not fit|cannot be used|cannot be resumed"


class Rows:
    """Rows that can be tampered with."""

    def __init__(self, rows):
        self.added, self.kept = rows.added, rows.kept
        self.parts = rows.rows(rows.added - rows.kept, rows.added)

    def rows(self, first, last):
        at = self.added - self.kept
        return {name: part[first - at : last - at] for name, part in self.parts.items()}


class Taking(Control):
    """Stops at a step and has one snapshot."""

    def __init__(self, at):
        super().__init__()
        self.snapshots = self
        self._at = at

    def due(self, step):
        if step >= self._at:
            self.stop()
        return False

    def take(self, snapshot):
        rows = snapshot.replay and Rows(snapshot.replay)
        self.snapshot = Snapshot(snapshot.step, copy.deepcopy(snapshot.facts), dict(snapshot.arrays), rows)


def trainer_of(name, config):
    return ScriptedTrainer() if name == "scripted" else trainer_for(config)


@pytest.fixture(scope="module", params=["scripted", "PPO", "A2C", "DQN", "fast PPO", "fast A2C", "fast DQN"])
def taken(request, tiny):
    """A trainer's name, a config, and a snapshot from the middle of a rollout."""
    name = request.param
    engine, algorithm = ("fast", name[5:]) if name.startswith("fast ") else ("sb3", name)
    config = tiny("PPO" if name == "scripted" else algorithm, engine=engine)
    control = Taking(106)
    trainer_of(name, config).train(config, [].append, control)
    return name, config, control.snapshot


def refused(taken, changed, match=REFUSED):
    name, config, _ = taken
    control = Control()
    control.stop()
    with pytest.raises(TrainingError, match=match):
        trainer_of(name, config).train(config, [].append, control, changed)


def test_what_is_not_tampered_with_is_taken(taken):
    name, config, snapshot = taken
    control = Control()
    control.stop()
    assert trainer_of(name, config).train(config, [].append, control, snapshot).weights.step == snapshot.step


def test_every_fact_is_needed(taken):
    snapshot = taken[2]
    for name in snapshot.facts:
        for value in (None, "nonsense", -1, [], {}):
            refused(taken, replace(snapshot, facts={**snapshot.facts, name: value}))
        refused(taken, replace(snapshot, facts={key: part for key, part in snapshot.facts.items() if key != name}))


def test_every_array_is_needed_as_it_was(taken):
    snapshot = taken[2]
    kinds = {name.rsplit("/", 1)[0]: name for name in snapshot.arrays}
    for name in kinds.values():
        array = snapshot.arrays[name]
        without = {key: part for key, part in snapshot.arrays.items() if key != name}
        for other in (array[None], np.zeros((*array.shape, 2), array.dtype), array.astype(np.complex128), array > 0):
            if other.dtype != array.dtype or other.shape != array.shape:
                refused(taken, replace(snapshot, arrays={**without, name: other}))
        refused(taken, replace(snapshot, arrays=without))


def test_weights_that_are_no_numbers_are_refused(taken):
    snapshot = taken[2]
    name = next(name for name in snapshot.arrays if name.startswith("policy/"))
    broken = np.full_like(snapshot.arrays[name], np.nan)
    refused(taken, replace(snapshot, arrays={**snapshot.arrays, name: broken}), match="finite numbers")


def test_more_weights_than_the_network_has_are_refused(taken):
    snapshot = taken[2]
    for name in ("policy/another", *(["optimizer/another/exp_avg"] if taken[0] != "scripted" else [])):
        refused(taken, replace(snapshot, arrays={**snapshot.arrays, name: np.zeros(3, np.float32)}))


def test_another_step_is_refused(taken):
    refused(taken, replace(taken[2], step=taken[2].step + 1), match="it says that it is of step")


@pytest.mark.parametrize("value", [True, 1.5, -3, 2**70, "7", None])
def test_counters_are_whole_numbers(taken, value):
    snapshot = taken[2]
    for group, facts in {"": snapshot.facts, **snapshot.facts}.items():
        if group not in ("", "counters", "memory"):
            continue
        for name in [name for name, old in facts.items() if type(old) is int]:
            changed = {**facts, name: value}
            refused(taken, replace(snapshot, facts={**snapshot.facts, **({group: changed} if group else changed)}))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "1", None, True])
def test_times_and_metrics_are_numbers(taken, value):
    snapshot = taken[2]
    refused(taken, replace(snapshot, facts={**snapshot.facts, "timing": {"elapsed_s": value}}))
    reporter = {**snapshot.facts["reporter"], "unreported_step": 5, "unreported": {"train/loss": value}}
    refused(taken, replace(snapshot, facts={**snapshot.facts, "reporter": reporter}))


def test_metrics_are_of_the_catalogue(taken):
    snapshot = taken[2]
    reporter = {**snapshot.facts["reporter"], "unreported_step": 5, "unreported": {"<b>": 1.0}}
    refused(taken, replace(snapshot, facts={**snapshot.facts, "reporter": reporter}), match="metrics that are unknown")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"env_id": "Acrobot-v1"}, "its env_id is CartPole-v1, and that of the run is Acrobot-v1"),
        ({"n_envs": 4}, "its n_envs is 2, and that of the run is 4"),
        ({"normalize": True}, "its normalize is False, and that of the run is True"),
        ({"algorithm": "A2C"}, "its algorithm is PPO, and that of the run is A2C"),
        ({"hyperparameters": {"net_arch": [8]}}, "do not fit the network"),
        ({"hyperparameters": {"n_steps": 8}}, '"position" is no whole number from 0 to 8|rollout'),
    ],
)
def test_a_snapshot_of_another_run_is_refused(tiny, change, says):
    config, control = tiny("PPO"), Taking(90)
    trainer_for(config).train(config, [].append, control)
    other = tiny(**{"algorithm": "PPO", **change})
    with pytest.raises(TrainingError, match=says):
        trainer_for(other).train(other, [].append, Control(), control.snapshot)


@pytest.mark.parametrize("action", [-1, 2])
@pytest.mark.parametrize("engine", ["sb3", "fast"])
@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
def test_actions_that_there_are_not_are_refused(tiny, algorithm, engine, action):
    config, control = tiny(algorithm, engine=engine), Taking(106)
    trainer_for(config).train(config, [].append, control)
    snapshot = control.snapshot
    if algorithm == "DQN":
        snapshot.replay.parts["actions"][4, 1, 0] = action
    else:
        snapshot.arrays["rollout/actions"][4, 1, 0] = action
    refused((algorithm, config, None), snapshot, match='"(rollout/)?actions" has choices that there are not')


@pytest.mark.parametrize("algorithm", ["A2C", "DQN"])
def test_observations_that_there_are_not_are_refused(tiny, algorithm):
    config, control = tiny(algorithm, env_id="Taxi-v4"), Taking(106)
    trainer_for(config).train(config, [].append, control)
    snapshot = control.snapshot
    for name in [name for name in snapshot.arrays if "observations" in name and "env" not in name]:
        array = snapshot.arrays[name].copy()
        array[...] = 500
        changed = replace(snapshot, arrays={**snapshot.arrays, name: array})
        refused((algorithm, config, None), changed, match="has choices that there are not")


@pytest.fixture(scope="module")
def filled(tiny):
    """A snapshot with rows of a replay buffer."""
    config, control = tiny("DQN"), Taking(106)
    trainer_for(config).train(config, [].append, control)
    return "DQN", config, control.snapshot


def with_rows(filled, **changes):
    rows = copy.copy(filled[2].replay)
    vars(rows).update(changes)
    return replace(filled[2], replay=rows)


def test_rows_are_needed(filled):
    refused(filled, replace(filled[2], replay=None), match="rows of its replay buffer are missing")


@pytest.mark.parametrize("counts", [{"kept": 54}, {"added": 5}, {"kept": -1}, {"added": -4, "kept": -4}])
def test_counts_of_rows_fit(filled, counts):
    refused(filled, with_rows(filled, **counts))


@pytest.mark.parametrize("name", ["observations", "next_observations", "actions", "rewards", "dones", "timeouts"])
def test_every_part_of_a_row_is_needed_as_it_was(filled, name):
    parts = filled[2].replay.parts
    for other in (parts[name][..., None], parts[name].astype(np.complex128)):
        refused(filled, with_rows(filled, parts={**parts, name: other}))
    without = {key: part for key, part in parts.items() if key != name}
    refused(filled, with_rows(filled, parts=without), match=f'have no "{name}"')


@pytest.mark.parametrize("memory", [{"position": 7}, {"capacity": 0}, {"exploration_rate": None}])
def test_the_place_in_the_buffer_fits(filled, memory):
    facts = {**filled[2].facts, "memory": {**filled[2].facts["memory"], **memory}}
    refused(filled, replace(filled[2], facts=facts))


@pytest.mark.parametrize(
    "change",
    [
        {"bit_generator": "MT19937"},
        {"state": None},
        {"state": {"state": -1, "inc": 1}},
        {"state": {"state": 2**200, "inc": 1}},
        {"state": {"state": 1}},
        {"has_uint32": "x"},
        {"uinteger": 2**80},
    ],
)
def test_generators_that_are_none_are_refused(change):
    rng = np.random.default_rng(1)
    with pytest.raises(TrainingError, match="random generator of another kind"):
        set_generator_state(rng, {**generator_state(rng), **change})
