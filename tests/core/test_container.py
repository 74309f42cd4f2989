"""A container's limits, in trees of files as Linux shows them."""

from __future__ import annotations

import pytest

from retroml_edu.core import container
from retroml_edu.core.container import CoreLimit, MemoryLimit, core_limit, memory_limit

MIB = 2**20
NO_LIMIT_V1 = 9223372036854771712


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Writes the files of control groups; `own` is what says in which of them this process is."""
    monkeypatch.setattr(container, "ROOT", tmp_path / "cgroup")
    monkeypatch.setattr(container, "OWN", tmp_path / "own")

    def write(own, **files):
        if own is not None:
            (tmp_path / "own").write_text(own, "utf-8")
        for name, text in files.items():
            file = tmp_path / "cgroup" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"{text}\n", "utf-8")

    return write


def version_2(group, limit, cpu):
    return {
        f"{group}memory.max": limit,
        f"{group}memory.current": 300 * MIB,
        f"{group}memory.stat": f"anon {200 * MIB}\nfile {100 * MIB}\ninactive_file {50 * MIB}",
        f"{group}cpu.max": cpu,
        f"{group}cpu.stat": "usage_usec 2500000\nuser_usec 1",
    }


def version_1(group, limit, quota_us):
    return {
        f"memory/{group}memory.limit_in_bytes": limit,
        f"memory/{group}memory.usage_in_bytes": 300 * MIB,
        f"memory/{group}memory.stat": f"cache 7\ntotal_inactive_file {50 * MIB}",
        f"cpu/{group}cpu.cfs_quota_us": quota_us,
        f"cpu/{group}cpu.cfs_period_us": 100_000,
        f"cpuacct/{group}cpuacct.usage": 2_500_000_000,
    }


LIMITS = (MemoryLimit(512 * MIB, 250 * MIB), CoreLimit(1.5, 2.5))


@pytest.mark.parametrize(
    ("own", "files"),
    [
        ("0::/\n", version_2("", 512 * MIB, "150000 100000")),
        (None, version_2("", 512 * MIB, "150000 100000")),
        ("0::/user/session\n", version_2("user/session/", 512 * MIB, "150000 100000")),
        ("0::/user/session\n", version_2("user/", 512 * MIB, "150000 100000") | {"user/session/memory.max": "max"}),
        ("0::/../..\n", version_2("", 512 * MIB, "150000 100000")),
        ("4:memory:/\n2:cpu:/\n0::/\n", version_1("", 512 * MIB, 150_000)),
        ("4:memory:/docker/a\n2:cpu,cpuacct:/docker/a\n", version_1("docker/a/", 512 * MIB, 150_000)),
        ("4:memory:/docker/a\n2:cpu,cpuacct:/docker/a\n", version_1("", 512 * MIB, 150_000)),
    ],
)
def test_limits_are_found_wherever_the_group_s_files_stand(tree, own, files):
    tree(own, **files)
    assert (memory_limit(), core_limit()) == LIMITS


def test_the_lowest_of_limits_around_each_other_counts(tree):
    tree("0::/a/b\n", **version_2("a/", 512 * MIB, "150000 100000"), **version_2("a/b/", 2**40, "900000 100000"))
    assert (memory_limit(), core_limit()) == LIMITS


@pytest.mark.parametrize(
    "files",
    [{}, version_2("", "max", "max 100000"), version_2("", "", "50"), version_2("", "much", "1 0")],
)
def test_without_limits_there_are_none(tree, files):
    tree("0::/\n", **files)
    assert (memory_limit(), core_limit()) == (None, None)


def test_version_1_without_limits_has_an_enormous_one_of_memory_and_none_of_cores(tree):
    tree("4:memory:/\n2:cpu:/\n", **version_1("", NO_LIMIT_V1, -1))
    assert memory_limit().limit_bytes == NO_LIMIT_V1
    assert core_limit() is None


def test_what_cannot_be_counted_is_not_told(tree):
    tree("0::/\n", **{"cpu.max": "50000 100000", "memory.max": 5, "memory.current": 3})
    assert core_limit() == CoreLimit(0.5, None)
    assert memory_limit() == MemoryLimit(5, 3)
