"""stable-baselines3's actor-critic for pictures, computed with channels last."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn
from torch.nn import functional

from retroml_edu.policies.small_pictures import CONTRAST, WHITE, SmallPictureNetwork

_FEW = 64
"""Up to so many pictures are reordered sooner than the weights of a dense layer."""


def channels_last(pictures: np.ndarray) -> Tensor:
    """Return pictures of shape (n, channels, height, width) as a tensor whose memory has channels last."""
    return torch.from_numpy(pictures).contiguous(memory_format=torch.channels_last)


def _numbers(pictures: Tensor) -> Tensor:
    """Return pictures as float32 with channels last."""
    if pictures.is_contiguous(memory_format=torch.channels_last):
        return pictures.to(torch.float32)
    # One channel after the other: torch's own way from channels first takes three times as long.
    count, channels, *sides = pictures.shape
    numbers = torch.empty(count, *sides, channels)
    for channel in range(channels):
        numbers[..., channel] = pictures[:, channel]
    return numbers.permute(0, 3, 1, 2)


class PictureFeatures:
    """Computes what a feature extractor computes, with its own parameters.

    With channels last a convolution reads its input as it lies in memory; plain torch reorders input, output and both
    gradients of each layer.

    Args:
        extractor: stable-baselines3's `NatureCNN`, or a `SmallPictureNetwork`.
    """

    def __init__(self, extractor: nn.Module) -> None:
        parts: Any = extractor
        self._convolutions = [part for part in parts.cnn if isinstance(part, nn.Conv2d)]
        self._dense: nn.Linear = parts.linear[0]
        self._background, self._scale = 0, 1 / WHITE
        if isinstance(extractor, SmallPictureNetwork):
            self._background, self._scale = extractor.background, CONTRAST / WHITE

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return features of shape (n, features), of uint8 pictures that lie in memory as they will."""
        hidden = _numbers(pictures)
        if self._background:
            hidden.sub_(self._background)
        hidden.mul_(self._scale)
        for convolution in self._convolutions:
            hidden = functional.relu_(convolution(hidden))
        if len(hidden) <= _FEW:
            return functional.relu_(functional.linear(hidden.flatten(1), self._dense.weight, self._dense.bias))
        # The dense layer as a convolution over all that is left: flattened, the pictures would have to be reordered.
        weight = self._dense.weight.view(-1, *hidden.shape[1:])
        return functional.relu_(functional.conv2d(hidden, weight, self._dense.bias).flatten(1))


class PictureNetwork:
    """Computes what a policy computes, with its own parameters.

    Args:
        policy: stable-baselines3's for pictures, with the `NatureCNN` of Mnih et al. (2015).
    """

    def __init__(self, policy: ActorCriticPolicy) -> None:
        self._features = PictureFeatures(policy.features_extractor)
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
