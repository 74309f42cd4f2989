"""The settings form as data: which fields it shows, and how their values and a config turn into each other.

Nothing here knows a widget, so all of it is tested without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from retroml_edu.core.config import ALGORITHMS, MAX_SEED, RUN_LENGTHS, ExperimentConfig
from retroml_edu.core.errors import ConfigError, Problem
from retroml_edu.core.hyperparameters import HYPERPARAMETERS, AlgorithmName
from retroml_edu.core.knobs import KnobSpec, knob_specs
from retroml_edu.envs import EnvSpec, get_env, list_envs, resolve_config

Values = dict[str, Any]
OTHER_ENV = "other"
BY_TIME = "time"
PREFIX = "hyperparameters."

_FAMILIES = {"classic": "Classic control", "box2d": "Box2D physics", "atari": "Atari"}
_LENGTH_LABELS = {
    "quick": "Quick · 10,000 steps",
    "short": "Short · 500,000 steps",
    "medium": "Medium · 2 million steps",
    "long": "Long · 10 million steps",
    "custom": "Custom number of steps",
    BY_TIME: "Hours and minutes",
}
_ALGORITHM_HELP = (
    "PPO: careful policy updates, a good first choice. A2C: the same idea with small quick updates. "
    "DQN: learns the value of each action from a memory of past steps; discrete actions only."
)


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
        "run_type": config.run_type,
        "total_timesteps": config.total_timesteps,
        "hours": 0,
        "minutes": 5,
        "n_envs": resolved.n_envs,
        "normalize": resolved.normalize,
        "device": config.device,
        "video.enabled": config.video.enabled,
        "video.length_s": config.video.length_s,
        "video.quality": config.video.quality,
    }
    settings = resolved.hyperparameters.model_dump(mode="json")
    return values | {PREFIX + name: value for name, value in settings.items()}


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
        video={
            **base.video.model_dump(),
            "enabled": values["video.enabled"],
            "length_s": values["video.length_s"],
            "quality": values["video.quality"],
        },
        hyperparameters=_hyperparameters(values),
        group_id=base.group_id,
        owner=base.owner,
        **length,
    )
    return Request(config, duration_s)


def form_spec(config: ExperimentConfig) -> list[dict[str, Any]]:
    """Return the form's sections and fields for an environment and algorithm, as JSON values."""
    env = get_env(config.env_id)
    defaults = form_values(ExperimentConfig(env_id=config.env_id, algorithm=config.algorithm, seed=0))
    specs = knob_specs(HYPERPARAMETERS[config.algorithm])
    basic = [_knob_field(spec, defaults) for spec in specs.values() if spec.knob.group == "basic"]
    advanced = [_knob_field(spec, defaults) for spec in specs.values() if spec.knob.group == "advanced"]
    return [
        {"id": "what", "title": "What to learn", "fields": _what_fields(env)},
        {"id": "run", "title": "Run", "fields": _run_fields()},
        {
            "id": "basic",
            "title": f"{config.algorithm} hyperparameters",
            "reset": True,
            "fields": [_n_envs_field(defaults), *basic],
        },
        {
            "id": "advanced",
            "title": "Advanced",
            "folded": True,
            "fields": [*advanced, _normalize_field(defaults), _device_field()],
        },
        {"id": "videos", "title": "Videos", "folded": True, "fields": _video_fields()},
    ]


def _hyperparameters(values: Mapping[str, Any]) -> dict[str, Any]:
    algorithm: AlgorithmName = values["algorithm"]
    known = HYPERPARAMETERS[algorithm].model_fields
    return {
        name.removeprefix(PREFIX): value
        for name, value in values.items()
        if name.startswith(PREFIX) and name.removeprefix(PREFIX) in known
    }


def _duration_s(values: Mapping[str, Any]) -> float:
    try:
        duration_s = float(values["hours"] or 0) * 3600 + float(values["minutes"] or 0) * 60
    except (TypeError, ValueError):
        duration_s = 0.0
    if not 0 < duration_s <= 30 * 24 * 3600:
        raise ConfigError.of([Problem("minutes", "Give a time between a minute and thirty days.")])
    return duration_s


def _what_fields(env: EnvSpec) -> list[dict[str, Any]]:
    choices = [{"value": spec.id, "label": _env_label(spec), "group": _env_group(spec)} for spec in list_envs()] + [
        {"value": OTHER_ENV, "label": "Another Gymnasium id…", "group": "Other"}
    ]
    goal = [] if env.solved_return is None else [f"{_goal(env)} {env.solved_return:g}"]
    return [
        {
            "name": "env_id",
            "label": "Environment",
            "type": "select",
            "choices": choices,
            "help": "The game to learn. Classic control learns within seconds; Atari takes minutes to hours.",
        },
        {
            "name": "custom_env_id",
            "label": "Gymnasium id",
            "type": "text",
            "when": {"env_id": OTHER_ENV},
            "placeholder": "for example Taxi-v4",
            "help": "Any registered Gymnasium environment whose observations are numbers or images.",
        },
        {
            "type": "note",
            "text": env.summary,
            "badges": [env.action_space, env.observation_space, *goal],
            "help": env.solved_note,
        },
        {
            "name": "algorithm",
            "label": "Algorithm",
            "type": "segmented",
            "choices": [{"value": name, "label": name} for name in ALGORITHMS],
            "help": _ALGORITHM_HELP,
        },
    ]


