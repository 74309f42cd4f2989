"""How many workers are taken is tried out, kept for the person, and never believed blindly."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import psutil
import pytest

from retroml_edu.core import container
from retroml_edu.core.errors import TrainingError, UnknownNameError
from retroml_edu.envs import calibration
from retroml_edu.envs.calibration import best_workers, usable_cores
from retroml_edu.envs.workers import measuring
from retroml_edu.envs.workers.group import NoWorkerError
from retroml_edu.envs.workers.measuring import Measurement, choose, measure

ENV_ID = "BipedalWalker-v3"


class Fake:
    """Stands for the measuring, which is slow and never the same twice."""

    def __init__(self) -> None:
        self.found: Measurement | Exception = Measurement(1, 1.5, 0.1)
        self.asked: list[tuple[str, int, int]] = []

    def __call__(self, env_id: str, n_envs: int, most: int) -> Measurement:
        self.asked.append((env_id, n_envs, most))
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setattr(calibration, "user_cache", lambda: folder)
    monkeypatch.delenv(calibration.WORKERS_VARIABLE)
    return folder / "retroml_edu" / "calibration"


@pytest.fixture
def fake(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    fake = Fake()
    monkeypatch.setattr(calibration, "measure", fake)
    monkeypatch.setattr(calibration, "usable_cores", lambda: 4)
    monkeypatch.setattr(calibration, "_known", {})
    return fake


@pytest.fixture
def forget(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Make it ask as a new process would."""
    return lambda: monkeypatch.setattr(calibration, "_known", {})


def only_file(cache: Path) -> Path:
    (path,) = cache.iterdir()
    return path


# --- asked once


def test_is_measured_once_and_said(fake: Fake, cache: Path, forget: Callable[[], None]) -> None:
    said: list[str] = []
    for _ in range(2):
        assert best_workers(ENV_ID, 8, said.append) == 1
        forget()
    assert fake.asked == [(ENV_ID, 8, 3)]
    assert len(said) == 2
    assert "BipedalWalker-v3 fastest on this machine" in said[0]
    assert "1 worker process steps a part of the environments from now on: 1.5 times as fast" in said[1]
    if sys.platform != "win32":
        assert stat.S_IMODE(cache.stat().st_mode) == 0o700
        assert stat.S_IMODE(only_file(cache).stat().st_mode) == 0o600


