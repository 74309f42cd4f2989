"""A run's model for those who have stable-baselines3 alone: the zip, and what is needed to use it."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import RetroMLError, StorageError
from retroml_edu.envs import get_env
from retroml_edu.session.export import file_name_with
from retroml_edu.storage.config_files import config_text
from retroml_edu.storage.model_files import NORMALIZATION
from retroml_edu.storage.paths import read_unlinked

if TYPE_CHECKING:
    from retroml_edu.session.history import Run

MAX_EXPORT_BYTES = 2**28
"""It is handed to a browser, which holds all of it in memory."""
_DATE = (1980, 1, 1, 0, 0, 0)
"""Of every file: equal runs give equal bytes."""
_README = """\
{title}

model.zip      the model, as stable-baselines3 saves it: {algorithm}.load("model.zip")
play.py        plays one game with it
settings.yaml  what it was trained with
{statistics}
Python runs what is in a model.zip when it opens it, as with every model of stable-baselines3: open only those of
people whom you trust. RetroML itself takes in such a file without running anything of it (Load, in the Models tab).
"""
_STATISTICS = "normalization.safetensors  means and variances by which it reads observations; play.py uses them\n"
_PLAY = '''\
"""Plays one game with this model. It needs: pip install {packages}"""

{imports}

model = {algorithm}.load("model.zip", device="cpu")
env = {env}
{prepare}observation, _ = env.reset(seed=0)
total, ended = 0.0, False
while not ended:
    action, _ = model.predict({seen})
    observation, reward, terminated, truncated, _ = env.step(action)
    total += float(reward)
    ended = terminated or truncated
print(f"return {{total:g}}")
'''


def model_export_name(run: Run) -> str:
    """Return a file name such as ``CartPole-v1_PPO_seed42_run-faeac2_sb3.zip``."""
    return file_name_with(run, "sb3.zip")


def model_export(run: Run) -> bytes:
    """Return a zip with ``model.zip``, a script that plays it, its settings and its normalisation statistics.

    Raises:
        StorageError: If the run has no such model, or it is too large for a browser.
        ConfigError: If its config cannot be read.
    """
    try:
        model = read_unlinked(run.path, run.folder.model_zip.name, MAX_EXPORT_BYTES)
    except ValueError as error:
        if not run.folder.model_zip.exists():
            raise StorageError(
                f"The run {run.run_id} has no model.zip: it is written when training ends, and never for an imported "
                "model."
            ) from None
        raise StorageError(f"The model of run {run.run_id} cannot be exported: {error}.") from None
    config = run.config
    files = {"model.zip": model, "settings.yaml": config_text(config).encode()}
    with suppress(ValueError):  # most models read observations as they are
        name = f"{run.folder.model_dir.name}/{NORMALIZATION}"
        files[NORMALIZATION] = read_unlinked(run.path, name, MAX_EXPORT_BYTES)
    normalized = NORMALIZATION in files
    files["play.py"] = _play(config, normalized=normalized).encode()
    statistics = _STATISTICS if normalized else ""
    files["README.txt"] = _README.format(title=run.title, algorithm=config.algorithm, statistics=statistics).encode()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".zip") else zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            archive.writestr(entry, content)
    return target.getvalue()


def _play(config: ExperimentConfig, *, normalized: bool) -> str:
    """Return the script; the environment's id may be a stranger's, so it is written as Python writes a text."""
    packages, imports = ["stable-baselines3"], [f"from stable_baselines3 import {config.algorithm}"]
    ours = config.env_id.startswith("RetroML/")
    with suppress(RetroMLError):
        ours = ours or get_env(config.env_id).family == "atari"
    if ours:  # how its pictures are prepared is written there, and too long to repeat
        packages.append("retroml-edu")
        imports.insert(0, "from retroml_edu.envs import make_env")
        env = f"make_env({config.env_id!r}, seed=0, render_mode=None)"
    else:
        packages.append("gymnasium")
        imports.insert(0, "import gymnasium")
        env = f"gymnasium.make({config.env_id!r})"
    prepare, seen = "", "observation"
    if normalized:
        packages.append("safetensors")
        imports = ["import numpy as np", *imports, "from safetensors.numpy import load_file"]
        prepare = (
            f'statistics = load_file("{NORMALIZATION}")\n'
            'mean, spread = statistics["obs_mean"], np.sqrt(statistics["obs_var"] + 1e-8)\n'
        )
        seen = "np.clip((observation - mean) / spread, -10, 10).astype(np.float32)"
    return _PLAY.format(
        packages=" ".join(packages),
        imports="\n".join(sorted(imports, key=lambda line: (not line.startswith("import"), line))),
        algorithm=config.algorithm,
        env=env,
        prepare=prepare,
        seen=seen,
    )
