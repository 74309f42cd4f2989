"""A knob: how one setting is shown to a person, declared beside the setting itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo


@dataclass(frozen=True, slots=True)
class Knob:
    """How a field of a settings model appears on a form.

    The allowed range, the default and the explaining text stay in pydantic's own ``Field``: the form, the
    command line, the validation and the documentation all read that one declaration.

    Attributes:
        label: Name on the form.
        scale: ``log`` where equal slider distances should be equal factors, ``near_one`` where they should be
            equal factors of the distance from 1.
        group: ``basic`` settings are always open, ``advanced`` ones are folded away.
        lesson: Lesson that explains the setting, such as ``10-ppo``.
        low: Lower end of the slider where the allowed range is wider than the useful one.
        high: Upper end of the slider, likewise.
        choices: The values a person picks from, for settings that are no numbers.
    """

    label: str
    scale: Literal["linear", "log", "near_one"] = "linear"
    group: Literal["basic", "advanced"] = "basic"
    lesson: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class KnobSpec:
    """Everything a form or a command line needs to know of one setting.

    Attributes:
        name: Field name, as in the config.
        knob: How it is shown.
        kind: ``int``, ``float``, ``bool``, ``choice`` or ``layers`` (a tuple of layer widths).
        low: Lower end of the slider (``None`` for settings that are no numbers).
        high: Upper end of the slider.
        default: The stable-baselines3 default.
        help: What the setting does, for a student.
        optional: Whether ``None`` (switched off) is allowed.
        choices: What can be picked, for ``choice`` and ``layers``.
    """

    name: str
    knob: Knob
    kind: Literal["int", "float", "bool", "choice", "layers"]
    low: float | None
    high: float | None
    default: Any
    help: str
    optional: bool
    choices: tuple[Any, ...] = ()


def knob_specs(model: type[BaseModel]) -> Mapping[str, KnobSpec]:
    """Return the knobs of a settings model, in the order in which they are declared."""
    specs: dict[str, KnobSpec] = {}
    for name, field in model.model_fields.items():
        knob = next((item for item in field.metadata if isinstance(item, Knob)), None)
        if knob is not None:
            specs[name] = _spec(name, field, knob)
    return specs


def shown_value(value: Any, name: str = "") -> str:
    """Return a value of a setting as a person reads it: in the words of the settings form (`shown` of elements.js).

    Args:
        value: As in a config, or as JSON has it.
        name: Of the setting: a seed is no amount, so nothing parts its digits.
    """
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | tuple):
        return " × ".join(map(str, value))
    if isinstance(value, float):
        return _shown_number(value)
    return f"{value:,}" if isinstance(value, int) and name != "seed" else str(value)


def _shown_number(value: float) -> str:
    """Return six digits of a number, without needless zeros, and without an exponent down to a millionth."""
    digits, _, exponent = f"{value:.6g}".partition("e")
    if not exponent:
        return digits
    return f"{digits}e{int(exponent)}" if abs(value) < 1e-6 else f"{Decimal(f'{digits}e{exponent}'):f}"


def _spec(name: str, field: FieldInfo, knob: Knob) -> KnobSpec:
    members = get_args(field.annotation) if get_origin(field.annotation) in (Union, UnionType) else (field.annotation,)
    optional = type(None) in members
    annotation = next(member for member in members if member is not type(None))
    limits = {name: getattr(item, name) for item in field.metadata for name in ("ge", "le") if hasattr(item, name)}
    return KnobSpec(
        name=name,
        knob=knob,
        kind=_kind(annotation),
        low=knob.low if knob.low is not None else limits.get("ge"),
        high=knob.high if knob.high is not None else limits.get("le"),
        default=field.default,
        help=field.description or "",
        optional=optional,
        choices=knob.choices or (get_args(annotation) if get_origin(annotation) is Literal else ()),
    )


def _kind(annotation: Any) -> Literal["int", "float", "bool", "choice", "layers"]:
    if get_origin(annotation) is Literal:
        return "choice"
    if get_origin(annotation) is tuple:
        return "layers"
    if annotation is bool:
        return "bool"
    return "int" if annotation is int else "float"
