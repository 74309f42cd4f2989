"""Makes the samples of a version; README.md beside this file says when and why."""

from __future__ import annotations

import platform
import shutil
import tempfile
from pathlib import Path

from retroml_edu import ExperimentConfig, run_experiment
from retroml_edu.core.migration import SCHEMA_VERSION
from retroml_edu.storage.config_files import config_text

RUN = "run"
"""Folder of the sample that stands for a home of runs."""
INDEX = "index.sqlite"
"""The home's list of runs; not under its own name, which no repository of source holds."""


def make(target: Path) -> None:
    """Train for a moment and keep the config, the whole run folder, the index and the settings as files.

    What the folder held before is gone then.
    """
    # Which kernel the maker's machine runs is nobody's business.
    platform.release, platform.platform = (lambda: "6.1.0"), (lambda *args: "Linux-6.1.0")
    config = ExperimentConfig(
        env_id="CartPole-v1",
        run_type="custom",
        total_timesteps=300,
        seed=7,
        n_envs=2,
        hyperparameters={"n_steps": 32, "batch_size": 16, "n_epochs": 2, "net_arch": [8]},
        device="cpu",
        video={"enabled": False},
    )
    with tempfile.TemporaryDirectory() as home:
        result = run_experiment(config, home, progress=False)
        if not result.success:
            raise SystemExit(f"The run has failed: {result.error}")
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        shutil.copytree(result.path, target / RUN / result.run_id)
        shutil.copy(result.path / "config.json", target)
        shutil.copy(Path(home) / "index.db", target / INDEX)
    for form in ("yaml", "json"):
        (target / f"settings.{form}").write_text(config_text(config, form), "utf-8")


if __name__ == "__main__":
    make(Path(__file__).parent / f"v{SCHEMA_VERSION}")
