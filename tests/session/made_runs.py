"""Run folders as training leaves them, made in milliseconds."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.events import EpisodeEvent, MetricEvent, StateEvent
from retroml_edu.core.ids import new_run_id
from retroml_edu.core.states import RunState
from retroml_edu.storage.exports import write_summary
from retroml_edu.storage.folder import RunFolder, create_run_folder
from retroml_edu.storage.writer import RunWriter


def run_id_of(seconds_ago: float = 0.0) -> str:
    """Return an id as a run has that was made so long ago."""
    made = uuid.UUID(new_run_id()).int & (2**80 - 1)
    return str(uuid.UUID(int=int((time.time() - seconds_ago) * 1000) << 80 | made))


def made_run(
    home: Path,
    *,
    env_id: str = "CartPole-v1",
    algorithm: str = "PPO",
    seed: int = 1,
    state: RunState = RunState.DONE,
    returns: Sequence[float] = (20.0, 40.0),
    steps: int = 1_000,
    total_timesteps: int = 1_000,
    seconds_ago: float = 60.0,
    **settings: Any,
) -> RunFolder:
    """Make the folder of a run that is in a state; without a final one nobody owns it, so that it is lost."""
    settings |= {"env_id": env_id, "algorithm": algorithm, "seed": seed}
    config = ExperimentConfig(**settings, run_type="custom", total_timesteps=total_timesteps)
    home.mkdir(parents=True, exist_ok=True)
    folder = create_run_folder(home, run_id_of(seconds_ago), config, {})
    with closing(RunWriter(folder)) as writer:
        writer.handle([StateEvent(RunState.RUNNING, 0)])
        share = steps / max(1, len(returns))
        for number, value in enumerate(returns, 1):
            step = int(share * number)
            writer.handle([EpisodeEvent(step, step / 500, 0, value, 40), MetricEvent(step, step / 500, {"x": 0.5})])
        if state.is_final:
            ended = datetime.fromtimestamp(time.time() - seconds_ago + steps / 500, UTC)
            writer.handle([StateEvent(state, steps, "", ended.isoformat(timespec="milliseconds")[:-6] + "Z")])
    if state.is_final:
        write_summary(folder, {"training_time_s": steps / 500})
    return folder
