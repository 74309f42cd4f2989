"""What things cost by themselves: imports, panels, ticks, opened runs, storage, bus. About two minutes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from retroml_edu.core.bus import EventBus
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent, event_to_dict
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.writer import RunWriter
from tests.benchmarks.measuring import Comparison, Machine, Report, Sample, Scale, alternate
from tests.kernel.kernel import running_kernel
from tests.kernel.kernelspec import kernel_environment

WIDGETS = "import ipywidgets, plotly.graph_objects"
FEW_POINTS, MANY_POINTS = 1_000, (100_000, 10_000_000)
POINTS = 1_000_000
"""Of a finished run that is opened."""
EVENTS = 100_000
BATCH = 1_000
RUNS = 5_000


def run(scale: Scale) -> list[Report]:
    """Measure everything."""
    return [_imports(scale), _panel(scale), _table(scale), _events(scale)]


# -- imports ---------------------------------------------------------------------------------------------------------


def _imports(scale: Scale) -> Report:
    machine = Machine()
    ours = ("import retroml_edu", "from retroml_edu import Lab", "from retroml_edu import Lab; Lab()")
    with tempfile.TemporaryDirectory() as folder:
        for code in (WIDGETS, *ours):
            _seconds(code, Path(folder))  # the first time writes bytecode and fills the disk cache
        comparisons = []
        for code in ours:
            pair = alternate(
                scale.pairs, machine, partial(_seconds, WIDGETS, Path(folder)), partial(_seconds, code, Path(folder))
            )
            comparisons.append(Comparison(f"`{code}`", "s", *pair))
    front_door = Sample(f"`{ours[0]}` (0.25 s at most, 0.1 aimed at)", "s", comparisons[0].ours)
    return Report(
        "Imports in a fresh process", machine, f"`{WIDGETS}`", "retroml_edu", comparisons, samples=[front_door]
    )


def _seconds(code: str, folder: Path) -> float:
    timed = f"import time; began = time.perf_counter()\n{code}\nprint(time.perf_counter() - began)"
    command = [sys.executable, "-c", timed]
    done = subprocess.run(command, env=kernel_environment(folder), capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


# -- the panel -------------------------------------------------------------------------------------------------------


def _panel(scale: Scale) -> Report:
    machine, opened, times = Machine(), scale.steps(POINTS), scale.pairs * 8
    many = [scale.steps(points) for points in MANY_POINTS]
    found = _in_kernel(
        machine,
        f"lab_ms({max(scale.pairs, 5)}), ticks({[FEW_POINTS, *many]}, {times}), open_run({opened}, {scale.pairs * 2})",
    )
    made, [(few_ms, few_bytes), *turns], (first_ms, shown_ms, shown_bytes) = found
    comparisons, samples = [], [Sample("`Lab()`, imports done", "ms", made)]
    for points, (ms, size) in zip(many, turns, strict=True):
        comparisons.append(Comparison(f"Tick with {points:,} points, time", "ms", few_ms, ms))
        comparisons.append(Comparison(f"Tick with {points:,} points, size", "bytes", few_bytes, size))
        samples.append(Sample(f"Tick with {points:,} points, time", "ms", ms))
        samples.append(Sample("the same, size (12,000 at most, 2,000 aimed at)", "bytes", size))
    return Report(
        "The panel in a kernel",
        machine,
        f"tick with {FEW_POINTS:,} points",
        "tick with many",
        comparisons,
        [
            *samples,
            Sample(f"Finished run of {opened:,} points → page (50 ms at most, 20 aimed at)", "ms", shown_ms),
            Sample("the same, size", "bytes", shown_bytes),
            Sample("Reading its log, the first time only", "ms", [first_ms]),
        ],
        notes="A tick takes 20 games and 20 updates and tells the page what is new; a run's first seconds bring four "
        "each, later ones one. Sizes are those of whole messages as the kernel sends them, live feed off.",
    )


def _table(scale: Scale) -> Report:
    machine, runs = Machine(), scale.steps(RUNS)
    [found] = _in_kernel(machine, f"runs_table({runs}, {scale.pairs * 4})")
    return Report(
        "The table of runs",
        machine,
        samples=[
            Sample(f"Reading {runs:,} runs, in a thread of its own", "ms", found["read_ms"]),
            Sample("Sending them to the page", "ms", found["send_ms"]),
            Sample("the same, size", "bytes", found["bytes"]),
            Sample("A run renamed, size", "bytes", found["renamed_bytes"]),
        ],
        notes="Runs are read from the index when the table is first looked at, with a look at the home for folders "
        "that came or went; the page searches, filters and sorts by itself.",
    )


def _in_kernel(machine: Machine, asked: str) -> list[Any]:
    """Measure in a fresh kernel what is asked for, as calls of `tick`'s functions."""
    machine.calibrate()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, running_kernel(Path(folder)) as kernel:
        code = f"import json\nfrom tests.benchmarks.tick import *\nprint(json.dumps([{asked}]))"
        found: list[Any] = json.loads(kernel.run(code, timeout_s=500).stdout.splitlines()[-1])
    machine.calibrate()
    return found


