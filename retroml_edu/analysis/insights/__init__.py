"""Insights: sentences about a run that cite their evidence, offer a fix, and know how often they are wrong.

`insights` looks at the curves of a run; `RULES` is the table it goes by; `rates` tells how often each rule was right on
recorded runs whose health is known.
"""

from __future__ import annotations

from retroml_edu.analysis.insights.changes import changed_settings
from retroml_edu.analysis.insights.hit_rates import Rate, Rates, rates, reliability
from retroml_edu.analysis.insights.insight import Evidence, Insight, Remedy
from retroml_edu.analysis.insights.reading import insights
from retroml_edu.analysis.insights.rule import Rule
from retroml_edu.analysis.insights.rules import RULES
from retroml_edu.analysis.insights.watched import EvaluationPoint

__all__ = [
    "RULES",
    "EvaluationPoint",
    "Evidence",
    "Insight",
    "Rate",
    "Rates",
    "Remedy",
    "Rule",
    "changed_settings",
    "insights",
    "rates",
    "reliability",
]
