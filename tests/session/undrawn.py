"""Games that have no picture."""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium
import pytest
from gymnasium import Env
from gymnasium.envs.classic_control import CartPoleEnv
from gymnasium.envs.registration import EnvSpec


class Silent(CartPoleEnv):
    """Gives nothing."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": []}

    def render(self) -> Any:
        return None


class Loud(Silent):
    """Refuses, as Gymnasium's own class does."""

    def render(self) -> Any:
        return Env.render(self)


class Broken(CartPoleEnv):
    """Promises a picture, and misses a display."""

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"]}

    def render(self) -> Any:
        raise RuntimeError("no display")


UNDRAWN = {"Silent-v0": Silent, "Loud-v0": Loud, "Broken-v0": Broken}


def register_undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register them for a test."""
    for env_id, game in UNDRAWN.items():
        monkeypatch.setitem(gymnasium.registry, env_id, EnvSpec(env_id, game, max_episode_steps=100))
