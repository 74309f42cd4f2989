"""The report as plain text, for terminals and mails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

import numpy as np

from retroml_edu.core.curves import Curve
from retroml_edu.core.metrics import METRICS
from retroml_edu.core.numbers import plain_number
from retroml_edu.figures import PANELS
from retroml_edu.session.report.content import Fact, Finding, Report
from retroml_edu.session.report.figures import how, made, spread

WIDTH = 88
_BARS = "▁▂▃▄▅▆▇█"
_BAR_COUNT = 40
_SIGNS = {"warning": "!", "note": "i", "good": "✓"}


def as_text(report: Report) -> str:
    """Return a report in lines of at most 88 characters, but for what cannot be broken."""
    return "\n".join(line.rstrip() for line in _lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield _plain(report.labels.name or report.title)
    if report.labels.name:
        yield report.title
    yield f"run {report.run_id} · {report.state}"
    yield from _paragraph(report.standing)
    if report.labels.tags:
        yield _plain(f"tags: {', '.join(report.labels.tags)}")
    for line in report.labels.notes.splitlines():
        yield from _paragraph(line)
    yield from _section("Key figures")
    yield from _table(report.figures)
    yield from _section("Curves")
    yield from _paragraph(report.missing.get("curves") or report.summary)
    for panel in PANELS[report.config.algorithm]:
        yield from _curve(report.curves[panel.metric])
    yield from _section("Insights")
    yield from _absent(report, "insights")
    for finding in report.findings:
        yield from _finding(finding)
    yield from _section("Tests")
    yield from _absent(report, "tests")
    for test in report.tests:
        yield f"  {made(test)}  step {test.weights_step:,}: return {spread(test)}"
        yield f"    {len(test.episodes):,} games, {how(test)}, seed {test.seed}"
    yield from _section("Settings")
    yield from _table([*report.settings, *report.hyperparameters])
    yield from _section("Machine")
    yield from _absent(report, "machine")
    yield from _table(report.machine)
    yield ""
    yield f"Made with {report.maker} on {report.made_utc} UTC."


def _section(title: str) -> Iterator[str]:
    yield ""
    yield title
    yield "-" * len(title)


def _absent(report: Report, section: str) -> Iterator[str]:
    if section in report.missing:
        yield from _paragraph(report.missing[section])


def _table(facts: Sequence[Fact]) -> Iterator[str]:
    width = max((len(fact.label) for fact in facts), default=0) + 2
    for fact in facts:
        detail = f"  ({fact.detail})" if fact.detail else ""
        yield from _hanging(f"  {fact.label:<{width}}", f"{fact.value}{detail}")


def _curve(curve: Curve) -> Iterator[str]:
    known = curve.value[np.isfinite(curve.value)]
    if not len(known):
        return
    label = METRICS[curve.metric].label
    groups = np.array_split(known, min(_BAR_COUNT, len(known)))
    means = np.array([group.mean() for group in groups])
    low, high = float(means.min()), float(means.max())
    heights = (means - low) / (high - low) if high > low else np.zeros(len(means))
    bars = "".join(_BARS[round(float(height) * (len(_BARS) - 1))] for height in heights)
    yield f"  {label:<18}{bars}  {plain_number(float(means[0]))} to {plain_number(float(means[-1]))}"


def _finding(finding: Finding) -> Iterator[str]:
    insight = finding.insight
    yield f"  {_SIGNS[insight.severity]} {insight.title} ({insight.severity})"
    for text in (insight.evidence.sentence, insight.why, finding.sure):
        yield from _hanging("    ", text)
    if insight.remedy is not None:
        yield from _hanging("    To try: ", f"{insight.remedy.label} ({', '.join(finding.changes)}).")
    if finding.lesson:
        yield f"    Lesson: {finding.lesson}"
    yield ""


def _paragraph(text: str) -> Iterator[str]:
    yield from _hanging("", text)


def _hanging(head: str, text: str) -> Iterator[str]:
    lines = wrap(_plain(text), WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False)
    yield from lines or ([head] if head.strip() else [])


def _plain(text: str) -> str:
    """Return a text without what a terminal would obey rather than print."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
