"""stable-baselines3's policies, with actions drawn from a numpy generator that the run owns.

stable-baselines3 draws actions from torch's global generator, so that a ``torch.rand(1)`` in another cell changes a
run. Only the draw is replaced here; networks, probabilities, log-probabilities and entropies stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.distributions import (
    BernoulliDistribution,
    CategoricalDistribution,
    DiagGaussianDistribution,
    Distribution,
    MultiCategoricalDistribution,
)
from stable_baselines3.common.policies import (
    ActorCriticCnnPolicy,
    ActorCriticPolicy,
    BasePolicy,
    MultiInputActorCriticPolicy,
)
from stable_baselines3.dqn.policies import CnnPolicy, MlpPolicy, MultiInputPolicy
from torch import Tensor


class DrawnCategorical(CategoricalDistribution):
    """One choice out of several."""

    rng: np.random.Generator

    def sample(self) -> Tensor:
        """Draw one action a row, shape (n,)."""
        return choose(self.distribution.logits, self.rng)


class DrawnMultiCategorical(MultiCategoricalDistribution):
    """Several choices at once."""

    rng: np.random.Generator

    def sample(self) -> Tensor:
        """Draw one action a row, shape (n, choices)."""
        return torch.stack([choose(part.logits, self.rng) for part in self.distribution], dim=1)


class DrawnBernoulli(BernoulliDistribution):
    """Several switches."""

    rng: np.random.Generator

    def sample(self) -> Tensor:
        """Draw one action a row, shape (n, switches), of zeros and ones."""
        on = self.distribution.probs
        uniform = torch.from_numpy(self.rng.random(tuple(on.shape), np.float32)).to(on.device)
        return (uniform < on).to(on.dtype)


class DrawnDiagGaussian(DiagGaussianDistribution):
    """Several numbers, each with a normal distribution of its own."""

    rng: np.random.Generator

    def sample(self) -> Tensor:
        """Draw one action a row, shape (n, numbers)."""
        mean = self.distribution.mean
        normal = torch.from_numpy(self.rng.standard_normal(tuple(mean.shape), np.float32)).to(mean.device)
        return mean + self.distribution.stddev * normal


_DRAWN: Mapping[type[Distribution], type[Distribution]] = {
    CategoricalDistribution: DrawnCategorical,
    MultiCategoricalDistribution: DrawnMultiCategorical,
    BernoulliDistribution: DrawnBernoulli,
    DiagGaussianDistribution: DrawnDiagGaussian,
}


def choose(logits: Tensor, rng: np.random.Generator) -> Tensor:
    """Draw from a categorical distribution by the Gumbel-max trick (Maddison et al. 2014)."""
    noise = rng.gumbel(size=tuple(logits.shape)).astype(np.float32)
    return torch.argmax(logits + torch.from_numpy(noise).to(logits.device), dim=-1)


class DrawsActions:
    """Mixin of an actor-critic policy whose actions come from the generator given to `draw_from`."""

    action_dist: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The same object with another way of drawing: its sizes are those that the network was built for.
        self.action_dist.__class__ = _DRAWN[type(self.action_dist)]
        self.draw_from(np.random.default_rng(0))

    def draw_from(self, rng: np.random.Generator) -> None:
        """Draw all further actions from this generator."""
        self.action_dist.rng = rng


class DrawingMlpPolicy(DrawsActions, ActorCriticPolicy):
    """Actor-critic for numbers."""


class DrawingCnnPolicy(DrawsActions, ActorCriticCnnPolicy):
    """Actor-critic for pictures."""


class DrawingMultiInputPolicy(DrawsActions, MultiInputActorCriticPolicy):
    """Actor-critic for several observations by name."""


ACTOR_CRITIC_POLICIES: Mapping[str, type[BasePolicy]] = {
    "MlpPolicy": DrawingMlpPolicy,
    "CnnPolicy": DrawingCnnPolicy,
    "MultiInputPolicy": DrawingMultiInputPolicy,
}
DQN_POLICIES: Mapping[str, type[BasePolicy]] = {
    # Q-networks draw nothing themselves: ε-greedy is the algorithm's.
    "MlpPolicy": MlpPolicy,
    "CnnPolicy": CnnPolicy,
    "MultiInputPolicy": MultiInputPolicy,
}
