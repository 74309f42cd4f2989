"""Events, ids and states."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from retroml_edu.core.events import (
    CheckpointEvent,
    EpisodeEvent,
    LogEvent,
    MetricEvent,
    PreparationEvent,
    ProgressEvent,
    StateEvent,
    VideoEvent,
    event_from_dict,
    event_to_dict,
    log,
)
from retroml_edu.core.ids import is_run_id, new_run_id, utc_now
from retroml_edu.core.states import RunState

EVENTS = [
    MetricEvent(10, 0.5, {"train/loss": 0.25}),
    EpisodeEvent(20, 1.5, 3, -21.0, 900),
    ProgressEvent(30, 2.0),
    PreparationEvent("Compiling: part 1 of 2…"),
    StateEvent(RunState.PAUSED, 40, "by hand", "2026-01-31T12:00:00.123Z"),
    LogEvent("warning", "Slow.", 50, "2026-01-31T12:00:00.123Z", "details"),
    VideoEvent("videos/a.mp4", 60, 0.25, 12.0, 300, True, 5.0),
    CheckpointEvent("checkpoints/0000000070", 70, "stop", "0a" * 32, "1b" * 32, "2c" * 32, 4096, 0.02, "2026-01-31"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_an_event_survives_json(event) -> None:
    line = json.loads(json.dumps(event_to_dict(event)))
    assert line["kind"] == event.kind
    assert event_from_dict(line) == event
    assert event_from_dict(line | {"seq": 7, "attempt": 1}) == event


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_an_event_is_frozen(event) -> None:
    with pytest.raises((FrozenInstanceError, AttributeError, TypeError)):
        event.step = 99


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "unknown kind of event: None"),
        ({"kind": "magic"}, "unknown kind of event: 'magic'"),
        ({"kind": "progress", "step": 3}, "incomplete progress event"),
        ({"kind": "state", "state": "asleep", "step": 3}, "asleep"),
    ],
)
def test_a_damaged_line_is_refused(data: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        event_from_dict(data)


def test_a_log_event_is_of_now() -> None:
    before, made, after = utc_now(), log("info", "Hello.", step=4), utc_now()
    assert before <= made.time_utc <= after
    assert (made.level, made.message, made.step, made.details) == ("info", "Hello.", 4, "")


def test_times_are_utc_with_milliseconds() -> None:
    said = utc_now()
    assert said.endswith("Z")
    assert len(said) == len("2026-01-31T12:00:00.123Z")
    assert abs((datetime.fromisoformat(said) - datetime.now(UTC)).total_seconds()) < 60


def test_run_ids_are_uuids_of_version_7_that_sort_by_time(monkeypatch) -> None:
    made = []
    for milliseconds in (1_000_000_000_000, 1_000_000_000_001, 1_800_000_000_000):
        monkeypatch.setattr(time, "time_ns", lambda ms=milliseconds: ms * 1_000_000)
        made.append(new_run_id())
        parsed = uuid.UUID(made[-1])
        assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
        assert parsed.int >> 80 == milliseconds
    assert made == sorted(made)


def test_run_ids_differ() -> None:
    assert len({new_run_id() for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "CON", "A" * 36, "{%s}", "urn:uuid:%s", "%s ", " %s", "%s/", None, 5]
)
def test_nothing_but_an_exact_id_becomes_a_folder_name(name) -> None:
    run_id = new_run_id()
    assert is_run_id(run_id)
    assert not is_run_id(name.replace("%s", run_id) if isinstance(name, str) else name)
    assert run_id.upper() == run_id or not is_run_id(run_id.upper())


FINAL = {RunState.DONE, RunState.STOPPED, RunState.FAILED, RunState.LOST}


@pytest.mark.parametrize("state", RunState)
def test_a_final_state_never_changes_and_any_other_may_fail(state: RunState) -> None:
    assert state.is_final is (state in FINAL)
    following = {other for other in RunState if state.may_become(other)}
    if state.is_final:
        assert following == set()
    else:
        assert {RunState.FAILED, RunState.LOST} <= following
        assert state not in following


def test_every_state_can_be_reached_and_can_end() -> None:
    reached, edge = {RunState.CREATED}, [RunState.CREATED]
    while edge:
        state = edge.pop()
        new = {other for other in RunState if state.may_become(other)} - reached
        reached |= new
        edge.extend(new)
    assert reached == set(RunState)


@pytest.mark.parametrize(
    "life",
    [
        ("created", "starting", "running", "finishing", "done"),
        ("created", "starting", "running", "paused", "running", "stopping", "finishing", "stopped"),
        ("created", "starting", "running", "paused", "stopping", "stopped"),
        ("created", "starting", "stopping", "stopped"),
        ("created", "stopped"),
        ("created", "starting", "failed"),
    ],
)
def test_lives(life: tuple[str, ...]) -> None:
    states = [RunState(name) for name in life]
    assert all(state.may_become(following) for state, following in pairwise(states))
    assert states[-1].is_final


def test_a_running_run_is_not_done_at_once() -> None:
    assert not RunState.RUNNING.may_become(RunState.DONE)
    assert not RunState.PAUSED.may_become(RunState.DONE)
