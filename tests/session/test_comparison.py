"""Runs beside each other: their lines, their settings, and what may not be concluded."""

from __future__ import annotations

import csv
import io
import tracemalloc
from contextlib import closing

import numpy as np
import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import Points
from retroml_edu.core.events import EpisodeEvent, MetricEvent, StateEvent
from retroml_edu.core.metrics import ENTROPY, LOSS, RETURN, RETURN_MEAN
from retroml_edu.core.states import RunState
from retroml_edu.figures.overlay import OverlaidRun, Overlay
from retroml_edu.session import comparison
from retroml_edu.session.compared_settings import cautions, comparable, differing_settings
from retroml_edu.session.comparison import (
    COLUMNS,
    LINE_POINTS,
    WINDOWS,
    Comparison,
    Measured,
    comparison_csv,
    metrics_of,
)
from retroml_edu.session.history import load_run
from retroml_edu.session.trash import move_away
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.lines import AttemptStart
from retroml_edu.storage.writer import RunWriter
from tests.session.made_runs import made_run


def games(first, number):
    for game in range(first, first + number):
        yield EpisodeEvent(10 * game, game / 2, 0, float(game % 7), 10)
        yield MetricEvent(10 * game, game / 2, {LOSS: 1 / (game + 1)})


@pytest.fixture
def going_on(home):
    """A run that goes on, with its writer."""
    folder = made_run(home, state=RunState.RUNNING, returns=())
    lease = Lease.acquire(folder)
    with closing(RunWriter(folder)) as writer:
        yield folder, writer
    lease.release()


def look(found, folder, metric=RETURN, window=20):
    return found.look([folder.run_id], metric, window)[folder.run_id]


def same(one, other):
    for name in ("step", "seconds", "value"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12)


def test_the_mean_of_twenty_is_that_of_the_learning_curves(home):
    returns = np.random.default_rng(1).integers(0, 100, 300).astype(float)
    folder = made_run(home, returns=returns, steps=30_000)
    found = look(Comparison(home), folder)
    curves = load_run(folder.run_id, home).curves(capacity=LINE_POINTS)
    np.testing.assert_array_equal(found.line.step, curves[RETURN_MEAN].step)
    np.testing.assert_allclose(found.line.value, curves[RETURN_MEAN].value)
    assert found.return_mean == returns[-100:].mean()
    assert found.games == 300
    single = look(Comparison(home), folder, window=1).line
    np.testing.assert_array_equal(single.value, curves[RETURN].value)


def test_times_are_those_of_the_events(home):
    found = look(Comparison(home), made_run(home, returns=[1.0] * 50, steps=5_000), window=1)
    np.testing.assert_allclose(found.line.seconds, found.line.step / 500)


@pytest.mark.parametrize("window", WINDOWS)
def test_a_run_that_goes_on_grows_to_the_line_that_it_has_when_it_ended(home, going_on, window):
    folder, writer = going_on
    found = Comparison(home)
    assert look(found, folder).line is None
    written = 0
    for number in (1, 5, 300, 1_000):
        writer.handle(list(games(written + 1, number)))
        written += number
        now = look(found, folder, window=window)
        assert now.line.step[-1] == 10 * written
        assert now.games == written
        assert len(now.line.step) <= LINE_POINTS
    assert now.metrics == {RETURN, LOSS, "episode/length"}
    writer.handle([StateEvent(RunState.DONE, 10 * written)])
    ended = look(Comparison(home), folder, window=window)
    same(now.line, ended.line)
    assert (now.metrics, now.games, now.return_mean) == (ended.metrics, ended.games, ended.return_mean)
    same(look(found, folder, window=window).line, ended.line)


def test_a_look_at_a_run_that_goes_on_reads_only_what_is_new_whatever_is_asked_for(home, going_on, monkeypatch):
    folder, writer = going_on
    found, polled = Comparison(home), []
    real = comparison.EventTail.poll
    monkeypatch.setattr(comparison.EventTail, "poll", lambda *args: polled.append(real(*args)) or polled[-1])
    writer.handle(list(games(1, 50)))
    look(found, folder)
    writer.handle(list(games(51, 2)))
    for metric, window in ((RETURN, 20), (LOSS, 1), ("episode/length", 100)):
        assert look(found, folder, metric, window).line.step[-1] == 520
    assert [sum(isinstance(event, EpisodeEvent) for event in events) for events in polled] == [50, 2, 0, 0]


