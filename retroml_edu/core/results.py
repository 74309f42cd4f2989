"""What a finished run gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retroml_edu.core.states import RunState


@dataclass(frozen=True, slots=True)
class RunResult:
    """The outcome of a run.

    Attributes:
        run_id: Name of the run's folder.
        success: Whether training reached its last step.
        state: Final state.
        summary: Figures of the run, as in ``summary.json``.
        path: The run's folder.
        metrics_path: ``metrics.csv``.
        model_path: ``model.zip`` for plain stable-baselines3; None if there is none.
        video_path: The newest video; None if there is none.
        error: What went wrong, in a sentence; None if nothing did.
        training_time_s: Seconds of training, pauses not counted.
    """

    run_id: str
    success: bool
    state: RunState
    summary: Mapping[str, Any] = field(repr=False)
    path: Path
    metrics_path: Path
    model_path: Path | None
    video_path: Path | None
    error: str | None
    training_time_s: float
