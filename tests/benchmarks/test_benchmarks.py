"""The benchmarks' own arithmetic, the kept table, and that the command runs: figures are measured by hand."""

from __future__ import annotations

import json
import re
import subprocess

import numpy as np
import pytest
import torch
from gymnasium import spaces
from stable_baselines3.common.buffers import RolloutBuffer

from retroml_edu.policies.build import build_policy
from tests.benchmarks import floors, kept
from tests.benchmarks.__main__ import BENCHMARKS, main
from tests.benchmarks.cases import BREAKOUT, CARTPOLE, CASES
from tests.benchmarks.contestants import Goal, train_ours, train_stock
from tests.benchmarks.kept import README, against_kept, keep, keep_only, read_kept, shown_in
from tests.benchmarks.measuring import Comparison, Machine, Report, Scale
from tests.benchmarks.picture_memory import SEEN
from tests.benchmarks.picture_updates import batch_operations
from tests.benchmarks.pictures import CONTESTS, shortened
from tests.benchmarks.plain_loop import Agent, Rollout, train_plain
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
    keep("engines", _report(9.0, 10.0, 11.0), *places)
    text = readme.read_text("utf-8")
    assert text.startswith("Before.\n")
    assert text.endswith("<!-- end of benchmark -->\nAfter.\n")
    assert "old" not in text
    assert "commit abc1234" in text
    assert "**10.00**" in text
    assert shown_in(text, read_kept(file)) == text
    assert "as before" in against_kept("engines", [_report(10.5, 12.0)], read_kept(file))
    assert "Lower than then: a thing." in against_kept("engines", [_report(7.0, 8.5)], read_kept(file))
    assert "None is lower" in against_kept("engines", [_report(13.0, 14.0)], read_kept(file))


def test_what_was_measured_stays_where_a_later_part_fails(places, monkeypatch):
    def run(scale):
        yield _report(3.0)
        raise OSError("sbx is broken")

    monkeypatch.setattr(kept, "_commit", lambda: "old1234")
    keep("engines", _report(2.0), *places)
    keep("engines", Report("Memory", Machine()), *places)
    monkeypatch.setattr(kept, "_commit", lambda: "new1234")
    monkeypatch.setattr("tests.benchmarks.engines.run", run)
    monkeypatch.setattr("tests.benchmarks.__main__.keep", lambda name, report: keep(name, report, *places))
    with pytest.raises(OSError, match="broken"):
        main(["engines", "--keep"])
    text = places[1].read_text("utf-8")
    assert "**3.00**" in text
    assert re.findall("commit (.*)1234", text) == ["new", "old"]


def test_the_tables_themselves_are_no_change_of_what_is_measured(tmp_path, monkeypatch):
    names = ["README.md", "kept.json", "code.py"]
    for name in names:
        (tmp_path / name).write_text("1", "utf-8")
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for step in (["init", "-q"], ["add", *names], ["commit", "-q", "-m", "Begin"]):
        subprocess.run([*git, *step], cwd=tmp_path, check=True)
    for name, value in {"ROOT": tmp_path, "README": tmp_path / names[0], "KEPT": tmp_path / names[1]}.items():
        monkeypatch.setattr(kept, name, value)
    for name in names[:2]:
        (tmp_path / name).write_text("2", "utf-8")
    assert re.fullmatch("[0-9a-f]+", kept._commit())
    (tmp_path / "code.py").write_text("2", "utf-8")
    assert kept._commit().endswith(" with changes")


def test_reports_that_are_made_no_more_are_forgotten(places):
    for title in ("Old", "Second", "First"):
        keep("engines", Report(title, Machine()), *places)
    keep_only("engines", ["First", "Second"], *places)
    assert re.findall("### (.*)", places[1].read_text("utf-8")) == ["First", "Second"]
    assert list(read_kept(places[0])["engines"]) == ["First", "Second"]


