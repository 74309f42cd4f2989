"""How often is each insight right? Runs of known health are trained, kept, and read by the rules."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from retroml_edu.analysis.insights import RULES, Insight, Rate, insights
from retroml_edu.analysis.insights.hit_rates import RATES
from retroml_edu.session.check import check
from tests.campaigns import recordings
from tests.campaigns.health import KINDS, NOT_RECORDED, Kind
from tests.campaigns.lessons import seeds_of
from tests.campaigns.outcome import Outcome, Request
from tests.campaigns.recordings import Recording

SEEDS = 5
LOOKS = (0.25, 0.5, 0.75, 1.0)
"""Parts of a run after which it is looked at; an insight counts if it is there at any of them."""
LEAST_HITS, MOST_FALSE_ALARMS = 0.8, 0.1
"""Shares beyond which a rule is no good."""

Recorded = Mapping[str, Sequence[Recording]]
"""By the name of the kind."""


def run(request: Request) -> Outcome:
    """Train runs of each kind; `count` is the number of seeds, `only` picks environments, `keep` is as it says."""
    if request.keep and request.only:
        raise SystemExit("--keep goes with all kinds of runs: leave --only out.")
    folder = recordings.KEPT if request.keep else request.out or request.place
    folder.mkdir(parents=True, exist_ok=True)
    recorded = {}
    for kind in (kind for kind in KINDS if (request.only or "") in kind.env_id):
        recorded[kind.name] = [recordings.record(kind.config(seed)) for seed in seeds_of(request, SEEDS)]
        recordings.write(recorded[kind.name], folder / f"{kind.name}.json")
        print(f"{kind.name}: {len(recorded[kind.name])} runs", file=sys.stderr, flush=True)
    if request.keep:
        write_rates(rates_of(recorded), RATES)
    return outcome_of(recorded)


def read(folder: Path = recordings.KEPT) -> Recorded:
    """Return the recorded runs that a folder keeps."""
    return {kind.name: recordings.read(folder / f"{kind.name}.json") for kind in KINDS}


def said(recording: Recording) -> dict[str, Insight]:
    """Return what is said of a run at any look, by the name of the rule; the latest of each."""
    found: dict[str, Insight] = {}
    for share in LOOKS:
        found |= {each.rule: each for each in insights(recording.until(share), recording.config)}
    return found


def rates_of(recorded: Recorded) -> dict[str, Any]:
    """Return how often each rule is right, as it is kept for the help."""
    kinds = [kind for kind in KINDS if kind.name in recorded]
    spoken = {kind.name: [set(said(each)) for each in recorded[kind.name]] for kind in kinds}
    return {
        "runs": sum(map(len, recorded.values())),
        "kinds": {kind.name: kind.about for kind in kinds},
        "rules": {name: asdict(_rate(name, kinds, spoken)) for name in dict.fromkeys(rule.name for rule in RULES)},
    }


def write_rates(rates: Mapping[str, Any], file: Path) -> None:
    """Keep the rates where the help finds them."""
    file.write_text(json.dumps(rates, indent=2) + "\n", "utf-8")


def outcome_of(recorded: Recorded) -> Outcome:
    """Return the table of rules and kinds, with what is wrong."""
    names = list(dict.fromkeys(rule.name for rule in RULES))
    outcome = Outcome("How often insights are right", ("recorded runs", "seeds", "said as expected", "false alarms"))
    for kind in KINDS:
        if kind.name in recorded:
            outcome.rows.append(_row(kind, recorded[kind.name]))
            outcome.failures.extend(_bad_remedies(kind, recorded[kind.name]))
    for name, rate in rates_of(recorded)["rules"].items():
        outcome.failures.extend(_shortcomings(name, Rate(**rate)))
    rules = rates_of(recorded)["rules"]
    lines = [
        f"- `{name}`: hits {rules[name]['hits']} of {rules[name]['sick']}, "
        f"false alarms {rules[name]['false_alarms']} of {rules[name]['healthy']}"
        for name in names
    ]
    outcome.notes.append("\n".join(lines))
    outcome.notes.append(
        f"Each run is looked at after {', '.join(f'{share:.0%}' for share in LOOKS)} of its steps; an insight counts "
        "if it is there at any look. What is expected and what is allowed was written down before "
        "(`tests/campaigns/health.py`), and thresholds were set on other seeds (`--seed 2`)."
    )
    return outcome


def _rate(name: str, kinds: Sequence[Kind], spoken: Mapping[str, Sequence[set[str]]]) -> Rate:
    applies = {algorithm for rule in RULES if rule.name == name for algorithm in rule.algorithms}
    hits = sick = false_alarms = healthy = 0
    for kind in (kind for kind in kinds if kind.algorithm in applies and name not in NOT_RECORDED):
        speaks, runs = sum(name in each for each in spoken[kind.name]), len(spoken[kind.name])
        if name in kind.expected:
            hits, sick = hits + speaks, sick + runs
        elif name not in kind.allowed:
            false_alarms, healthy = false_alarms + speaks, healthy + runs
    return Rate(hits, sick, false_alarms, healthy)


def _row(kind: Kind, recorded: Sequence[Recording]) -> list[str]:
    found = [said(each) for each in recorded]
    right = ", ".join(f"{name} {sum(name in each for each in found)}" for name in sorted(kind.expected))
    wrong = {name for each in found for name in each} - kind.expected - kind.allowed - NOT_RECORDED
    alarms = ", ".join(f"{name} {sum(name in each for each in found)}" for name in sorted(wrong))
    return [kind.name, str(len(recorded)), right, alarms or "none"]


def _bad_remedies(kind: Kind, recorded: Sequence[Recording]) -> list[str]:
    bad = []
    for recording in recorded:
        for insight in said(recording).values():
            if insight.remedy is not None:
                bad += [
                    f"{kind.name}, seed {recording.config.seed}, {insight.rule}: {problem}"
                    for problem in check(recording.config.changed(**insight.remedy.changes))
                    if problem.severity == "error"
                ]
    return bad


def _shortcomings(name: str, rate: Rate) -> list[str]:
    found = []
    if rate.sick and rate.hits < LEAST_HITS * rate.sick:
        found.append(f"{name}: {rate.hits} hits in {rate.sick} runs")
    if rate.healthy and rate.false_alarms > MOST_FALSE_ALARMS * rate.healthy:
        found.append(f"{name}: {rate.false_alarms} false alarms in {rate.healthy} runs")
    return found
