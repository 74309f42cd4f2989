"""The recorded runs of known health, and the rates that the help shows."""

from __future__ import annotations

import json

import numpy as np
import pytest

from retroml_edu.analysis.insights import RULES, insights, rates
from retroml_edu.analysis.insights.hit_rates import RATES
from retroml_edu.session.check import check
from tests.analysis.synthetic import climb, config_of, curves, noisy
from tests.campaigns import recordings
from tests.campaigns.health import KINDS
from tests.campaigns.insights import rates_of, read, said, write_rates
from tests.campaigns.recordings import Recording


@pytest.fixture(scope="module")
def recorded():
    return read()


def test_the_rates_of_the_help_are_those_of_the_recorded_runs_now(recorded):
    assert json.loads(RATES.read_text("utf-8")) == rates_of(recorded)


def test_every_rule_has_a_rate_and_those_without_recorded_runs_say_so():
    kept = rates()
    assert set(kept.rules) == {rule.name for rule in RULES}
    assert kept.runs == sum(len(recordings.read(recordings.KEPT / f"{kind.name}.json")) for kind in KINDS)
    unproven = {name for name, rate in kept.rules.items() if rate.sick == 0}
    assert unproven == {"collapsed", "evaluation_falling", "levelled_off", "variance_fell"}


def test_what_is_expected_and_allowed_are_names_of_rules():
    names = {rule.name for rule in RULES}
    for kind in KINDS:
        assert kind.expected <= names
        assert kind.allowed <= names


def test_every_remedy_for_a_recorded_run_can_start(recorded):
    for kind in KINDS:
        for found in said(recorded[kind.name][0]).values():
            if found.remedy is not None:
                problems = check(kind.config(1).changed(**found.remedy.changes))
                assert [each for each in problems if each.severity == "error"] == [], (kind.name, found.rule)


def test_the_recorded_runs_are_small():
    assert sum(file.stat().st_size for file in recordings.KEPT.glob("*.json")) < 300_000


def test_a_recording_comes_back_as_it_was_but_for_digits(tmp_path):
    returns = np.round(noisy(climb(20, 490), 10))
    data = curves(returns, capacity=recordings.CAPACITY, approx_kl=noisy(np.full(300, 0.1), 0.01))
    runs = [Recording(config_of().changed(seed=seed), data) for seed in (3, 4)]
    recordings.write(runs, tmp_path / "kind.json")
    for before, after in zip(runs, recordings.read(tmp_path / "kind.json"), strict=True):
        assert after.config == before.config
        for name, curve in data.curves.items():
            kept = after.curves[name]
            np.testing.assert_array_equal(kept.step, curve.step)
            np.testing.assert_allclose(kept.value, curve.value, rtol=0.006)
            assert (kept.count, kept.points_per_bucket) == (curve.count, curve.points_per_bucket)
        assert [each.rule for each in insights(after.curves, after.config)] == [
            each.rule for each in insights(before.curves, before.config)
        ]


def test_a_recording_is_cut_where_the_run_was(tmp_path):
    data = curves(noisy(climb(20, 490), 10), capacity=100)
    half = Recording(config_of(), data).until(0.5)["episode/return"]
    assert half.step[-1] <= 50_000 < data["episode/return"].step[len(half.step)]
    assert half.count == len(half.value) * half.points_per_bucket


def test_rates_are_written_as_the_help_reads_them(tmp_path, monkeypatch):
    file = tmp_path / "rates.json"
    made = {
        "runs": 2,
        "kinds": {"a": "A."},
        "rules": {"stuck": {"hits": 1, "sick": 2, "false_alarms": 0, "healthy": 0}},
    }
    write_rates(made, file)
    monkeypatch.setattr("retroml_edu.analysis.insights.hit_rates.RATES", file)
    found = rates.__wrapped__()
    assert (found.runs, found.kinds["a"], found.rules["stuck"].hits) == (2, "A.", 1)