def test_each_question_has_an_answer_of_its_own(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    assert best_workers(ENV_ID, 8) == 1
    fake.found = Measurement(0, 1.0, 0.0)
    assert best_workers(ENV_ID, 3) == 0
    monkeypatch.setattr(calibration, "usable_cores", lambda: 3)
    assert best_workers(ENV_ID, 8) == 0
    monkeypatch.setattr(calibration, "version", lambda package: "0.0.1")
    assert best_workers(ENV_ID, 8) == 0
    assert fake.asked == [(ENV_ID, 8, 3), (ENV_ID, 3, 2), (ENV_ID, 8, 2), (ENV_ID, 8, 2)]


@pytest.mark.parametrize(("cores", "n_envs", "env_id"), [(1, 8, ENV_ID), (4, 1, ENV_ID), (4, 8, "CartPole-v1")])
def test_nothing_is_measured_where_there_is_no_choice(
    cores: int, n_envs: int, env_id: str, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "usable_cores", lambda: cores)
    monkeypatch.setattr(calibration, "is_compiled", lambda env_id: env_id == "CartPole-v1")
    assert best_workers(env_id, n_envs) == 0
    assert fake.asked == []


def test_environment_without_workers_is_asked_again(fake: Fake) -> None:
    fake.found = NoWorkerError("Its class is known to this process alone.")
    assert [best_workers(ENV_ID, 8), best_workers(ENV_ID, 8)] == [0, 0]
    assert len(fake.asked) == 2


@pytest.mark.parametrize("error", [TrainingError("A worker process ended."), psutil.NoSuchProcess(1)])
def test_a_worker_that_ends_while_it_is_tried_out_ends_no_run(fake: Fake, error: Exception) -> None:
    fake.found = error
    told: list[str] = []
    assert best_workers(ENV_ID, 8, told.append) == 0
    assert "stepped without" in told[-1]


def test_unknown_environment_is_said(fake: Fake) -> None:
    with pytest.raises(UnknownNameError, match="No environment is called"):
        best_workers("NoSuchThing-v0", 8)


# --- a busy machine


@pytest.mark.parametrize(
    ("workers", "busy", "age_s", "asked"),
    [
        (1, 0.1, 1e9, 1),
        (1, 0.9, 60.0, 1),
        (1, 0.9, 1_200.0, 2),
        (1, 0.9, -60.0, 2),
        (0, 0.1, 1_200.0, 1),
        (0, 0.1, 4_000.0, 2),
        (0, 0.9, 1_200.0, 2),
    ],
)
def test_what_one_bad_minute_may_have_told_does_not_hold_for_ever(
    workers: int,
    busy: float,
    age_s: float,
    asked: int,
    fake: Fake,
    monkeypatch: pytest.MonkeyPatch,
    forget: Callable[[], None],
) -> None:
    fake.found = Measurement(workers, 1.0, busy)
    now = 2e9
    monkeypatch.setattr(calibration.time, "time", lambda: now)
    assert best_workers(ENV_ID, 8) == workers
    fake.found, now = Measurement(2, 1.5, 0.0), now + age_s
    for _ in range(2):
        assert best_workers(ENV_ID, 8) == (workers if asked == 1 else 2)
        assert len(fake.asked) == asked
        forget()


def test_that_steps_are_cheap_is_true_for_ever(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.found = Measurement(0, 1.0, 0.0, cheap=True)
    now = 2e9
    monkeypatch.setattr(calibration.time, "time", lambda: now)
    assert best_workers(ENV_ID, 8) == 0
    now += 1e6
    assert best_workers(ENV_ID, 8) == 0
    assert len(fake.asked) == 1


def test_what_another_process_has_found_since_is_believed(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.found = Measurement(0, 1.0, 0.1)
    now = 2e9
    monkeypatch.setattr(calibration.time, "time", lambda: now)
    assert best_workers(ENV_ID, 8) == 0
    known, now = dict(calibration._known), now + 4_000
    fake.found = Measurement(2, 1.5, 0.1)
    calibration._known.clear()
    assert best_workers(ENV_ID, 8) == 2  # as the other process; this one still remembers what it found itself
    calibration._known.update(known)
    fake.found = Measurement(0, 1.0, 0.1)
    assert best_workers(ENV_ID, 8) == 2
    assert len(fake.asked) == 2


# --- what lies on disk


def text(change: Callable[[str], str]) -> Callable[[Path], None]:
    return lambda path: path.write_text(change(path.read_text())) and None


def found(**changes: Any) -> Callable[[Path], None]:
    return text(lambda kept: json.dumps(json.loads(kept) | {"found": json.loads(kept)["found"] | changes}))


def kept(**changes: Any) -> Callable[[Path], None]:
    return text(lambda kept: json.dumps(json.loads(kept) | changes))


def in_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = [
    lambda path: path.write_bytes(b"\x80\x04cos\nsystem\n"),
    in_a_folder,
    text(lambda _: ""),
    text(lambda _: "[1]"),
    text(lambda _: "[" * 9_000),
    text(lambda text: " " * 20_000 + text),
    text(lambda text: text[:-5]),
    found(workers=-1),
    found(cheap=1),
    found(workers=4),
    found(workers=True),
    found(workers="1"),
    found(gain="fast"),
    found(gain=float("nan")),
    found(gain=10**400),
    found(others_busy=None),
    found(more=1),
    kept(measured_s=float("inf")),
    kept(question={"env_id": "CartPole-v1"}),
    kept(found=None),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=map(str, range(len(DAMAGES))))
def test_damaged_or_foreign_answers_are_ignored(
    damage: Callable[[Path], None], fake: Fake, cache: Path, forget: Callable[[], None]
) -> None:
    best_workers(ENV_ID, 8)
    forget()
    fake.found = Measurement(2, 1.9, 0.0)
    damage(only_file(cache))
    assert best_workers(ENV_ID, 8) == 2
    assert len(fake.asked) == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a profile's folder there has no mode")
def test_folder_that_others_can_write_to_is_neither_read_nor_written(
    fake: Fake, cache: Path, forget: Callable[[], None]
) -> None:
    best_workers(ENV_ID, 8)
    forget()
    cache.chmod(0o777)
    before = only_file(cache).read_text()
    fake.found = Measurement(2, 1.9, 0.0)
    assert [best_workers(ENV_ID, 8), best_workers(ENV_ID, 8)] == [2, 2]  # remembered by this process
    assert len(fake.asked) == 2
    assert only_file(cache).read_text() == before


def test_disk_that_takes_nothing_is_no_problem(
    fake: Fake, cache: Path, monkeypatch: pytest.MonkeyPatch, forget: Callable[[], None]
) -> None:
    def full(*_: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert best_workers(ENV_ID, 8) == 1
    assert list(cache.iterdir()) == []


# --- measuring


@pytest.mark.parametrize(
    ("gains", "chosen"),
    [
        ({1: [1.5, 1.6, 1.5, 1.4, 0.6]}, 1),  # one round was disturbed
        ({1: [1.5, 1.6, 1.5, 0.6, 0.6]}, 0),
        ({1: [1.05, 1.1, 1.1, 1.1, 1.1]}, 0),
        ({1: [1.5] * 5, 3: [1.55] * 5, 7: [3.0] * 5}, 7),
        ({7: [1.6] * 5, 3: [1.55] * 5, 1: [1.5] * 5}, 1),  # hardly faster, and more processes
        ({}, 0),
    ],
)
def test_the_winner_wins_by_more_than_noise(gains: dict[int, list[float]], chosen: int) -> None:
    assert choose(gains)[0] == chosen


def test_real_measurement_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_ROUND_S", 0.01)
    before = psutil.Process().children()
    state = np.random.get_state()[1].tobytes()
    found = measure(ENV_ID, 3, 2)
    assert found.workers in (0, 1, 2)
    assert found.gain >= 1.0
    assert 0.0 <= found.others_busy <= 1.0
    assert psutil.Process().children() == before
    assert np.random.get_state()[1].tobytes() == state


def test_cores_that_are_only_shown_count_as_used_by_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found while two cores are one does not hold for ever."""
    monkeypatch.setattr(measuring, "_ROUND_S", 0.01)
    monkeypatch.setattr(measuring, "crowding", lambda: 2.0)
    assert measure(ENV_ID, 3, 1).others_busy >= 0.5


def test_cheap_steps_have_no_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "CHEAP_S", 1.0)
    assert measure("Taxi-v4", 2, 1) == Measurement(0, 1.0, 0.0, cheap=True)


def test_environment_of_this_process_alone_has_no_workers_to_measure() -> None:
    gym.register("Alone-v0", entry_point=lambda **settings: gym.make("BipedalWalker-v3", **settings).unwrapped)
    try:
        with pytest.raises(NoWorkerError, match="known to this process alone"):
            measure("Alone-v0", 3, 1)
    finally:
        del gym.registry["Alone-v0"]


@pytest.mark.parametrize(("quota", "cores"), [("max 100000", 8), ("250000 100000", 2), ("20000 100000", 1), ("", 8)])
def test_a_container_s_share_of_time_counts_as_cores(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quota: str, cores: int
) -> None:
    (tmp_path / "cpu.max").write_text(f"{quota}\n")
    monkeypatch.setattr(container, "ROOT", tmp_path)
    monkeypatch.setattr(container, "OWN", tmp_path / "none")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)), raising=False)
    assert calibration.usable_cores() == cores


def test_usable_cores_are_counted() -> None:
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)


@pytest.mark.parametrize(("asked", "workers"), [("0", 0), ("1", 1), ("9", 3), ("many", 1), ("", 1)])
def test_who_names_a_number_gets_it(fake: Fake, monkeypatch: pytest.MonkeyPatch, asked: str, workers: int) -> None:
    monkeypatch.setenv(calibration.WORKERS_VARIABLE, asked)
    assert calibration.best_workers("LunarLander-v3", 4) == workers
