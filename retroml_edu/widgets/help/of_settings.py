"""A topic for each setting, from where it is declared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from retroml_edu.core.config import ALGORITHMS
from retroml_edu.core.hyperparameters import HYPERPARAMETERS, AlgorithmName
from retroml_edu.core.knobs import KnobSpec, knob_specs, shown_value
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
            (Paragraph(spec.help), Paragraph(shown_value(spec.default), "Default:"), *_allowed(spec)),
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
        low, high = (shown_value(field[end], field["name"]) for end in ("low", "high"))
        yield Paragraph(f"{low} to {high}.", "In the form:")


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
        (algorithm, shown_value(spec.default), _limits(HYPERPARAMETERS[algorithm], name) or _choices_of(spec))
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
    told = {kind: shown_value(limit) for kind, limit in limits.items()}
    low = told["ge"] if "ge" in told else f"above {told['gt']}" if "gt" in told else ""
    return f"{low} to {told['le']}" if low and "le" in told else ""


def _allowed(spec: KnobSpec) -> Iterator[Block]:
    if spec.choices:
        yield Paragraph(f"{_choices_of(spec)}.", "Choices:")
    elif spec.kind == "int":
        yield Paragraph(f"{shown_value(spec.low)} to {shown_value(spec.high)}.", "Range:")


def _choices_of(spec: KnobSpec) -> str:
    return ", ".join(map(shown_value, spec.choices or (True, False)))
