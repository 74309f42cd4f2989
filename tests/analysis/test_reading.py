"""What holds for all insights together: order, evidence, youth, buckets, holes, remedies."""

from __future__ import annotations

import numpy as np
import pytest

from retroml_edu.analysis.insights import EvaluationPoint, Remedy, changed_settings, insights
from retroml_edu.core.curves import CurveData
from retroml_edu.session.check import check
from tests.analysis.synthetic import STEPS, climb, config_of, curves, flat, noisy

SICK_UPDATES = {"approx_kl": 0.4, "clip_fraction": 0.6, "explained_variance": -1.0, "entropy": 0.01}
HEALTHY_UPDATES = {"approx_kl": 0.01, "clip_fraction": 0.1, "explained_variance": 0.6, "entropy": 0.4}
RUNS = {
    "sick": ("PPO", noisy(flat(25, 4_000), 5), SICK_UPDATES),
    "healthy": ("PPO", noisy(climb(20, 490, 4_000), 10), HEALTHY_UPDATES),
    "steady at last": ("A2C", noisy(climb(20, 490, 4_000), np.linspace(60, 10, 4_000)), {}),
    "levelled off": ("A2C", noisy(climb(20, 300, 4_000), 30), {"entropy": 0.3}),
    "rising": ("DQN", noisy(climb(20, 400, 4_000, by=1.0), 30), {"loss": np.linspace(1, 5, 500)}),
}


def test_warnings_come_first_and_good_news_last():
    algorithm, returns, updates = RUNS["sick"]
    found = insights(curves(returns, **updates), config_of(algorithm))
    ranks = [("warning", "note", "good").index(each.severity) for each in found]
    assert ranks == sorted(ranks)
    assert {"warning", "note"} <= {each.severity for each in found}


def test_the_newest_comes_first_among_equals():
    points = [EvaluationPoint(10_000, 200.0, 20.0, 20), EvaluationPoint(40_000, 100.0, 20.0, 20)]
    returns = noisy(climb(20, 490), 10)
    found = insights(curves(returns, approx_kl=0.3), config_of(), evaluations=points)
    warnings = [each for each in found if each.severity == "warning"]
    assert [each.rule for each in warnings] == ["kl_high", "evaluation_falling"]
    assert warnings[0].evidence.last_step > warnings[1].evidence.last_step


def test_one_rule_speaks_once_whatever_its_signs():
    found = insights(curves(noisy(flat(25), 5), approx_kl=0.4, entropy=0.01), config_of())
    assert [each.rule for each in found].count("learning_rate_high") == 1


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("capacity", [128, 200, 1_000])
def test_merged_curves_say_the_same_as_full_ones(name, capacity):
    algorithm, returns, updates = RUNS[name]
    whole = insights(curves(returns, capacity=10_000, **updates), config_of(algorithm))
    merged = insights(curves(returns, capacity=capacity, **updates), config_of(algorithm))
    assert [(each.rule, each.evidence.sentence) for each in merged] == [
        (each.rule, each.evidence.sentence) for each in whole
    ]


@pytest.mark.parametrize("name", RUNS)
def test_coarser_curves_say_nearly_the_same(name):
    algorithm, returns, updates = RUNS[name]
    whole = insights(curves(returns, capacity=10_000, **updates), config_of(algorithm))
    coarse = insights(curves(returns, capacity=50, **updates), config_of(algorithm))
    assert [each.rule for each in coarse] == [each.rule for each in whole]
    for ours, theirs in zip(coarse, whole, strict=True):
        room = 0.1 * abs(theirs.evidence.threshold)
        assert ours.evidence.measured == pytest.approx(theirs.evidence.measured, rel=0.2, abs=room)
        assert abs(ours.evidence.first_step - theirs.evidence.first_step) <= 0.05 * STEPS


@pytest.mark.parametrize("algorithm", ["PPO", "A2C", "DQN"])
def test_nothing_is_said_of_a_run_without_games_or_with_few(algorithm):
    config = config_of(algorithm)
    assert insights(CurveData("", {}), config) == []
    for games in (0, 1, 3, 4):
        returns = noisy(flat(25, games), 5)
        updates = {name: np.full(4, value) for name, value in SICK_UPDATES.items()}
        assert insights(curves(returns, share=0.01, **updates), config) == []


