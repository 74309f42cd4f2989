"""The settings form as data: which sections and fields it shows.

Nothing here knows a widget, so all of it is tested without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retroml_edu.core.config import ALGORITHMS, MAX_SEED, RUN_LENGTHS
from retroml_edu.core.hyperparameters import HYPERPARAMETERS, AlgorithmName
from retroml_edu.core.knobs import KnobSpec, knob_specs
from retroml_edu.envs import EnvSpec, get_env
from retroml_edu.widgets.environments import card_of
from retroml_edu.widgets.settings_fields import (
    checkpoint_fields,
    deterministic_field,
    device_field,
    engine_field,
    help_of,
    precision_field,
    video_fields,
)
from retroml_edu.widgets.settings_values import BY_TIME, OTHER_ENV, PREFIX, Values, default_values, requested_env

_LENGTH_LABELS = {
    "quick": "Quick · 10,000 steps",
    "short": "Short · 500,000 steps",
    "medium": "Medium · 2 million steps",
    "long": "Long · 10 million steps",
    "custom": "Custom number of steps",
    BY_TIME: "Hours and minutes",
}


def form_spec(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the form's sections and fields, as JSON values.

    Args:
        values: The form's values, of which environment, algorithm and length decide on fields and defaults.

    Raises:
        RetroMLError: If they name an environment that is not there.
    """
    env = get_env(requested_env(values))
    algorithm: AlgorithmName = values["algorithm"]
    defaults = default_values(values)
    knobs = knob_specs(HYPERPARAMETERS[algorithm]).values()
    basic = [_knob_field(knob, defaults, values) for knob in knobs if knob.knob.group == "basic"]
    advanced = [_knob_field(knob, defaults, values) for knob in knobs if knob.knob.group == "advanced"]
    return [
        {
            "id": "quick",
            "title": "Quick start",
            "fields": [
                *_what_fields(env),
                {"type": "presets"},
                *_run_fields(),
                {"type": "go"},
            ],
        },
        {
            "id": "basic",
            "title": f"{algorithm} hyperparameters",
            "reset": True,
            "fields": [_n_envs_field(defaults), *basic],
        },
        {
            "id": "advanced",
            "title": "Advanced",
            "folded": True,
            "fields": [
                *advanced,
                _normalize_field(defaults),
                device_field(),
                engine_field(),
                *([precision_field()] if env.observation_kind == "image" or values["precision"] != "float32" else []),
                deterministic_field(),
            ],
        },
        {"id": "videos", "title": "Videos", "folded": True, "fields": video_fields()},
        {"id": "checkpoints", "title": "Checkpoints", "folded": True, "fields": checkpoint_fields()},
    ]


def _what_fields(env: EnvSpec) -> list[dict[str, Any]]:
    first, _, more = env.summary.partition(". ")
    first = f"{first}." if more else first
    goal = [] if env.solved_return is None else [f"{_goal(env)} {env.solved_return:g}"]
    return [
        {
            "name": "env_id",
            "label": "Environment",
            "type": "environment",
            "card": card_of(env),
            "help": help_of("env_id"),
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
            "env_id": env.id,
            "text": first,
            "more": " ".join(filter(None, [more, env.solved_note])),
            "badges": goal,
        },
        {
            "name": "algorithm",
            "label": "Algorithm",
            "type": "segmented",
            "choices": [{"value": name, "label": name} for name in ALGORITHMS],
            "help": help_of("algorithm"),
        },
    ]


def _goal(env: EnvSpec) -> str:
    # No Atari score counts as solved; what is known is what a person reached (Mnih et al. 2015).
    person = "human player, standard setting" if env.lesson_steps else "human player"
    return person if env.family == "atari" else "solved at"


def _run_fields() -> list[dict[str, Any]]:
    return [
        {
            "name": "run_type",
            "label": "Length",
            "type": "length",
            "choices": [{"value": name, "label": label} for name, label in _LENGTH_LABELS.items()],
            "help": help_of("run_type"),
        },
        {
            "name": "total_timesteps",
            "label": "Steps",
            "type": "number",
            "integer": True,
            "low": 1,
            "high": 10 * RUN_LENGTHS["long"],
            "when": {"run_type": "custom"},
            "help": help_of("total_timesteps"),
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
            "help": help_of("seed"),
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
        "help": help_of("n_envs"),
    }


def _normalize_field(defaults: Values) -> dict[str, Any]:
    return {
        "name": "normalize",
        "label": "Normalise observations and rewards",
        "type": "toggle",
        "default": defaults["normalize"],
        "help": help_of("normalize"),
    }


def _knob_field(spec: KnobSpec, defaults: Values, values: Mapping[str, Any]) -> dict[str, Any]:
    name = PREFIX + spec.name
    field: dict[str, Any] = {
        "name": name,
        "label": spec.knob.label,
        "default": defaults[name],
        "help": spec.help,
    }
    if spec.kind == "bool":
        return field | {"type": "toggle"}
    if spec.kind == "choice":
        return field | {"type": "segmented", "choices": [{"value": v, "label": v} for v in spec.choices]}
    if spec.kind == "layers":
        return field | {"type": "select", "choices": _layer_choices(spec, defaults[name], values.get(name))}
    return field | {
        "type": "slider",
        "integer": spec.kind == "int",
        "low": spec.low,
        "high": spec.high,
        "scale": spec.knob.scale,
        "optional": spec.optional,
    }


def _layer_choices(spec: KnobSpec, *others: Any) -> list[dict[str, Any]]:
    layers = [list(choice) for choice in spec.choices]
    layers += [list(other) for other in others if other and list(other) not in layers]
    return [{"value": choice, "label": " × ".join(str(width) for width in choice)} for choice in layers]
