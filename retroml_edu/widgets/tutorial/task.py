"""What is trained in the tutorial: long enough to be watched, short enough to be waited for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.envs.presets import preset
from retroml_edu.widgets.opening import opening_config

ENVIRONMENT = "CartPole-v1"
ALGORITHM: AlgorithmName = "PPO"
SEED = 1


def task_settings() -> dict[str, Any]:
    """Return the settings beside environment and algorithm: those of the preset *high score*, and the seed.

    The other presets are trained within a few seconds, before anybody has looked at a curve.
    """
    return {**preset(ENVIRONMENT, ALGORITHM, "high score").settings, "run_type": "custom", "seed": SEED}


def task_config(home: Path) -> ExperimentConfig:
    """Return the run of the tutorial, with videos as the person prefers them.

    Args:
        home: Where the preferences are kept.
    """
    return opening_config(home, ENVIRONMENT, ALGORITHM, task_settings())
