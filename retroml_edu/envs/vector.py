"""Several environments side by side, as stable-baselines3 steps them. Imports torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from retroml_edu.envs.make import make_env


def make_vector_env(env_id: str, n_envs: int, *, seed: int, training: bool = True) -> VecEnv:
    """Make environments that are stepped one after the other in this thread.

    Each has a seed of its own, derived from `seed`; the first k are the same however many there are. They are seeded
    already: `VecEnv.seed`, which stable-baselines3 calls when an algorithm is given a seed, replaces these seeds.

    Args:
        env_id: Gymnasium id.
        n_envs: How many.
        seed: Seed of the run.
        training: The learner's flavour of `make_env`.

    Raises:
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If it cannot be made.
    """
    factories: list[Callable[[], gym.Env[Any, Any]]] = [
        partial(make_env, env_id, seed=env_seed, training=training) for env_seed in env_seeds(seed, n_envs)
    ]
    return DummyVecEnv(factories)


def env_seeds(seed: int, n_envs: int) -> list[int]:
    """Return one seed an environment, all different, from the run's one."""
    children = np.random.SeedSequence(seed).spawn(n_envs)
    return [int(child.generate_state(1)[0]) for child in children]


def render_frame(venv: VecEnv, index: int = 0) -> npt.NDArray[np.uint8] | None:
    """Draw what one environment shows now, whatever is wrapped around the vector.

    Returns:
        uint8 of shape (height, width, 3) at the game's native size, None if the environment cannot be drawn.
    """
    frame: npt.NDArray[np.uint8] | None = venv.env_method("render", indices=[index])[0]
    return frame
