"""One update as a whole: either it is made, or it is as if it had not begun."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import Tensor

from retroml_edu.core.control import StopRequested
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.knobs import shown_value

if TYPE_CHECKING:
    from retroml_edu.training.sb3.stepped import Stepped

AfterUpdate = Callable[["Stepped"], None]


class UpdateGuard:
    """Stands around every update.

    Args:
        after: Called after an update that was made.
        generators: What an update may draw from.
    """

    def __init__(self, after: AfterUpdate, generators: Collection[np.random.Generator] = ()) -> None:
        self._after = after
        self._generators = generators

    @contextmanager
    def around(self, model: Stepped, *, batches: int) -> Iterator[None]:
        """Take back what was done if a stop leaves the update half-way, and look at the outcome if not.

        Args:
            model: What is updated.
            batches: How many mini-batches the update has. Control is polled before each of them, and before anything
                is drawn, so that nothing has to be kept for an update of one, which may be as short as DQN's.

        Raises:
            StopRequested: If somebody asked for a stop; the model is then as it was before.
            TrainingError: If the update left no usable policy.
        """
        # The first update gives the optimiser something to remember before control is polled.
        is_kept = batches > 1 or not _optimizer(model).state
        before = _State(model, self._generators) if is_kept else None
        try:
            yield
        except StopRequested:
            if before is not None:
                before.restore()
            raise
        if not model.finite:
            raise _not_a_number(model)
        self._after(model)


@contextmanager
def no_numbers_named(model: Stepped) -> Iterator[None]:
    """Say what was not a number where torch prints all that it could not draw from.

    Raises:
        TrainingError: If something that is not a number came from the game, or became of the policy.
    """
    try:
        yield
    except ValueError as error:
        if model.finite and not _given_not_a_number(model):
            raise
        raise _not_a_number(model) from error


class _State:
    """Parameters, optimiser and generators as they are now, copied."""

    def __init__(self, model: Stepped, generators: Collection[np.random.Generator]) -> None:
        self._model = model
        self._generators = [(rng, rng.bit_generator.state) for rng in generators]
        self._updates = model._n_updates
        optimizer = _optimizer(model)
        self._learning_rates = [group["lr"] for group in optimizer.param_groups]
        self._parameters = [(value, value.detach().clone()) for value in _parameters(model)]
        self._moments = {
            parameter: {name: _copied(value) for name, value in state.items()}
            for parameter, state in optimizer.state.items()
        }

    def restore(self) -> None:
        optimizer = _optimizer(self._model)
        with torch.no_grad():
            for value, saved in self._parameters:
                value.copy_(saved)
        optimizer.state.clear()
        optimizer.state.update(self._moments)
        for group, learning_rate in zip(optimizer.param_groups, self._learning_rates, strict=True):
            group["lr"] = learning_rate
        self._model._n_updates = self._updates
        for rng, state in self._generators:
            rng.bit_generator.state = state


def _copied(value: Any) -> Any:
    return value.clone() if isinstance(value, Tensor) else value


def _optimizer(model: BaseAlgorithm) -> torch.optim.Optimizer:
    return model.policy.optimizer


def _parameters(model: BaseAlgorithm) -> list[Tensor]:
    return [value for group in _optimizer(model).param_groups for value in group["params"]]


def all_finite(model: BaseAlgorithm) -> bool:
    """Return whether all parameters that are trained are numbers."""
    with torch.no_grad():
        norms = torch._foreach_norm(_parameters(model))
        return bool(torch.isfinite(torch.stack(norms)).all())


def _not_a_number(model: Stepped) -> TrainingError:
    given = _given_not_a_number(model)
    if given:
        return TrainingError(
            f"By step {model.num_timesteps:,} the game had given {given} that is not a number, or is infinite: nothing "
            "can be learned from that. Look in the game's code for a division by zero, or a root or logarithm of what "
            "has none."
        )
    rate = shown_value(_optimizer(model).param_groups[0]["lr"])
    return TrainingError(
        f"The policy became not-a-number at step {model.num_timesteps:,}: the learning rate of {rate} is probably too "
        "high. Lower 'Learning rate' to a tenth of it, or 'Gradient clip'."
    )


def _given_not_a_number(model: Stepped) -> str:
    """Return what of the game was no number in what the model learns from; "" if all was."""
    memory: Any = getattr(model, "rollout_buffer", None) or getattr(model, "replay_buffer", None)
    rewards, observations = getattr(memory, "rewards", None), getattr(memory, "observations", None)
    if not _are_numbers(rewards):
        return "a reward"
    return "" if _are_numbers(observations) and _are_numbers(model._last_obs) else "an observation"


def _are_numbers(values: object) -> bool:
    if not isinstance(values, np.ndarray) or values.dtype.kind != "f":
        return True
    return bool(np.isfinite(values).all())
