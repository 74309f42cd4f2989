"""What a remedy changes, setting by setting: the words beside its button and in a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from retroml_edu.analysis.insights.insight import Remedy
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.knobs import knob_specs, shown_value

_LABELS = {"seed": "Seed", "n_envs": "Environments", "total_timesteps": "Steps"}
"""Of the settings of a run that remedies change, beside those of its algorithm."""


def changed_settings(config: ExperimentConfig, remedy: Remedy) -> tuple[str, ...]:
    """Return each setting that a remedy changes, with the value before and after: ``Seed: 1 → 2``."""
    settings = config.hyperparameters
    return (
        *_differences(_LABELS, config, remedy.changes),
        *_differences(_hyperparameters(type(settings)), settings, remedy.changes.get("hyperparameters", {})),
    )


@cache
def _hyperparameters(model: type) -> Mapping[str, str]:
    return {name: spec.knob.label for name, spec in knob_specs(model).items()}


def _differences(labels: Mapping[str, str], before: object, after: Mapping[str, Any]) -> Iterator[str]:
    for name, label in labels.items():
        if name in after and after[name] != getattr(before, name):
            yield f"{label}: {shown_value(getattr(before, name), name)} → {shown_value(after[name], name)}"
