"""The report for programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from retroml_edu.core.curves import Curve
from retroml_edu.core.metrics import METRICS
from retroml_edu.session.report.content import Fact, Finding, Report
from retroml_edu.storage.json_text import to_text

FORMAT_VERSION = 1


def as_json(report: Report) -> str:
    """Return a report as JSON: figures as words for people, everything else as it was measured."""
    return to_text(
        {
            "format_version": FORMAT_VERSION,
            "made_utc": report.made_utc,
            "made_with": report.maker,
            "run_id": report.run_id,
            "title": report.title,
            "labels": asdict(report.labels),
            "state": str(report.state),
            "standing": report.standing,
            "key_figures": {fact.label: _fact(fact) for fact in report.figures},
            "config": report.config.to_json_dict(),
            "machine": dict(report.facts),
            "goal_return": report.goal,
            "summary": report.summary,
            "curves": {name: _curve(curve) for name, curve in report.curves.curves.items()},
            "tests": [asdict(test) for test in report.tests],
            "seeds": report.seeds,
            "insights": [_finding(finding) for finding in report.findings],
            "missing": dict(report.missing),
        }
    )


def _fact(fact: Fact) -> dict[str, str]:
    return {"value": fact.value, "detail": fact.detail}


def _curve(curve: Curve) -> dict[str, Any]:
    known = METRICS.get(curve.metric)
    return {
        "label": known.label if known else curve.metric,
        "unit": known.unit if known else "",
        "values": curve.count,
        "merged": curve.points_per_bucket,
        "step": curve.step,
        "mean": curve.value,
        "low": curve.low,
        "high": curve.high,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    insight = asdict(finding.insight)
    insight.pop("lesson")
    return insight | {"changes": list(finding.changes), "reliability": finding.sure, "lesson": finding.lesson}
