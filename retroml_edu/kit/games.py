"""Whole games played by a policy that a student wrote."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium.spaces import Discrete

from retroml_edu.classroom.difference import of_type, shown
from retroml_edu.classroom.time_limit import TookTooLongError, within
from retroml_edu.core.errors import LessonError
from retroml_edu.envs import make_env

LIMIT_S = 60.0


def play_games(
    policy: Callable[[np.ndarray], int], env_id: str = "CartPole-v1", *, games: int = 20, seed: int = 0
) -> np.ndarray:
    """Play whole games with a policy and return the return of each.

    Args:
        policy: Takes an observation and returns the number of an action.
        env_id: Gymnasium id of an environment with numbered actions.
        games: How many, each with another beginning.
        seed: Of the beginnings: one seed, the same beginnings.

    Returns:
        Shape (games,).

    Raises:
        LessonError: If the environment's actions are not numbered, the policy returns what is none of them, or the
            games take too long.
        UnknownNameError: If there is no such environment.
    """
    env = make_env(env_id, seed=seed, render_mode=None)
    try:
        if not isinstance(env.action_space, Discrete):
            raise LessonError(f"{env_id} has no numbered actions: choose another, such as CartPole-v1.")
        actions = int(env.action_space.n)
        return within(LIMIT_S, lambda: np.array([_return(env, policy, actions) for _ in range(games)]))
    except TookTooLongError:
        raise LessonError(f"{games} games had not ended after {LIMIT_S:g} s: play fewer.") from None
    finally:
        env.close()


def _return(env: Any, policy: Callable[[np.ndarray], object], actions: int) -> float:
    observation, _ = env.reset()
    total, ended = 0.0, False
    while not ended:
        observation, reward, terminated, truncated, _ = env.step(_action(policy, observation, actions))
        total, ended = total + float(reward), terminated or truncated
    return total


def _action(policy: Callable[[np.ndarray], object], observation: np.ndarray, actions: int) -> int:
    action = policy(observation.copy())
    if isinstance(action, int | np.integer | np.bool_) and 0 <= action < actions:
        return int(action)
    found = of_type(action) if action is None else shown(action)
    raise LessonError(
        f"The policy returned {found} for the observation {shown(observation)}. An action is one of the numbers "
        f"0 to {actions - 1}."
    )
