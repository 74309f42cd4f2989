"""stable-baselines3's memories, with mini-batches drawn by the run and a look at control before each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from stable_baselines3.common.buffers import (
    DictReplayBuffer,
    DictRolloutBuffer,
    ReplayBuffer,
    RolloutBuffer,
)
from stable_baselines3.common.type_aliases import DictReplayBufferSamples, ReplayBufferSamples
from stable_baselines3.common.vec_env import VecNormalize

Poll = Callable[[], None]

_FLATTENED = ("observations", "actions", "values", "log_probs", "advantages", "returns")


class _DrawnRollout:
    """Mixin of a rollout buffer.

    Args:
        rng: Shuffles the steps.
        poll: Called before each mini-batch.
    """

    def __init__(self, *args: Any, rng: np.random.Generator, poll: Poll, **kwargs: Any) -> None:
        self._rng = rng
        self._poll = poll
        super().__init__(*args, **kwargs)

    def get(self: Any, batch_size: int | None = None) -> Iterator[Any]:
        """Go through all steps once, shuffled, in mini-batches; all at once if no size is given."""
        if not self.generator_ready:
            for name in _FLATTENED:
                value = getattr(self, name)
                if isinstance(value, dict):
                    flat: Any = {key: self.swap_and_flatten(part) for key, part in value.items()}
                else:
                    flat = self.swap_and_flatten(value)
                setattr(self, name, flat)
            self.generator_ready = True
        count = self.buffer_size * self.n_envs
        order = self._rng.permutation(count)
        size = batch_size or count
        for first in range(0, count, size):
            self._poll()
            yield self._get_samples(order[first : first + size])


class DrawnRolloutBuffer(_DrawnRollout, RolloutBuffer):  # type: ignore[misc]  # get is an iterator here
    """Steps of the rollout that is learned from now."""


class DrawnDictRolloutBuffer(_DrawnRollout, DictRolloutBuffer):  # type: ignore[misc]
    """The same, of observations that have names."""


class _DrawnReplay:
    """Mixin of a replay buffer.

    Args:
        rng: Draws the steps.
        poll: Called before each mini-batch.
    """

    def __init__(self, *args: Any, rng: np.random.Generator, poll: Poll, **kwargs: Any) -> None:
        self._rng = rng
        self._poll = poll
        super().__init__(*args, **kwargs)

    def sample(self: Any, batch_size: int, env: VecNormalize | None = None) -> Any:
        """Draw steps with replacement."""
        self._poll()
        return self._get_samples(self._rng.integers(0, self.size(), size=batch_size), env)

    def _get_samples(self: Any, batch_inds: np.ndarray, env: VecNormalize | None = None) -> Any:
        """Return these steps, each of an environment that is drawn."""
        at = (batch_inds, self._rng.integers(0, self.n_envs, size=len(batch_inds)))
        # A time limit is no end: the value of what would have come still counts (Pardo et al. 2018).
        ended = self.dones[at] * (1 - self.timeouts[at])
        samples = DictReplayBufferSamples if isinstance(self.observations, dict) else ReplayBufferSamples
        return samples(
            observations=self._read(self.observations, at, env),
            actions=self.to_torch(self.actions[at]),
            next_observations=self._read(self.next_observations, at, env),
            dones=self.to_torch(ended.reshape(-1, 1)),
            rewards=self.to_torch(self._normalize_reward(self.rewards[at].reshape(-1, 1), env)),
        )

    def _read(self: Any, stored: Any, at: tuple[np.ndarray, np.ndarray], env: VecNormalize | None) -> Any:
        if isinstance(stored, dict):
            taken = self._normalize_obs({name: part[at] for name, part in stored.items()}, env)
            return {name: self.to_torch(part) for name, part in taken.items()}
        return self.to_torch(self._normalize_obs(stored[at], env))


class DrawnReplayBuffer(_DrawnReplay, ReplayBuffer):
    """Steps of the past."""


class DrawnDictReplayBuffer(_DrawnReplay, DictReplayBuffer):
    """The same, of observations that have names."""
