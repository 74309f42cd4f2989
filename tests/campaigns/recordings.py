"""Curves of runs whose health is known, small enough to be kept: a file a kind."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from retroml_edu.analysis.insights import RULES
from retroml_edu.analysis.insights.windows import MOST_VALUES
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.curves import Curve, CurveData, CurveRecorder
from retroml_edu.core.events import Event
from retroml_edu.core.metrics import RETURN
from retroml_edu.training import trainer_for

KEPT = Path(__file__).parents[1] / "samples" / "insights"
METRICS = frozenset(rule.metric for rule in RULES)
CAPACITY = MOST_VALUES // 2
"""Most values a curve: half of what the rules look at, so that five seeds of each kind take 300 KB."""
DIGITS = 3


@dataclass(frozen=True)
class Recording:
    """One run.

    Attributes:
        config: Its own.
        curves: What it measured.
    """

    config: ExperimentConfig
    curves: CurveData

    def until(self, share: float) -> CurveData:
        """Return its curves as they were after a part of the run, but for buckets that were merged later."""
        step = share * self.config.total_timesteps
        return CurveData("", {name: _until(curve, step) for name, curve in self.curves.curves.items()})


def record(config: ExperimentConfig, capacity: int = CAPACITY) -> Recording:
    """Train a run and return its curves."""
    recorder = CurveRecorder(capacity=capacity)

    def hear(event: Event) -> None:
        recorder.handle((event,))

    trainer_for(config).train(config, hear, Control())
    curves = recorder.data().curves
    return Recording(config, CurveData("", {name: curves[name] for name in curves if name in METRICS}))


def write(recordings: Sequence[Recording], file: Path) -> None:
    """Keep runs that differ in their seeds alone."""
    config = recordings[0].config.to_json_dict()
    runs = [_run(recording) for recording in recordings]
    file.write_text(json.dumps({"config": config, "runs": runs}, separators=(",", ":")) + "\n", "utf-8")


def read(file: Path) -> list[Recording]:
    """Return the runs that a file keeps."""
    kept = json.loads(file.read_text("utf-8"))
    return [_recording(kept["config"] | {"seed": run["seed"]}, run) for run in kept["runs"]]


def _run(recording: Recording) -> dict[str, Any]:
    """Return a run as plain values: steps as differences, and once for all curves that share them."""
    steps: list[list[int]] = []
    curves: dict[str, Any] = {}
    for name, curve in sorted(recording.curves.curves.items()):
        differences = np.diff(curve.step, prepend=0).astype(int).tolist()
        if differences not in steps:
            steps.append(differences)
        columns = (
            [curve.value, curve.low, curve.high] if name == RETURN and curve.points_per_bucket > 1 else [curve.value]
        )
        curves[name] = [steps.index(differences), curve.points_per_bucket, curve.count, *map(_short, columns)]
    return {"seed": recording.config.seed, "steps": steps, "curves": curves}


def _short(values: np.ndarray) -> list[float]:
    rounded = (float(f"{value:.{DIGITS}g}") for value in values)
    return [int(value) if value.is_integer() else value for value in rounded]


def _recording(config: Mapping[str, Any], run: Mapping[str, Any]) -> Recording:
    steps = [np.cumsum(differences, dtype=float) for differences in run["steps"]]
    curves = {}
    for name, (number, points_per_bucket, count, *columns) in run["curves"].items():
        value, low, high = (np.array(column, float) for column in (columns if len(columns) == 3 else 3 * columns))
        curves[name] = Curve(name, steps[number], value, low, high, points_per_bucket, count, float(value[-1]))
    return Recording(ExperimentConfig(**config), CurveData("", curves))


def _until(curve: Curve, step: float) -> Curve:
    end = int(np.searchsorted(curve.step, step, side="right"))
    count = min(curve.count, end * curve.points_per_bucket)
    last = float(curve.value[end - 1]) if end else float("nan")
    parts = {name: getattr(curve, name)[:end] for name in ("step", "value", "low", "high")}
    return replace(curve, **parts, count=count, last=last)
