"""Checks of what this machine allows: room on disks, open files, shared memory. Diagnostics say how to get more."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from retroml_edu.analysis.diagnostics import diagnose
from retroml_edu.cli.doctor_finding import Finding, Verdict

LOW_DISK_BYTES = 2**30
"""A long run on pictures, with its replay buffer in checkpoints, takes about so much."""
FEW_FILES = 512
SMALL_SHARED_BYTES = 2**28
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - it is looked at, nothing is kept there


def disk_space() -> Iterator[Finding]:
    """Check that there is room where runs would go."""
    from retroml_edu.storage.home import find_home

    home = find_home().path
    folder = next(each for each in (home, *home.parents) if each.exists())
    yield _enough(
        "Disk space", shutil.disk_usage(folder).free, LOW_DISK_BYTES, f"free for {home}", "No space left on device"
    )


def open_files() -> Iterator[Finding]:
    """Check how many files a process may have open; Windows has no such limit worth a word."""
    if sys.platform == "win32":
        return
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    endless = most == resource.RLIM_INFINITY
    found = "as many as are wanted" if endless else f"a process may have {most:,} open"
    if endless or most >= FEW_FILES:
        yield Finding("Open files", Verdict.OK, found)
    else:
        yield Finding("Open files", Verdict.WARN, found, _remedy("Too many open files"))


def shared_memory() -> Iterator[Finding]:
    """Check the memory that processes share, where the system has a place for it."""
    if SHARED_MEMORY.is_dir():
        total = shutil.disk_usage(SHARED_MEMORY).total
        yield _enough("Shared memory", total, SMALL_SHARED_BYTES, f"in {SHARED_MEMORY}", "Bus error")


def _enough(check: str, size_bytes: int, least_bytes: int, where: str, said: str) -> Finding:
    found = f"{size_bytes / 2**30:,.1f} GiB {where}"
    if size_bytes < least_bytes:
        return Finding(check, Verdict.WARN, found, _remedy(said))
    return Finding(check, Verdict.OK, found)


def _remedy(said: str) -> str:
    """Return what to do about a problem before it comes, by what the computer would say."""
    known = diagnose(said)
    return known.remedy if known is not None else ""
