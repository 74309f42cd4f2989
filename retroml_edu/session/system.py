"""What this machine has to spare, and what the kernel takes of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

from retroml_edu.core.container import MemoryLimit, core_limit, memory_limit, own_cores

LEAST_S = 0.5
"""Shares of a shorter time would be chance: processor time is counted in hundredths of a second."""


@dataclass(frozen=True, slots=True)
class GpuUsage:
    """How full a GPU is.

    Attributes:
        name: What it is called.
        memory_bytes: In use, by whomever.
        memory_total_bytes: There is.
    """

    name: str
    memory_bytes: int
    memory_total_bytes: int


@dataclass(frozen=True, slots=True)
class Usage:
    """How busy the machine is, or the container that this process is in.

    Attributes:
        cores: That can be used; a container's share of time may be a part of one.
        cores_limited: Whether the machine has more.
        cpu: Share of these cores that is in use, 0 to 1; None as long as nothing is measured.
        cpu_here: Share that this process and its workers take; None likewise.
        memory_bytes: In use.
        memory_total_bytes: That can be used.
        memory_limited: Whether the machine has more.
        memory_here_bytes: What this process and its workers take.
        gpu: The GPU that torch uses; None if there is none, or if torch is not loaded yet.
    """

    cores: float
    cores_limited: bool
    cpu: float | None
    cpu_here: float | None
    memory_bytes: int
    memory_total_bytes: int
    memory_limited: bool
    memory_here_bytes: int
    gpu: GpuUsage | None = None


@dataclass(frozen=True, slots=True)
class _Counted:
    """Processor time at a moment, in seconds: what all took, and what each process of ours."""

    at_s: float
    all_s: float
    ours_s: Mapping[psutil.Process, float]


class SystemWatch:
    """Tells how busy the machine is: shares are those since it was last asked.

    Args:
        clock: Seconds that pass.

    Threads: not safe; its owner locks.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._shares: tuple[float | None, float | None] = (None, None)
        self._before = self._count()[0]

    def look(self) -> Usage:
        """Return how things stand; shares are the last ones if it was asked a moment ago.

        Costs some hundred microseconds a process.
        """
        now, resident = self._count()
        limit, cores = core_limit(), float(own_cores())
        if limit is not None:
            cores = min(cores, limit.cores)
        past_s = now.at_s - self._before.at_s
        if past_s >= LEAST_S:
            # A process that was not there has begun meanwhile: all that it took counts.
            ours = sum(taken - self._before.ours_s.get(process, 0.0) for process, taken in now.ours_s.items())
            self._shares = _share((now.all_s - self._before.all_s) / past_s / cores), _share(ours / past_s / cores)
            self._before = now
        machine = psutil.virtual_memory()
        memory = memory_limit()
        limited = memory is not None and memory.limit_bytes < machine.total
        if memory is None or not limited:
            memory = MemoryLimit(machine.total, machine.total - machine.available)
        cpu, cpu_here = self._shares
        return Usage(
            cores=cores,
            cores_limited=cores < (os.cpu_count() or 1),
            cpu=cpu,
            cpu_here=cpu_here,
            memory_bytes=memory.used_bytes,
            memory_total_bytes=memory.limit_bytes,
            memory_limited=limited,
            memory_here_bytes=resident,
            gpu=_gpu(),
        )

    def _count(self) -> tuple[_Counted, int]:
        """Return the processor time so far, and the memory that this process and its workers take."""
        own = psutil.Process()
        ours, resident = {}, 0
        for process in [own, *own.children(recursive=True)]:
            with suppress(psutil.Error):  # it has ended meanwhile
                times = process.cpu_times()
                resident += process.memory_info().rss
                ours[process] = times.user + times.system
        return _Counted(self._clock(), _all_s(), ours), resident


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))


def _all_s() -> float:
    """Return the processor time that was taken on the cores that can be used, by the container if it has a limit."""
    limit = core_limit()
    if limit is not None and limit.used_s is not None and limit.cores < own_cores():
        return limit.used_s
    cores = psutil.cpu_times(percpu=True)
    if hasattr(os, "sched_getaffinity"):
        cores = [times for number, times in enumerate(cores) if number in os.sched_getaffinity(0)] or cores
    return sum(times.user + times.system + getattr(times, "nice", 0.0) for times in cores)


def _gpu() -> GpuUsage | None:
    torch = sys.modules.get("torch")  # not loaded for this: it takes seconds
    if torch is None or not torch.cuda.is_initialized():  # to ask would take memory on it
        return None
    free, total = torch.cuda.mem_get_info()
    return GpuUsage(torch.cuda.get_device_name(), total - free, total)
