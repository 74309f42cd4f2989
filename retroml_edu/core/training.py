"""What the session and a trainer agree on. A trainer knows `emit` and `control`, nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol, TypeAlias

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.events import Event
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.core.weights import PolicyWeights

Emit = Callable[[Event], None]
Start: TypeAlias = Snapshot | PolicyWeights
"""Where training goes on from: the exact state of a run, or weights alone, with everything else begun anew."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """What training leaves behind.

    Attributes:
        weights: The final weights.
        export: Writes ``model.zip`` for plain stable-baselines3 to an open file; None for trainers without such a form.
        facts: Facts for ``environment.json``: engine, device, threads.
    """

    weights: PolicyWeights
    export: Callable[[BinaryIO], None] | None
    facts: Mapping[str, Any]


class Trainer(Protocol):
    """Learns from a config."""

    def train(self, config: ExperimentConfig, emit: Emit, control: Control, start: Start | None = None) -> TrainedModel:
        """Train until the config's last step, or until control stops it, and return the model as it is then.

        A stop inside an update returns to the state at the update's start. Where training ends, control is given the
        last snapshot, before the last events.

        Args:
            config: Fully resolved.
            emit: Takes events, at once.
            control: Polled between environment steps and between mini-batches.
            start: A snapshot, after which everything is as in the run that was not left there, metrics of time apart;
                or weights to begin a run with; None for a run from nothing.

        Raises:
            TrainingError: If training cannot go on, or if the start does not fit the config.
            StopRequested: If control stopped it before there was a model.
        """
        ...
