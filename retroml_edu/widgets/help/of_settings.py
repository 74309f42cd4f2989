"""A topic for each setting, from where it is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from retroml_edu.core.config import ALGORITHMS
from retroml_edu.core.hyperparameters import HYPERPARAMETERS, AlgorithmName
from retroml_edu.core.knobs import KnobSpec, knob_specs
from retroml_edu.core.preferences import Preferences
from retroml_edu.widgets.help.topic import Block, Paragraph, Topic, table
from retroml_edu.widgets.settings_spec import form_spec
from retroml_edu.widgets.settings_values import PREFIX

_FORM = {"env_id": "CartPole-v1", "custom_env_id": "", "run_type": "custom", "total_timesteps": 10_000, "precision": ""}


def topics() -> Iterator[Topic]:
    """Return them: of the run, of the algorithms, and the person's own."""
    for field in _fields_of_the_form():
        yield Topic(
            f"setting:{field['name']}",
            "Settings of a run",
            field["label"],
            (Paragraph(field["help"]), *_choices(field)),
            words=field["name"],
        )
    for name, specs in _hyperparameters().items():
        yield _hyperparameter(name, specs)
    for spec in knob_specs(Preferences).values():
        yield Topic(
            f"preference:{spec.name}",
            "Your settings",
            spec.knob.label,
            (Paragraph(spec.help), Paragraph(_value(spec.default), "Default:"), *_allowed(spec)),
            words=spec.name,
            see=("part:Settings", "command-line"),
        )


def _fields_of_the_form() -> Iterator[Mapping[str, Any]]:
    """Return the fields that are the same for all algorithms, each once."""
    values = {**_FORM, "algorithm": "PPO"}
    for section in form_spec(values):
        for field in section["fields"]:
            if field.get("help") and "name" in field and not field["name"].startswith(PREFIX):
                yield field


def _choices(field: Mapping[str, Any]) -> Iterator[Block]:
    choices = field.get("choices", ())
    if 0 < len(choices) <= 8:
        yield Paragraph(", ".join(str(choice["label"]) for choice in choices) + ".", "Choices:")
    if "low" in field:
        yield Paragraph(f"{_value(field['low'])} to {_value(field['high'])}.", "In the form:")


def _hyperparameters() -> Mapping[str, dict[AlgorithmName, KnobSpec]]:
    found: dict[str, dict[AlgorithmName, KnobSpec]] = {}
    for algorithm in ALGORITHMS:
        for name, spec in knob_specs(HYPERPARAMETERS[algorithm]).items():
            found.setdefault(name, {})[algorithm] = spec
    return found


def _hyperparameter(name: str, specs: Mapping[AlgorithmName, KnobSpec]) -> Topic:
    told: dict[str, list[str]] = {}
    for algorithm, spec in specs.items():
        told.setdefault(spec.help, []).append(algorithm)
    several = len(told) > 1
    paragraphs = [Paragraph(text, f"{', '.join(algorithms)}:" if several else "") for text, algorithms in told.items()]
    rows = [
        (algorithm, _value(spec.default), _limits(HYPERPARAMETERS[algorithm], name) or _value(spec.choices))
        for algorithm, spec in specs.items()
    ]
    return Topic(
        f"setting:{PREFIX}{name}",
        "Settings of a run",
        next(iter(specs.values())).knob.label,
        (
            *paragraphs,
            table("By algorithm", ("Algorithm", "Default of stable-baselines3", "What it may be"), rows),
            Paragraph(
                "For the games that are listed, the form begins with settings that are known to work there. The arrow "
                "beside a changed setting goes back to them."
            ),
        ),
        words=f"{name} {' '.join(specs)}",
    )


def _limits(model: type[BaseModel], name: str) -> str:
    limits = {
        kind: getattr(item, kind)
        for item in model.model_fields[name].metadata
        for kind in ("ge", "gt", "le")
        if hasattr(item, kind)
    }
    low = _value(limits["ge"]) if "ge" in limits else f"above {_value(limits['gt'])}" if "gt" in limits else ""
    return f"{low} to {_value(limits['le'])}" if low and "le" in limits else ""


def _allowed(spec: KnobSpec) -> Iterator[Block]:
    if spec.choices:
        yield Paragraph(f"{_value(spec.choices)}.", "Choices:")
    elif spec.kind == "int":
        yield Paragraph(f"{_value(spec.low)} to {_value(spec.high)}.", "Range:")


def _value(value: Any) -> str:
    """Return a value in words."""
    if value is None:
        return "off"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, tuple):
        if value and isinstance(value[0], int):
            return " × ".join(map(str, value))
        return ", ".join(map(_value, value)) or "on, off"
    return f"{value:g}" if isinstance(value, float) else str(value)
