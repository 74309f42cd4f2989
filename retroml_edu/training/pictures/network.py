"""stable-baselines3's actor-critic for pictures, computed with channels last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch
from stable_baselines3.common.policies import ActorCriticPolicy
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional

from retroml_edu.core.config import PrecisionName
from retroml_edu.policies.small_pictures import WHITE, SmallPictureNetwork

_KINDS: Mapping[PrecisionName, torch.dtype] = MappingProxyType({"float32": torch.float32, "bfloat16": torch.bfloat16})
PICTURE_DIMENSIONS = 4
"""Of many of them in one tensor, and of a convolution's weights."""


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
        parts: Any = extractor
        layers = [*(part for part in parts.cnn if isinstance(part, nn.Conv2d)), parts.linear[0]]
        self._parameters: list[Tensor] = [parameter for layer in layers for parameter in (layer.weight, layer.bias)]
        background, mixing = 0, torch.ones(())
        if isinstance(extractor, SmallPictureNetwork):
            background, mixing = extractor.background, extractor.mixing
        strides = tuple(layer.stride[0] for layer in layers[:-1])
        self._reading = _Reading(strides, background, mixing / WHITE, _KINDS[precision])
        self._rounded: tuple[Sequence[int], Sequence[Tensor]] = (), ()

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return float32 features of shape (n, features), of uint8 pictures that lie in memory as they will."""
        apply: Any = _Features.apply
        features: Tensor = apply(self._reading, self._weights, pictures, *self._parameters)
        return features

    @property
    def _weights(self) -> Sequence[Tensor]:
        """Weights and biases as they are calculated with; rounded when parameters have changed, not at every call.

        Who overwrites parameters by a way that torch does not count says so: `torch.autograd.graph.increment_version`.
        """
        versions = [parameter._version for parameter in self._parameters]
        known, weights = self._rounded
        if versions != known:
            # As plain tensors whoever asks, since those that choose actions alone could not be learned with.
            with torch.inference_mode(mode=False), torch.no_grad():
                weights = self._reading.weights(self._parameters)
            self._rounded = versions, weights  # in one, for the thread that computes the other half
        return weights


class _Reading(NamedTuple):
    """How pictures are read.

    Attributes:
        strides: Of the convolutions.
        background: The grey that says nothing.
        mixing: What the first filters are shown of pixels' distance from it, shape (shown, pictures); or its scale
            alone, of no dimensions.
        kind: What is calculated with.
    """

    strides: tuple[int, ...]
    background: int
    mixing: Tensor
    kind: torch.dtype

    def weights(self, parameters: Sequence[Tensor]) -> list[Tensor]:
        """Return weights and biases as they are calculated with; pixels are mixed and scaled by the first weights."""
        first, *others = parameters
        mixed = [_over_channels(first, self.mixing.t()), *others]
        return [
            one.to(self.kind, memory_format=torch.channels_last)
            if one.dim() == PICTURE_DIMENSIONS
            else one.to(self.kind)
            for one in mixed
        ]


class _Features(torch.autograd.Function):
    """Convolutions and a dense layer, each rectified, with a derivative that copies nothing twice.

    torch's own derivative reorders the weights of each layer once more, and a dense layer that is written as a
    convolution, so that pictures need not be reordered, costs two or three times what it calculates.
    """

    @staticmethod
    def forward(
        ctx: Any,
        reading: _Reading,
        weights: Sequence[Tensor],
        pictures: Tensor,
        *parameters: Tensor,  # noqa: ARG004 - what the slopes that are returned below belong to
    ) -> Tensor:
        hidden = _numbers(pictures, reading.kind)
        if reading.background:
            hidden.sub_(reading.background)
        seen = [hidden]
        for weight, bias, stride in zip(weights[:-2:2], weights[1:-2:2], reading.strides, strict=True):
            seen.append(functional.conv2d(seen[-1], weight, bias, stride).relu_())
        flat = seen[-1].flatten(1)
        features = functional.linear(flat, *weights[-2:]).relu_()
        ctx.reading = reading
        ctx.save_for_backward(*seen, flat, features, *weights)
        return features.float()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        reading, layers = ctx.reading, len(ctx.reading.strides)
        *seen, flat, features = ctx.saved_tensors[: layers + 3]
        weights = ctx.saved_tensors[layers + 3 :]
        slope = torch.ops.aten.threshold_backward(slopes[0].to(reading.kind), features, 0)
        gradients = [slope.t() @ flat, slope.sum(0)]
        left = seen[-1]
        slope = (slope @ weights[-2]).view(left.shape).contiguous(memory_format=torch.channels_last)
        for index in reversed(range(layers)):
            slope = _rectified(slope, seen[index + 1])
            weight, stride = weights[2 * index], [reading.strides[index]] * 2
            wanted = [index > 0, True, True]  # what pixels would have to be is not asked
            sizes, unpadded, undilated = [len(weight)], [0, 0], [1, 1]
            slope, *of_layer = torch.ops.aten.convolution_backward(
                slope, seen[index], weight, sizes, stride, unpadded, undilated, False, unpadded, 1, wanted
            )
            gradients = [*of_layer, *gradients]
        first, *others = [gradient.float() for gradient in gradients]
        return None, None, None, _over_channels(first, reading.mixing), *others


def _over_channels(weights: Tensor, matrix: Tensor) -> Tensor:
    """Return a matrix (n, m) applied to the m channels of weights, or a number multiplied with all of them."""
    if not matrix.dim():
        return weights * matrix
    return functional.linear(weights.permute(0, 2, 3, 1), matrix).permute(0, 3, 1, 2)


def _rectified(slope: Tensor, rectified: Tensor) -> Tensor:
    """Return the slope below a rectifier, in the memory of that above it."""
    torch.ops.aten.threshold_backward.grad_input(slope, rectified, 0, grad_input=slope)
    return slope


class PictureNetwork:
    """Computes what a policy computes, with its own parameters.

    Args:
        policy: stable-baselines3's for pictures, with a network that `PictureFeatures` computes.
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
