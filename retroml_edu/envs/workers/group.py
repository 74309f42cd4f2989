"""The environments that one process steps. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from retroml_edu.core.errors import RetroMLError
from retroml_edu.envs.game_state import CapturedGame, SavedGame, capture_game, resume_game
from retroml_edu.envs.make import make_env
from retroml_edu.envs.replay import Replayable
from retroml_edu.envs.stepping import as_shown, save_observation, shape_in_memory, step_each


class NoWorkerError(RetroMLError):
    """Environments that workers cannot step, or not the same as this process would."""


class Board:
    """What a group of environments shows, in one piece of memory: it is sent as it is.

    Args:
        space: Of each observation; a Dict, or anything that has a shape.
        n_envs: How many environments.

    Attributes:
        raw: All the bytes.
        observations: Arrays of shape (n_envs, ...) by the key of a Dict space; under None where it is no Dict.
        rewards: float32 of shape (n_envs,).
        dones: bool of shape (n_envs,).

    Raises:
        NoWorkerError: If observations are of another kind.
    """

    def __init__(self, space: spaces.Space[Any], n_envs: int) -> None:
        parts: dict[Any, spaces.Space[Any]] = dict(space.spaces) if isinstance(space, spaces.Dict) else {None: space}
        if any(part.shape is None or part.dtype is None or part.dtype.hasobject for part in parts.values()):
            raise NoWorkerError(f"Observations of the kind {type(space).__name__} are no row of numbers.")
        fields = [
            (f"observation {i}", part.dtype, (n_envs, *shape_in_memory(part.shape or (), part.dtype)))
            for i, part in enumerate(parts.values())
        ]
        layout = np.dtype([*fields, ("rewards", np.float32, (n_envs,)), ("dones", np.bool_, (n_envs,))], align=True)
        memory = np.zeros(1, layout)
        self.raw = memory.view(np.uint8).data
        self.observations = {
            key: as_shown(memory[f"observation {i}"][0], part.shape or ())
            for i, (key, part) in enumerate(parts.items())
        }
        self.rewards: np.ndarray = memory["rewards"][0]
        self.dones: np.ndarray = memory["dones"][0]


class EnvGroup:
    """Environments of `make_env`, stepped one after the other, and all that a vector is asked about them.

    Args:
        env_id: Gymnasium id.
        seeds: One an environment.
        training: The learner's flavour of `make_env`.

    Attributes:
        board: What they show; written in place.
        reset_infos: What the last reset of each told.

    Raises:
        NoWorkerError: If its observations do not fit on a board.
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If it cannot be made.
    """

    def __init__(self, env_id: str, seeds: Sequence[int], *, training: bool) -> None:
        made = [make_env(env_id, seed=seed, training=training) for seed in seeds]
        self.envs = [env for env in made if isinstance(env, Replayable)]  # all: make_env's outermost wrapper
        self.observation_space, self.action_space = made[0].observation_space, made[0].action_space
        self.board = Board(self.observation_space, len(made))
        self.reset_infos: list[dict[str, Any]] = [{} for _ in made]

    def step(self, actions: Iterable[Any]) -> dict[int, dict[str, Any]]:
        """Step each, reset those whose episode ended, and return the infos that tell something, by index."""
        return step_each(
            self.envs,
            actions,
            observations=self.board.observations,
            rewards=self.board.rewards,
            dones=self.board.dones,
            reset_infos=self.reset_infos,
        )

    def reset(self, seeds: Sequence[int | None], options: Sequence[dict[str, Any]]) -> None:
        """Begin an episode in each, with new seeds and options where there are some."""
        for index, (env, seed, option) in enumerate(zip(self.envs, seeds, options, strict=True)):
            observation, self.reset_infos[index] = env.reset(seed=seed, options=option or None)
            save_observation(self.board.observations, index, observation)

    def capture(self) -> list[CapturedGame]:
        """Return where each of them is; change nothing."""
        return [capture_game(env) for env in self.envs]

    def resume(self, games: Sequence[SavedGame]) -> None:
        """Bring each to where another was.

        Raises:
            TrainingError: If one does not come out the same.
        """
        for row, (env, game) in enumerate(zip(self.envs, games, strict=True)):
            resume_game(env, game, self.board.observations, row)

    def attribute(self, index: int, name: str) -> Any:
        """Return an attribute of one of them or of what it wraps."""
        return self.envs[index].get_wrapper_attr(name)

    def set_attribute(self, index: int, name: str, value: Any) -> None:
        """Set an attribute of the outermost wrapper of one of them."""
        setattr(self.envs[index], name, value)

    def call(self, index: int, name: str, arguments: Sequence[Any], named: dict[str, Any]) -> Any:
        """Call a method of one of them or of what it wraps."""
        return self.envs[index].get_wrapper_attr(name)(*arguments, **named)

    def is_wrapped(self, index: int, wrapper: type[gym.Wrapper[Any, Any, Any, Any]]) -> bool:
        """Whether one of them has such a wrapper."""
        env: gym.Env[Any, Any] = self.envs[index]
        while isinstance(env, gym.Wrapper) and not isinstance(env, wrapper):
            env = env.env
        return isinstance(env, wrapper)

    def close(self) -> None:
        """Free what they hold."""
        for env in self.envs:
            env.close()
