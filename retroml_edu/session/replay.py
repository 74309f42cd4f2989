"""Trains a stretch of a run again, to see whether the same comes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.digest import ValuesDigest, weights_digest
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent, ProgressEvent
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.core.training import Trainer
from retroml_edu.storage.state_digest import state_digest


@dataclass(slots=True)
class Replayed:
    """What came out.

    Attributes:
        events: Metrics and episodes, in order.
        values_digest: Of them, chained to what was given.
        states: For each step that was asked for, the digests of its states and the values digest of that moment. The
            last step of a run has two states: before and after its last update.
        weights_digest: Of the policy in the end.
    """

    events: list[MetricEvent | EpisodeEvent] = field(default_factory=list)
    values_digest: str = ""
    weights_digest: str = ""
    states: dict[int, list[tuple[str, str]]] = field(default_factory=dict)


class _Watcher:
    """Takes the states at certain steps, and ends the replay at the last of them."""

    def __init__(
        self, steps: list[int], stop_state: str, config: ExperimentConfig, control: Control, values: ValuesDigest
    ) -> None:
        self._steps = steps
        self._stop_state = stop_state
        self._before_end = config.total_timesteps - 1
        self._control = control
        self._values = values
        self.states: dict[int, list[tuple[str, str]]] = {step: [] for step in steps}

    def due(self, step: int) -> bool:
        # The boundary before the last update is announced as the step before the end.
        return any(step == wanted or (wanted > self._before_end <= step) for wanted in self._steps)

    def take(self, snapshot: Snapshot) -> None:
        digest = ""
        if snapshot.step in self.states:
            digest = state_digest(snapshot)
            self.states[snapshot.step].append((digest, self._values.hex))
        if snapshot.step >= self._steps[-1] and (snapshot.step <= self._before_end or digest == self._stop_state):
            self._control.stop()


def replay(
    trainer: Trainer,
    config: ExperimentConfig,
    *,
    start: Snapshot | None,
    values_digest: str,
    steps: list[int],
    stop_state: str = "",
    control: Control,
    progress: Callable[[int], None] = lambda _step: None,
) -> Replayed:
    """Train from a state to the last of some steps.

    Args:
        trainer: A fresh one.
        config: Of the run.
        start: The state to begin with; None for the beginning of the run.
        values_digest: Of what the run had reported by then.
        steps: Steps at which the state is looked at, rising; the replay ends at the last.
        stop_state: Digest of the state in which the run was stopped. Near the end of a run only this tells whether that
            was before or after the last update.
        control: Of the replay, for somebody who may want to call it off with `Control.stop`.
        progress: Told the step, now and then.

    Raises:
        TrainingError: If training cannot begin from the state, or cannot go on.
    """
    values = ValuesDigest(values_digest)
    result = Replayed()
    watcher = _Watcher(steps, stop_state, config, control, values)
    control.snapshots = watcher

    def take(event: Event) -> None:
        if isinstance(event, MetricEvent | EpisodeEvent):
            result.events.append(event)
            values.add(event)
        if isinstance(event, ProgressEvent):
            progress(event.step)

    weights = trainer.train(config, take, control, start).weights
    result.values_digest = values.hex
    result.weights_digest = weights_digest(weights.arrays, weights.normalization)
    result.states = watcher.states
    return result
