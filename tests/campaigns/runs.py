"""Short runs of every kind, and what a run has to have in common with another one that is to be the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.digest import ValuesDigest, weights_digest
from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent
from retroml_edu.core.metrics import METRICS
from retroml_edu.storage.certificate import read_certificate
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.model_files import load_model
from retroml_edu.storage.reader import read_events

SMALL: Mapping[str, Mapping[str, Any]] = {
    "PPO": {"n_steps": 64, "batch_size": 32, "n_epochs": 2},
    "A2C": {"n_steps": 8},
    "DQN": {"learning_starts": 100, "buffer_size": 1_000, "train_freq": 4, "gradient_steps": 1, "batch_size": 32},
}
"""Settings with which much happens within few steps."""


def short_config(env_id: str, algorithm: str, steps: int, **settings: Any) -> ExperimentConfig:
    """Return the config of a short run, without videos unless asked for."""
    given: dict[str, Any] = {"seed": 1, "n_envs": 1, "video": {"enabled": False}, "hyperparameters": SMALL[algorithm]}
    return ExperimentConfig(
        env_id=env_id, algorithm=algorithm, run_type="custom", total_timesteps=steps, **(given | settings)
    )


@dataclass(frozen=True)
class Record:
    """Everything of a run that does not depend on the speed of the machine.

    Attributes:
        values: Each value that it reported, in order: the end of a game or an update.
        values_digest: Of them.
        weights_digest: Of its model.
        certified: The two digests as the certificate has them; None without one.
    """

    values: tuple[tuple[object, ...], ...]
    values_digest: str
    weights_digest: str
    certified: tuple[str, str | None] | None

    def difference(self, other: Record) -> str:
        """Return the first thing that is not the same; empty if there is none."""
        for number, (mine, theirs) in enumerate(zip(self.values, other.values, strict=False)):
            if mine != theirs:
                return f"value {number} is {mine} here and {theirs} there"
        if len(self.values) != len(other.values):
            return f"{len(self.values)} values here and {len(other.values)} there"
        for name in ("values_digest", "weights_digest"):
            if getattr(self, name) != getattr(other, name):
                return f"the {name} differs"
        if self.certified and other.certified and self.certified != other.certified:
            return "the certificates differ"
        return ""


def record_of(folder: RunFolder) -> Record:
    """Read what a run that has ended left.

    Raises:
        StorageError: If its model cannot be read.
    """
    events = list(read_events(folder))
    weights, _ = load_model(folder)
    certified = None
    try:
        certificate = read_certificate(folder)
        certified = (certificate.values_digest, certificate.weights_digest)
    except StorageError:
        pass  # whether there has to be one is for the caller to say
    return Record(
        tuple(measured(events)),
        values_digest(events),
        weights_digest(weights.arrays, weights.normalization),
        certified,
    )


def measured(events: Iterable[Event]) -> Iterable[tuple[object, ...]]:
    """Yield the values among events, to the last bit, without those that tell the time."""
    for event in events:
        if isinstance(event, EpisodeEvent):
            yield event.step, event.env_index, _exact(event.episode_return), event.length
        elif isinstance(event, MetricEvent):
            names = sorted(name for name in event.values if name not in METRICS or not METRICS[name].timing)
            yield event.step, *((name, _exact(event.values[name])) for name in names)


def values_digest(events: Iterable[Event]) -> str:
    """Return the digest of the values among events."""
    digest = ValuesDigest()
    for event in events:
        digest.add(event)
    return digest.hex


def _exact(value: float) -> str:
    return float(value).hex() if math.isfinite(value) else "not finite"  # as null, the file holds all of these alike
