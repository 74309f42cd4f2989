"""What a run was asked to do, in words."""

from __future__ import annotations

from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import RetroMLError
from retroml_edu.core.knobs import knob_specs, shown_value
from retroml_edu.envs import get_env
from retroml_edu.session.report.content import Fact


def setting_facts(config: ExperimentConfig) -> list[Fact]:
    """Return the settings of the run itself."""
    facts = [
        _environment(config.env_id),
        Fact("Algorithm", config.algorithm),
        Fact("Steps", shown_value(config.total_timesteps), config.run_type),
        Fact("Seed", shown_value(config.seed, "seed")),
        Fact("Environments side by side", shown_value(config.n_envs)),
        Fact("Normalised", shown_value(config.normalize)),
        Fact("Engine", config.engine),
        Fact("Device", config.device),
        Fact("Precision", config.precision),
    ]
    if config.deterministic:
        facts.append(Fact("Deterministic", shown_value(config.deterministic)))
    if config.parent is not None:
        facts.append(Fact("Goes on from", f"step {config.parent.step:,}", f"run {config.parent.run_id}"))
    return facts


def hyperparameter_facts(config: ExperimentConfig) -> list[Fact]:
    """Return the settings of the algorithm; those that differ from what is known to work here say so."""
    tuned = _tuned(config)
    facts = []
    for name, spec in knob_specs(type(config.hyperparameters)).items():
        value = getattr(config.hyperparameters, name)
        differs = name in tuned and tuned[name] != value
        note = f"tuned for this game: {shown_value(tuned[name])}" if differs else ""
        facts.append(Fact(spec.knob.label, shown_value(value), note))
    return facts


def _tuned(config: ExperimentConfig) -> dict[str, Any]:
    try:
        defaults = get_env(config.env_id).defaults.get(config.algorithm)
    except RetroMLError:  # an environment that is not registered here
        return {}
    if defaults is None:
        return {}
    model = type(config.hyperparameters)
    return {name: getattr(model(**defaults.hyperparameters), name) for name in defaults.hyperparameters}


def _environment(env_id: str) -> Fact:
    try:
        name = get_env(env_id).name
    except RetroMLError:
        name = env_id
    return Fact("Environment", name, env_id if name != env_id else "")
