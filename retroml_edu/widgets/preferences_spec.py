"""The settings page as data: which preferences it shows, and how."""

from __future__ import annotations

from typing import Any

from retroml_edu.core.knobs import KnobSpec, knob_specs
from retroml_edu.core.preferences import Preferences
from retroml_edu.envs import list_envs
from retroml_edu.widgets.environments import env_choices

SEGMENTS_CHARACTERS = 26
"""Characters that the choices of a row of buttons may have together; more make a list."""
_GROUPS = {"basic": "When a panel opens", "advanced": "While you watch and test"}


def preferences_spec(preferences: Preferences) -> list[dict[str, Any]]:
    """Return the page's sections and fields, as JSON values for the form.

    Args:
        preferences: Those that count; a game that is not listed is a choice all the same.
    """
    knobs = knob_specs(Preferences).values()
    sections = [
        {
            "id": group,
            "title": title,
            "fields": [_field(knob, preferences) for knob in knobs if knob.knob.group == group],
        }
        for group, title in _GROUPS.items()
    ]
    return [*sections[:-1], sections[-1] | {"reset": True}]


def _field(spec: KnobSpec, preferences: Preferences) -> dict[str, Any]:
    field = {"name": spec.name, "label": spec.knob.label, "default": spec.default, "help": spec.help}
    if spec.name == "environment":
        return field | {"type": "select", "choices": _environments(preferences.environment)}
    if spec.kind == "bool":
        return field | {"type": "toggle"}
    if spec.kind == "choice":
        choices = [{"value": value, "label": value[:1].upper() + value[1:]} for value in spec.choices]
        short = sum(len(value) for value in spec.choices) <= SEGMENTS_CHARACTERS
        return field | {"type": "segmented" if short else "select", "choices": choices}
    return field | {
        "type": "slider",
        "integer": True,
        "low": spec.low,
        "high": spec.high,
        "scale": spec.knob.scale,
        "optional": False,
    }


def _environments(chosen: str) -> list[dict[str, str]]:
    other = (
        [] if any(env.id == chosen for env in list_envs()) else [{"value": chosen, "label": chosen, "group": "Other"}]
    )
    return [*env_choices(), *other]
