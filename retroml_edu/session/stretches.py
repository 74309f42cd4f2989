"""Stretches of a run between its checkpoints, trained again and compared."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.control import Control
from retroml_edu.core.errors import StorageError, TrainingError
from retroml_edu.core.events import EpisodeEvent, Event, MetricEvent
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.core.states import RunState
from retroml_edu.session.differences import Measured, compared, first_difference
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


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one moment of a run to a later one.

    Attributes:
        first: Step at which training begins again.
        last: Step at which it ends.
        marks: Moments in it whose states are compared, in order.
        why: Why it was chosen.
    """

    first: int
    last: int
    marks: tuple[Mark, ...]
    why: str

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
        self._certificate = certificate
        self._events: list[Measured] = [event for event in events if isinstance(event, Measured)]
        self._games = [event for event in self._events if isinstance(event, EpisodeEvent)]
        self._trainer_for = trainer_for
        self._control = control
        self._progress = progress
        start = next((mark for mark in certificate.marks if mark.reason == "start"), None)
        self._begin = 0 if start is None else start.step
        self._start = None if start is None else self._state_of(start)
        self._can_begin = self._start is not None if config.parent else start is None
        newest = {mark.step: mark for mark in certificate.marks if mark.reason != "start"}
        self._marks = tuple(newest[step] for step in sorted(newest))
        last = self._marks[-1] if self._marks else None
        stopped = certificate.state == RunState.STOPPED
        stopped_there = stopped and last is not None and (last.reason, last.step) == ("stop", certificate.steps)
        self._stop_state = last.state_digest if last is not None and stopped_there else ""
        self._end_is_known = certificate.state == RunState.DONE or stopped_there
        """Whether training again comes to the same end; where a run failed, it would go on."""
        self._end = certificate.steps if self._end_is_known else self._begin if last is None else last.step

    def compare(self, share: float, prefix_steps: int | None) -> Again:
        """Train stretches again, up to the first difference.

        Args:
            share: Share of the run's steps, at least.
            prefix_steps: Instead: the first steps.

        Raises:
            TrainingError: If it was called off.
        """
        again = Again()
        if not self._can_begin:
            again.notes.append("The state with which the run began is not among its checkpoints.")
        elif self._begin:
            again.notes.append(f"The run goes on from another one, which had {self._begin:,} steps behind it.")
        elif self._start is not None:
            again.notes.append("The run began with the network of another one.")
        if not self._end_is_known:
            again.notes.append(
                f"What the run reported after step {self._end:,} was not trained again: nothing is "
                "stored of the state in which it ended."
            )
        everything = self._between_states()
        if not everything:
            again.notes.append("Nothing of the run is stored that a replay could be compared with.")
            return again
        chosen = self._chosen(everything, share) if prefix_steps is None else [self._prefix(everything, prefix_steps)]
        to_do = sum(stretch.length for stretch in chosen)
        done = 0
        for stretch in chosen:
            again.findings += self._trained_again(stretch, done / to_do, stretch.length / to_do)
            if again.findings:
                break
            done += stretch.length
            again.notes.append(f"Steps {stretch.first:,} to {stretch.last:,} were trained again: {stretch.why}.")
        reported = self._events[-1].step if self._events else 0
        again.share = done / (max(self._certificate.steps, self._end, reported) - self._begin)
        return again

    def first_difference_before(self, step: int) -> str:
        """Train the stretch again in which a step lies, and return the first value there that differs, if one does."""
        stretch = next((item for item in self._between_states() if item.first < step <= item.last), None)
        if stretch is None:
            return ""
        self._progress(0.0, f"looking for the first difference in steps {stretch.first:,} to {stretch.last:,}")
        result, _ = self._replayed(stretch, lambda _step: None)
        return first_difference(self._events, result.events, after=stretch.first, to=stretch.last)

    def first_update(self) -> Again:
        """Train the first update again, and compare its values within the tolerance."""
        again = Again()
        first = next((event for event in self._events if isinstance(event, MetricEvent)), None)
        if first is None or not self._can_begin:
            again.notes.append("There is no first update that could be compared.")
            return again
        if self._config.precision != "float32":
            precision = self._config.precision
            again.notes.append(f"In {precision} machines agree to two digits: no first update was compared.")
            return again
        self._progress(0.0, "training the first update again")
        here: dict[str, float] = {}
        control = _LinkedControl(self._control)

        def take(event: Event) -> None:
            if isinstance(event, MetricEvent) and not here:
                here.update(event.values)
                control.stop()

        start = None if self._start is None else self._start.snapshot
        self._trainer_for(self._config).train(self._config, take, control, start)
        self._raise_if_called_off()
        for name in compared(first.values):
            there, value = first.values[name], here.get(name, math.nan)
            if not math.isclose(there, value, rel_tol=TOLERANCE, abs_tol=TOLERANCE):
                again.findings.append(
                    f"After the first update {name} is {value:.6g} here and {there:.6g} there: more than another "
                    f"machine explains (tolerance {TOLERANCE:g})."
                )
        again.notes.append(f"The first update, up to step {first.step:,}, was trained again, within {TOLERANCE:g}.")
        return again

    # -- which ---------------------------------------------------------------------------------------------------

    def _prefix(self, everything: list[Stretch], steps: int) -> Stretch:
        first = everything[0].first
        last = next((mark.step for mark in self._marks if mark.step >= max(steps, first + 1)), self._end)
        return self._stretch(first, last, "the beginning, as asked for")

    def _chosen(self, everything: list[Stretch], share: float) -> list[Stretch]:
        first = everything[0].first
        if share >= 1.0:
            return [self._stretch(first, self._end, "the whole run" if self._can_begin else "all that can be")]
        beginning = self._stretch(first, (*(mark.step for mark in everything[0].marks), self._end)[0], "the beginning")
        steepest = replace(max(everything, key=self._rise), why="the steepest rise of the return")
        chosen = {beginning.first: beginning}
        wanted = share * (self._end - first)
        for stretch in (steepest, replace(everything[-1], why="the end"), *everything[-2::-1]):
            if stretch.why == "a sample" and sum(item.length for item in chosen.values()) >= wanted:
                break
            if stretch.first not in chosen or chosen[stretch.first].length < stretch.length:
                chosen[stretch.first] = stretch
        return [chosen[first] for first in sorted(chosen)]

    def _between_states(self) -> list[Stretch]:
        """Return the stretches between those moments from which training can begin, in order: the whole run."""
        inner = [mark for mark in self._marks if self._begin < mark.step < self._end]
        firsts = [self._begin] if self._can_begin and self._begin < self._end else []
        firsts += [mark.step for mark in inner if self._state_of(mark) is not None]
        return [self._stretch(first, last, "a sample") for first, last in pairwise([*firsts, self._end])]

    def _stretch(self, first: int, last: int, why: str) -> Stretch:
        return Stretch(first, last, tuple(mark for mark in self._marks if first < mark.step <= last), why)

    def _state_of(self, mark: Mark) -> StoredCheckpoint | None:
        with suppress(StorageError):
            stored = read_checkpoint(self._folder, mark.step)
            digests = (stored.state_digest, stored.values_digest)
            return stored if digests == (mark.state_digest, mark.values_digest) else None
        return None

    def _rise(self, stretch: Stretch) -> float:
        return self._mean_return(stretch.last) - self._mean_return(stretch.first)

    def _mean_return(self, step: int) -> float:
        """Return the mean of the last games up to a step; of the first ones, where there were none before."""
        count = bisect_right(self._games, step, key=attrgetter("step"))
        some = self._games[max(0, count - RETURN_WINDOW) : count] or self._games[:RETURN_WINDOW]
        return math.fsum(game.episode_return for game in some) / len(some) if some else 0.0

    # -- and whether the same comes out ----------------------------------------------------------------------------

    def _trained_again(self, stretch: Stretch, done: float, part: float) -> list[str]:
        what = f"training steps {stretch.first:,} to {stretch.last:,} again: {stretch.why}"
        self._progress(done, what)
        try:
            result, to_the_end = self._replayed(
                stretch, lambda step: self._progress(done + part * (step - stretch.first) / stretch.length, what)
            )
        except TrainingError as error:
            self._raise_if_called_off()
            return [f"Training cannot go on from step {stretch.first:,}: {error}"]
        self._raise_if_called_off()
        for mark in stretch.marks:
            if (mark.state_digest, mark.values_digest) not in result.states[mark.step]:
                return [
                    first_difference(self._events, result.events, after=stretch.first, to=stretch.last)
                    or f"At step {mark.step:,} all values agree, but the stored state is not the one that training "
                    "leads to."
                ]
        if to_the_end and result.values_digest != self._certificate.values_digest:
            return [
                first_difference(self._events, result.events, after=stretch.first, to=stretch.last)
                or "The values are not in the order of training."
            ]
        if to_the_end and result.weights_digest != self._certificate.weights_digest:
            return ["The model of the certificate is not the one that training leads to."]
        return []

    def _replayed(self, stretch: Stretch, progress: Callable[[int], None]) -> tuple[Replayed, bool]:
        """Train a stretch again; tell too whether it leads to the end that the certificate speaks of."""
        stored = self._start
        if stretch.first > self._begin or not self._can_begin:
            stored = read_checkpoint(self._folder, stretch.first)
        to_the_end = self._end_is_known and stretch.last == self._end
        result = replay(
            self._trainer_for(self._config),
            self._config,
            start=None if stored is None else stored.snapshot,
            values_digest="" if stored is None or stored is self._start else stored.values_digest,
            steps=sorted({*(mark.step for mark in stretch.marks), stretch.last}),
            stop_state=self._stop_state if to_the_end else "",
            control=_LinkedControl(self._control),
            progress=progress,
        )
        return result, to_the_end

    def _raise_if_called_off(self) -> None:
        if self._control.stopping:
            raise TrainingError("The check was called off.")


class _LinkedControl(Control):
    """The control of one replay, which ends too when the whole check is called off."""

    def __init__(self, outer: Control) -> None:
        super().__init__()
        self._outer = outer

    def poll_within_update(self) -> None:
        if self._outer.stopping:
            self.stop()
        super().poll_within_update()
