"""Several environments side by side, as stable-baselines3 steps them. Imports torch."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from retroml_edu.envs.lean import LeanVector
from retroml_edu.envs.make import make_env
from retroml_edu.envs.workers.group import NoWorkerError
from retroml_edu.envs.workers.vector import WorkerVector


def make_vector_env(
    env_id: str, n_envs: int, *, seed: int, training: bool = True, fast: bool = False, workers: int = 0
) -> VecEnv:
    """Make environments that are stepped in this thread, one after the other, or side by side with worker processes.

    Each has a seed of its own, derived from `seed`; the first k are the same however many there are. They are seeded
    already: `VecEnv.seed`, which stable-baselines3 calls when an algorithm is given a seed, replaces these seeds.

    Args:
        env_id: Gymnasium id.
        n_envs: How many.
        seed: Seed of the run.
        training: The learner's flavour of `make_env`.
        fast: The same environments with less around them: Gymnasium's classic control as compiled code where that
            comes out the same on this machine, a `LeanVector` of all others, whose pictures lie in memory with
            channels last (so do those of workers). A saved state of the one form does not
            fit the other. The first that is compiled imports `numba`.
        workers: Processes that step a part of the environments meanwhile (`best_workers` knows how many help). What
            comes out and what is saved does not depend on it. Compiled environments, a single one, and those that
            exist in this process alone have none.

    Raises:
        UnknownNameError: If no environment goes by this id.
        EnvironmentUnusableError: If it cannot be made.
    """
    seeds = env_seeds(seed, n_envs)
    if fast and is_compiled(env_id):
        from retroml_edu.envs.compiled.vector import CompiledVector

        return CompiledVector(env_id, seeds)
    if workers and n_envs > 1:
        with suppress(NoWorkerError):
            return WorkerVector(env_id, seeds, workers=workers, training=training)
    factories: list[Callable[[], gym.Env[Any, Any]]] = [
        partial(make_env, env_id, seed=env_seed, training=training) for env_seed in seeds
    ]
    return LeanVector(factories) if fast else DummyVecEnv(factories)


def is_compiled(env_id: str) -> bool:
    """Whether `make_vector_env(env_id, ..., fast=True)` steps an environment as compiled code.

    The first question about each takes some tens of milliseconds, more where its kernels are not compiled yet: both
    forms are played side by side.

    Raises:
        UnknownNameError: If no environment goes by this id.
    """
    from retroml_edu.envs.compiled.kinds import compiled_game
    from retroml_edu.envs.names import registered

    if compiled_game(registered(env_id)) is None:
        return False
    from retroml_edu.envs.compiled.agreement import comes_out_the_same

    return comes_out_the_same(env_id)


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
