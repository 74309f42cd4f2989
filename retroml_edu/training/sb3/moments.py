"""What an optimiser remembers of past gradients, as arrays named after the parameters, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import Tensor

from retroml_edu.core.saved import SavedState, misfit

_MOMENTS: Mapping[type[torch.optim.Optimizer], frozenset[str]] = {
    torch.optim.Adam: frozenset({"step", "exp_avg", "exp_avg_sq"}),
    torch.optim.RMSprop: frozenset({"step", "square_avg"}),
}
_FOLDER = "optimizer/"
_MOST_STEPS = 2**40


def capture_moments(model: BaseAlgorithm) -> dict[str, np.ndarray]:
    """Return copies, as ``optimizer/<parameter>/<moment>``; none before the first update."""
    state = model.policy.optimizer.state
    return {
        f"{_FOLDER}{name}/{moment}": value.detach().cpu().numpy().copy()
        for name, parameter in _trained(model)
        for moment, value in state.get(parameter, {}).items()
    }


def restore_moments(model: BaseAlgorithm, saved: SavedState) -> None:
    """Give the optimiser its memory back.

    Raises:
        TrainingError: If it belongs to other parameters or to another optimiser.
    """
    optimizer = model.policy.optimizer
    wanted, found = _MOMENTS[type(optimizer)], saved.arrays_under(_FOLDER)
    state: dict[Tensor, dict[str, Tensor]] = {}
    for name, parameter in _trained(model):
        own = {moment for moment in wanted if f"{name}/{moment}" in found}
        if not own:
            continue  # before the first update, or a parameter that no loss depends on
        if own != wanted:
            raise misfit(f"its optimiser does not remember all it needs of {name}")
        state[parameter] = {moment: _moment(saved, name, moment, parameter) for moment in wanted}
    unknown = len(found) - sum(len(moments) for moments in state.values())
    if unknown:
        raise misfit(f"its optimiser remembers {unknown} things that this network has no place for")
    optimizer.state.clear()
    optimizer.state.update(state)


def _trained(model: BaseAlgorithm) -> Iterator[tuple[str, Tensor]]:
    own = {id(value) for group in model.policy.optimizer.param_groups for value in group["params"]}
    return ((name, value) for name, value in model.policy.named_parameters() if id(value) in own)


def _moment(saved: SavedState, name: str, moment: str, parameter: Tensor) -> Tensor:
    shape = () if moment == "step" else tuple(parameter.shape)
    array = saved.array(f"{_FOLDER}{name}/{moment}", shape, np.float32)
    # A count that no run comes to, or a negative mean of squares, is none that an optimiser made.
    bad = moment != "exp_avg" and (array < 0).any()
    if bad or not np.isfinite(array).all() or (moment == "step" and array > _MOST_STEPS):
        raise misfit(f"its optimiser remembers no number for {name}")
    tensor = torch.from_numpy(array.copy())
    if moment == "step":
        return tensor  # torch keeps it on the CPU wherever the parameters are
    # A fused optimiser reads parameters and moments as they lie in memory.
    return torch.empty_like(parameter, requires_grad=False).copy_(tensor)
