"""A copy of a policy that only acts: for the preview, for videos, for evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gymnasium import spaces
from stable_baselines3.common.preprocessing import maybe_transpose
from torch import Tensor

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.weights import Arrays, PolicyWeights
from retroml_edu.policies.build import build_policy
from retroml_edu.policies.normalization import normalized
from retroml_edu.policies.sampling import DrawsActions
from retroml_edu.policies.weights import load_weights

Observation = np.ndarray | Mapping[str, Any] | int


class Actor:
    """Chooses actions in one environment, with weights copied from a trainer.

    Until the first `load` it plays as the untrained agent of the run.

    Args:
        config: The run that the weights come from.
        observation_space: As the environment has it.
        action_space: As the environment has it.
        epsilon: How often DQN acts at random where it is not deterministic, as Mnih et al. (2015) evaluated it.

    Threads: not safe; each thread has an actor of its own.
    """

    def __init__(
        self,
        config: ExperimentConfig,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        epsilon: float = 0.05,
    ) -> None:
        self.step = 0
        """Training step of the weights that play."""
        self._policy: Any = build_policy(config, observation_space, action_space)
        self._observation_space = self._policy.observation_space
        self._action_space = action_space
        self._epsilon = epsilon
        self._normalization: Arrays = {}

    def load(self, weights: PolicyWeights) -> None:
        """Play with these weights from now on.

        Raises:
            WeightsError: If they belong to another network.
        """
        load_weights(self._policy, weights.arrays)
        self._normalization = weights.normalization
        self.step = weights.step

    def act(self, observation: Observation, deterministic: bool, rng: np.random.Generator) -> Any:
        """Return an action for ``env.step``.

        Args:
            observation: One observation, as the environment gave it.
            deterministic: The likeliest action (DQN: the one of highest value); otherwise one is drawn.
            rng: Where it is drawn from.
        """
        if isinstance(self._policy, DrawsActions):
            self._policy.draw_from(rng)
        elif not deterministic and rng.random() < self._epsilon:
            return int(rng.integers(self._policy.action_space.n))
        with torch.inference_mode():
            chosen = self._policy._predict(self._tensor(observation), deterministic=deterministic)
        return self._valid(chosen.cpu().numpy()[0])

    def _tensor(self, observation: Observation) -> Tensor | dict[str, Tensor]:
        readable = normalized(observation, self._normalization)
        if isinstance(self._observation_space, spaces.Dict):
            parts = self._observation_space.spaces
            return {name: _batch_of_one(readable[name], part) for name, part in parts.items()}
        return _batch_of_one(readable, self._observation_space)

    def _valid(self, action: np.ndarray) -> Any:
        space = self._action_space
        if isinstance(space, spaces.Discrete):
            return int(action)
        if isinstance(space, spaces.Box):
            action = np.clip(action.reshape(space.shape), space.low, space.high)
        return action.astype(space.dtype)


def _batch_of_one(observation: Any, space: spaces.Space[Any]) -> Tensor:
    array = np.asarray(observation)
    if array.shape != space.shape:
        array = maybe_transpose(array, space)  # pictures with their channels last
    return torch.as_tensor(array).unsqueeze(0)
