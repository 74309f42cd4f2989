"""What the trainer shows of itself at a step boundary."""

from __future__ import annotations

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from retroml_edu.core.frames import Frame
from retroml_edu.core.weights import PolicyWeights
from retroml_edu.envs.vector import render_frame
from retroml_edu.policies.normalization import copy_statistics
from retroml_edu.policies.weights import copy_weights

_NOTHING_TO_SEE = (120, 160, 3)


class ModelView:
    """Copies of the weights, and pictures of training environment 0.

    Args:
        model: What is being trained.
        venv: Where it is trained.
    """

    def __init__(self, model: BaseAlgorithm, venv: VecEnv) -> None:
        self.episode = 1
        """Number of the game that environment 0 plays, from 1."""
        self._model = model
        self._venv = venv

    def copy_weights(self) -> PolicyWeights:
        """Return the weights and statistics as they are now."""
        return PolicyWeights(
            self._model.num_timesteps,
            copy_weights(self._model.policy),
            copy_statistics(self._model.get_vec_normalize_env()),
        )

    def render(self) -> Frame:
        """Return the picture of environment 0; black where it cannot be drawn."""
        pixels = render_frame(self._venv)
        if pixels is None:
            pixels = np.zeros(_NOTHING_TO_SEE, np.uint8)
        so_far = self._venv.get_attr("episode_return", [0])[0] if self._venv.has_attr("episode_return") else 0.0
        return Frame(pixels, self._model.num_timesteps, self.episode, float(so_far))
