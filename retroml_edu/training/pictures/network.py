"""stable-baselines3's actor-critic for pictures, computed with channels last."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own name for it
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn

_WHITE = 255


def channels_last(pictures: np.ndarray) -> Tensor:
    """Return pictures of shape (n, channels, height, width) as a tensor whose memory has channels last."""
    return torch.from_numpy(pictures).contiguous(memory_format=torch.channels_last)


class PictureNetwork:
    """Computes what a policy computes, with its own parameters.

    With channels last a convolution reads its input as it lies in memory; plain torch reorders input, output and both
    gradients of each layer.

    Args:
        policy: stable-baselines3's for pictures, with the `NatureCNN` of Mnih et al. (2015).
    """

    def __init__(self, policy: ActorCriticPolicy) -> None:
        extractor: Any = policy.features_extractor
        self._convolutions = [part for part in extractor.cnn if isinstance(part, nn.Conv2d)]
        self._dense: nn.Linear = extractor.linear[0]
        self._actor, self._critic = policy.action_net, policy.value_net

    def __call__(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Compute preferences and values.

        Args:
            pictures: uint8 of shape (n, channels, height, width), channels last in memory.

        Returns:
            Logits of shape (n, actions) and values of shape (n,).
        """
        hidden = self._features(pictures)
        return self._actor(hidden), self._critic(hidden).squeeze(1)

    def values(self, pictures: Tensor) -> Tensor:
        """Compute values alone, shape (n,)."""
        values: Tensor = self._critic(self._features(pictures)).squeeze(1)
        return values

    def _features(self, pictures: Tensor) -> Tensor:
        hidden = pictures.to(torch.float32).div_(_WHITE)
        for convolution in self._convolutions:
            hidden = F.relu_(convolution(hidden))
        # The dense layer as a convolution over all that is left: flattened, the picture would have to be reordered.
        weight = self._dense.weight.view(-1, *hidden.shape[1:])
        return F.relu_(F.conv2d(hidden, weight, self._dense.bias).flatten(1))
