"""A repeatable BipedalWalker, and a LunarLander that is as fast as it can be while nobody looks."""

from __future__ import annotations

from typing import Any

import gymnasium as gym


class FreshWorld(gym.Wrapper[Any, Any, Any, Any]):
    """Gives Box2D a new world at each reset.

    BipedalWalker empties its world and uses it again; what the solver remembers of the last episode then leaks
    into the next, and the same seed gives another trajectory than in a new environment. LunarLander makes a new
    world by itself (https://github.com/Farama-Foundation/Gymnasium/issues/728) and needs no wrapper.
    """

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset into a world in which nothing has ever happened."""
        walker: Any = self.env.unwrapped
        walker._destroy()
        walker.world = type(walker.world)()
        return self.env.reset(seed=seed, options=options)


class SparksWhenWatched(gym.Wrapper[Any, Any, Any, Any]):
    """Lets LunarLander's engines throw sparks only while somebody is looking.

    The sparks are bodies in the simulated world: they change nothing about the flight, but with them a step of the
    main engine takes six times as long.
    """

    STEPS_AFTER_A_LOOK = 50
    """How long sparks fly on after a frame was drawn: a live feed of a fast run draws one in about so many steps."""

    def __init__(self, env: gym.Env[Any, Any]) -> None:
        super().__init__(env)
        self._lander: Any = env.unwrapped
        self._mode = self._lander.render_mode
        self._steps_left = 0
        self._lander.render_mode = None

    @property  # as in gymnasium.Wrapper, over an attribute of gymnasium.Env
    def render_mode(self) -> str | None:  # type: ignore[override]
        """How the lander is drawn when somebody looks."""
        mode: str | None = self._mode
        return mode

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step the environment, with sparks if a frame was drawn lately."""
        if self._steps_left:
            self._steps_left -= 1
            if not self._steps_left:
                self._lander.render_mode = None
        return self.env.step(action)

    def render(self) -> Any:
        """Draw the scene, and let sparks fly for the next steps."""
        self._steps_left = self.STEPS_AFTER_A_LOOK
        self._lander.render_mode = self._mode
        return self.env.render()
