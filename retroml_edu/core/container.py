"""What the system leaves to this process: cores, and a container's limits by control groups, version 2 and 1.

https://docs.kernel.org/admin-guide/cgroup-v2.html; without a container, or on another system, there are none.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")
"""Names the groups of this process, a line each: ``number:controllers:path``."""


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """How much memory a container may take.

    Attributes:
        limit_bytes: At most; version 1 writes an enormous number where there is no limit.
        used_bytes: So far, without files that are only kept in memory as long as nobody needs the room.
    """

    limit_bytes: int
    used_bytes: int


@dataclass(frozen=True, slots=True)
class CoreLimit:
    """How much of the processor a container may take.

    Attributes:
        cores: Seconds of processor time a second.
        used_s: Seconds that it has taken since it began; None if nobody counts them.
    """

    cores: float
    used_s: float | None


def own_cores() -> int:
    """Return on how many cores this process may run: fewer than there are, under a scheduler or in some containers."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_limit() -> MemoryLimit | None:
    """Return the lowest limit of this process's group and of those around it; None without one."""
    found = []
    for group in _groups("memory"):
        for limit, used, cached in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            with suppress(OSError, ValueError):  # "max": no limit
                kept = _listed(group / "memory.stat", cached) or 0
                found.append(MemoryLimit(_number(group / limit), max(0, _number(group / used) - kept)))
    return min(found, key=lambda each: each.limit_bytes, default=None)


def core_limit() -> CoreLimit | None:
    """Return the lowest limit of this process's group and of those around it; None without one."""
    found = []
    for group in _groups("cpu"):
        with suppress(OSError, ValueError, ZeroDivisionError):
            time_us, period_us = (group / "cpu.max").read_text("ascii").split()
            used_us = _listed(group / "cpu.stat", "usage_usec")
            found.append(CoreLimit(int(time_us) / int(period_us), None if used_us is None else used_us / 1e6))
        with suppress(OSError, ValueError, ZeroDivisionError):
            cores = _number(group / "cpu.cfs_quota_us") / _number(group / "cpu.cfs_period_us")
            if cores > 0:  # -1: no limit
                found.append(CoreLimit(cores, _accounted_s(group)))
    return min(found, key=lambda each: each.cores, default=None)


def _groups(controller: str) -> Iterator[Path]:
    """Yield the folders of this process's groups and of those around them; some of them may not be there."""
    try:
        lines = OWN.read_text("utf-8").splitlines()
    except OSError:
        lines = []
    for line in ("0::/", *lines):  # within a container the group's own files often stand at the top
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        top = ROOT / controller if controllers else ROOT
        group = top.joinpath(*(part for part in path.split("/") if part not in ("", "..")))
        yield group
        yield from (around for around in group.parents if around.is_relative_to(top))


def _accounted_s(group: Path) -> float | None:
    """Return the processor time that a group of version 1 has taken, which another controller counts."""
    with suppress(OSError, ValueError):
        return _number(ROOT / "cpuacct" / group.relative_to(ROOT / "cpu") / "cpuacct.usage") / 1e9
    return None


def _listed(file: Path, name: str) -> int | None:
    with suppress(OSError, ValueError):
        for line in file.read_text("ascii").splitlines():
            key, _, value = line.partition(" ")
            if key == name:
                return int(value)
    return None


def _number(file: Path) -> int:
    return int(file.read_text("ascii"))
