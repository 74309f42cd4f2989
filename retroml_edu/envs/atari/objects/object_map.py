"""The form that every game's objects are told in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

ANNOTATED_RAM = (
    "the Atari Annotated RAM Interface (Anand et al. 2019, Unsupervised State Representation Learning in Atari; "
    "github.com/mila-iqia/atari-representation-learning)"
)
OBJECT_CENTRIC = (
    "OCAtari (Delfosse et al. 2024, OCAtari: Object-Centric Atari 2600 Reinforcement Learning Environments; "
    "github.com/k4ntz/OC_Atari)"
)

SCREEN_WIDTH, SCREEN_HEIGHT = 160, 210
LIMIT = 2.0
"""No number of an observation is further from zero."""

JUMP = 40
"""Nothing moves this many pixels in an agent step: it vanished, or appeared elsewhere."""

FAST = 8
"""Pixels in an agent step that are told as a speed of 1: a ball that has been hit hard."""


@dataclass(frozen=True, slots=True)
class ObjectMap:
    """What is known of a game's objects: where they lie in the console's 128 bytes of memory, and how an agent is told.

    A place is told as that of the object's middle on the screen, from -1 (left, top) to 1 (right, bottom).

    Attributes:
        names: What each number of an observation is, in plain words ("ball: distance to the paddle"), for the panel.
        read: From the memory now and one agent step ago (uint8, shape (128,), the same array content at an episode's
            first step) to the observation: float32 of shape (len(names),), written in place into `out`; numbers about
            -1 to 1, none beyond `LIMIT`.
        source: Where the addresses come from (cited).
    """

    names: tuple[str, ...]
    source: str
    read: Callable[[Bytes, Bytes, Floats], None]


# Plain numbers throughout: for the few that a game has, Python's are read and added faster than numpy's.


def across(pixel: float) -> float:
    """A place on the screen from the left edge (-1) to the right one (1)."""
    return within(pixel / (SCREEN_WIDTH / 2) - 1.0)


def down(pixel: float) -> float:
    """A place on the screen from the top (-1) to the bottom (1)."""
    return within(pixel / (SCREEN_HEIGHT / 2) - 1.0)


def within(value: float) -> float:
    """The value, or the limit that it is beyond."""
    return LIMIT if value > LIMIT else max(value, -LIMIT)


def speed(now: float, before: float) -> float:
    """Movement in one agent step, positive to the right and down, and none where an object jumped."""
    pixels = now - before
    return 0.0 if abs(pixels) > JUMP else within(pixels / FAST)


def from_bcd(byte: int) -> int:
    """The number 0 to 99 in a byte whose two halves are decimal digits, as the console keeps what it shows."""
    return 10 * (byte >> 4) + (byte & 15)