# -- events ----------------------------------------------------------------------------------------------------------


class _Nobody:
    def handle(self, events: Sequence[Event]) -> None:
        """Take a batch and forget it."""


def _events(scale: Scale) -> Report:
    machine, events = Machine(), _story(scale.steps(EVENTS))
    stored = Comparison(
        "Store, batches of 1,000",
        "events/s",
        *alternate(scale.pairs, machine, lambda: _dump(events), lambda: _store(events)),
    )
    carried = Comparison(
        "Publish and drain, two sinks",
        "µs/event",
        *alternate(scale.pairs, machine, lambda: _queue(events), lambda: _bus(events)),
    )
    return Report(
        "Events",
        machine,
        "json.dumps to a file; SimpleQueue",
        "RunWriter; EventBus",
        [stored, carried],
        notes="Four episodes to each update of ten metrics. The first baseline writes lines in batches of the same "
        "size, without numbers, finite values or one write a batch; the second puts and gets, for one reader.",
    )


def _story(count: int) -> list[Event]:
    values = {f"train/metric_{number}": number / 7 for number in range(10)}
    return [
        MetricEvent(step, step / 5_000, values)
        if step % 5 == 0
        else EpisodeEvent(step, step / 5_000, step % 8, 21.0, 500)
        for step in range(count)
    ]


def _batches(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    return (events[start : start + BATCH] for start in range(0, len(events), BATCH))


def _store(events: Sequence[Event]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        writer = RunWriter(RunFolder(Path(folder)))
        began = time.perf_counter()
        for batch in _batches(events):
            writer.handle(batch)
        speed = len(events) / (time.perf_counter() - began)
        writer.close()
    return speed


def _dump(events: Sequence[Event]) -> float:
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "metrics.jsonl").open("w", encoding="utf-8") as file:
        began = time.perf_counter()
        for batch in _batches(events):
            file.writelines(json.dumps(event_to_dict(event)) + "\n" for event in batch)
            file.flush()
        return len(events) / (time.perf_counter() - began)


def _bus(events: Sequence[Event]) -> float:
    bus = EventBus()
    bus.subscribe(_Nobody(), name="store")
    bus.subscribe(_Nobody(), name="panel")
    began = time.perf_counter()
    for batch in _batches(events):
        for event in batch:
            bus.publish(event)
        bus.drain()
    return (time.perf_counter() - began) / len(events) * 1e6


def _queue(events: Sequence[Event]) -> float:
    queue: SimpleQueue[Event] = SimpleQueue()
    began = time.perf_counter()
    for event in events:
        queue.put(event)
    for _ in events:
        queue.get()
    return (time.perf_counter() - began) / len(events) * 1e6