def test_of_a_long_log_one_part_is_read_after_the_other(home, going_on, monkeypatch):
    folder, writer = going_on
    writer.handle(list(games(1, 400)))
    monkeypatch.setattr(comparison, "MOST_BYTES", folder.metrics_log.stat().st_size // 4)
    found, seen = Comparison(home), []
    while not seen or seen[-1].games < 400:
        seen.append(look(found, folder))
    assert 4 <= len(seen) <= 6
    shares = [measured.read_share for measured in seen]
    assert shares == sorted(set(shares))
    assert 0.2 < shares[0] < 0.3
    assert (shares[-1], shares[-2] < 1) == (1, True)
    np.testing.assert_allclose([measured.games / 400 for measured in seen], shares, atol=0.02)
    writer.handle([StateEvent(RunState.DONE, 4_000)])
    assert look(found, folder).read_share == 1


def test_a_run_that_is_read_anew_is_behind_again(home, monkeypatch):
    folder = made_run(home, state=RunState.RUNNING, returns=())
    lease = Lease.acquire(folder)
    with closing(RunWriter(folder)) as writer:
        writer.handle(list(games(1, 400)))
        kept = writer.newest_line
    found = Comparison(home)
    assert look(found, folder).read_share == 1
    monkeypatch.setattr(comparison, "MOST_BYTES", folder.metrics_log.stat().st_size // 4)
    with closing(RunWriter(folder, 2, AttemptStart(kept, 4_000))) as writer:
        writer.handle([StateEvent(RunState.RUNNING, 4_000)])
        assert 0.2 < look(found, folder).read_share < 0.3
    lease.release()


def test_what_a_resumed_run_had_measured_after_its_checkpoint_does_not_count(home):
    folder = made_run(home, state=RunState.RUNNING, returns=())
    lease = Lease.acquire(folder)
    with closing(RunWriter(folder)) as writer:
        writer.handle(list(games(1, 3)))
        kept = writer.newest_line
        writer.handle(list(games(4, 30)))
    found = Comparison(home)
    assert look(found, folder).games == 33
    with closing(RunWriter(folder, 2, AttemptStart(kept, 30))) as writer:
        writer.handle([StateEvent(RunState.RUNNING, 30)])
        assert look(found, folder).games == 3
        writer.handle(list(games(4, 2)))
        now = look(found, folder)
        assert (now.games, now.line.step[-1]) == (5, 50)
        writer.handle([StateEvent(RunState.DONE, 50)])
    lease.release()
    assert look(found, folder).games == 5


def test_a_run_that_ended_twice_is_read_anew(home):
    folder = made_run(home, state=RunState.STOPPED, returns=[1.0, 2.0])
    found = Comparison(home)
    assert look(found, folder).games == 2
    with closing(RunWriter(folder, 2, AttemptStart(10**6, 1_000))) as writer:
        writer.handle([EpisodeEvent(1_200, 3.0, 0, 6.0, 10), StateEvent(RunState.DONE, 1_200)])
    now = look(found, folder)
    assert (now.games, now.line.step[-1], now.return_mean) == (3, 1_200, 3.0)


def test_a_run_that_has_ended_is_read_once_for_each_line(home, monkeypatch):
    folder = made_run(home)
    found = Comparison(home)
    first = look(found, folder)
    monkeypatch.setattr(comparison.Run, "points", lambda _run: pytest.fail("it was read again"))
    assert look(found, folder) is first
    look_again = Comparison(home)
    with pytest.raises(pytest.fail.Exception):
        look(look_again, folder)


def test_what_is_gone_or_damaged_is_a_sentence_and_the_others_are_told(home):
    good, gone, damaged = (made_run(home, seed=seed) for seed in range(3))
    move_away(gone)
    damaged.metrics_log.unlink()
    damaged.metrics_log.mkdir()
    found = Comparison(home).look([good.run_id, gone.run_id, damaged.run_id, "../etc"], RETURN, 20)
    assert found[good.run_id].line is not None
    assert "There is no run" in found[gone.run_id].problem
    assert "There is no run" in found["../etc"].problem
    assert "cannot be read" in found[damaged.run_id].problem
    assert all(found[one].line is None for one in (gone.run_id, damaged.run_id, "../etc"))
    assert Comparison(home).config(gone.run_id) is None


def test_a_million_episodes_become_a_few_hundred_points():
    steps = np.arange(1e6)
    values = np.random.default_rng(3).normal(size=10**6)
    points = Points({RETURN: (steps, values)}, 10**6, 60.0, (np.array([0.0, 1e6]), np.array([0.0, 60.0])))
    tracemalloc.start()
    found = comparison._measured(points, RETURN, 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert LINE_POINTS // 2 < len(found.line.step) <= LINE_POINTS
    assert found.line.merged == 2_048
    assert peak < 100e6
    assert abs(found.line.value.mean()) < 0.01
    assert found.line.seconds[-1] == pytest.approx(60, abs=0.1)


def test_metrics_are_those_of_any_run_in_the_order_of_the_catalogue():
    measured = [Measured(frozenset({LOSS, "odd"})), Measured(frozenset({RETURN, ENTROPY}))]
    assert metrics_of(measured) == [RETURN, LOSS, ENTROPY, "odd"]


def test_the_table_has_a_row_for_each_point_and_no_formulas():
    line = np.array([1.0, np.nan, 3.5])
    runs = (OverlaidRun("id", "=cmd()", 0, np.array([10.0, 20.0, 30.0]), line, line),)
    rows = list(csv.reader(io.StringIO(comparison_csv(Overlay(RETURN, 20, "time", runs)).decode())))
    assert rows[0] == list(COLUMNS) == ["run_id", "name", "step", "metric", "value"]
    assert rows[1:] == [
        ["id", "'=cmd()", "10", "episode/return (mean of last 20)", "1.0"],
        ["id", "'=cmd()", "20", "episode/return (mean of last 20)", ""],
        ["id", "'=cmd()", "30", "episode/return (mean of last 20)", "3.5"],
    ]
    single = comparison_csv(Overlay(LOSS, 1, "steps", runs)).decode()
    assert ",train/loss,1.0\n" in single


# -- settings ----------------------------------------------------------------------------------------------------


def config(**settings):
    return ExperimentConfig(**{"env_id": "CartPole-v1", "algorithm": "PPO", "seed": 1} | settings)


def differences(*configs):
    found = differing_settings({str(number): one for number, one in enumerate(configs)})
    return {difference.label: dict(difference.values) for difference in found}


def test_only_what_differs_is_listed_with_whose_it_is():
    assert differences(config(), config()) == {}
    found = differences(
        config(seed=1),
        config(seed=2, hyperparameters={"learning_rate": 1e-3}),
        config(seed=2, hyperparameters={"learning_rate": 1e-3}),
    )
    assert found == {
        "Seed": {"1": ("0",), "2": ("1", "2")},
        "Learning rate": {"0.0003": ("0",), "0.001": ("1", "2")},
    }


def test_values_that_look_alike_are_told_to_their_last_digit():
    close = [config(hyperparameters={"gamma": gamma}) for gamma in (0.99, 0.990001)]
    assert differences(*close) == {"Discount γ": {"0.99": ("0",), "0.990001": ("1",)}}


def test_values_are_written_as_on_the_form():
    found = differences(
        config(seed=12_345, normalize=True, hyperparameters={"learning_rate": 1e-5, "target_kl": None}),
        config(seed=1, normalize=False, hyperparameters={"learning_rate": 1e-4, "target_kl": 0.03}, n_envs=8),
    )
    assert list(found["Seed"]) == ["12345", "1"]
    assert list(found["Normalise observations and rewards"]) == ["on", "off"]
    assert list(found["Learning rate"]) == ["0.00001", "0.0001"]
    assert list(found["KL limit"]) == ["off", "0.03"]


def test_a_setting_of_one_algorithm_is_compared_among_its_runs():
    found = differences(
        config(), config(hyperparameters={"n_epochs": 3}), config(algorithm="DQN"), config(algorithm="DQN")
    )
    assert found["Algorithm"] == {"PPO": ("0", "1"), "DQN": ("2", "3")}
    assert found["Epochs"] == {"10": ("0",), "3": ("1",)}
    assert not any(label.startswith("Replay") for label in found)


def test_a_run_that_goes_on_from_another_says_so():
    parent = {"run_id": "0190f0a0-0000-7000-8000-000000000000", "step": 5_000}
    (values,) = differences(config(), config(parent=parent)).values()
    assert list(values) == ["no other run", f"step 5,000 of run {parent['run_id']}"]


def test_different_environments_are_said_not_to_be_comparable():
    one, other = config(), config(env_id="Acrobot-v1")
    assert comparable([one, one])
    assert not comparable([one, other])
    assert "Acrobot-v1, CartPole-v1" in cautions([one, other])[0]
    assert "cannot be compared" in cautions([one, other])[0]


def test_what_one_seed_each_allows_is_said_and_what_seeds_show():
    slow = {"learning_rate": 1e-4}
    assert cautions([]) == cautions([config()]) == []
    (sentence,) = cautions([config(), config(hyperparameters=slow)])
    assert "Each of these settings was trained with one seed only: no conclusion about settings" in sentence
    (sentence,) = cautions([config(seed=1), config(seed=2), config(hyperparameters=slow)])
    assert sentence.startswith("Some of these settings")
    (sentence,) = cautions([config(seed=1), config(seed=2), config(seed=3)])
    assert "with 3 seeds: what differs between these curves is chance" in sentence
    several = [config(seed=seed, hyperparameters=given) for seed in (1, 2) for given in ({}, slow)]
    assert cautions(several) == []
