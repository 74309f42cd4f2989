"""Training: from a config to a model. The trainers know `emit` and `control`, nothing else.

torch is imported when a trainer is asked for.
"""

from __future__ import annotations

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.training import Trainer
from retroml_edu.training.memory import replay_buffer_bytes, replay_buffer_problem

__all__ = ["replay_buffer_bytes", "replay_buffer_problem", "trainer_for"]


def trainer_for(config: ExperimentConfig) -> Trainer:  # noqa: ARG001 - all algorithms share one trainer today
    """Return the trainer that learns from this config."""
    from retroml_edu.training.sb3.trainer import SB3Trainer

    return SB3Trainer()
