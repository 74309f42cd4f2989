"""How the game that is being played came to be, and how another environment is brought to the same point."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

import gymnasium as gym
import numpy as np

from retroml_edu.core.errors import TrainingError

LONGEST = 100_000
"""Steps of a game after which it is no longer remembered: an Atari game is cut off after 27,000."""


@dataclass(frozen=True, slots=True)
class GameLog:
    """Everything that decides where a game is.

    Attributes:
        seed: The last seed that the environment was given.
        start: State of its generator before the game's reset, None if the game began with the seed itself.
        actions: What was done since, shape (steps, ...).
    """

    seed: int
    start: Mapping[str, Any] | None
    actions: np.ndarray


class Replayable(gym.Wrapper[Any, Any, Any, Any]):
    """Gives an environment its seed at the first reset that names none, and remembers the game that is being played.

    A simulated world cannot be copied (Box2D has no way to). An emulator's saved state must not be read from a file:
    four changed bytes let the emulator end the process or take two gigabytes; and in some games it is not the whole
    state. But a game is fully told by how it began and what was done in it, whatever the environment; so it is
    played again.

    Rendered frames come out contiguous, as encoders want them.

    Args:
        env: It puts ``"episode"`` into the info of a game's last step. A step that ends an episode without it ends
            a life only: the next reset goes on with the same game.
        seed: Seed of the first reset.
    """

    def __init__(self, env: gym.Env[Any, Any], seed: int) -> None:
        super().__init__(env)
        self._pending_seed: int | None = seed
        self._seed = seed
        self._start: dict[str, Any] | None = None
        self._actions: deque[Any] = deque(maxlen=LONGEST + 1)
        self._life_over = False
        self._has_options = False
        env.action_space.seed(seed)

    @property
    def begun(self) -> bool:
        """Whether there was a reset."""
        return self._pending_seed is None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset, with the environment's own seed if this is the first time and none is given."""
        if seed is None:
            seed = self._pending_seed
        if seed is not None or not self._life_over:
            if seed is not None:
                self._seed = seed
            self._start = self.generator_state() if seed is None else None
            self._actions.clear()
            self._has_options = bool(options)
        self._life_over = False
        self._pending_seed = None
        return self.env.reset(seed=seed, options=options)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step the environment, and remember the action."""
        self._actions.append(action.copy() if isinstance(action, np.ndarray) else action)
        result = self.env.step(action)
        if result[2] or result[3]:
            self._life_over = "episode" not in result[4]
        return result

    def render(self) -> Any:
        """Return the picture of the game as uint8 of shape (height, width, 3), None if it cannot be drawn."""
        if self.env.render_mode is None:
            return None
        return np.ascontiguousarray(self.env.render(), dtype=np.uint8)

    def generator_state(self) -> dict[str, Any] | None:
        """Return the state of the environment's generator, None if nothing was ever drawn from one."""
        # Not np_random, which would make one from the system's entropy.
        generator = self.unwrapped._np_random
        return dict(generator.bit_generator.state) if _is_usual(generator) else None

    def log(self) -> GameLog | None:
        """Return how the game came to be.

        None if that is too long to tell, if it was begun with options of its own, or if the environment draws from
        a generator that is not Gymnasium's.
        """
        generator = self.unwrapped._np_random
        if len(self._actions) > LONGEST or self._has_options or not (generator is None or _is_usual(generator)):
            return None
        shape = (len(self._actions), *(self.action_space.shape or ()))
        actions = np.array(self._actions) if self._actions else np.zeros(shape, self.action_space.dtype)
        return GameLog(self._seed, self._start, actions)

    def replay(self, log: GameLog) -> Any:
        """Play a game again, and return its last observation.

        Raises:
            TrainingError: If the game is over before the actions are.
        """
        # Even if the game began later: what an environment derives from its seed once and for all is then there.
        observation, _ = self.reset(seed=log.seed)
        if log.start is not None:
            self.unwrapped.np_random.bit_generator.state = dict(log.start)
            observation, _ = self.reset()
        return self._play(log.actions, observation)

    def _play(self, actions: Iterable[Any], observation: Any) -> Any:
        for action in actions:
            observation, _, terminated, truncated, info = self.step(action)
            if terminated or truncated:
                if "episode" in info:
                    raise TrainingError("the game is over before all that was done in it is done again")
                observation, _ = self.reset()
        return observation


def _is_usual(generator: Any) -> TypeGuard[np.random.Generator]:
    return isinstance(generator, np.random.Generator) and isinstance(generator.bit_generator, np.random.PCG64)
