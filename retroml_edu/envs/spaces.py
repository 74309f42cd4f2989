"""What a space is made of, and whether an algorithm can learn in it."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

from retroml_edu.envs.specs import ActionKind, ObservationKind

MIN_IMAGE_SIDE = 36
"""The convolutional network of Mnih et al. (2015) has nothing left of a smaller picture."""


def describe_action(space: spaces.Space[Any]) -> tuple[str, ActionKind]:
    """Return a short text for an action space, and its kind.

    Raises:
        ValueError: If no algorithm here can choose actions in it; the text is the reason.
    """
    match space:
        case spaces.Discrete():
            _starts_at_zero(space, "actions")
            return f"Discrete {space.n}", "discrete"
        case spaces.Box():
            if not (np.isfinite(space.low).all() and np.isfinite(space.high).all()):
                raise ValueError("its continuous actions have no lower or upper bound")
            return f"Box {_shape(space.shape)}", "continuous"
        case spaces.MultiDiscrete() if space.nvec.ndim == 1:
            _starts_at_zero(space, "actions")
            return f"MultiDiscrete {_shape(tuple(space.nvec))}", "multidiscrete"
        case spaces.MultiBinary() if len(space.shape) == 1:
            return f"MultiBinary {space.n}", "multibinary"
    raise ValueError(f"its actions are of the kind {_kind(space)}, and no algorithm here can choose such")


def describe_observation(space: spaces.Space[Any]) -> tuple[str, ObservationKind]:
    """Return a short text for an observation space, and its kind.

    Raises:
        ValueError: If no network here can read it; the text is the reason.
    """
    if not isinstance(space, spaces.Dict):
        return _describe_part(space)
    if not space.spaces:
        raise ValueError("its observations are an empty Dict")
    return ", ".join(f"{name}: {_describe_part(part)[0]}" for name, part in space.spaces.items()), "dict"


def observation_bytes(space: spaces.Space[Any]) -> int:
    """Return how many bytes one observation takes in memory."""
    if isinstance(space, spaces.Dict):
        return sum(observation_bytes(part) for part in space.spaces.values())
    dtype = space.dtype if space.dtype is not None else np.dtype(np.float64)
    return int(np.prod(space.shape or (1,))) * dtype.itemsize


def is_picture(space: spaces.Space[Any]) -> bool:
    """Return whether stable-baselines3 sees a picture in it that its convolutional network can take.

    Of however many channels: a stack of eight grey pictures is one too.
    """
    return (
        isinstance(space, spaces.Box)
        and space.dtype == np.uint8
        and len(space.shape) == 3
        and sorted(space.shape)[1] >= MIN_IMAGE_SIDE
        and bool((space.low == 0).all() and (space.high == 255).all())
    )


def _describe_part(space: spaces.Space[Any]) -> tuple[str, ObservationKind]:
    match space:
        case spaces.Box() if is_picture(space):
            return f"{_shape(space.shape)} pixels", "image"
        case spaces.Box():
            count = int(np.prod(space.shape))
            return (f"{count} number" if count == 1 else f"{count} numbers"), "vector"
        case spaces.Discrete():
            _starts_at_zero(space, "observations")
            return f"one of {space.n} states", "discrete"
        case spaces.MultiDiscrete() if space.nvec.ndim == 1:
            _starts_at_zero(space, "observations")
            return f"one of {_shape(tuple(space.nvec))} states", "discrete"
        case spaces.MultiBinary():
            return f"{_shape(space.shape)} bits", "vector"
        case spaces.Dict():
            raise ValueError("its observations hold a Dict inside a Dict, and only one level can be read")
    raise ValueError(f"its observations are of the kind {_kind(space)}, and no network here can read such")


def _starts_at_zero(space: spaces.Discrete | spaces.MultiDiscrete, what: str) -> None:
    if np.any(space.start != 0):
        raise ValueError(f"its {what} are not counted from 0")


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(str(side) for side in shape)


def _kind(space: spaces.Space[Any]) -> str:
    return type(space).__name__
