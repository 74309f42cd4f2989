"""Runs that differ in their seeds alone are found, and no others."""

from __future__ import annotations

import shutil

import pytest

from retroml_edu.core.states import RunState
from retroml_edu.session.history import Run
from retroml_edu.session.judgement import Surroundings, surroundings
from retroml_edu.session.seeds import other_seeds
from retroml_edu.storage.atomic import write_json
from retroml_edu.storage.index import RunIndex
from tests.session.made_runs import made_run
from tests.session.recorded_runs import keep_test, recorded_run


@pytest.fixture
def run(home):
    return Run(made_run(home, seed=1))


def listed(home):
    with RunIndex(home) as index:
        index.catch_up()


def test_finished_runs_with_the_same_settings_are_counted_each_seed_once(home, run):
    for seed in (2, 3, 3, 1):
        made_run(home, seed=seed)
    listed(home)
    assert other_seeds(run) == {2, 3}


@pytest.mark.parametrize(
    "other",
    [
        {"env_id": "Acrobot-v1"},
        {"algorithm": "A2C"},
        {"total_timesteps": 2_000},
        {"state": RunState.STOPPED},
        {"state": RunState.FAILED},
        {"state": RunState.RUNNING},
        {"steps": 0},  # as a model from elsewhere, which nobody trained here
    ],
)
def test_what_differs_or_did_not_come_to_its_end_is_not(home, run, other):
    made_run(home, seed=2, **other)
    listed(home)
    assert other_seeds(run) == frozenset()


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({"n_envs": 4}, False),
        ({"hyperparameters": {"learning_rate": 0.01}}, False),
        ({"precision": "bfloat16"}, False),
        ({"video": {"enabled": False}}, True),
        ({"engine": "sb3"}, True),
        ({"group_id": "mine"}, True),
    ],
)
def test_settings_count_that_decide_what_is_learned(home, run, change, counts):
    other = made_run(home, seed=2)
    config = Run(other).config
    write_json(other.config_file, config.changed(**change).to_json_dict())
    listed(home)
    assert other_seeds(run) == ({2} if counts else frozenset())


def test_a_damaged_config_is_not_counted_and_a_lone_folder_makes_no_list(home, run, tmp_path):
    made_run(home, seed=2).config_file.write_text("{")
    listed(home)
    assert other_seeds(run) == frozenset()
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copytree(run.path, alone / run.run_id)
    assert other_seeds(Run(type(run.folder)(alone / run.run_id))) == frozenset()
    assert [path.name for path in alone.iterdir()] == [run.run_id]


def test_seeds_and_tests_have_a_say_in_the_insights_of_a_run(home):
    run = recorded_run(home, "cartpole-ppo")
    for at in (1, 2):
        recorded_run(home, "cartpole-ppo", at=at)
    listed(home)
    keep_test(run.folder, 5_000, [400.0, 410.0, 390.0], minute=0)
    keep_test(run.folder, 55_000, [60.0, 70.0, 65.0], minute=1)
    around = surroundings(run)
    assert len(around.other_seeds) == 2
    found = {each.rule: each for each in around.judge(run.curves(), run.config)}
    assert found["single_seed"].title == "Few seeds allow no firm conclusion"
    assert "one of 3 runs" in found["single_seed"].evidence.sentence
    assert "from 400 to 65" in found["evaluation_falling"].evidence.sentence
    assert "evaluation_falling" not in {each.rule for each in Surroundings().judge(run.curves(), run.config)}
