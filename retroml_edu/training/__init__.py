"""Training: from a config to a model. The trainers know `emit` and `control`, nothing else.

torch is imported when a trainer is asked for.
"""

from __future__ import annotations

import threading

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.training import Trainer
from retroml_edu.training.memory import replay_buffer_bytes, replay_buffer_problem

__all__ = ["load_trainer", "replay_buffer_bytes", "replay_buffer_problem", "trainer_for"]

_LOADING = threading.Lock()


def load_trainer() -> type[Trainer]:
    """Import torch and stable-baselines3, in one thread at a time.

    Two threads that begin with different parts of a package can wait for each other: Python then fails one of them.
    """
    with _LOADING:
        from retroml_edu.training.sb3.trainer import SB3Trainer
    return SB3Trainer


def trainer_for(config: ExperimentConfig) -> Trainer:  # noqa: ARG001 - all algorithms share one trainer today
    """Return the trainer that learns from this config."""
    return load_trainer()()
