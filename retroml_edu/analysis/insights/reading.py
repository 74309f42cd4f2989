"""Reads the curves of a run by the table of rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from retroml_edu.analysis.insights.insight import Evidence, Insight, Severity
from retroml_edu.analysis.insights.rule import Found, Rule
from retroml_edu.analysis.insights.rules import RULES
from retroml_edu.analysis.insights.watched import EvaluationPoint, Watched, watch
from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveData
from retroml_edu.core.numbers import plain_number

_ORDER: Sequence[Severity] = ("warning", "note", "good")


def insights(
    data: CurveData,
    config: ExperimentConfig,
    *,
    evaluations: Sequence[EvaluationPoint] = (),
    other_seeds: Collection[int] = (),
    rules: Sequence[Rule] = RULES,
) -> list[Insight]:
    """Return what the curves of a run say, warnings first, then notes, then what is good; newest first in each.

    It can be called at every tick: its cost is that of some hundred operations of numpy on curves whose size is bounded
    (`CurveData`), about a millisecond however long the run is.

    Args:
        data: The curves as they are now, of a run that trains or has ended.
        config: Of the run, fully resolved.
        evaluations: What evaluations of the run's weights found, if there were any on the way.
        other_seeds: Seeds of the other runs with these settings that have come to their end.
        rules: What to look for.

    Threads: pure, safe anywhere. The first look at an environment that is not listed makes it once.
    """
    run = watch(data, config, evaluations, other_seeds)
    found: dict[str, Insight] = {}
    for rule in rules:
        if rule.name not in found:
            insight = _look(run, rule)
            if insight is not None:
                found[rule.name] = insight
    return sorted(found.values(), key=lambda each: (_ORDER.index(each.severity), -each.evidence.last_step))


def _look(run: Watched, rule: Rule) -> Insight | None:
    if run.config.algorithm not in rule.algorithms or run.share < rule.after:
        return None
    window = run.last(rule.metric, rule.window)
    if window.points < rule.least:
        return None
    found = rule.look(run, rule, window)
    if found is None:
        return None
    evidence = Evidence(
        rule.metric,
        found.window.first_step,
        found.window.last_step,
        found.measured,
        found.threshold,
        _sentence(rule, found),
        rule.threshold_on_curve,
    )
    remedy = rule.remedy(run, found)
    return Insight(rule.name, rule.severity, rule.title, rule.label, evidence, rule.why, rule.lesson, remedy)


def _sentence(rule: Rule, found: Found) -> str:
    return rule.evidence.format(
        measured=plain_number(found.measured),
        threshold=plain_number(found.threshold),
        first=f"{found.window.first_step:,}",
        last=f"{found.window.last_step:,}",
        points=f"{found.window.points:,}",
        **found.details,
    )