def test_a_young_run_is_not_called_stuck_and_its_learning_rate_not_too_low():
    returns = noisy(flat(25), 5)
    young = insights(curves(returns, share=0.25, approx_kl=1e-5, entropy=0.69), config_of())
    old = insights(curves(returns, share=0.35, approx_kl=1e-5, entropy=0.69), config_of())
    assert young == []
    assert {"stuck", "learning_rate_low"} <= {each.rule for each in old}


def test_holes_in_a_curve_are_passed_over():
    returns = noisy(climb(20, 490), 10)
    kl = np.full(60, 0.3)
    kl[::7] = np.nan
    found = insights(curves(returns, approx_kl=kl, explained_variance=np.full(50, np.nan)), config_of())
    assert "kl_high" in {each.rule for each in found}
    assert "value_not_learning" not in {each.rule for each in found}


def test_evidence_states_metric_window_value_and_threshold():
    returns = noisy(flat(25), 5)
    (found,) = (each for each in insights(curves(returns, approx_kl=0.123), config_of()) if each.rule == "kl_high")
    evidence = found.evidence
    assert (evidence.metric, evidence.measured, evidence.threshold) == ("train/approx_kl", 0.123, 0.05)
    assert (evidence.first_step, evidence.last_step) == (52_000, 100_000)
    for part in ("52,000", "100,000", "0.123 nats", "0.05 nats"):
        assert part in evidence.sentence


@pytest.mark.parametrize("env_id", ["CartPole-v1", "LunarLander-v3", "ALE/Pong-v5", "RetroML/PongObjects-v0"])
@pytest.mark.parametrize("algorithm", ["PPO", "A2C", "DQN"])
def test_every_remedy_is_a_run_that_can_start_and_differs(algorithm, env_id):
    offered = set()
    for returns, updates in (
        (noisy(flat(-300), 5), SICK_UPDATES | {"loss": np.geomspace(1, 1e6, 100)}),
        (noisy(flat(-300), 5), {"approx_kl": 1e-5, "entropy": 10.0}),
        (noisy(climb(-300, 20), 5), SICK_UPDATES),
        (noisy(flat(-300), 5), {}),
    ):
        for settings in ({}, {"learning_rate": 1e-6}, {"learning_rate": 0.1}, {"learning_starts": 10**6}):
            if "learning_starts" in settings and algorithm != "DQN":
                continue
            config = config_of(algorithm, env_id, **settings)
            for each in insights(curves(returns, **updates), config):
                if each.remedy is not None:
                    offered.add(each.rule)
                    clone = config.changed(**each.remedy.changes)
                    assert clone != config, each.rule
                    assert changed_settings(config, each.remedy), each.rule
                    assert [problem for problem in check(clone) if problem.severity == "error"] == [], each.rule
    assert len(offered) >= 3


def test_the_remedy_of_a_learning_rate_is_the_one_that_is_known_to_work():
    data = curves(noisy(flat(25), 5), approx_kl=0.4)
    (found,) = (each for each in insights(data, config_of(learning_rate=0.09)) if each.rule == "learning_rate_high")
    assert found.remedy is not None
    assert found.remedy.changes["hyperparameters"]["learning_rate"] == 3e-3
    assert found.remedy.label == "Set the learning rate to 0.003 instead of 0.09"
    assert changed_settings(config_of(learning_rate=0.09), found.remedy) == ("Learning rate: 0.09 → 0.003",)


def test_what_a_remedy_changes_is_written_as_on_the_form():
    settings = {"learning_rate": 1e-5, "target_kl": 0.03, "normalize_advantage": False}
    config = config_of(learning_rate=2e-4).changed(seed=12_345)
    told = changed_settings(config, Remedy("", {"seed": 12_346, "total_timesteps": 10**6, "hyperparameters": settings}))
    assert set(told) == {
        "Seed: 12345 → 12346",
        f"Steps: {config.total_timesteps:,} → 1,000,000",
        "Learning rate: 0.0002 → 0.00001",
        "KL limit: off → 0.03",
        "Normalise advantages: on → off",
    }


def test_looking_changes_nothing():
    algorithm, returns, updates = RUNS["sick"]
    data, config = curves(returns, **updates), config_of(algorithm)
    assert insights(data, config) == insights(data, config)
