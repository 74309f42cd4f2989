"""Tests of weights read back from a run's folder, which may be a stranger's."""

from __future__ import annotations

import os

import pytest

from retroml_edu.session.evaluation import evaluate
from retroml_edu.session.kept_evaluations import MOST_KEPT, evaluation_points, kept_evaluations
from retroml_edu.storage.folder import RunFolder
from tests.session.recorded_runs import keep_test


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def test_what_evaluate_keeps_comes_back(copied):
    result = evaluate(copied, episodes=2, seed=5, video=False)
    kept = kept_evaluations(copied.folder)[0]
    assert (kept.weights_step, kept.seed, kept.episodes) == (result.weights_step, 5, result.episodes)
    assert kept.return_mean == pytest.approx(result.summary["return_mean"])
    assert kept.return_std == pytest.approx(result.summary["return_std"])
    assert result.path.name.startswith(kept.time_utc.replace(":", "").replace(".", ""))


def test_the_newest_come_first_and_the_oldest_of_very_many_are_left_out(folder):
    for minute in range(3):
        keep_test(folder, 1_000 * minute, [1.0, 2.0], minute=minute)
    assert [each.weights_step for each in kept_evaluations(folder)] == [2_000, 1_000, 0]
    assert [each.weights_step for each in kept_evaluations(folder, 2)] == [2_000, 1_000]
    for number in range(MOST_KEPT):
        keep_test(folder, 7, [1.0], stamp=f"2027-01-31T120000{number:03}Z")
    assert [each.weights_step for each in kept_evaluations(folder)] == [7] * MOST_KEPT


def test_equal_weights_are_one_point_and_other_kinds_of_actions_are_not_compared(folder):
    keep_test(folder, 1_000, [10.0, 20.0], deterministic=True, minute=0)
    keep_test(folder, 1_000, [100.0, 200.0], minute=1)
    keep_test(folder, 1_000, [300.0, 400.0], minute=2)
    keep_test(folder, 2_000, [50.0, 60.0], minute=3)
    points = evaluation_points(kept_evaluations(folder))
    assert [(point.step, point.return_mean, point.episodes) for point in points] == [
        (1_000, 250.0, 4),
        (2_000, 55.0, 2),
    ]


def test_a_single_game_is_no_point_and_none_are_none(folder):
    assert evaluation_points(kept_evaluations(folder)) == []
    keep_test(folder, 1_000, [10.0])
    assert len(kept_evaluations(folder)) == 1
    assert evaluation_points(kept_evaluations(folder)) == []


GAME = '{"episode_return": 1, "length": 1, "ending": ""}'


def content(*, step="1", episodes=f"[{GAME}]"):
    return f'{{"weights_step": {step}, "seed": 1, "deterministic": false, "episodes": {episodes}}}'


DAMAGED = {
    "empty": "",
    "cut": content()[:-1],
    "a list": "[]",
    "null": "null",
    "no games": content(episodes="[]"),
    "text for games": content(episodes='"abc"'),
    "a return that is no number": content(episodes=f"[{GAME.replace('1', 'NaN', 1)}]"),
    "a return that no number holds": content(episodes=f"[{GAME.replace('1', '1' + '0' * 400, 1)}]"),
    "a return whose mean is no number": content(episodes=f"[{GAME.replace('1', '-1e308', 1)}]"),
    "a negative step": content(step="-1"),
    "a truth for a step": content(step="true"),
    "deep": "[" * 100_000,
    "large": content() + " " * 2**22,
}


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED)
def test_what_is_damaged_is_left_out(folder, damaged):
    good = keep_test(folder, 1_000, [1.0, 2.0])
    (folder.eval_dir / "2027-01-31T120000000Z-step-1.json").write_text(damaged)
    (folder.eval_dir / "2027-01-30T120000000Z-step-1.json").mkdir()
    (folder.eval_dir / "notes.json").write_bytes(good.read_bytes())
    assert [each.weights_step for each in kept_evaluations(folder)] == [1_000]
    assert [each.weights_step for each in kept_evaluations(folder, 1)] == [1_000]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such thing here")
def test_what_is_no_plain_file_is_not_opened(folder, tmp_path):
    good = keep_test(folder, 1_000, [1.0, 2.0])
    os.mkfifo(folder.eval_dir / "2027-01-31T120000000Z-step-1.json")
    (folder.eval_dir / "2027-01-31T120100000Z-step-1.json").symlink_to(good)
    assert [each.weights_step for each in kept_evaluations(folder)] == [1_000]
    elsewhere = RunFolder(tmp_path / "other")
    elsewhere.path.mkdir()
    elsewhere.eval_dir.symlink_to(folder.eval_dir)
    assert kept_evaluations(elsewhere) == []
