"""Whether a compiled game comes out as Gymnasium's own does, on this machine and with the packages of this machine."""

from __future__ import annotations

from functools import cache
from typing import Any

import gymnasium as gym
import numpy as np

from retroml_edu.envs.compiled.vector import CompiledVector
from retroml_edu.envs.make import make_env

_STEPS = 500


@cache
def comes_out_the_same(env_id: str) -> bool:
    """Play both forms of an environment side by side, and compare every number that they give.

    Another version of Gymnasium may have other equations, and another processor or mathematics library other last
    bits of a sine. Compiled environments are meant to be exact or not to be used.
    """
    env = make_env(env_id, seed=0, render_mode=None)
    vector = CompiledVector(env_id, [0])
    draw = np.random.default_rng(0)
    shown: Any
    try:
        observation, _ = env.reset()
        same = bool((observation == vector.reset()[0]).all())
        for _ in range(_STEPS):
            action = _drawn(env.action_space, draw)
            observation, reward, terminated, truncated, info = env.step(action)
            shown, rewards, dones, infos = vector.step(np.asarray([action]))
            done = terminated or truncated
            if done:
                same &= infos[0]["episode"] == info["episode"]
                same &= bool((infos[0]["terminal_observation"] == observation).all())
                observation, _ = env.reset()
            same &= (
                np.float32(reward) == rewards[0] and done == dones[0] and observation.tobytes() == shown[0].tobytes()
            )
        return bool(same)
    finally:
        env.close()
        vector.close()


def _drawn(space: gym.Space[Any], draw: np.random.Generator) -> Any:
    """Draw an action; of forces also some beyond the bounds, which games cut."""
    if isinstance(space, gym.spaces.Box):
        return draw.uniform(1.2 * space.low, 1.2 * space.high).astype(np.float32)
    return draw.integers(space.n)  # type: ignore[attr-defined]  # Discrete: all the others
