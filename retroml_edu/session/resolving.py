"""From what a person asked for to what config.json keeps: nothing is left open."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec as GymSpec

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.envs import get_env, make_env, resolve_config
from retroml_edu.envs.atari.forms import small_scene
from retroml_edu.envs.names import registered
from retroml_edu.training import engines
from retroml_edu.training.devices import resolve_device
from retroml_edu.training.engines import fast_engine_misfit


def resolved_config(config: ExperimentConfig) -> ExperimentConfig:
    """Return the config with every value that a run is decided by, engine and device included: no ``auto``.

    Raises:
        UnknownNameError: If no environment goes by the id.
        EnvironmentUnusableError: If the environment cannot be learned in.
        ConfigError: If what was set clashes with itself.
        TrainingError: If the machine has no such device.
    """
    resolved = resolve_config(config)
    # Whoever asks for the fast engine, or for what it alone can do, asks for the processor: "auto" is then no GPU.
    wants_fast = config.engine == "fast" or config.precision != "float32"
    may_use_gpu = sees_pictures(config) and small_scene(config.env_id) is None and not wants_fast
    device = "cpu" if config.deterministic else resolve_device(config.device, is_large=may_use_gpu)
    resolved = resolved.changed(device=device)
    if resolved.engine == "auto":
        resolved = resolved.changed(engine="fast" if engine_misfit(resolved) is None else "sb3")
    return resolved


def engine_sentence(asked: ExperimentConfig, resolved: ExperimentConfig) -> str:
    """Return who trains a run, and why where that was left open.

    Args:
        asked: As a person asked for it.
        resolved: What it became.
    """
    if resolved.engine == "fast":
        how = f"PyTorch, channels last, {resolved.precision}" if sees_pictures(resolved) else "compiled kernels"
        return f"Engine: fast ({how})."
    reason = f", since {engine_misfit(resolved)}" if asked.engine == "auto" else ""
    return f"Engine: stable-baselines3{reason}."


def engine_misfit(config: ExperimentConfig) -> str | None:
    """Return why the fast engine does not apply to a config here, as a clause; None where it does.

    Args:
        config: With its hyperparameters resolved.
    """
    if sees_pictures(config):  # known without loading a game
        return engines.pictures_misfit(config, discrete=get_env(config.env_id).action_kind == "discrete")
    return fast_engine_misfit(config, *env_spaces(config.env_id))


def precision_misfit(config: ExperimentConfig) -> str | None:
    """Return why the precision that is asked for does not apply here, as a clause; None where it does.

    Args:
        config: With its engine resolved.
    """
    return engines.precision_misfit(config, sees_pictures=sees_pictures(config))


def sees_pictures(config: ExperimentConfig) -> bool:
    """Return whether the agent sees pictures; known without making the environment."""
    return get_env(config.env_id).observation_kind == "image"


_met: dict[str, tuple[GymSpec, spaces.Space[Any], spaces.Space[Any]]] = {}


def env_spaces(env_id: str) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
    """Return what is observed in an environment and what can be done; it is made once to see."""
    gym_spec, known = registered(env_id), _met.get(env_id)
    # An id can be registered anew, and then means something else.
    if known is None or known[0] is not gym_spec:
        env = make_env(env_id, seed=0, render_mode=None)
        env.close()
        known = _met[env_id] = (gym_spec, env.observation_space, env.action_space)
    return known[1:]