def _env_label(spec: EnvSpec) -> str:
    return f"{spec.name.partition(' (')[0]} · {spec.id}"


def _goal(env: EnvSpec) -> str:
    # No Atari score counts as solved; what is known is what a person reached (Mnih et al. 2015).
    return "human player" if env.family == "atari" else "solved at"


def _env_group(spec: EnvSpec) -> str:
    if spec.family != "atari":
        return _FAMILIES.get(spec.family, "Other")
    return "Atari v5 (sticky actions)" if spec.id.endswith("-v5") else "Atari NoFrameskip-v4"


def _run_fields() -> list[dict[str, Any]]:
    return [
        {
            "name": "run_type",
            "label": "Length",
            "type": "select",
            "choices": [{"value": name, "label": label} for name, label in _LENGTH_LABELS.items()],
            "help": "How long to train. A step is one action in one environment.",
        },
        {
            "name": "total_timesteps",
            "label": "Steps",
            "type": "number",
            "integer": True,
            "low": 1,
            "high": 10 * RUN_LENGTHS["long"],
            "when": {"run_type": "custom"},
            "help": "Environment steps in all, summed over the environments side by side.",
        },
        {
            "name": "hours",
            "label": "Hours",
            "type": "number",
            "integer": True,
            "low": 0,
            "high": 720,
            "when": {"run_type": BY_TIME},
            "help": "The speed of this machine is measured for a few seconds first; then the time becomes steps.",
        },
        {
            "name": "minutes",
            "label": "Minutes",
            "type": "number",
            "integer": True,
            "low": 0,
            "high": 59,
            "when": {"run_type": BY_TIME},
            "help": "The speed of this machine is measured for a few seconds first; then the time becomes steps.",
        },
        {
            "name": "seed",
            "label": "Seed",
            "type": "seed",
            "integer": True,
            "low": 0,
            "high": MAX_SEED,
            "help": "Starting point of all random draws. The same seed gives the same run on the same machine; "
            "another seed is another try of the same experiment.",
        },
    ]


def _n_envs_field(defaults: Values) -> dict[str, Any]:
    return {
        "name": "n_envs",
        "label": "Environments",
        "type": "slider",
        "integer": True,
        "low": 1,
        "high": 32,
        "scale": "linear",
        "default": defaults["n_envs"],
        "help": "Copies of the game that are played side by side. More give each update more varied experience.",
    }


def _normalize_field(defaults: Values) -> dict[str, Any]:
    return {
        "name": "normalize",
        "label": "Normalise observations and rewards",
        "type": "toggle",
        "default": defaults["normalize"],
        "help": "Scale observations and rewards by their running mean and spread. Helps where they differ widely.",
    }


def _device_field() -> dict[str, Any]:
    labels = {"auto": "Choose for me", "cpu": "CPU", "cuda": "NVIDIA GPU (cuda)", "mps": "Apple GPU (mps)"}
    return {
        "name": "device",
        "label": "Device",
        "type": "select",
        "choices": [{"value": name, "label": label} for name, label in labels.items()],
        "default": "auto",
        "help": "Where the network is trained. A GPU helps with images; small networks are faster on the CPU.",
    }


def _video_fields() -> list[dict[str, Any]]:
    return [
        {
            "name": "video.enabled",
            "label": "Record videos while training",
            "type": "toggle",
            "default": True,
            "help": "At the start, after each quarter and at the end, a copy of the agent is filmed.",
        },
        {
            "name": "video.length_s",
            "label": "Longest video (s)",
            "type": "slider",
            "integer": True,
            "low": 2,
            "high": 60,
            "scale": "linear",
            "default": 10,
            "help": "A game that takes longer is cut here.",
        },
        {
            "name": "video.quality",
            "label": "Quality",
            "type": "segmented",
            "choices": [{"value": name, "label": name} for name in ("small", "standard", "high")],
            "default": "standard",
            "help": "How strongly the video is compressed; its size in pixels is the game's own.",
        },
    ]


def _knob_field(spec: KnobSpec, defaults: Values) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": PREFIX + spec.name,
        "label": spec.knob.label,
        "default": defaults[PREFIX + spec.name],
        "help": spec.help,
        "lesson": spec.knob.lesson,
    }
    if spec.kind == "bool":
        return field | {"type": "toggle"}
    if spec.kind == "choice":
        return field | {"type": "segmented", "choices": [{"value": v, "label": v} for v in spec.choices]}
    if spec.kind == "layers":
        return field | {"type": "select", "choices": _layer_choices(spec, field["default"])}
    return field | {
        "type": "slider",
        "integer": spec.kind == "int",
        "low": spec.low,
        "high": spec.high,
        "scale": spec.knob.scale,
        "optional": spec.optional,
    }


def _layer_choices(spec: KnobSpec, default: list[int]) -> list[dict[str, Any]]:
    layers = [list(choice) for choice in spec.choices]
    if default not in layers:
        layers.append(default)
    return [{"value": choice, "label": " × ".join(str(width) for width in choice)} for choice in layers]
