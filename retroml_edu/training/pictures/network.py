"""stable-baselines3's actor-critic for pictures, computed with channels last."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn
from torch.nn import functional

from retroml_edu.core.config import PrecisionName
from retroml_edu.policies.small_pictures import CONTRAST, WHITE, SmallPictureNetwork

_KINDS: Mapping[PrecisionName, torch.dtype] = MappingProxyType({"float32": torch.float32, "bfloat16": torch.bfloat16})
_FEW = 64
"""Up to so many pictures are reordered sooner than the weights of a dense layer."""


def channels_last(pictures: np.ndarray) -> Tensor:
    """Return pictures of shape (n, channels, height, width) as a tensor whose memory has channels last."""
    return torch.from_numpy(pictures).contiguous(memory_format=torch.channels_last)


def _numbers(pictures: Tensor, kind: torch.dtype) -> Tensor:
    """Return pictures as numbers of a kind, with channels last; bfloat16 holds all of 0 to 255 too."""
    if pictures.is_contiguous(memory_format=torch.channels_last):
        return pictures.to(kind)
    # One channel after the other: torch's own way from channels first takes three times as long.
    count, channels, *sides = pictures.shape
    numbers = torch.empty(count, *sides, channels, dtype=kind)
    for channel in range(channels):
        numbers[..., channel] = pictures[:, channel]
    return numbers.permute(0, 3, 1, 2)


class PictureFeatures:
    """Computes what a feature extractor computes, with its own parameters.

    With channels last a convolution reads its input as it lies in memory; plain torch reorders input, output and both
    gradients of each layer.

    Args:
        extractor: stable-baselines3's `NatureCNN`, or a `SmallPictureNetwork`.
        precision: What activations, weights and slopes are rounded to on their way through the layers. Parameters and
            what an optimiser gets are float32 with either.
    """

    def __init__(self, extractor: nn.Module, precision: PrecisionName) -> None:
        self._kind = _KINDS[precision]
        parts: Any = extractor
        self._convolutions = [part for part in parts.cnn if isinstance(part, nn.Conv2d)]
        self._dense: nn.Linear = parts.linear[0]
        self._background, self._scale = 0, 1 / WHITE
        if isinstance(extractor, SmallPictureNetwork):
            self._background, self._scale = extractor.background, CONTRAST / WHITE

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return float32 features of shape (n, features), of uint8 pictures that lie in memory as they will."""
        kind = self._kind
        hidden = _numbers(pictures, kind)
        if self._background:
            hidden.sub_(self._background)
        hidden.mul_(self._scale)
        for layer in self._convolutions:
            hidden = functional.relu_(functional.conv2d(hidden, *_in(kind, layer), layer.stride))
        weight, bias = _in(kind, self._dense)
        if len(hidden) <= _FEW:
            features = functional.linear(hidden.flatten(1), weight, bias)
        else:
            # The dense layer as a convolution over all that is left: flattened, pictures would have to be reordered.
            features = functional.conv2d(hidden, weight.view(-1, *hidden.shape[1:]), bias).flatten(1)
        return functional.relu_(features).float()


def _in(kind: torch.dtype, layer: nn.Conv2d | nn.Linear) -> tuple[Tensor, Tensor]:
    # Both layers have a bias, which torch's types leave open.
    bias: Any = layer.bias
    return layer.weight.to(kind), bias.to(kind)


class PictureNetwork:
    """Computes what a policy computes, with its own parameters.

    Args:
        policy: stable-baselines3's for pictures, with the `NatureCNN` of Mnih et al. (2015).
        precision: See `PictureFeatures`.
    """

    def __init__(self, policy: ActorCriticPolicy, precision: PrecisionName = "float32") -> None:
        self._features = PictureFeatures(policy.features_extractor, precision)
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
