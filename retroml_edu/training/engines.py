"""Which engine can train what: the fast one small networks and pictures, stable-baselines3 everything."""

from __future__ import annotations

from typing import Any

from gymnasium import spaces

from retroml_edu.core.config import DeviceName, ExperimentConfig
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.envs.spaces import is_picture

MAX_LAYERS = 4
MAX_WIDTH = 512
"""From here on matrices are large enough for PyTorch's own kernels, and dispatch costs little beside them."""


def fast_engine_misfit(
    config: ExperimentConfig, observation_space: spaces.Space[Any], action_space: spaces.Space[Any]
) -> str | None:
    """Return why the fast engine does not apply, as a clause in plain words; None where it does.

    Args:
        config: With its hyperparameters resolved; the engine that it names does not matter.
        observation_space: As the environment has it.
        action_space: As the environment has it.
    """
    if is_picture(observation_space):
        return pictures_misfit(config, discrete=isinstance(action_space, spaces.Discrete))
    return (
        _observation_misfit(observation_space)
        or _action_misfit(config.algorithm, action_space)
        or _network_misfit(config.hyperparameters.net_arch)
        or _device_misfit(config.device)
    )


def pictures_misfit(config: ExperimentConfig, *, discrete: bool) -> str | None:
    """Return why the fast engine does not apply to pictures, likewise.

    Args:
        config: With its device resolved, if that can be a GPU.
        discrete: Whether the actions are one of a list.
    """
    if not discrete:
        return "the observations are pictures, and the actions are not one of a list"
    return _device_misfit(config.device)


def precision_misfit(config: ExperimentConfig, *, sees_pictures: bool) -> str | None:
    """Return why the precision that is asked for does not apply, as a clause; None where it does.

    Args:
        config: With its engine resolved.
        sees_pictures: Whether the observations are pictures.
    """
    if config.precision == "float32":
        return None
    if not sees_pictures:
        return "the observations are numbers, and it is for pictures alone"
    return None if config.engine == "fast" else "stable-baselines3 trains, and the fast engine alone knows it"


def _observation_misfit(space: spaces.Space[Any]) -> str | None:
    if not isinstance(space, spaces.Box):
        return f"the observations are of the kind {type(space).__name__}, not a row of numbers"
    if len(space.shape) != 1:
        return f"the observations are numbers in {len(space.shape)} dimensions, not in a row"
    return None


def _action_misfit(algorithm: AlgorithmName, space: spaces.Space[Any]) -> str | None:
    if isinstance(space, spaces.Discrete):
        return None
    if not isinstance(space, spaces.Box):
        return f"the actions are of the kind {type(space).__name__}, neither one of a list nor a row of numbers"
    if algorithm == "DQN":
        return "DQN picks one action of a list, and these are numbers"
    if len(space.shape) != 1:
        return f"the actions are numbers in {len(space.shape)} dimensions, not in a row"
    return None


def _network_misfit(layers: tuple[int, ...]) -> str | None:
    if len(layers) > MAX_LAYERS:
        return f"the network has {len(layers)} hidden layers, and compiled kernels are for {MAX_LAYERS} at most"
    if max(layers, default=0) > MAX_WIDTH:
        return f"a layer has {max(layers):,} units, and from {MAX_WIDTH} on compiled kernels gain nothing"
    return None


def _device_misfit(device: DeviceName) -> str | None:
    return (
        None
        if device in ("auto", "cpu")
        else f'the GPU of device="{device}" trains it, and the fast engine uses the CPU'
    )
