"""What an agent sees of a game: standard pictures, small ones, or numbers about its objects."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import gymnasium as gym
import numpy as np

from retroml_edu.envs.atari.objects import ObjectMap

STACK = 4
SIDE = 84
SMALL_STACK = 2
SMALL_SIDE = 40


@dataclass(frozen=True, slots=True)
class Scene:
    """What a small picture shows of a game.

    Attributes:
        rows: First row of the screen that is seen, and the one after the last: below the score, above the frame.
        background: The most frequent grey of the field, 0 to 255.
    """

    rows: tuple[int, int] = (34, 194)
    background: int = 0


SCENES: Mapping[str, Scene] = {
    "Boxing": Scene(background=132),
    "Freeway": Scene((30, 190), background=142),
    "MsPacman": Scene(background=32),
    "Pong": Scene(background=87),
    "Seaquest": Scene(background=32),
}
"""By game, where it is not as in most."""


class View(ABC):
    """Turns the emulator's screen or memory into observations.

    Attributes:
        space: Of the observations.
    """

    space: gym.spaces.Box

    @abstractmethod
    def forget(self) -> None:
        """Begin an episode: what was seen before belongs to another."""

    @abstractmethod
    def catch(self, slot: int) -> None:
        """Keep what the screen shows now, as the last frame but one of an agent step (0) or as its last (1)."""

    @abstractmethod
    def look(self) -> None:
        """See what was kept."""

    @abstractmethod
    def seen(self) -> np.ndarray:
        """Return the observation, the caller's own."""


class _Stack:
    """The newest pictures of an episode, in memory with channels last, as convolutions read them.

    Args:
        depth: How many: 2 or 4.
        side: Height and width.
    """

    def __init__(self, depth: int, side: int) -> None:
        self._pictures = np.zeros((side, side, depth), np.uint8)
        # What the pictures have in one place is one number, lowest byte first: all are moved on at once.
        self._places: np.ndarray = self._pictures.view(f"<u{depth}")
        self._newest = np.zeros((side, side), np.uint8)

    def clear(self) -> None:
        """Make all black."""
        self._pictures[:] = 0

    def push(self, grey: np.ndarray) -> None:
        """Put a picture on top, made smaller, and drop the oldest."""
        cv2.resize(grey, self._newest.shape, dst=self._newest, interpolation=cv2.INTER_AREA)
        np.right_shift(self._places, 8, out=self._places)
        self._pictures[..., -1] = self._newest

    def copy(self) -> np.ndarray:
        """Return all of them, uint8 of shape (depth, side, side), newest last."""
        return np.moveaxis(self._pictures.copy(), -1, 0)


class StandardView(View):
    """The pictures of Mnih et al. (2015): the larger value per pixel and colour of two frames, grey, 84×84, four deep.

    Args:
        ale: The emulator.
    """

    def __init__(self, ale: Any) -> None:
        self.space = gym.spaces.Box(0, 255, (STACK, SIDE, SIDE), np.uint8)
        self._ale = ale
        height, width = ale.getScreenDims()
        self._frames = np.zeros((2, height, width, 3), np.uint8)
        self._grey = np.zeros((height, width), np.uint8)
        self._stack = _Stack(STACK, SIDE)

    def forget(self) -> None:
        """See nothing."""
        self._stack.clear()

    def catch(self, slot: int) -> None:
        """Keep the screen in colour."""
        self._ale.getScreenRGB(self._frames[slot])

    def look(self) -> None:
        """Put what the two frames show on top of the stack."""
        np.maximum(self._frames[0], self._frames[1], out=self._frames[0])
        cv2.cvtColor(self._frames[0], cv2.COLOR_RGB2GRAY, dst=self._grey)
        self._stack.push(self._grey)

    def seen(self) -> np.ndarray:
        """Return the stack, uint8 of shape (4, 84, 84), newest last."""
        return self._stack.copy()


class SmallView(View):
    """The brighter of two frames per pixel, grey, the playing field alone, 40×40, two deep: a ninth of the numbers.

    Two pictures show where a ball flies; two more, and finer ones, cost a network most of its time.

    Args:
        ale: The emulator.
        scene: What there is to see.
    """

    def __init__(self, ale: Any, scene: Scene) -> None:
        self.space = gym.spaces.Box(0, 255, (SMALL_STACK, SMALL_SIDE, SMALL_SIDE), np.uint8)
        self._ale = ale
        self._frames = np.zeros((2, *ale.getScreenDims()), np.uint8)
        self._fields = self._frames[:, slice(*scene.rows)]
        self._stack = _Stack(SMALL_STACK, SMALL_SIDE)

    def forget(self) -> None:
        """See nothing."""
        self._stack.clear()

    def catch(self, slot: int) -> None:
        """Keep the screen in grey."""
        self._ale.getScreenGrayscale(self._frames[slot])

    def look(self) -> None:
        """Put what the two frames show on top of the stack."""
        self._stack.push(np.maximum(self._fields[0], self._fields[1]))

    def seen(self) -> np.ndarray:
        """Return the stack, uint8 of shape (2, 40, 40), newest last."""
        return self._stack.copy()


class ObjectView(View):
    """Where the objects are and how they move, read from the console's memory.

    Args:
        ale: The emulator.
        objects: What is known of the game.
    """

    def __init__(self, ale: Any, objects: ObjectMap) -> None:
        self.space = gym.spaces.Box(-np.inf, np.inf, (len(objects.names),), np.float32)
        self._ale = ale
        self._read = objects.read
        self._before: Any = None
        self._numbers = np.zeros(self.space.shape, np.float32)

    def forget(self) -> None:
        """Begin without motion."""
        self._before = None

    def catch(self, slot: int) -> None:
        """Keep nothing: memory tells where things are, drawn or not."""

    def look(self) -> None:
        """Read the memory."""
        now = self._ale.getRAM()
        self._read(now, now if self._before is None else self._before, self._numbers)
        self._before = now

    def seen(self) -> np.ndarray:
        """Return the numbers, float32 of shape (n,)."""
        return self._numbers.copy()
