"""What the benchmarks share: pairs in alternation, the machine's noise, and a table that can be pasted."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import psutil

from retroml_edu.envs.workers.measuring import crowding

Measure = Callable[[], float]
CALIBRATION_TURNS = 500_000


@dataclass(frozen=True)
class Scale:
    """How much is measured.

    Attributes:
        pairs: How often baseline and ours alternate.
        quick: Whether the runs are cut short, to try a benchmark out: its figures mean nothing.
    """

    pairs: int = 5
    quick: bool = False

    def steps(self, full: int, quicker: int = 4) -> int:
        """Return the length of a run: the full one, or a quarter (or another part) of it."""
        return full // quicker if self.quick else full


@dataclass
class Machine:
    """The machine and how steadily it ran: a fixed loop is timed before each measurement.

    Attributes:
        calibration_s: Seconds that the loop took, each time.
        crowding: How many times as long two calculations took side by side as one alone: two cores that a virtual
            machine shows can be one, now and then.
        load: The system's load average over a minute, each time.
    """

    calibration_s: list[float] = field(default_factory=list)
    crowding: list[float] = field(default_factory=list)
    load: list[float] = field(default_factory=list)

    def calibrate(self) -> None:
        """Time the fixed loop, and two calculations side by side, once."""
        self.load.append(psutil.getloadavg()[0])
        began = time.perf_counter()
        total = 0
        for number in range(CALIBRATION_TURNS):
            total += number & 7
        self.calibration_s.append(time.perf_counter() - began)
        self.crowding.append(crowding())

    def describe(self) -> str:
        """Return what it is and how busy it was, in a line."""
        memory = psutil.virtual_memory().total / 2**30
        facts = f"{_cpu_model()}, {psutil.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}"
        facts += f", Python {platform.python_version()}"
        if not self.calibration_s:
            return facts
        low, middle, high = min(self.calibration_s), median(self.calibration_s), max(self.calibration_s)
        return (
            f"{facts}. Noise: a fixed loop took {middle * 1e3:.1f} ms, {(low / middle - 1):+.0%} to "
            f"{(high / middle - 1):+.0%} over {len(self.calibration_s)} turns; two calculations at "
            f"once took {min(self.crowding):.2f}–{max(self.crowding):.2f} times as long as one (median "
            f"{median(self.crowding):.2f}); load average {min(self.load):.1f}–{max(self.load):.1f}."
        )


@dataclass(frozen=True)
class Comparison:
    """Two ways to do the same, measured in turns.

    Attributes:
        what: What was done.
        unit: Of both.
        baseline: One value a pair.
        ours: One value a pair.
        wanted: The ratio that is to be reached at least, and the one that is aimed at.
        smaller_is_better: Whether the values are times to be shortened: the ratio is then the baseline divided by
            ours, so that more is better all the same.
    """

    what: str
    unit: str
    baseline: Sequence[float]
    ours: Sequence[float]
    wanted: tuple[float, float] | None = None
    smaller_is_better: bool = False

    @property
    def ratios(self) -> list[float]:
        """Ours divided by the baseline, one a pair; the other way round for times to be shortened."""
        pairs = zip(self.baseline, self.ours, strict=True)
        return [baseline / ours if self.smaller_is_better else ours / baseline for baseline, ours in pairs]

    @property
    def ratio(self) -> float:
        """The median of the ratios."""
        return median(self.ratios)

    def cells(self) -> list[str]:
        """Return its row, but for what is wanted."""
        ratios, middle = self.ratios, median(self.baseline)
        spread = f"{min(ratios):.2f}–{max(ratios):.2f}"
        strays = f"{min(self.baseline) / middle - 1:+.0%} to {max(self.baseline) / middle - 1:+.0%}"
        values = [f"{_number(median(side))} {self.unit}" for side in (self.baseline, self.ours)]
        return [self.what, *values, f"**{self.ratio:.2f}**", spread, str(len(ratios)), strays]


@dataclass(frozen=True)
class Sample:
    """One thing measured many times.

    Attributes:
        what: What was measured.
        unit: Of the values.
        values: All of them.
    """

    what: str
    unit: str
    values: Sequence[float]

    def cells(self) -> list[str]:
        """Return its row."""
        figures = (median(self.values), float(np.percentile(self.values, 95)), min(self.values), max(self.values))
        return [self.what, *(f"{_number(value)} {self.unit}" for value in figures), str(len(self.values))]


@dataclass(frozen=True)
class Grid:
    """A table of another kind.

    Attributes:
        heads: Of its columns.
        rows: As many cells each.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Report:
    """What a benchmark found.

    Attributes:
        title: What was asked.
        baseline: What the comparisons are against, by name.
        ours: What is compared with it.
        comparisons: In the order of the table.
        samples: In the order of the table.
        grids: What fits neither.
        machine: Where.
        notes: What a reader has to know.
    """

    title: str
    machine: Machine
    baseline: str = "baseline"
    ours: str = "ours"
    comparisons: Sequence[Comparison] = ()
    samples: Sequence[Sample] = ()
    grids: Sequence[Grid] = ()
    notes: str = ""

    def to_markdown(self) -> str:
        """Return heading, tables and the state of the machine."""
        parts = [f"### {self.title}"]
        if self.comparisons:
            parts.append(self._compared())
        if self.samples:
            heads = ["", "median", "95th percentile", "min", "max", "n"]
            parts.append(table(heads, [sample.cells() for sample in self.samples]))
        parts.extend(table(grid.heads, grid.rows) for grid in self.grids)
        parts.extend(text for text in (self.notes, self.machine.describe()) if text)
        return "\n\n".join(parts)

    def _compared(self) -> str:
        heads = ["", self.baseline, self.ours, "ratio (median)", "min–max", "pairs", "baseline against itself"]
        rows = [comparison.cells() for comparison in self.comparisons]
        if any(comparison.wanted for comparison in self.comparisons):
            heads.append("at least; aim")
            for row, comparison in zip(rows, self.comparisons, strict=True):
                row.append("; ".join(f"{number:g}" for number in comparison.wanted or ()))
        return table(heads, rows)

    def to_json_dict(self) -> dict[str, Any]:
        """Return every single value."""
        return asdict(self) | {"machine_text": self.machine.describe()}


def alternate(pairs: int, machine: Machine, baseline: Measure, ours: Measure) -> tuple[list[float], list[float]]:
    """Measure two things in turns, each pair in the opposite order of the one before, so that drift cancels out."""
    values: dict[Measure, list[float]] = {baseline: [], ours: []}
    for pair in range(pairs):
        for measure in (baseline, ours) if pair % 2 == 0 else (ours, baseline):
            machine.calibrate()
            values[measure].append(measure())
    return values[baseline], values[ours]


def timed(function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """Return a function that does the same, and notes how long it took each time."""

    def measured(*arguments: Any, **named: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments, **named)
        finally:
            seconds.append(time.perf_counter() - began)

    return measured


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table whose columns are aligned in plain text too."""
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    lines = [[head.ljust(width) for head, width in zip(heads, widths, strict=True)]]
    lines.append(["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    for row in rows:
        first, *rest = zip(row, widths, strict=True)
        lines.append([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in rest)])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _cpu_model() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        for line in facts.read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
