"""In which settings runs differ, and what may be concluded from their curves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.knobs import knob_specs, shown_value
from retroml_edu.session.seeds import experiment_of

RUN_SETTINGS: Mapping[str, str] = {
    "env_id": "Environment",
    "algorithm": "Algorithm",
    "total_timesteps": "Steps",
    "seed": "Seed",
    "n_envs": "Environments",
    "normalize": "Normalise observations and rewards",
    "device": "Device",
    "engine": "Engine",
    "precision": "Precision",
    "deterministic": "Deterministic",
}
"""Settings of a run itself that can change its curve, and what the form calls them."""
_NAMES = {label: name for name, label in RUN_SETTINGS.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting in which runs differ.

    Attributes:
        label: What it is called.
        values: Each value, and the ids of the runs that have it.
    """

    label: str
    values: tuple[tuple[str, tuple[str, ...]], ...]


def differing_settings(configs: Mapping[str, ExperimentConfig]) -> list[Difference]:
    """Return in what runs differ, in the order of the form; a setting is compared among the runs that have it.

    Args:
        configs: By the ids of the runs.
    """
    by_label: dict[str, dict[str, Any]] = {}
    for run_id, config in configs.items():
        for label, value in _settings(config).items():
            by_label.setdefault(label, {})[run_id] = value
    return [_difference(label, values) for label, values in by_label.items() if len(set(values.values())) > 1]


def cautions(configs: Iterable[ExperimentConfig]) -> list[str]:
    """Return in sentences what the curves of runs do not say; as long as there is one run, nothing."""
    configs = list(configs)
    sentences = []
    environments = sorted({config.env_id for config in configs})
    if len(environments) > 1:
        sentences.append(
            f"These runs are of different environments: {', '.join(environments)}. Each counts its points in its own "
            "way, so their returns cannot be compared."
        )
    seeds: dict[str, set[int]] = {}
    for config in configs:
        seeds.setdefault(experiment_of(config), set()).add(config.seed)
    sentences.extend(_on_seeds([len(found) for found in seeds.values()]))
    return sentences


def comparable(configs: Iterable[ExperimentConfig]) -> bool:
    """Return whether values of one run mean the same as those of another."""
    return len({config.env_id for config in configs}) <= 1


def _on_seeds(counts: Sequence[int]) -> list[str]:
    """Return what to say of so many seeds of each of the settings."""
    same = (
        f"The same settings with {max(counts, default=0)} seeds: what differs between these curves is chance. Keep it "
        "in mind when you compare other settings."
    )
    if len(counts) == 1 and counts[0] > 1:
        return [same]
    if len(counts) < 2 or min(counts) > 1:
        return []
    which = "Each of these settings was trained" if max(counts) == 1 else "Some of these settings were trained"
    few = (
        f"{which} with one seed only: no conclusion about settings can be drawn from one seed each. Two seeds of the "
        "same settings can differ as much; train several seeds of each."
    )
    return [few]


def _settings(config: ExperimentConfig) -> dict[str, Any]:
    settings = {label: getattr(config, name) for name, label in RUN_SETTINGS.items()}
    parent = config.parent
    settings["Goes on from"] = f"step {parent.step:,} of run {parent.run_id}" if parent is not None else "no other run"
    for name, spec in knob_specs(type(config.hyperparameters)).items():
        settings[spec.knob.label] = getattr(config.hyperparameters, name)
    return settings


def _difference(label: str, values: Mapping[str, Any]) -> Difference:
    runs: dict[Any, list[str]] = {}
    for run_id, value in values.items():
        runs.setdefault(value, []).append(run_id)
    told = {value: shown_value(value, _NAMES.get(label, "")) for value in runs}
    if len(set(told.values())) < len(told):  # alike in the digits that are shown
        told = {value: str(value) for value in runs}
    return Difference(label, tuple((told[value], tuple(run_ids)) for value, run_ids in runs.items()))
