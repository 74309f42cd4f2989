"""Run folders with the curves of recorded runs whose health is known, made in milliseconds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.events import EpisodeEvent, MetricEvent, StateEvent
from retroml_edu.core.ids import new_run_id
from retroml_edu.core.metrics import RETURN
from retroml_edu.core.states import RunState
from retroml_edu.session.history import Run
from retroml_edu.storage.environment import environment_facts
from retroml_edu.storage.exports import write_summary
from retroml_edu.storage.folder import RunFolder, create_run_folder
from retroml_edu.storage.writer import RunWriter
from tests.campaigns import recordings

SPEED = 2_000
"""Steps a second."""


def recorded_run(home: Path, kind: str, state: RunState = RunState.DONE, *, at: int = 0, share: float = 1.0) -> Run:
    """Make the folder of a run that measured what a recorded one did, over a part of its steps.

    Args:
        home: Where; made if missing.
        kind: Of `tests.campaigns.health`.
        state: Its last one.
        at: Which of the recorded runs of that kind.
        share: Part of the run that is over.
    """
    recorded = recordings.read(recordings.KEPT / f"{kind}.json")[at]
    events: list[EpisodeEvent | MetricEvent] = []
    for name, curve in recorded.until(share).curves.items():
        for step, value in zip(curve.step.astype(int).tolist(), curve.value.tolist(), strict=True):
            if name == RETURN:
                events.append(EpisodeEvent(step, step / SPEED, 0, value, max(1, int(abs(value)))))
            else:
                events.append(MetricEvent(step, step / SPEED, {name: value}))
    events.sort(key=lambda event: event.step)
    home.mkdir(parents=True, exist_ok=True)
    folder = create_run_folder(home, new_run_id(), recorded.config, environment_facts({"engine": "fast"}))
    last = events[-1].step if events else 0
    with closing(RunWriter(folder)) as writer:
        writer.handle([StateEvent(RunState.RUNNING, 0, "", "2026-01-31T11:59:00.000Z"), *events])
        if state.is_final:
            detail = "The game <b>crashed</b>" if state is RunState.FAILED else ""
            writer.handle([StateEvent(state, last, detail, "2026-01-31T12:00:00.000Z")])
    if state.is_final:
        write_summary(folder, {"training_time_s": last / SPEED})
    return Run(folder)


def empty_run(home: Path, state: RunState, config: ExperimentConfig) -> Run:
    """Make the folder of a run that measured nothing."""
    home.mkdir(parents=True, exist_ok=True)
    folder = create_run_folder(home, new_run_id(), config, {})
    with closing(RunWriter(folder)) as writer:
        writer.handle([StateEvent(state, 0)])
    return Run(folder)


def keep_test(
    folder: RunFolder,
    step: int,
    returns: Sequence[float],
    *,
    deterministic: bool = False,
    minute: int = 0,
    stamp: str = "",
) -> Path:
    """Keep a test of weights in a run's ``eval/``, as `session.evaluation` does."""
    folder.eval_dir.mkdir(exist_ok=True)
    path = folder.eval_dir / f"{stamp or f'2026-01-31T12{minute:02}00000Z'}-step-{step}.json"
    games = [{"episode_return": value, "length": 40, "ending": "game over"} for value in returns]
    kept = {"weights_step": step, "seed": 5, "deterministic": deterministic, "episodes": games}
    path.write_text(json.dumps(kept), "utf-8")
    return path
