"""Gathers what a report says of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from retroml_edu.analysis.insights import Insight, changed_settings, reliability
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.ids import utc_now
from retroml_edu.core.metrics import RETURN
from retroml_edu.core.states import RunState
from retroml_edu.envs import goal_return
from retroml_edu.figures.summary import text_summary
from retroml_edu.session.course import find_lesson
from retroml_edu.session.judgement import surroundings
from retroml_edu.session.kept_evaluations import kept_evaluations
from retroml_edu.session.report.content import Finding, Report
from retroml_edu.session.report.figures import key_figures
from retroml_edu.session.report.machine import machine_facts, read_facts
from retroml_edu.session.report.settings import hyperparameter_facts, setting_facts

if TYPE_CHECKING:
    from retroml_edu.session.history import Run

POINTS = 400
"""Most points a curve."""


def build(run: Run) -> Report:
    """Return the report of a run as it stands now.

    Raises:
        ConfigError: If its config cannot be read: then nothing can be said of it.
    """
    config, state, summary = run.config, run.state, run.summary
    curves = run.curves(POINTS)
    tests = kept_evaluations(run.folder)
    around = surroundings(run)
    findings = around.judge(curves, config)
    facts = read_facts(run.folder)
    goal = goal_return(config.env_id)
    return Report(
        run_id=run.run_id,
        title=run.title,
        labels=run.labels,
        state=state,
        standing=_standing(state, config, summary),
        made_utc=utc_now()[:16].replace("T", " "),
        maker=_maker(),
        figures=key_figures(summary, curves, config, tests, goal),
        config=config,
        settings=setting_facts(config),
        hyperparameters=hyperparameter_facts(config),
        machine=machine_facts(facts),
        facts=facts,
        curves=curves,
        goal=goal,
        summary=text_summary(curves, config.algorithm),
        tests=tests,
        findings=[_finding(insight, config) for insight in findings],
        seeds=len(around.other_seeds | {config.seed}),
        missing=_missing(curves.curves, curves[RETURN].count, tests, findings, facts, state),
    )


def _maker() -> str:
    try:
        return f"retroml_edu {version('retroml-edu')}"
    except PackageNotFoundError:  # a checkout that nobody installed
        return "retroml_edu"


def _finding(insight: Insight, config: ExperimentConfig) -> Finding:
    changes = changed_settings(config, insight.remedy) if insight.remedy is not None else ()
    lesson = insight.lesson if find_lesson(insight.lesson) is not None else ""
    return Finding(insight, changes, reliability(insight.rule), lesson)


def _standing(state: RunState, config: ExperimentConfig, summary: Mapping[str, Any]) -> str:
    steps = summary.get("steps")
    so_far = f"{steps if isinstance(steps, int) else 0:,} of {config.total_timesteps:,} steps"
    if state is RunState.DONE:
        return "Trained to its end."
    if state is RunState.STOPPED:
        return f"Stopped after {so_far}: what it would have done later is not known."
    if state is RunState.FAILED:
        reason = str(summary.get("error") or "nobody knows why").rstrip(".")
        return f"Failed after {so_far}: {reason}."
    if state is RunState.LOST:
        return f"Its process ended without a word after {so_far}; everything up to its last lines is here."
    return f"It went on when this report was made, after {so_far}."


def _missing(
    curves: Mapping[str, object],
    games: int,
    tests: Sequence[object],
    findings: Sequence[object],
    facts: Mapping[str, object],
    state: RunState,
) -> dict[str, str]:
    missing = {}
    if not curves:
        missing["curves"] = "Nothing was measured: no game ended and no update was made, so there are no curves."
    elif not games:
        missing["curves"] = "No game ended, so there is no curve of the return."
    if not tests:
        missing["tests"] = "No test of this run's agent was played, so there are only the games of training."
    if not findings:
        reason = "the run is too short to judge" if state.is_final else "it is too early to judge"
        missing["insights"] = f"The curves say nothing that a rule knows; perhaps {reason}."
    if not facts:
        missing["machine"] = "The run does not tell on which machine it was made."
    return missing
