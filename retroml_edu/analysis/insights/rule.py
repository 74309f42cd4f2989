"""A rule: one row of the table, and what its look finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from retroml_edu.analysis.insights.insight import Remedy, Severity
from retroml_edu.analysis.insights.watched import Watched
from retroml_edu.analysis.insights.windows import Window
from retroml_edu.core.hyperparameters import AlgorithmName


@dataclass(frozen=True, slots=True)
class Found:
    """What a look found.

    Attributes:
        window: Where.
        measured: What.
        threshold: What it is compared with.
        details: Further values for the sentence.
    """

    window: Window
    measured: float
    threshold: float
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing to look for.

    Attributes:
        name: Of the rule; rows that find the same thing by different signs share it, and the first that does speaks.
        title: What was found, in a few words.
        label: The same in two or three words, for the window on the curve.
        severity: How bad it is.
        algorithms: Which it applies to.
        metric: Curve that it looks at.
        window: Newest part of the steps so far that is looked at, 1 for all.
        threshold: What the measured value is compared with; `look` says how, `evidence` in which unit.
        least: Games or updates that the window has to hold; before, nothing is said.
        after: Part of the run that has to be over.
        evidence: The sentence that states what was found; ``{measured}``, ``{threshold}``, ``{first}`` and ``{last}``
            (steps), ``{points}`` (in the window) and the look's details are filled in.
        why: What it means and where it comes from, for a student.
        lesson: Lesson that explains it; empty if none does.
        look: Looks at the window; None if there is nothing to say. Pure.
        remedy: Says what to try. Pure.
        threshold_on_curve: Whether the threshold is a value of the curve, and not of something worked out from it.
    """

    name: str
    title: str
    label: str
    severity: Severity
    algorithms: tuple[AlgorithmName, ...]
    metric: str
    window: float
    threshold: float
    least: int
    after: float
    evidence: str
    why: str
    lesson: str
    look: Look
    remedy: Cure
    threshold_on_curve: bool = False


Look: TypeAlias = Callable[[Watched, Rule, Window], Found | None]
Cure: TypeAlias = Callable[[Watched, Found], Remedy | None]