def test_each_benchmark_has_a_place_of_its_own(places):
    _, readme = places
    readme.write_text(
        readme.read_text("utf-8") + "<!-- benchmark: pictures -->\n<!-- end of benchmark -->\nThe end.\n", "utf-8"
    )
    keep("engines", _report(10.0), *places)
    keep("pictures", _report(2.0), *places)
    first, second = readme.read_text("utf-8").split("After.")
    assert "**10.00**" in first
    assert "**2.00**" not in first
    assert "**2.00**" in second
    assert "**10.00**" not in second
    assert second.endswith("<!-- end of benchmark -->\nThe end.\n")


def test_nothing_is_compared_with_nothing(places):
    file, _ = places
    assert against_kept("engines", [_report(1.0)], read_kept(file)) == ""
    keep("panel", _report(1.0), *places)
    assert against_kept("engines", [_report(1.0)], read_kept(file)) == ""


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


def test_operations_of_pictures_are_counted_by_hand():
    first, others = 20 * 20 * 32 * 8 * 8 * 4, 9 * 9 * 64 * 4 * 4 * 32 + 7 * 7 * 64 * 3 * 3 * 64 + 7 * 7 * 64 * 512
    heads = 512 * 4 + 512
    one_row = 6 * (first + others + heads) - 2 * first
    assert batch_operations(BREAKOUT.config(Scale())) == 256 * one_row


def test_the_plain_loop_has_the_network_of_stable_baselines3():
    ours = build_policy(BREAKOUT.config(Scale()), SEEN, spaces.Discrete(4))
    count = sum(parameter.numel() for parameter in Agent(4).parameters())
    assert count == sum(parameter.numel() for parameter in ours.parameters())


def test_the_plain_loop_has_the_advantages_of_stable_baselines3():
    rng = torch.Generator().manual_seed(0)
    steps, n_envs = 7, 3
    rollout = Rollout(steps, n_envs)
    expected = RolloutBuffer(steps, spaces.Box(0, 1, (1,)), spaces.Discrete(2), gae_lambda=0.9, n_envs=n_envs)
    nothing = np.zeros((n_envs, 1))
    for step in range(steps):
        values, rewards, begins = torch.rand(3, n_envs, generator=rng)
        begins = (begins > 0.6).float()
        rollout.values[step], rollout.rewards[step], rollout.begins[step] = values, rewards, begins
        expected.add(nothing, nothing, rewards.numpy(), begins.numpy(), values, values)
    last, ends = torch.rand(n_envs, generator=rng), torch.tensor([0.0, 1.0, 0.0])
    expected.compute_returns_and_advantage(last, ends.numpy())
    found = rollout.advantages(last, ends, 0.99, 0.9)
    assert found.numpy() == pytest.approx(expected.advantages, abs=1e-5)


def test_the_plain_loop_trains():
    case = shortened(BREAKOUT, QUICK)
    done = train_plain(case.config(QUICK, steps=16), threads=1)
    assert done.steps == 64  # a rollout
    assert done.speed > 0


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


@pytest.mark.slow
def test_the_command_measures_pictures(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tests.benchmarks.pictures.python_with_sbx", lambda: None)
    monkeypatch.setattr("tests.benchmarks.pictures.CONTESTS", CONTESTS[1:])
    file = tmp_path / "all.json"
    main(["pictures", "--quick", "--json", str(file)])
    printed = capsys.readouterr().out
    for title in ("Training on pictures", "Updates on pictures", "Memory and", "Environments with", "Environments ag"):
        assert f"### {title}" in printed
    reports = json.loads(file.read_text("utf-8"))["pictures"]
    assert len(reports[1]["comparisons"]) == len(CONTESTS) - 1
    assert "has no sbx" in printed


def test_the_command_measures_averages(capsys):
    main(["averages", "--quick"])
    printed = capsys.readouterr().out
    assert "### Averages over random walks" in printed
    assert "19-state walk" in printed
