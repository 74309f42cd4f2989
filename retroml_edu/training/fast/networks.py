"""What the kernels have to know of a torch network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from torch import nn

from retroml_edu.training.fast.arrays import Floats


def as_numbers(observations: np.ndarray) -> Floats:
    """Return observations as kernels read them, without a copy where they are that already."""
    return np.ascontiguousarray(observations, np.float32)


def layers_of(network: nn.Module) -> list[nn.Linear]:
    """Return the linear layers of a plain chain, first to last."""
    return [part for part in network.modules() if isinstance(part, nn.Linear)]


def shape_of(layers: Sequence[nn.Linear]) -> npt.NDArray[np.int64]:
    """Return how many numbers go in, and how many come out of each layer."""
    return np.array([layers[0].in_features, *(layer.out_features for layer in layers)])


def values_of(layers: Sequence[nn.Linear]) -> list[nn.Parameter]:
    """Return the weights and biases of layers, in the order in which kernels read them."""
    parameters: list[Any] = [value for layer in layers for value in (layer.weight, layer.bias)]
    return parameters
