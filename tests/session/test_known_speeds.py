"""How fast this machine is, remembered in the home."""

import json

import pytest

from retroml_edu.core.events import MetricEvent, ProgressEvent, StateEvent
from retroml_edu.core.states import RunState
from retroml_edu.session import known_speeds
from retroml_edu.session.known_speeds import FILE, MOST_KEPT, KnownSpeeds, SpeedWatch
from tests.session.bench import small_config


@pytest.fixture
def home(tmp_path):
    return tmp_path


def test_a_speed_is_found_again_by_another_process(home):
    KnownSpeeds(home).remember(small_config(), 1_234.5)
    found = KnownSpeeds(home).find(small_config())
    assert (found.steps_per_second, found.exact) == (1_234.5, True)


def test_nothing_is_known_of_another_environment_or_algorithm(home):
    speeds = KnownSpeeds(home)
    speeds.remember(small_config(), 100.0)
    assert speeds.find(small_config(env_id="Acrobot-v1")) is None
    assert speeds.find(small_config(algorithm="A2C")) is None


def test_other_settings_give_a_rough_speed_and_their_own_replaces_it(home):
    speeds = KnownSpeeds(home)
    speeds.remember(small_config(), 100.0)
    slower = small_config(hyperparameters={"n_epochs": 30})
    assert (speeds.find(slower).steps_per_second, speeds.find(slower).exact) == (100.0, False)
    speeds.remember(slower, 40.0)
    assert speeds.find(slower).steps_per_second == 40.0
    assert speeds.find(slower).exact
    assert speeds.find(small_config()).steps_per_second == 100.0


def test_what_does_not_decide_on_the_speed_changes_nothing(home):
    speeds = KnownSpeeds(home)
    speeds.remember(small_config(), 100.0)
    assert speeds.find(small_config(seed=99, hyperparameters={"gamma": 0.9})).exact


def test_a_speed_of_another_machine_is_none(home, monkeypatch):
    speeds = KnownSpeeds(home)
    speeds.remember(small_config(), 100.0)
    monkeypatch.setattr(known_speeds, "machine_name", lambda: "another processor, 64 threads")
    assert KnownSpeeds(home).find(small_config()) is None


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"speeds": 7}',
        '{"speeds": [7, null, {"kind": {}}]}',
        '{"speeds": [{"machine": "m", "kind": {}, "measured_utc": "", "steps_per_second": -1}]}',
        '{"speeds": [{"machine": "m", "kind": {}, "measured_utc": "", "steps_per_second": true}]}',
        "x" * 600_000,
    ],
)
def test_a_damaged_file_is_as_good_as_none_and_is_replaced(home, content):
    (home / FILE).write_text(content, "utf-8")
    speeds = KnownSpeeds(home)
    assert speeds.find(small_config()) is None
    speeds.remember(small_config(), 50.0)
    assert KnownSpeeds(home).find(small_config()).steps_per_second == 50.0


def test_a_home_that_cannot_be_written_forgets_when_the_process_ends(home):
    blocked = home / "file" / "runs"
    (home / "file").write_text("in the way", "utf-8")
    speeds = KnownSpeeds(blocked)
    speeds.remember(small_config(), 50.0)
    assert speeds.find(small_config()).steps_per_second == 50.0
    assert KnownSpeeds(blocked).find(small_config()) is None


def test_the_file_does_not_grow_without_end_and_keeps_the_newest(home):
    speeds = KnownSpeeds(home)
    entry = {"machine": "m", "kind": {}, "steps_per_second": 1.0, "measured_utc": "2026-01-01T00:00:00Z"}
    (home / FILE).write_text(json.dumps({"speeds": [entry] * MOST_KEPT}), "utf-8")
    speeds.remember(small_config(), 50.0)
    kept = json.loads((home / FILE).read_text("utf-8"))["speeds"]
    assert len(kept) == MOST_KEPT
    assert kept[-1]["steps_per_second"] == 50.0


@pytest.mark.parametrize("end", [RunState.DONE, RunState.STOPPED])
def test_a_run_that_ended_tells_its_speed(home, end):
    speeds, told = KnownSpeeds(home), []
    watch = SpeedWatch(speeds, small_config(), lambda: told.append(True))
    watch.handle([ProgressEvent(100, 1.0), MetricEvent(1_100, 6.0, {})])
    assert speeds.find(small_config()) is None
    watch.handle([StateEvent(end, 1_100)])
    assert speeds.find(small_config()).steps_per_second == pytest.approx(200.0)
    assert told == [True]


@pytest.mark.parametrize(
    "events",
    [
        [StateEvent(RunState.DONE, 0)],
        [ProgressEvent(0, 0.0), ProgressEvent(500, 0.1), StateEvent(RunState.DONE, 500)],
        [ProgressEvent(0, 0.0), ProgressEvent(500, 60.0), StateEvent(RunState.FAILED, 500)],
    ],
)
def test_a_run_of_no_time_or_one_that_failed_tells_none(home, events):
    speeds = KnownSpeeds(home)
    SpeedWatch(speeds, small_config(), lambda: None).handle(events)
    assert speeds.find(small_config()) is None


def test_a_short_run_tells_its_speed_roughly_until_a_longer_one_does(home):
    speeds, told = KnownSpeeds(home), []

    def ended(steps, seconds):
        watch = SpeedWatch(speeds, small_config(), lambda: told.append(True))
        watch.handle([ProgressEvent(0, 0.0), ProgressEvent(steps, seconds), StateEvent(RunState.DONE, steps)])
        found = KnownSpeeds(home).find(small_config())
        return found.steps_per_second, found.exact, found.short

    assert ended(1_000, 1.0) == (1_000.0, False, True)
    assert told == [True]
    assert ended(1_200, 1.0) == (1_200.0, False, True)
    assert ended(4_000, 5.0) == (800.0, True, False)
    assert ended(1_000, 1.0) == (800.0, True, False)
    slower = small_config(hyperparameters={"n_epochs": 30})
    speeds.remember(slower, 100.0, short=True)
    assert speeds.find(slower).steps_per_second == 800.0, "a short run's speed stands behind one to reckon with"


def test_what_another_panel_learnt_is_known_at_once(home):
    speeds, others = KnownSpeeds(home), KnownSpeeds(home)
    assert speeds.find(small_config()) is None
    others.remember(small_config(), 100.0)
    assert speeds.find(small_config()).steps_per_second == 100.0
