"""Stretches of a run between its checkpoints, trained again and compared."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.errors import StorageError, TrainingError
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent
from retroml_edu.core.metrics import METRICS, RETURN_WINDOW
from retroml_edu.session.replay import Replayed, replay
from retroml_edu.storage.certificate import Certificate, Mark
from retroml_edu.storage.checkpoints import StoredCheckpoint, read_checkpoint
from retroml_edu.storage.folder import RunFolder

if TYPE_CHECKING:
    from retroml_edu.session.run import TrainerFactory

TOLERANCE = 1e-3
"""By how much the values of a first update may differ on another machine, relatively and absolutely: an update sums
thousands of numbers of seven digits, in an order that depends on the processor."""
Progress = Callable[[float, str], None]
Measured = MetricEvent | EpisodeEvent


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one moment of a run to a later one.

    Attributes:
        first: Step at which training begins again.
        marks: Moments that are compared, in order; the last one ends it.
        why: Why it was chosen.
    """

    first: int
    marks: tuple[Mark, ...]
    why: str

    @property
    def last(self) -> int:
        """Its last step."""
        return self.marks[-1].step

    @property
    def length(self) -> int:
        """Steps of it."""
        return self.last - self.first


@dataclass(slots=True)
class Again:
    """What training again showed: what is wrong, what was looked at, and the share of the run that it was."""

    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    share: float = 0.0


