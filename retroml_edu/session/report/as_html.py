"""The report as one page: it opens without a network, holds no script, and prints well."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from html import escape
from pathlib import Path

from retroml_edu.analysis.insights import Insight
from retroml_edu.core.metrics import METRICS
from retroml_edu.core.numbers import plain_number
from retroml_edu.figures.evidence import evidence_svg
from retroml_edu.figures.marks import Mark
from retroml_edu.figures.static import to_svg
from retroml_edu.session.kept_evaluations import KeptEvaluation
from retroml_edu.session.report.content import Fact, Finding, Report
from retroml_edu.session.report.figures import how, made, spread

_SIGNS = {"warning": ("!", "Warning"), "note": ("i", "Note"), "good": ("✓", "Good")}
# Nothing may be loaded from anywhere, and nothing run, whatever a text in the page says.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
MOST_TESTS = 20
_CURVES_PX = (1280, 730)


def as_html(report: Report) -> str:
    """Return a report as a page of its own."""
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Report: {escape(report.labels.name or report.title)}</title>",
            f"<style>\n{_style()}</style>",
            "</head>",
            "<body>",
            "<main>",
            *_head(report),
            *_section("Key figures", _cards(report.figures), name="figures"),
            *_section("Curves", _curves(report)),
            *_section("What the curves mean", _findings(report), absent=report.missing.get("insights")),
            *_section("Tests", _tests(report.tests), absent=report.missing.get("tests")),
            '<div class="columns">',
            *_section("Settings", _table([*report.settings, *report.hyperparameters])),
            *_section("Machine", _table(report.machine), absent=report.missing.get("machine")),
            "</div>",
            f"<footer>Made with {report.maker} on {report.made_utc} UTC.</footer>",
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _head(report: Report) -> Iterator[str]:
    yield "<header>"
    yield f"<h1>{escape(report.labels.name or report.title)}</h1>"
    if report.labels.name:
        yield f'<p class="title">{escape(report.title)}</p>'
    yield f'<p><span class="state" data-state="{report.state}">{report.state}</span> {escape(report.standing)}</p>'
    yield f"<p>Run <code>{escape(report.run_id)}</code></p>"
    if report.labels.tags:
        tags = " ".join(f'<span class="tag">{escape(tag)}</span>' for tag in report.labels.tags)
        yield f"<p>{tags}</p>"
    if report.labels.notes:
        yield f'<p class="notes">{escape(report.labels.notes)}</p>'
    yield "</header>"


def _section(title: str, content: Iterator[str], *, absent: str | None = None, name: str = "") -> Iterator[str]:
    yield f'<section class="{name}">' if name else "<section>"
    yield f"<h2>{title}</h2>"
    if absent is not None:
        yield f'<p class="absent">{escape(absent)}</p>'
    else:
        yield from content
    yield "</section>"


def _cards(facts: Sequence[Fact]) -> Iterator[str]:
    yield '<dl class="cards">'
    for fact in facts:
        detail = f'<span class="detail">{escape(fact.detail)}</span>' if fact.detail else ""
        value = f'<span class="value">{escape(fact.value)}</span>'
        yield f"<div><dt>{escape(fact.label)}</dt><dd>{value}{detail}</dd></div>"
    yield "</dl>"


def _curves(report: Report) -> Iterator[str]:
    if "curves" in report.missing:
        yield f'<p class="absent">{escape(report.missing["curves"])}</p>'
    if not report.curves.curves:
        return
    untitled = replace(report.curves, title="")  # the page says it
    picture = to_svg(untitled, report.config.algorithm, solved_return=report.goal, size_px=_CURVES_PX)
    yield f"<figure>{_picture(picture, report.summary)}"
    yield f"<figcaption>{escape(report.summary)}</figcaption></figure>"


def _findings(report: Report) -> Iterator[str]:
    for finding in report.findings:
        yield from _finding(finding, report)


def _finding(finding: Finding, report: Report) -> Iterator[str]:
    insight = finding.insight
    sign, word = _SIGNS[insight.severity]
    yield f'<article class="insight" data-severity="{insight.severity}">'
    yield "<div>"
    yield f'<h3><span class="sign" aria-hidden="true">{sign}</span> {escape(insight.title)} <small>{word}</small></h3>'
    yield f'<p class="evidence">{escape(insight.evidence.sentence)}</p>'
    yield f"<p>{escape(insight.why)}</p>"
    if finding.sure:
        yield f'<p class="muted">{escape(finding.sure)}</p>'
    if insight.remedy is not None:
        changes = f'<span class="muted">({escape(", ".join(finding.changes))})</span>'
        yield f"<p><b>To try:</b> {escape(insight.remedy.label)} {changes}</p>"
    if finding.lesson:
        yield f'<p class="muted">Lesson {escape(finding.lesson)} explains it.</p>'
    yield "</div>"
    yield f"<figure>{_picture(_evidence(insight, report), _alternative(insight))}</figure>"
    yield "</article>"


def _evidence(insight: Insight, report: Report) -> bytes:
    evidence = insight.evidence
    line = evidence.threshold if evidence.on_curve else None
    mark = Mark(evidence.metric, evidence.first_step, evidence.last_step, insight.label, line)
    return evidence_svg(report.curves, report.config.algorithm, mark, solved_return=report.goal)


def _alternative(insight: Insight) -> str:
    evidence = insight.evidence
    return f"{METRICS[evidence.metric].label}, marked from step {evidence.first_step:,} to {evidence.last_step:,}."


def _tests(tests: Sequence[KeptEvaluation]) -> Iterator[str]:
    yield '<table class="tests">'
    yield "<thead><tr><th>Played (UTC)</th><th>Weights of step</th><th>Games</th><th>Actions</th><th>Return</th>"
    yield "<th>Lowest to highest</th><th>Length</th></tr></thead>"
    yield "<tbody>"
    for test in tests[:MOST_TESTS]:
        lengths = sum(episode.length for episode in test.episodes) / len(test.episodes)
        cells = (
            made(test),
            f"{test.weights_step:,}",
            f"{len(test.episodes):,}",
            how(test),
            spread(test),
            f"{plain_number(min(test.returns))} to {plain_number(max(test.returns))}",
            f"{lengths:,.0f} steps",
        )
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"
    yield "</tbody>"
    yield "</table>"
    if len(tests) > MOST_TESTS:
        yield f'<p class="muted">{len(tests) - MOST_TESTS:,} older tests are in the folder of the run.</p>'


def _table(facts: Sequence[Fact]) -> Iterator[str]:
    yield '<table class="facts"><tbody>'
    for fact in facts:
        detail = f' <span class="muted">{escape(fact.detail)}</span>' if fact.detail else ""
        yield f'<tr><th scope="row">{escape(fact.label)}</th><td>{escape(fact.value)}{detail}</td></tr>'
    yield "</tbody></table>"


def _picture(svg: bytes, words: str) -> str:
    # As a picture of its own: drawings that share a page would share the names of their parts.
    return f'<img alt="{escape(words)}" src="data:image/svg+xml;base64,{base64.b64encode(svg).decode()}">'


@cache
def _style() -> str:
    return Path(__file__).with_name("report.css").read_text("utf-8")
