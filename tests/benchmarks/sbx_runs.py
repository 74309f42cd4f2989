"""stable-baselines3 on JAX, where it is there: measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from retroml_edu.core.config import ExperimentConfig

PYTHON = "SBX_PYTHON"
"""Environment variable that names a Python that has sbx, if it has an environment of its own."""
ALGORITHMS = frozenset({"PPO", "DQN"})
_SCRIPT = Path(__file__).with_name("sbx_speed.py")
_OURS = {"learning_rate_schedule", "clip_range_schedule", "activation", "net_arch"}
"""Hyperparameters that stable-baselines3 takes in another form."""
_MISSING = {"DQN": {"max_grad_norm"}}
"""Hyperparameters that sbx does not have: its DQN clips no gradients."""


def python_with_sbx() -> str | None:
    """Return the Python that has sbx, None if there is none."""
    python = os.environ.get(PYTHON, sys.executable)
    tried = subprocess.run([python, "-c", "import sbx"], capture_output=True, check=False)
    return python if tried.returncode == 0 else None


def sbx_speed(python: str, config: ExperimentConfig, warm_up: int) -> float:
    """Return its steps a second with the same hyperparameters, once JAX has compiled.

    Args:
        python: That has sbx.
        config: Fully resolved, without normalisation and with the default activation; pictures are those of an Atari
            game that skips no frames.
        warm_up: Steps before the measurement: an update has to be among them.
    """
    hyperparameters = config.hyperparameters.model_dump()
    linear = [name for name in ("learning_rate", "clip_range") if hyperparameters.get(f"{name}_schedule") == "linear"]
    unknown = _OURS | _MISSING.get(config.algorithm, set())
    settings = {name: value for name, value in hyperparameters.items() if name not in unknown}
    case = {
        "algorithm": config.algorithm,
        "env_id": config.env_id,
        "n_envs": config.n_envs,
        "seed": config.seed,
        "pictures": "NoFrameskip" in config.env_id,
        "settings": settings | {"policy_kwargs": _network(config)},
        "linear": linear,
        "warm_up": warm_up,
        "steps": config.total_timesteps,
    }
    command = [python, str(_SCRIPT)]
    done = subprocess.run(command, input=json.dumps(case), stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])


def _network(config: ExperimentConfig) -> dict[str, Any]:
    if "NoFrameskip" not in config.env_id:
        return {"net_arch": list(config.hyperparameters.net_arch)}
    # Its DQN has a dense layer half as wide as that of the others, if nothing is said.
    return {"net_arch": [512]} if config.algorithm == "DQN" else {}
