"""The last few things that happened in a home."""

from __future__ import annotations

import shutil

import pytest

from retroml_edu.core.states import RunState
from retroml_edu.session.activity import recent_activity
from retroml_edu.storage.index import RunIndex
from retroml_edu.storage.lease import Lease
from tests.session.made_runs import made_run
from tests.session.recorded_runs import keep_test

MINUTE = 60.0


def list_all(home):
    with RunIndex(home) as index:
        index.catch_up()


def told(home, most=8, also=()):
    return [
        (each.row.run_id, "tested" if each.test else str(each.row.state)) for each in recent_activity(home, most, also)
    ]


def test_a_home_that_is_not_there_has_no_past(tmp_path):
    assert recent_activity(tmp_path / "nowhere", 5) == []
    assert not (tmp_path / "nowhere").exists()


def test_the_newest_thing_comes_first_whether_it_began_or_ended(home):
    old = made_run(home, seconds_ago=9 * MINUTE)
    failed = made_run(home, seconds_ago=8 * MINUTE, state=RunState.FAILED)
    # It began before both and ended after them.
    long = made_run(home, seconds_ago=10 * MINUTE, steps=500 * 300, total_timesteps=500 * 300)
    list_all(home)
    assert told(home) == [(long.run_id, "done"), (failed.run_id, "failed"), (old.run_id, "done")]
    assert told(home, most=1) == [(long.run_id, "done")]


def test_a_run_that_goes_on_is_there_from_its_beginning(home):
    made_run(home, seconds_ago=5 * MINUTE)
    going_on = made_run(home, state=RunState.RUNNING, seconds_ago=MINUTE)
    lease = Lease.acquire(going_on)
    list_all(home)
    assert told(home, most=1) == [(going_on.run_id, "running")]
    lease.release()


def test_tests_are_told_with_their_run(home):
    folder = made_run(home, seconds_ago=5 * MINUTE)
    list_all(home)
    keep_test(folder, 5, [6.0, 8.0], stamp="2099-01-01T000000000Z")
    keep_test(folder, 5, [6.0, 8.0], stamp="2001-01-01T000000000Z")
    assert told(home) == [(folder.run_id, "tested"), (folder.run_id, "done"), (folder.run_id, "tested")]
    assert recent_activity(home, 1)[0].test.return_mean == pytest.approx(7.0)


def test_the_run_on_show_is_looked_at_however_old_it_is(home):
    old = made_run(home, seconds_ago=900 * MINUTE)
    for _ in range(3):
        made_run(home)
    list_all(home)
    keep_test(old, 5, [6.0, 8.0], stamp="2099-01-01T000000000Z")
    assert (old.run_id, "tested") not in told(home, most=3)
    assert told(home, most=3, also=[old.run_id])[0] == (old.run_id, "tested")
    assert (old.run_id, "tested") not in told(home, most=3, also=["01a205bf-b6f9-7e25-b56f-3feca1840400", "../..", ""])


def test_a_run_whose_folder_is_gone_is_left_out(home):
    folder = made_run(home)
    list_all(home)
    shutil.rmtree(folder.path)
    assert recent_activity(home, 5) == []
