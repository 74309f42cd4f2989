"""Runs that go on: their figures are all of one moment, and a look reads no more than is new."""

from __future__ import annotations

from contextlib import closing

import pytest

from retroml_edu.core.events import EpisodeEvent, MetricEvent, StateEvent
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.core.states import RunState
from retroml_edu.session import progress
from retroml_edu.session.experiments import Experiments
from retroml_edu.session.history import load_run
from retroml_edu.session.progress import Figures, Progress
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.lines import AttemptStart
from retroml_edu.storage.writer import RunWriter
from tests.session.made_runs import made_run

SHARED = ("steps", "episodes", "return_mean", "return_best", "training_time_s")


def game(number, value):
    return [EpisodeEvent(10 * number, number / 2, 0, value, 10), MetricEvent(10 * number, number / 2, {"x": 0.5})]


def figures_of(row):
    return tuple(getattr(row, name) for name in SHARED)


@pytest.fixture
def going_on(home):
    """A run that goes on, after no game yet, with its writer."""
    folder = made_run(home, state=RunState.RUNNING, returns=(), total_timesteps=2_000)
    lease = Lease.acquire(folder)
    with closing(RunWriter(folder)) as writer:
        yield folder, writer
    lease.release()


def test_all_figures_of_a_row_are_those_of_the_same_moment(home, going_on):
    folder, writer = going_on
    of_home = Experiments(home)
    assert figures_of(of_home.rows()[0]) == (0, 0, None, None, 0.0)
    played = []
    for value in (30.0, 90.0, 60.0):
        played.append(value)
        writer.handle(game(len(played), value))
        number = len(played)
        wanted = (10 * number, number, sum(played) / number, max(played), number / 2)
        (row,) = of_home.rows_of([folder.run_id])
        assert figures_of(row) == wanted
        assert figures_of(of_home.rows()[0]) == wanted
        assert tuple(load_run(folder.run_id, home).summary[name] for name in SHARED) == wanted


def test_a_look_reads_what_is_new_and_of_a_long_log_one_part_after_the_other(going_on, monkeypatch):
    folder, writer = going_on
    for number in range(1, 201):
        writer.handle(game(number, float(number)))
    monkeypatch.setattr(progress, "MOST_BYTES", folder.metrics_log.stat().st_size // 4)
    follows, seen = Progress(folder), []
    while not seen or seen[-1].episodes < 200:
        seen.append(follows.look())
        number = seen[-1].episodes
        assert seen[-1].steps == 10 * number
        assert seen[-1].return_best == number
        assert seen[-1].training_time_s == number / 2
    assert 4 <= len(seen) <= 6
    writer.handle(game(201, 5.0))
    newest = [*range(202 - RETURN_WINDOW, 201), 5]
    assert follows.look() == Figures(2_010, 201, sum(newest) / RETURN_WINDOW, 200.0, 100.5)


def test_what_a_resumed_run_had_measured_after_its_checkpoint_does_not_count(home):
    folder = made_run(home, state=RunState.RUNNING, returns=())
    with closing(RunWriter(folder)) as writer:
        writer.handle(game(1, 10.0))
        kept = writer.newest_line
        writer.handle(game(2, 500.0))
    follows = Progress(folder)
    assert follows.look() == Figures(20, 2, 255.0, 500.0, 1.0)
    with closing(RunWriter(folder, 2, AttemptStart(kept, 10))) as writer:
        writer.handle([StateEvent(RunState.RUNNING, 10)])
        assert follows.look() == Figures(10, 1, 10.0, 10.0, 0.5)
        writer.handle(game(2, 20.0))
    assert follows.look() == Figures(20, 2, 15.0, 20.0, 1.0)


def test_a_log_that_cannot_be_read_is_a_sentence_in_the_row(home, going_on):
    folder, _ = going_on
    of_home = Experiments(home)
    assert of_home.rows()[0].problem == ""
    folder.metrics_log.unlink()
    folder.metrics_log.mkdir()
    (row,) = of_home.rows()
    assert "cannot be read: it is no plain file" in row.problem
