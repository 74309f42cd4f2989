"""How busy the machine is, from the operating system itself."""

import os
import subprocess
import sys

import psutil
import pytest

from retroml_edu.core import container
from retroml_edu.session.system import LEAST_S, SystemWatch


class Clock:
    """Goes on when it is told to."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def unlimited(tmp_path, monkeypatch):
    """A machine without control groups; returns where a container's would be."""
    monkeypatch.setattr(container, "ROOT", tmp_path)
    monkeypatch.setattr(container, "OWN", tmp_path / "none")
    return tmp_path


def test_shares_are_shares_and_memory_is_within_what_there_is(unlimited):
    clock = Clock()
    watch = SystemWatch(clock)
    clock.now_s = 1.0
    usage = watch.look()
    assert 0 <= usage.cpu <= 1
    assert 0 <= usage.cpu_here <= 1
    assert 0 < usage.cores <= os.cpu_count()
    assert 0 < usage.memory_here_bytes < usage.memory_total_bytes
    assert 0 < usage.memory_bytes < usage.memory_total_bytes == psutil.virtual_memory().total
    assert not usage.memory_limited


def test_shares_of_no_time_are_not_told_and_those_of_a_moment_are_the_last_ones(unlimited):
    clock = Clock()
    watch = SystemWatch(clock)
    assert (watch.look().cpu, watch.look().cpu_here) == (None, None)
    clock.now_s = LEAST_S
    measured = watch.look()
    assert measured.cpu is not None
    busy_for(0.05)
    again = watch.look()
    assert (again.cpu, again.cpu_here) == (measured.cpu, measured.cpu_here)


def test_what_workers_take_counts():
    watch = SystemWatch()
    alone = watch.look().memory_here_bytes
    code = "import sys; held = bytearray(b'x') * 100_000_000; print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout.readline() == "held\n"
        assert watch.look().memory_here_bytes > alone + 90_000_000
        worker.communicate()
    assert watch.look().memory_here_bytes < alone + 50_000_000


def busy_for(seconds):
    began = os.times().user
    while os.times().user < began + seconds:
        sum(range(10_000))


def test_a_process_that_works_is_seen(unlimited):
    clock = Clock()
    watch = SystemWatch(clock)
    busy_for(0.3)
    clock.now_s = 1.0
    usage = watch.look()
    assert usage.cpu_here >= 0.25 / usage.cores
    assert usage.cpu >= 0.25 / usage.cores


def test_a_container_s_limits_are_what_is_shared_and_told_as_such(unlimited):
    (unlimited / "memory.max").write_text("1000000")
    (unlimited / "memory.current").write_text("250000")
    (unlimited / "cpu.max").write_text("50000 100000")
    (unlimited / "cpu.stat").write_text("usage_usec 1000000\n")
    clock = Clock()
    watch = SystemWatch(clock)
    (unlimited / "cpu.stat").write_text("usage_usec 1500000\n")
    clock.now_s = 2.0
    usage = watch.look()
    assert (usage.cores, usage.cores_limited) == (0.5, True)
    assert usage.cpu == 0.5  # half a second of processor time in two seconds, in which it may take one
    assert (usage.memory_bytes, usage.memory_total_bytes, usage.memory_limited) == (250_000, 1_000_000, True)


def test_a_container_s_limits_above_the_machine_are_none(unlimited):
    (unlimited / "memory.max").write_text(str(2**62))
    (unlimited / "memory.current").write_text("250000")
    (unlimited / "cpu.max").write_text("999900000 100000")
    usage = SystemWatch().look()
    assert not usage.memory_limited
    assert usage.memory_total_bytes == psutil.virtual_memory().total
    assert usage.cores == container.own_cores()