class Stretches:
    """Chooses stretches of a run, trains them again and compares.

    Args:
        folder: Of the run.
        config: Of the run.
        certificate: What the run claims.
        events: What it reported.
        trainer_for: Makes a trainer for each stretch.
        control: To call it off.
        progress: Told how far it is, 0 to 1, and what is being done.
    """

    def __init__(
        self,
        folder: RunFolder,
        config: ExperimentConfig,
        certificate: Certificate,
        events: Iterable[Event],
        trainer_for: TrainerFactory,
        control: Control,
        progress: Progress,
    ) -> None:
        self._folder = folder
        self._config = config
        self._events: list[Measured] = [event for event in events if isinstance(event, Measured)]
        self._trainer_for = trainer_for
        self._control = control
        self._progress = progress
        starts = [mark.step for mark in certificate.marks if mark.reason == "start"]
        self._begin = min(starts, default=0)
        self._began_with_a_state = bool(starts)
        newest = {mark.step: mark for mark in certificate.marks if mark.reason != "start"}
        self._marks = tuple(newest[step] for step in sorted(newest))

    def compare(self, share: float, prefix_steps: int | None) -> Again:
        """Train stretches again, up to the first difference.

        Args:
            share: Share of the run's steps, at least.
            prefix_steps: Instead: the first steps.

        Raises:
            TrainingError: If it was called off.
        """
        again = Again()
        if not self._marks:
            again.notes.append("The run made no checkpoint, so there is nothing to compare a replay with.")
            return again
        chosen = self._chosen(share) if prefix_steps is None else [self._prefix(prefix_steps)]
        to_do = max(sum(stretch.length for stretch in chosen), 1)
        done = 0
        for stretch in chosen:
            again.findings += self._trained_again(stretch, done / to_do, stretch.length / to_do)
            if again.findings:
                break
            done += stretch.length
            again.notes.append(f"Steps {stretch.first:,} to {stretch.last:,} were trained again: {stretch.why}.")
        again.share = done / max(self._marks[-1].step - self._begin, 1)
        if self._begin:
            again.notes.append(f"The run goes on from another one, which had {self._begin:,} steps behind it.")
        return again

    def first_update(self) -> Again:
        """Train the first update again, and compare its values within the tolerance."""
        again = Again()
        first = next((event for event in self._events if isinstance(event, MetricEvent)), None)
        if first is None:
            again.notes.append("The run made no update that could be compared.")
            return again
        self._progress(0.0, "training the first update again")
        here: dict[str, float] = {}
        control = _LinkedControl(self._control)

        def take(event: Event) -> None:
            if isinstance(event, MetricEvent) and not here:
                here.update(event.values)
                control.stop()

        start = read_checkpoint(self._folder, self._begin).snapshot if self._began_with_a_state else None
        self._trainer_for(self._config).train(self._config, take, control, start)
        self._raise_if_called_off()
        for name in _compared(first.values):
            there, value = first.values[name], here.get(name, math.nan)
            if not math.isclose(there, value, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
                again.findings.append(
                    f"After the first update {name} is {value:.6g} here and {there:.6g} there: more than another "
                    f"machine explains (tolerance {TOLERANCE:g})."
                )
        again.notes.append(f"The first update, up to step {first.step:,}, was trained again, within {TOLERANCE:g}.")
        return again

    # -- which ---------------------------------------------------------------------------------------------------

    def _prefix(self, steps: int) -> Stretch:
        marks = [mark for mark in self._marks if mark.step < steps]
        beyond = [mark for mark in self._marks if mark.step >= steps]
        return Stretch(self._begin, (*marks, *beyond[:1]), "the beginning, as asked for")

    def _chosen(self, share: float) -> list[Stretch]:
        if share >= 1.0:
            return [Stretch(self._begin, self._marks, "the whole run")]
        everything = self._between_states()
        chosen = {self._begin: Stretch(self._begin, self._marks[:1], "the beginning")}
        steepest = max(everything, key=self._rise)
        chosen[steepest.first] = Stretch(steepest.first, steepest.marks, "the steepest rise of the return")
        wanted = share * (self._marks[-1].step - self._begin)
        for stretch in reversed(everything):
            if sum(item.length for item in chosen.values()) >= wanted:
                break
            if stretch.first not in chosen or chosen[stretch.first].length < stretch.length:
                chosen[stretch.first] = stretch
        return [chosen[first] for first in sorted(chosen)]

    def _between_states(self) -> list[Stretch]:
        """Return the stretches between those moments from which training can begin, in order: the whole run."""
        firsts = [self._begin, *(mark.step for mark in self._marks[:-1] if self._state_of(mark) is not None)]
        lasts = [*firsts[1:], self._marks[-1].step]
        return [
            Stretch(first, tuple(mark for mark in self._marks if first < mark.step <= last), "a sample")
            for first, last in zip(firsts, lasts, strict=True)
        ]

    def _state_of(self, mark: Mark) -> StoredCheckpoint | None:
        with suppress(StorageError):
            stored = read_checkpoint(self._folder, mark.step)
            return stored if stored.state_digest == mark.state_digest else None
        return None

    def _rise(self, stretch: Stretch) -> float:
        return self._mean_return(stretch.last) - self._mean_return(stretch.first)

    def _mean_return(self, step: int) -> float:
        """Return the mean of the last games up to a step; of the first ones, where there were none before."""
        games = [event for event in self._events if isinstance(event, EpisodeEvent)]
        some = [game for game in games if game.step <= step][-RETURN_WINDOW:] or games[:RETURN_WINDOW]
        return math.fsum(game.episode_return for game in some) / len(some) if some else 0.0

    # -- and whether the same comes out ----------------------------------------------------------------------------

    def _trained_again(self, stretch: Stretch, done: float, part: float) -> list[str]:
        what = f"training steps {stretch.first:,} to {stretch.last:,} again: {stretch.why}"
        self._progress(done, what)
        from_a_state = stretch.first > 0 or self._began_with_a_state
        stored = read_checkpoint(self._folder, stretch.first) if from_a_state else None
        began_anew = stored is None or stored.reason == "start"

        def progress(step: int) -> None:
            self._progress(done + part * (step - stretch.first) / max(stretch.length, 1), what)

        try:
            result = replay(
                self._trainer_for(self._config),
                self._config,
                start=None if stored is None else stored.snapshot,
                values_digest="" if stored is None or began_anew else stored.values_digest,
                steps=[mark.step for mark in stretch.marks],
                control=_LinkedControl(self._control),
                progress=lambda step: self._progress(
                    done + part * (step - stretch.first) / max(stretch.length, 1), what
                ),
            )
        except TrainingError as error:
            return [f"Training cannot go on from step {stretch.first:,}: {error}"]
        self._raise_if_called_off()
        for mark in stretch.marks:
            if (mark.state_digest, mark.values_digest) not in result.states[mark.step]:
                return [self._first_difference(stretch, mark, result)]
        return []

    def _raise_if_called_off(self) -> None:
        if self._control.stopping:
            raise TrainingError("The check was called off.")

    def _first_difference(self, stretch: Stretch, mark: Mark, result: Replayed) -> str:
        there = [event for event in self._events if stretch.first < event.step <= stretch.last]
        here = [event for event in result.events if stretch.first < event.step <= stretch.last]
        for one, other in zip(there, here, strict=False):
            difference = _difference(one, other)
            if difference:
                return difference
        if len(there) > len(here):
            return f"At step {there[len(here)].step:,} the run reports what training does not lead to."
        if len(here) > len(there):
            return f"At step {here[len(there)].step:,} training leads to what the run does not report."
        return f"At step {mark.step:,} all values agree, but the stored state is not the one that training leads to."


class _LinkedControl(Control):
    """The control of one replay, which ends too when the whole check is called off."""

    def __init__(self, outer: Control) -> None:
        super().__init__()
        self._outer = outer

    def poll_within_update(self) -> None:
        if self._outer.stopping:
            self.stop()
        super().poll_within_update()


def _compared(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name not in METRICS or not METRICS[name].timing)


def _difference(there: Measured, here: Measured) -> str:
    """Return how two events differ, that should be one and the same; empty if they do not."""
    if type(there) is not type(here) or there.step != here.step:
        return f"The run reports {_named(there)}, and training {_named(here)}."
    if isinstance(there, EpisodeEvent) and isinstance(here, EpisodeEvent):
        for name in ("env_index", "episode_return", "length"):
            one, other = getattr(there, name), getattr(here, name)
            if one != other:
                return (
                    f"The game that ended at step {there.step:,} has {name}={one!r}, and training leads to {other!r}."
                )
    if isinstance(there, MetricEvent) and isinstance(here, MetricEvent):
        for name in _compared({*there.values, *here.values}):
            one, other = there.values.get(name, math.nan), here.values.get(name, math.nan)
            if one != other and not (math.isnan(one) and math.isnan(other)):
                return f"At step {there.step:,} {name} is {one!r}, and training leads to {other!r}."
    return ""


def _named(event: Measured) -> str:
    return f"{'the end of a game' if isinstance(event, EpisodeEvent) else 'an update'} at step {event.step:,}"
