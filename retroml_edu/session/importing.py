"""Takes in a model that plain stable-baselines3 saved, as a run that trained nothing here."""

from __future__ import annotations

import shutil
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import ConfigError, Problem, raise_problems
from retroml_edu.core.events import StateEvent, log
from retroml_edu.core.hyperparameters import NETWORK
from retroml_edu.core.ids import new_run_id, utc_now
from retroml_edu.core.states import RunState
from retroml_edu.core.weights import Arrays, PolicyWeights
from retroml_edu.envs import make_env
from retroml_edu.session.check import check
from retroml_edu.session.history import Run
from retroml_edu.session.resolving import resolved_config
from retroml_edu.storage.environment import environment_facts
from retroml_edu.storage.exports import write_metrics_csv, write_metrics_json, write_summary
from retroml_edu.storage.folder import RunFolder, create_run_folder
from retroml_edu.storage.home import open_home
from retroml_edu.storage.index import RunIndex
from retroml_edu.storage.json_text import read_json_object
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.manifest import write_manifest
from retroml_edu.storage.model_files import save_model
from retroml_edu.storage.writer import RunWriter

ENGINE = "import"
"""What environment.json names where other runs name what trained them."""


def import_model(path: str | Path, config: ExperimentConfig, home: str | Path | None = None) -> Run:
    """Take in a ``model.zip`` of plain stable-baselines3: its weights, and nothing else.

    The zip may come from a stranger: only the tensors in it are read, and the pickled settings beside them stay
    closed. So the config has to say what they were: environment, algorithm, and ``net_arch`` and ``activation`` where
    they were not those of stable-baselines3.

    The result is a run of 0 steps whose model can be tested, exported as safetensors, and trained on from. It has no
    certificate: there is no training here that could be repeated.

    Args:
        path: The zip file.
        config: What the model was trained for. Observations are taken as they are: running statistics
            (``VecNormalize``) are saved as a pickle, which is never opened.
        home: Where the run's folder goes.

    Raises:
        ConfigError: If the config cannot run here, or asks for normalised observations.
        WeightsError: If the file is not such a model, or does not fit the config.
        StorageError: If the home cannot be written.
    """
    if config.normalize:
        raise ConfigError.of(
            [
                Problem(
                    "normalize",
                    "normalize=True: the running statistics of a stable-baselines3 model are kept in a pickle (.pkl) "
                    "beside it, which runs code when it is opened, so they are never read.",
                    "Import a model that was trained without VecNormalize.",
                )
            ]
        )
    path = Path(path)
    config = _resolved(config)
    weights = PolicyWeights(0, stock_weights(path, config))
    found = open_home(home)
    with ExitStack() as undo:
        run_id = new_run_id()
        undo.callback(shutil.rmtree, found.path / run_id, ignore_errors=True)
        folder = create_run_folder(found.path, run_id, config, environment_facts({"engine": ENGINE}))
        _fill(folder, config, weights, path.name)
        undo.pop_all()  # the folder is whole: it stays
    with RunIndex.of_home(found) as index:
        index.record_folder(folder)
    return Run(folder)


def is_imported(folder: RunFolder) -> bool:
    """Whether a run holds a model from elsewhere, and trained nothing."""
    with suppress(OSError, ValueError):
        return read_json_object(folder.environment_file).get("engine") == ENGINE
    return False


def _resolved(config: ExperimentConfig) -> ExperimentConfig:
    """Return the config with nothing left open; the network is that of stable-baselines3 where nothing else is set."""
    settings = config.hyperparameters
    names = settings.model_fields_set | (NETWORK & type(settings).model_fields.keys())
    config = config.changed(normalize=False, hyperparameters={name: getattr(settings, name) for name in names})
    raise_problems(check(config))
    return resolved_config(config)


def stock_weights(path: Path, config: ExperimentConfig) -> Arrays:
    """Return the weights in a ``model.zip``, which may come from a stranger.

    Raises:
        WeightsError: If the file is not such a model, or does not fit the config.
    """
    from retroml_edu.policies import build_policy
    from retroml_edu.policies.stock_zip import read_stock_weights

    env = make_env(config.env_id, seed=0, render_mode=None)
    env.close()
    return read_stock_weights(path, build_policy(config, env.observation_space, env.action_space))


def _fill(folder: RunFolder, config: ExperimentConfig, weights: PolicyWeights, name: str) -> None:
    lease = Lease.acquire(folder)
    shown = name if name.isprintable() else ascii(name)
    sentence = (
        f"Imported from {shown[:100]}, a model of plain stable-baselines3: its weights alone. Who trained it, how and "
        "for how long is not known here."
    )
    with closing(RunWriter(folder)) as writer:
        writer.handle([log("info", sentence), StateEvent(RunState.DONE, 0, "", utc_now())])
    description = {"env_id": config.env_id, "algorithm": config.algorithm, "config": config.to_json_dict()}
    save_model(folder, weights, description)
    write_summary(folder, {})
    write_metrics_csv(folder)
    write_metrics_json(folder)
    write_manifest(folder)
    lease.release()
