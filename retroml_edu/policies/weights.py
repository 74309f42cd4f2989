"""Weights of a policy as plain arrays, and back."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import torch
from torch import Tensor, nn

from retroml_edu.core.errors import RetroMLError
from retroml_edu.core.weights import Arrays


class WeightsError(RetroMLError, ValueError):
    """Weights that belong to another network."""


def copy_weights(policy: nn.Module) -> dict[str, np.ndarray]:
    """Return copies of all weights, by their name in the policy's state dict.

    A network that the policy holds under several names (the feature extractor that actor and critic share) is
    listed once, under the first of them.
    """
    return {name: value.detach().cpu().numpy().copy() for name, value in _tensors(policy)}


def load_weights(policy: nn.Module, arrays: Arrays) -> None:
    """Overwrite all weights of a policy.

    Raises:
        WeightsError: If the arrays are not exactly those of such a policy; then nothing has been changed.
    """
    own = dict(_tensors(policy))
    missing, unknown = sorted(own.keys() - arrays.keys()), sorted(arrays.keys() - own.keys())
    if missing or unknown:
        found = [f"lack {_some(missing)}"] if missing else []
        found += [f"have {_some(unknown)}, which it has not"] if unknown else []
        raise WeightsError(f"These weights do not fit the network: they {' and '.join(found)}. {_REMEDY}")
    for name, value in own.items():
        if tuple(arrays[name].shape) != tuple(value.shape):
            raise WeightsError(
                f"These weights do not fit the network: {name} has shape {tuple(arrays[name].shape)} instead of "
                f"{tuple(value.shape)}. {_REMEDY}"
            )
        if f"torch.{arrays[name].dtype}" != str(value.dtype) or not np.isfinite(arrays[name]).all():
            raise WeightsError(
                f"These weights cannot be used: {name} has type {arrays[name].dtype}, and finite numbers of type "
                f"{str(value.dtype).removeprefix('torch.')} are needed."
            )
    with torch.no_grad():
        for name, value in own.items():
            value.copy_(torch.from_numpy(np.ascontiguousarray(arrays[name])))


_REMEDY = "Use the config of the run that they come from."


def _tensors(policy: nn.Module) -> Iterator[tuple[str, Tensor]]:
    return chain(policy.named_parameters(), policy.named_buffers())


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
