"""The recorded run, and what may be said when a run is set beside it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from retroml_edu.core.curves import curve_points
from retroml_edu.core.events import EpisodeEvent
from retroml_edu.core.metrics import RETURN, RETURN_MEAN
from retroml_edu.session.resolving import resolved_config
from retroml_edu.widgets.tutorial.comparison import changed_settings, compare
from retroml_edu.widgets.tutorial.recorded import RECORDED, RecordedRun, as_json, read_recorded, recorded_run
from retroml_edu.widgets.tutorial.task import task_config

GAMES = [EpisodeEvent(100 * number, number / 10, 0, 5.0 * number, 100) for number in range(1, 101)]


@pytest.fixture
def recorded(tmp_path):
    """A made-up recorded run whose return rises from 5 to 500."""
    config = resolved_config(task_config(tmp_path)).changed(total_timesteps=10_000)
    return RecordedRun(config, curve_points(GAMES), "a processor of tests")


def told(recorded, *, games=GAMES, **changes):
    return compare(recorded.config.changed(**changes), curve_points(games), recorded)


def test_the_recorded_run_has_the_settings_of_the_tutorial_and_has_learned():
    kept = recorded_run()
    config = task_config(RECORDED.parent)
    assert changed_settings(resolved_config(config), kept.config) == ""
    assert kept.config.total_timesteps == config.total_timesteps
    assert RECORDED.stat().st_size < 60_000
    steps, means = kept.points.columns[RETURN_MEAN]
    assert steps[-1] <= config.total_timesteps
    assert means[-1] >= 475
    assert (np.diff(steps) >= 0).all()


def test_a_run_is_read_back_as_it_is_kept(recorded, tmp_path):
    file = tmp_path / "run.json"
    file.write_text(json.dumps(as_json(recorded.config, GAMES, "a processor of tests")))
    read = read_recorded(file)
    assert read.config == recorded.config
    for name, columns in recorded.points.columns.items():
        assert all(map(np.array_equal, columns, read.points.columns[name]))


def test_equal_games_are_called_equal(recorded):
    comparison = told(recorded)
    assert comparison.sentences[0].startswith("All 100 episodes are the same")
    assert "452.5 in your run, 452.5 in the recorded one" in comparison.sentences[1]
    assert "475" in comparison.sentences[2]
    assert len(comparison.sentences) == 3
    assert comparison.curves["yours"] == comparison.curves["recorded"]


def test_other_games_of_equal_settings_are_put_down_to_rounding(recorded):
    games = [EpisodeEvent(g.step, g.elapsed_s, 0, g.episode_return + (g.step > 5_000), g.length) for g in GAMES]
    said = " ".join(told(recorded, games=games).sentences)
    assert "453.5 in your run, 452.5 in the recorded one" in said
    assert "rounds the last digits in another way" in said
    assert "a processor of tests" in said


def test_settings_that_differ_are_named(recorded):
    settings = recorded.config.hyperparameters.model_copy(update={"learning_rate": 0.01})
    changes = {"seed": 3_000, "deterministic": True, "hyperparameters": settings}
    said = " ".join(told(recorded, games=GAMES[:50] * 2, **changes).sentences)
    assert "Seed (3000 instead of 1)" in said
    assert "Deterministic (on instead of off)" in said
    assert "Learning rate (0.01 instead of 0.001)" in said
    assert "rounds the last digits" not in said


def test_a_run_that_ended_early_is_compared_with_what_the_recorded_one_was_then(recorded):
    comparison = told(recorded, games=GAMES[:40])
    assert "at step 4,000, where yours ended: 152.5 in your run, 152.5 in the recorded one" in " ".join(
        comparison.sentences
    )
    assert comparison.curves["yours"]["step"][-1] == 4_000
    assert comparison.curves["recorded"]["step"][-1] == 10_000


@pytest.mark.parametrize("change", [{"env_id": "Acrobot-v1"}, {"algorithm": "A2C"}])
def test_another_task_is_not_compared(recorded, change):
    other = resolved_config(type(recorded.config)(**{"env_id": "CartPole-v1", "algorithm": "PPO", "seed": 1} | change))
    comparison = compare(other, curve_points(GAMES), recorded)
    assert comparison.curves == {}
    assert "cannot be compared" in comparison.sentences[0]


def test_a_run_without_a_game_has_nothing_to_compare(recorded):
    comparison = told(recorded, games=[])
    assert comparison.curves == {}
    assert "No game ended" in comparison.sentences[0]


def test_what_travels_is_bounded_however_long_the_run_was(recorded):
    games = [EpisodeEvent(step, 0.0, 0, 20.0, 1) for step in range(1, 50_001)]
    comparison = told(recorded, games=games, total_timesteps=50_000)
    assert len(comparison.curves["yours"]["step"]) <= 150
    assert RETURN not in comparison.curves
