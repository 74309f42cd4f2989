"""What a report says, apart from how it looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retroml_edu.analysis.insights import Insight
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveData
from retroml_edu.core.states import RunState
from retroml_edu.session.kept_evaluations import KeptEvaluation
from retroml_edu.storage.labels import Labels


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a table.

    Attributes:
        label: What it is.
        value: In words, with its unit.
        detail: What else is to be said; empty if nothing.
    """

    label: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """An insight, with what stands around it.

    Attributes:
        insight: What the curves say.
        changes: What its remedy changes, setting by setting.
        sure: How often such an insight was right; empty where that is not known.
        lesson: Lesson that explains it; empty where the course is not here.
    """

    insight: Insight
    changes: Sequence[str]
    sure: str
    lesson: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a report says. Its texts may come from a stranger: whoever writes them out escapes them.

    Attributes:
        run_id: The run.
        title: Environment, algorithm and seed.
        labels: What a person calls it.
        state: Where it stood when the report was made.
        standing: The same in a sentence.
        made_utc: When the report was made, to the minute.
        maker: This package and its version.
        figures: The figures that tell how it went.
        config: What it was asked to do.
        settings: The same in words.
        hyperparameters: Those of the algorithm, in words.
        machine: Where it ran.
        facts: environment.json as it is.
        curves: What was measured.
        goal: Return that counts as solved; None where there is none.
        summary: The curves in words.
        tests: Newest first.
        findings: What the curves mean.
        seeds: How many runs differ in their seeds alone, this one included.
        missing: What is not there, and why, a sentence a section: ``curves``, ``tests``, ``insights``, ``machine``.
    """

    run_id: str
    title: str
    labels: Labels
    state: RunState
    standing: str
    made_utc: str
    maker: str
    figures: Sequence[Fact]
    config: ExperimentConfig
    settings: Sequence[Fact]
    hyperparameters: Sequence[Fact]
    machine: Sequence[Fact]
    facts: Mapping[str, object]
    curves: CurveData
    goal: float | None
    summary: str
    tests: Sequence[KeptEvaluation]
    findings: Sequence[Finding]
    seeds: int
    missing: Mapping[str, str]
