"""The settings form's values: how they and a config turn into each other.

Nothing here knows a widget, so all of it is tested without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from retroml_edu.core.config import RUN_LENGTHS, ExperimentConfig
from retroml_edu.core.errors import ConfigError, Problem
from retroml_edu.core.hyperparameters import HYPERPARAMETERS, AlgorithmName
from retroml_edu.core.settings import CheckpointSettings
from retroml_edu.envs import get_env, list_envs, resolve_config

Values = dict[str, Any]
OTHER_ENV = "other"
BY_TIME = "time"
PREFIX = "hyperparameters."
VIDEO_FIELDS = ("enabled", "length_s", "quality")
LENGTH_FIELDS = ("run_type", "total_timesteps")


@dataclass(frozen=True, slots=True)
class Request:
    """What the form asks for.

    Attributes:
        config: The run; its length is provisional where a duration is given.
        duration_s: Seconds to train, where the length was given as time.
    """

    config: ExperimentConfig
    duration_s: float | None = None


def form_values(config: ExperimentConfig) -> Values:
    """Return the form's values for a config; what it leaves open is shown as it would be resolved."""
    resolved = resolve_config(config)
    registered = any(spec.id == config.env_id for spec in list_envs())
    values: Values = {
        "env_id": config.env_id if registered else OTHER_ENV,
        "custom_env_id": "" if registered else config.env_id,
        "algorithm": config.algorithm,
        "seed": config.seed,
        "run_type": resolved.run_type,
        "total_timesteps": resolved.total_timesteps,
        "hours": 0,
        "minutes": 5,
        "n_envs": resolved.n_envs,
        "normalize": resolved.normalize,
        "device": config.device,
        "engine": config.engine,
        "precision": config.precision,
        "deterministic": config.deterministic,
        **{f"video.{name}": getattr(config.video, name) for name in VIDEO_FIELDS},
        **{f"checkpoints.{name}": value for name, value in config.checkpoints.model_dump().items()},
    }
    settings = resolved.hyperparameters.model_dump(mode="json")
    return values | {PREFIX + name: value for name, value in settings.items()}


def default_values(values: Mapping[str, Any]) -> Values:
    """Return what the settings of the algorithm would be if nobody had touched them, for the length that is chosen.

    Some depend on the length: DQN's warm-up is at most a tenth of a short run. A run whose length is given as time
    counts as long.
    """
    named = {"env_id": requested_env(values), "algorithm": values["algorithm"], "seed": 0}
    run_type = "long" if values["run_type"] == BY_TIME else values["run_type"]
    length = {"total_timesteps": values["total_timesteps"]} if run_type == "custom" else {}
    try:
        config = ExperimentConfig(**named, run_type=run_type, **length)
    except ConfigError:  # a length that is not one yet, said beside its field
        config = ExperimentConfig(**named)
    shown = form_values(config)
    return {name: value for name, value in shown.items() if name.startswith(PREFIX)} | {
        name: shown[name] for name in ("n_envs", "normalize", "device")
    }


def length_values(env_id: str, values: Mapping[str, Any], before: str) -> Values:
    """Return the length of a run after another environment was chosen.

    A game made for a lesson brings the length that shows its learning, and takes it away again when it is left; unless
    a person has chosen another meanwhile.

    Args:
        env_id: The environment.
        values: The form's values.
        before: The environment that was left.
    """
    lesson, left = get_env(env_id).lesson_steps, get_env(before).lesson_steps
    kept = {name: values[name] for name in LENGTH_FIELDS}
    if left is not None and kept != {"run_type": "custom", "total_timesteps": left}:
        return kept
    if lesson is not None:
        return {"run_type": "custom", "total_timesteps": lesson}
    return kept if left is None else {"run_type": "quick", "total_timesteps": RUN_LENGTHS["quick"]}


def requested_env(values: Mapping[str, Any]) -> str:
    """Return the environment id that the form names."""
    return str(values["custom_env_id"]).strip() if values["env_id"] == OTHER_ENV else str(values["env_id"])


def request_of(values: Mapping[str, Any], base: ExperimentConfig) -> Request:
    """Return what the form asks for.

    Args:
        values: The form's values, as a person left them.
        base: Gives what the form does not show.

    Raises:
        ConfigError: If the values make no config.
    """
    env_id = requested_env(values)
    if not env_id:
        raise ConfigError.of([Problem("custom_env_id", "Type the id of a Gymnasium environment, or pick one.")])
    run_type, duration_s = values["run_type"], None
    if run_type == BY_TIME:
        run_type, duration_s = "quick", _duration_s(values)
    length = {"total_timesteps": values["total_timesteps"]} if run_type == "custom" else {}
    config = ExperimentConfig(
        env_id=env_id,
        algorithm=values["algorithm"],
        run_type=run_type,
        seed=values["seed"],
        n_envs=values["n_envs"],
        normalize=values["normalize"],
        device=values["device"],
        engine=values["engine"],
        precision=values["precision"],
        deterministic=values["deterministic"],
        video=base.video.model_dump() | {name: values[f"video.{name}"] for name in VIDEO_FIELDS},
        checkpoints={name: values[f"checkpoints.{name}"] for name in CheckpointSettings.model_fields},
        hyperparameters=_hyperparameters(values),
        group_id=base.group_id,
        owner=base.owner,
        **length,
    )
    return Request(config, duration_s)


def _hyperparameters(values: Mapping[str, Any]) -> dict[str, Any]:
    algorithm: AlgorithmName = values["algorithm"]
    known = HYPERPARAMETERS[algorithm].model_fields
    settings = {
        name.removeprefix(PREFIX): value
        for name, value in values.items()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) in known
    }
    if values["run_type"] == BY_TIME:
        # The steps are not known yet: what depends on them and was not touched is left open until they are.
        short = default_values({**values, "run_type": "quick"})
        for name, value in default_values(values).items():
            if values[name] == value != short[name]:
                settings.pop(name.removeprefix(PREFIX))
    return settings


def _duration_s(values: Mapping[str, Any]) -> float:
    try:
        duration_s = float(values["hours"] or 0) * 3600 + float(values["minutes"] or 0) * 60
    except (TypeError, ValueError):
        duration_s = 0.0
    if not 0 < duration_s <= 30 * 24 * 3600:
        raise ConfigError.of([Problem("minutes", "Give a time between a minute and thirty days.")])
    return duration_s
