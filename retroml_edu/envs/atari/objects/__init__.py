"""What is known of a game's objects, read from the console's memory instead of the screen."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from retroml_edu.envs.atari.objects import boxing, breakout, freeway, pong, space_invaders
from retroml_edu.envs.atari.objects.object_map import ObjectMap

__all__ = ["OBJECTS", "ObjectMap"]

OBJECTS: Mapping[str, ObjectMap] = MappingProxyType(
    {
        "Pong": pong.MAP,
        "Breakout": breakout.MAP,
        "Freeway": freeway.MAP,
        "Boxing": boxing.MAP,
        "SpaceInvaders": space_invaders.MAP,
    }
)
"""The games whose objects are known, by the name that the catalogue calls them."""
