"""How what a run reports differs from what training leads to, in a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterable

from retroml_edu.core.events import EpisodeEvent, MetricEvent
from retroml_edu.core.metrics import METRICS

Measured = MetricEvent | EpisodeEvent


def first_difference(run: Iterable[Measured], training: Iterable[Measured], *, after: int, to: int) -> str:
    """Return the first value of a stretch that differs; empty if none does.

    Args:
        run: What the run reports, all of it.
        training: What training from a state of the run reports.
        after: Step of that state.
        to: Last step of the stretch.
    """

    def within(event: Measured) -> bool:
        # Of the first step the update alone comes after the state; the games that ended at it came before.
        return after < event.step <= to or (event.step == after and isinstance(event, MetricEvent))

    there, here = list(filter(within, run)), list(filter(within, training))
    for one, other in zip(there, here, strict=False):
        difference = _difference(one, other)
        if difference:
            return difference
    if len(there) > len(here):
        return f"At step {there[len(here)].step:,} the run reports what training does not lead to."
    if len(here) > len(there):
        return f"At step {here[len(there)].step:,} training leads to what the run does not report."
    return ""


def compared(names: Iterable[str]) -> list[str]:
    """Return those metrics that do not depend on the speed of the machine, by name."""
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
        for name in compared({*there.values, *here.values}):
            one, other = there.values.get(name, math.nan), here.values.get(name, math.nan)
            if one != other and not (math.isnan(one) and math.isnan(other)):
                return f"At step {there.step:,} {name} is {one!r}, and training leads to {other!r}."
    return ""


def _named(event: Measured) -> str:
    return f"{'the end of a game' if isinstance(event, EpisodeEvent) else 'an update'} at step {event.step:,}"
