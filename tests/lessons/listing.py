"""What running each lesson took, listed at the end of the tests."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tests.lessons.sources import NOTEBOOKS

PROPERTY = "lesson"
"""Under which a test tells name, build, seconds and slowest cell of a lesson that it has run."""
_NBVAL = re.compile(r"(?P<name>[^/\\]+?)(?P<instructor>-instructor)?\.ipynb::Cell \d+$")


def lines(reports: Iterable[Any]) -> Iterator[str]:
    """Yield a table of the notebooks that were run, with the slowest cell of each and its size; nothing if none were.

    Args:
        reports: Of pytest, of all tests and all their parts.
    """
    rows: dict[tuple[str, str], dict[str, float]] = {}
    for report in reports:
        told = dict(getattr(report, "user_properties", ())).get(PROPERTY)
        cell = _NBVAL.search(getattr(report, "nodeid", ""))
        if told is not None and report.when == "call":
            rows[told["name"], told["build"]] = {"seconds": told["seconds"], "slowest": told["slowest"]}
        elif cell is not None:
            row = rows.setdefault(
                (cell["name"], "instructor" if cell["instructor"] else ""), {"seconds": 0.0, "slowest": 0.0}
            )
            row["seconds"] += report.duration
            row["slowest"] = max(row["slowest"], report.duration if report.when == "call" else 0.0)
    if not rows:
        return
    yield f"{'notebook':32} {'build':10} {'seconds':>8} {'slowest cell':>13} {'size':>9}"
    for (name, build), row in sorted(rows.items()):
        path = NOTEBOOKS / f"{name}.ipynb"
        size = f"{path.stat().st_size / 1000:.0f} kB" if path.is_file() and build != "instructor" else ""
        yield f"{name:32} {build:10} {row['seconds']:8.1f} {row['slowest']:11.1f} s {size:>9}".rstrip()
    yield f"{'all':43} {sum(row['seconds'] for row in rows.values()):8.1f}"
