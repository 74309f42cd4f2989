"""A topic for each rule of the insights, and one on how often they are right, from the rules and what was counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from retroml_edu.analysis.insights import RULES, Rate, Rule, rates
from retroml_edu.core.metrics import metric
from retroml_edu.widgets.help.topic import Block, Items, Paragraph, Topic, says, table

_SEVERITY = {"warning": "Something is wrong.", "note": "Something to know.", "good": "As it should be."}
_RATES_HEAD = ("Rule", "Hits", "False alarms")


def topics() -> Iterator[Topic]:
    """Return them."""
    rules: dict[str, list[Rule]] = defaultdict(list)
    for rule in RULES:
        rules[rule.name].append(rule)
    yield _overview(rules)
    for name, rows in rules.items():
        yield _topic(name, rows)


def _overview(rules: Mapping[str, Sequence[Rule]]) -> Topic:
    kept = rates()
    counted = [(rows[0].title, *_counted(kept.rules.get(name))) for name, rows in rules.items()]
    return Topic(
        "insights",
        "Insights",
        "How often insights are right",
        (
            *says(
                f"The rules were tried on {kept.runs:,} recorded runs of small environments whose health is known: "
                "runs with settings that work, and runs that were made ill on purpose. A hit: the rule spoke of a run "
                "of which it was to speak. A false alarm: it spoke of one of which it was not. Each run was looked at "
                "four times.",
                "Thresholds were set on other seeds than these. Runs in which either is right count nowhere, which is "
                "kind to the false alarms. On other games the rules may be right less often.",
            ),
            table("Hits and false alarms on recorded runs", _RATES_HEAD, counted),
            Paragraph("The recorded runs:"),
            Items(tuple(kept.kinds.values())),
        ),
        words="rates hits false alarms table sensitivity precision",
        see=("part:Insights",),
    )


def _topic(name: str, rows: Sequence[Rule]) -> Topic:
    first = rows[0]
    blocks: list[Block] = [Paragraph(_SEVERITY[first.severity]), Paragraph(first.why), *_more_reasons(rows)]
    blocks.append(
        table(
            "Where it looks, and what it compares",
            ("Algorithms", "Curve", "Window", "Threshold", "Speaks from"),
            (
                (
                    ", ".join(rule.algorithms),
                    metric(rule.metric).label,
                    _window(rule),
                    f"{rule.threshold:g}",
                    _from(rule),
                )
                for rule in rows
            ),
        )
    )
    blocks.append(Paragraph("In the sentences below, dots stand for the numbers of the run.", "What it says:"))
    blocks.append(Items(tuple(rule.evidence.format_map(_Dots()) for rule in rows)))
    rate = rates().rules.get(name)
    if rate is None or not (rate.sick and rate.healthy):
        blocks.append(Paragraph("No recorded run is of the kind that would tell how often this rule is right."))
    else:
        blocks.append(table("On recorded runs", _RATES_HEAD, [(first.title, *_counted(rate))]))
    return Topic(f"insight:{name}", "Insights", first.title, tuple(blocks), words=name, see=("insights",))


def _more_reasons(rows: Sequence[Rule]) -> Iterator[Paragraph]:
    """Return what further rows of a rule say beyond the first."""
    for rule in rows[1:]:
        more = rule.why.removeprefix(rows[0].why).strip()
        if more:
            yield Paragraph(more, f"{', '.join(rule.algorithms)}, {metric(rule.metric).label}:")


def _counted(rate: Rate | None) -> tuple[str, str]:
    if rate is None:
        return "not counted", "not counted"
    hits = f"{rate.hits} of {rate.sick}" if rate.sick else "no such run"
    alarms = f"{rate.false_alarms} of {rate.healthy}" if rate.healthy else "no such run"
    return hits, alarms


def _window(rule: Rule) -> str:
    return "all steps so far" if rule.window >= 1 else f"the newest {rule.window:.0%} of the steps so far"


def _from(rule: Rule) -> str:
    points = f"{rule.least:,} games or updates in the window"
    return f"{points}, and {rule.after:.0%} of the run" if rule.after else points


class _Dots(dict[str, str]):
    """Stands for every number that a run would give."""

    def __missing__(self, key: str) -> str:
        return "…"
