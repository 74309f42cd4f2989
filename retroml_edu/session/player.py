"""Plays the game with a copy of the weights, in an environment of its own."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.envs import make_env


@dataclass(frozen=True, slots=True)
class Moment:
    """Where the game stands after a step (or at its start).

    Attributes:
        episode_return: Sum of the raw rewards so far.
        length: Steps so far.
        ended: Whether the game is over.
        truncated: Whether it ended by the time limit.
    """

    episode_return: float = 0.0
    length: int = 0
    ended: bool = False
    truncated: bool = False


class Player:
    """A copy of the agent at play: whole games, raw rewards, as in an evaluation.

    Watching never changes what is watched: weights, environment and generator are its own.

    Args:
        config: Fully resolved.
        seed: Seed of the environment and of the action draws.
        deterministic: Whether it takes the likeliest action instead of drawing one, as in training.

    Threads: made, used and closed in one thread.
    """

    def __init__(self, config: ExperimentConfig, *, seed: int, deterministic: bool = False) -> None:
        # Both load torch, which the settings form can do without.
        from retroml_edu.policies.actor import Actor
        from retroml_edu.policies.threads import one_torch_thread

        self.weights_step = 0
        self.deterministic = deterministic
        self._seed = seed
        self._rng = np.random.default_rng(seed)
        self._env_id = config.env_id
        self._env = make_env(config.env_id, seed=seed, training=False, render_mode="rgb_array")
        with ExitStack() as undo:
            undo.callback(self._env.close)
            # One observation at a time is no work to share; sharing it would take the trainer's cores.
            undo.enter_context(one_torch_thread())
            self._actor = Actor(config, self._env.observation_space, self._env.action_space)
            self._on_close = undo.pop_all()
        self._observation: Any = None
        self._moment = Moment(ended=True)
        self._has_picture = True

    @property
    def moment(self) -> Moment:
        """Where the game stands."""
        return self._moment

    @property
    def fps(self) -> float:
        """Agent steps a second at the game's own speed."""
        return float(self._env.metadata.get("render_fps", 30))

    def load(self, weights: PolicyWeights) -> None:
        """Play on with these weights."""
        self._actor.load(weights)
        self.weights_step = weights.step

    def restart(self, *, same_start: bool = False) -> Moment:
        """Begin a new game: the next one, or the very first start again."""
        if same_start:
            self._rng = np.random.default_rng(self._seed)
        self._observation, _ = self._env.reset(seed=self._seed if same_start else None)
        self._moment = Moment()
        return self._moment

    def step(self) -> Moment:
        """Let the agent act once; a new game begins where the last one ended."""
        if self._moment.ended:
            self.restart()
        action = self._actor.act(self._observation, deterministic=self.deterministic, rng=self._rng)
        self._observation, reward, terminated, truncated, _ = self._env.step(action)
        self._moment = Moment(
            self._moment.episode_return + float(reward),
            self._moment.length + 1,
            terminated or truncated,
            truncated and not terminated,
        )
        return self._moment

    def picture(self) -> np.ndarray | None:
        """Return what `render` does, None if the game has no picture here; which is found out once."""
        if self._has_picture:
            try:
                return self.render()
            except Exception:  # noqa: BLE001 - other people's code: a driver or a display may be missing
                self._has_picture = False
        return None

    def render(self) -> np.ndarray:
        """Return a picture of the moment that stays as it is, shape (height, width, 3), uint8.

        Raises:
            TrainingError: If the game cannot be drawn.
        """
        picture = None
        with suppress(NotImplementedError):  # what Gymnasium's own Env does
            picture = self._env.render()
        if picture is None:
            raise TrainingError(f'"{self._env_id}" cannot be drawn: it has no render mode "rgb_array".')
        return np.array(picture)

    def close(self) -> None:
        """Close the environment, and give torch its threads back."""
        self._on_close.close()
