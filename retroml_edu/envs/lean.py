"""stable-baselines3's DummyVecEnv without the copies that cost more than they protect."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from stable_baselines3.common.vec_env import DummyVecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvObs, VecEnvStepReturn
from stable_baselines3.common.vec_env.util import dict_to_obs

from retroml_edu.envs.stepping import as_shown, infos_of, shape_in_memory, step_each


class LeanVector(DummyVecEnv):
    """Steps environments of `make_env` and tells the same as DummyVecEnv, in a tenth of the time around each step.

    Infos are not copied in depth: what an environment puts into one it must not change later. All that have nothing to
    tell are one object at each step. Pictures lie in memory with channels last.

    Args:
        factories: Each makes an environment.
    """

    def __init__(self, factories: Sequence[Callable[[], gym.Env[Any, Any]]]) -> None:
        super().__init__(list(factories))
        for key, part in self.buf_obs.items():
            shape = part.shape[1:]
            memory = np.zeros((self.num_envs, *shape_in_memory(shape, part.dtype)), part.dtype)
            self.buf_obs[key] = as_shown(memory, shape)

    def step_wait(self) -> VecEnvStepReturn:
        """Step each environment, and reset those whose episode ended."""
        told = step_each(
            self.envs,
            self.actions,
            observations=self.buf_obs,
            rewards=self.buf_rews,
            dones=self.buf_dones,
            reset_infos=self.reset_infos,
        )
        return self._obs_from_buf(), self.buf_rews.copy(), self.buf_dones.copy(), infos_of(self.num_envs, told)

    def _obs_from_buf(self) -> VecEnvObs:
        return dict_to_obs(
            self.observation_space, OrderedDict((key, part.copy(order="K")) for key, part in self.buf_obs.items())
        )
