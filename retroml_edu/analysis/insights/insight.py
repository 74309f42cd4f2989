"""What is said about a run: the insight, what it rests on, and what can be done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["warning", "note", "good"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an insight rests on: a window of a curve, the value measured there, and the threshold.

    Attributes:
        metric: Name in the metric catalogue of the curve to mark.
        first_step: Where the window begins, in environment steps.
        last_step: Where it ends.
        measured: What was found in the window; `sentence` says of what and in which unit.
        threshold: What it is compared with, in the same unit.
        sentence: All of these in words, with units.
        on_curve: Whether the threshold is a value of the curve, so that a line can be drawn there.
    """

    metric: str
    first_step: int
    last_step: int
    measured: float
    threshold: float
    sentence: str
    on_curve: bool = False


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change of settings to try on a clone of the run.

    Attributes:
        label: What it changes, short enough for a button.
        changes: Arguments of `ExperimentConfig.changed`; the hyperparameters among them are complete.
    """

    label: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Insight:
    """One thing that the curves say about a run.

    Attributes:
        rule: Name of the rule that found it.
        severity: ``warning``: something is wrong; ``note``: something to know; ``good``: as it should be.
        title: What it is, in a few words.
        label: The same in two or three words, for the window on the curve.
        evidence: What it rests on.
        why: What it means and where it comes from, for a student.
        lesson: Lesson that explains it, such as ``10-ppo``; empty if none does.
        remedy: What to try; None if nothing has to be done, or nothing is known.
    """

    rule: str
    severity: Severity
    title: str
    label: str
    evidence: Evidence
    why: str
    lesson: str
    remedy: Remedy | None
