"""The benchmarks' own arithmetic, the kept table, and that the command runs: figures are measured by hand."""

from __future__ import annotations

import json

import pytest

from tests.benchmarks import floors, kept
from tests.benchmarks.__main__ import BENCHMARKS, main
from tests.benchmarks.cases import CARTPOLE, CASES
from tests.benchmarks.contestants import Goal, train_ours, train_stock
from tests.benchmarks.kept import README, against_kept, keep, read_kept, shown_in
from tests.benchmarks.measuring import Comparison, Machine, Report, Scale
from tests.benchmarks.remains import remaining

QUICK = Scale(pairs=1, quick=True)


def _report(*ratios: float) -> Report:
    return Report("Speed", Machine(), comparisons=[Comparison("a thing", "steps/s", [1.0] * len(ratios), ratios)])


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "_commit", lambda: "abc1234")
    file, readme = tmp_path / "kept.json", tmp_path / "README.md"
    readme.write_text("Before.\n<!-- benchmark: engines -->\nold\n<!-- end of benchmark -->\nAfter.\n", "utf-8")
    return file, readme


def test_what_is_kept_is_shown_and_compared_with(places):
    file, readme = places
    keep("engines", [_report(9.0, 10.0, 11.0)], *places)
    text = readme.read_text("utf-8")
    assert text.startswith("Before.\n")
    assert text.endswith("<!-- end of benchmark -->\nAfter.\n")
    assert "old" not in text
    assert "commit abc1234" in text
    assert "**10.00**" in text
    assert shown_in(text, read_kept(file)) == text
    assert "as before" in against_kept("engines", [_report(10.5, 12.0)], file)
    assert "Lower than then: a thing." in against_kept("engines", [_report(7.0, 8.5)], file)
    assert "None is lower" in against_kept("engines", [_report(13.0, 14.0)], file)


def test_nothing_is_compared_with_nothing(places):
    file, _ = places
    assert against_kept("engines", [_report(1.0)], file) == ""
    keep("panel", [_report(1.0)], *places)
    assert against_kept("engines", [_report(1.0)], file) == ""


def test_the_readme_shows_the_kept_table():
    text = README.read_text("utf-8")
    assert "<!-- benchmark: engines -->" in text
    assert shown_in(text, read_kept()) == text


def test_figures_of_a_trial_are_not_kept(capsys):
    with pytest.raises(SystemExit):
        main(["engines", "--quick", "--keep"])
    assert "mean nothing" in capsys.readouterr().err


def test_an_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["engine"])
    assert 'no benchmark "engine"' in capsys.readouterr().err
    assert "engines" in BENCHMARKS


def test_shorter_times_are_better_ratios():
    times = Comparison("to 475", "s", [20.0, 30.0], [2.0, 2.0], wanted=(8, 12), smaller_is_better=True)
    assert times.ratios == [10.0, 15.0]
    assert times.ratio == 12.5
    assert "8; 12" in Report("Goals", Machine(), comparisons=[times]).to_markdown()


def test_operations_of_an_update_are_counted_by_hand():
    config = CARTPOLE.config(Scale())
    actor, critic, first = 4 * 64 + 64 * 64 + 64 * 2, 4 * 64 + 64 * 64 + 64, 4 * 64
    one_row = 6 * (actor + critic) - 2 * 2 * first
    assert floors.update_operations(config, 3, 4, 2) == 3 * 64 * one_row


def test_a_goal_is_a_mean_of_as_many_games():
    goal = Goal(10.0, games=3)
    assert [goal.reached(total) for total in (100, 0, 0, 0, 30)] == [False, False, True, False, True]


@pytest.mark.parametrize("train", [train_ours, train_stock])
def test_a_training_ends_where_its_goal_is_reached(train):
    config = CARTPOLE.config(Scale(), steps=4_096)
    done = train(config, Goal(5.0, games=10))
    assert done.reached
    assert 10 <= len(done.games) < 30  # ours stops at the end of a stretch, some hundred steps later at most
    assert done.steps < 2_048


@pytest.mark.parametrize("algorithm", ["PPO", "DQN", "A2C"])
def test_all_time_is_accounted_for(algorithm):
    case = next(case for case in CASES if case.algorithm == algorithm)
    [row] = remaining([case], QUICK).rows
    shares = [int(cell.removesuffix("%")) for cell in row[3:7]]
    assert sum(shares) == pytest.approx(100, abs=2)
    assert min(shares) >= 0


@pytest.mark.slow
def test_the_command_measures_engines(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tests.benchmarks.engines.python_with_sbx", lambda: None)
    monkeypatch.setattr("tests.benchmarks.engines.CASES", CASES[:1])
    file = tmp_path / "all.json"
    main(["engines", "--quick", "--json", str(file)])
    printed = capsys.readouterr().out
    for title in ("Engines against stock", "Where the fast engine's time goes", "Compiling"):
        assert f"### {title}" in printed
    assert "these figures mean nothing" in printed
    assert len(json.loads(file.read_text("utf-8"))["engines"]) == 3
