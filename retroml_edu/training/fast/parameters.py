"""A network's parameters, and what its optimiser remembers of them, side by side in flat memory.

They stay torch's: each tensor is made a view of the flat array. So whatever reads or writes the policy or its
optimiser (checkpoints, copies of the weights, ``model.zip``) sees what the kernels wrote, and the other way round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from retroml_edu.training.fast.arrays import Floats

_MEAN, _SQUARE = "exp_avg", "exp_avg_sq"
_RMS_SQUARE = "square_avg"


class FlatParameters:
    """Lays parameters out in the order given.

    Attributes:
        values: All of them, float32.

    Args:
        parameters: On the CPU, single precision.
    """

    def __init__(self, parameters: Iterable[nn.Parameter]) -> None:
        self._parameters = list(parameters)
        self.values: Floats = np.empty(sum(value.numel() for value in self._parameters), np.float32)
        for value, view in zip(self._parameters, self._views(self.values), strict=True):
            view.copy_(value.data)
            value.data = view

    @property
    def finite(self) -> bool:
        """Whether all of them are numbers, and small enough to have a finite length."""
        return bool(np.isfinite(np.dot(self.values, self.values)))

    def _views(self, flat: Floats) -> Iterator[Tensor]:
        at = 0
        for value in self._parameters:
            yield torch.from_numpy(flat[at : at + value.numel()]).view(value.shape)
            at += value.numel()

    def moments_of(self, optimizer: torch.optim.Optimizer) -> FlatMoments:
        """Lay out what an optimiser remembers, which begins with zeros before its first step."""
        return FlatMoments(optimizer, self._parameters, self._views)


class FlatMoments:
    """What Adam or RMSProp remember.

    Attributes:
        mean: Running means of gradients; of no meaning for RMSProp.
        square: Running means of squared gradients.
        is_adam: Whether it is Adam.
        epsilon: The optimiser's.

    Args:
        optimizer: Adam or RMSProp; its state is from now on made of views.
        parameters: What it moves.
        views: Cuts flat memory into tensors of their shapes.
    """

    def __init__(
        self,
        optimizer: torch.optim.Optimizer,
        parameters: Sequence[nn.Parameter],
        views: Callable[[Floats], Iterator[Tensor]],
    ) -> None:
        self.is_adam = isinstance(optimizer, torch.optim.Adam)
        self.epsilon = float(optimizer.param_groups[0]["eps"])
        count = sum(value.numel() for value in parameters)
        self.mean: Floats = np.zeros(count, np.float32)
        self.square: Floats = np.zeros(count, np.float32)
        # Each parameter has a count of its own, though all are equal: plain torch adds one to each of them.
        self._steps: Floats = np.zeros(len(parameters), np.float32)
        layout = zip(parameters, views(self.mean), views(self.square), torch.from_numpy(self._steps), strict=True)
        for value, mean, square, step in layout:
            own = {"step": step, _MEAN: mean, _SQUARE: square} if self.is_adam else {"step": step, _RMS_SQUARE: square}
            before = optimizer.state.get(value) or {}
            for name, view in own.items():
                if name in before:
                    view.copy_(before[name])
            optimizer.state[value] = own

    @property
    def steps(self) -> int:
        """Steps that the optimiser has made."""
        return int(self._steps[0])

    @steps.setter
    def steps(self, count: int) -> None:
        self._steps[:] = count
