"""How often each rule was right, on recorded runs whose health is known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RATES = Path(__file__).with_name("rates.json")


@dataclass(frozen=True, slots=True)
class Rate:
    """How often a rule was right.

    Attributes:
        hits: Recorded runs in which it spoke, and was to.
        sick: Recorded runs in which it was to speak; for rules of good news, those that were well.
        false_alarms: Recorded runs in which it spoke, and was not to.
        healthy: Recorded runs in which it was not to speak. Runs in which either is right count nowhere.
    """

    hits: int
    sick: int
    false_alarms: int
    healthy: int


@dataclass(frozen=True, slots=True)
class Rates:
    """What the recorded runs showed.

    Attributes:
        runs: How many there are.
        kinds: What each kind of run is, by its name.
        rules: By the name of the rule.
    """

    runs: int
    kinds: Mapping[str, str]
    rules: Mapping[str, Rate]


@cache
def rates() -> Rates:
    """Return what ``python -m tests.campaigns insights --keep`` found, for the help."""
    kept = json.loads(RATES.read_text("utf-8"))
    return Rates(kept["runs"], kept["kinds"], {name: Rate(**rate) for name, rate in kept["rules"].items()})


def reliability(rule: str) -> str:
    """Return how often a rule was right, in a sentence; empty where no recorded run can tell."""
    rate = rates().rules.get(rule)
    if rate is None or not (rate.sick and rate.healthy):
        return ""
    return (
        "Is this reliable? It was checked on recorded runs of small games, at four moments of each. Of "
        f"{rate.sick} runs where it was true, it was said of {rate.hits}. Of {rate.healthy} runs where it was not "
        f"true, it was said of {rate.false_alarms}."
    )
