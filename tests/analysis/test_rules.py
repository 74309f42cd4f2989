"""Every rule, on made-up curves at both sides of its threshold."""

from __future__ import annotations

from math import log

import numpy as np
import pytest

from retroml_edu.analysis.insights import RULES, EvaluationPoint, insights
from retroml_edu.core.metrics import METRICS
from tests.analysis.synthetic import STEPS, climb, config_of, curves, fallen, flat, noisy

LEARNS = noisy(climb(20, 490), 10)
LEVEL = noisy(flat(25), 5)
"""CartPole as an agent plays it that has learned nothing."""
MOST = log(2)

CASES = {
    "learning_rate_high, PPO": ("PPO", {}, (LEVEL, {"approx_kl": 0.21}), (LEVEL, {"approx_kl": 0.19})),
    "learning_rate_high, where it learns": ("PPO", {}, (LEVEL, {"approx_kl": 0.3}), (LEARNS, {"approx_kl": 0.3})),
    "learning_rate_high, entropy": (
        "A2C",
        {},
        (LEVEL, {"entropy": np.linspace(0.29, 0.2, 50) * MOST}),
        (LEVEL, {"entropy": np.linspace(0.6, 0.2, 50) * MOST}),
    ),
    "learning_rate_high, DQN": (
        "DQN",
        {},
        (LEVEL, {"loss": np.geomspace(1, 1_500, 100)}),
        (LEVEL, {"loss": np.geomspace(1, 300, 100)}),
    ),
    "learning_rate_low, PPO": (
        "PPO",
        {},
        (LEVEL, {"approx_kl": 3.9e-5, "entropy": MOST}),
        (LEVEL, {"approx_kl": 4.1e-5, "entropy": MOST}),
    ),
    "learning_rate_low, of a settled policy": (
        "PPO",
        {},
        (LEVEL, {"approx_kl": 1e-6, "entropy": 0.51 * MOST}),
        (LEVEL, {"approx_kl": 1e-6, "entropy": 0.49 * MOST}),
    ),
    "learning_rate_low, A2C": ("A2C", {}, (LEVEL, {"entropy": 0.999 * MOST}), (LEVEL, {"entropy": 0.97 * MOST})),
    "entropy_collapse": (
        "PPO",
        {},
        (LEVEL, {"entropy": np.geomspace(1, 0.02, 100) * MOST}),
        (LEVEL, {"entropy": np.linspace(1, 0.25, 100) * MOST}),
    ),
    "entropy_collapse, where it learns": ("PPO", {}, (LEVEL, {"entropy": 0.01}), (LEARNS, {"entropy": 0.01})),
    "kl_high": ("PPO", {}, (LEARNS, {"approx_kl": 0.051}), (LEARNS, {"approx_kl": 0.049})),
    "clip_fraction_high": ("PPO", {}, (LEARNS, {"clip_fraction": 0.31}), (LEARNS, {"clip_fraction": 0.29})),
    "value_not_learning": ("PPO", {}, (LEVEL, {"explained_variance": 0.09}), (LEVEL, {"explained_variance": 0.11})),
    "value_not_learning, at the goal": (
        "PPO",
        {},
        (LEVEL, {"explained_variance": -2.0}),
        (LEARNS, {"explained_variance": -2.0}),
    ),
    "value_not_learning, while the return rises": (
        "PPO",
        {},
        (noisy(climb(20, 300), 10), {"explained_variance": 0.0}),
        (noisy(climb(20, 300, by=1.0), 10), {"explained_variance": 0.0}),
    ),
    "stuck": ("PPO", {}, (noisy(climb(20, 55), 5), {}), (noisy(climb(20, 90), 5), {})),
    "collapsed": ("PPO", {}, (fallen(90), {}), (fallen(150), {})),
    "collapsed, to the floor": ("PPO", {}, (fallen(20), {}), (noisy(flat(20), 10), {})),
    "collapsed, after no more than a lucky start": ("PPO", {}, (fallen(20), {}), (fallen(20, best=50), {})),
    "stuck, not after a collapse": ("PPO", {}, (noisy(flat(20), 5), {}), (fallen(20), {})),
    "levelled_off": ("PPO", {}, (noisy(climb(20, 400), 10), {}), (noisy(climb(20, 460), 10), {})),
    "levelled_off, while it rises": (
        "PPO",
        {},
        (noisy(climb(20, 300), 10), {}),
        (noisy(climb(20, 300, by=1.0), 10), {}),
    ),
    "replay_warming": ("DQN", {"learning_starts": STEPS + 1}, (LEVEL, {}), (LEVEL, {"loss": 1.0})),
    "converged": ("PPO", {}, (LEARNS, {}), (noisy(climb(20, 450), 10), {})),
    "converged, while it rises": ("PPO", {}, (LEARNS, {}), (noisy(climb(20, 900, by=1.0), 10), {})),
    "variance_fell": (
        "PPO",
        {},
        (noisy(climb(20, 490), np.linspace(50, 10, 600)), {}),
        (noisy(climb(20, 490), np.linspace(50, 35, 600)), {}),
    ),
    "variance_fell, at a lower return": (
        "PPO",
        {},
        (noisy(climb(20, 490), np.linspace(50, 10, 600)), {}),
        (noisy(np.concatenate([climb(20, 490, 400), flat(200, 200)]), np.linspace(50, 10, 600)), {}),
    ),
}


def names_of(algorithm, settings, made, **given):
    returns, updates = made
    return {each.rule for each in insights(curves(returns, **updates), config_of(algorithm, **settings), **given)}


@pytest.mark.parametrize("case", CASES)
def test_a_rule_speaks_at_one_side_of_its_threshold_and_not_at_the_other(case):
    algorithm, settings, beyond, within = CASES[case]
    name = case.partition(",")[0]
    assert name in names_of(algorithm, settings, beyond)
    assert name not in names_of(algorithm, settings, within)


def test_every_rule_has_such_a_case_or_a_test_of_its_own():
    tested = {case.partition(",")[0] for case in CASES} | {"single_seed", "evaluation_falling"}
    assert tested == {rule.name for rule in RULES}


@pytest.mark.parametrize(
    ("newest", "returns", "falls"),
    [(100.0, LEARNS, True), (190.0, LEARNS, False), (100.0, LEVEL, False)],
    ids=["training rises, evaluation falls", "within the noise", "neither rises"],
)
def test_training_that_rises_while_evaluations_fall(newest, returns, falls):
    points = [EvaluationPoint(40_000, newest, 20.0, 20), EvaluationPoint(10_000, 200.0, 20.0, 20)]
    found = insights(curves(returns), config_of(), evaluations=points)
    assert ("evaluation_falling" in {each.rule for each in found}) is falls
    for each in found:
        if each.rule == "evaluation_falling":
            assert (each.evidence.first_step, each.evidence.last_step) == (10_666, 40_000)
            assert "rose by" in each.evidence.sentence
            assert "from 200 to 100" in each.evidence.sentence


def test_without_evaluations_nothing_is_said_of_them():
    for points in ([], [EvaluationPoint(10_000, 200.0, 20.0, 20)]):
        found = insights(curves(LEARNS), config_of(), evaluations=points)
        assert "evaluation_falling" not in {each.rule for each in found}


@pytest.mark.parametrize(
    ("others", "title", "counted"),
    [
        ((), "One seed allows no conclusion", "this is what 1 run did"),
        ((2,), "Few seeds allow no firm conclusion", "one of 2 runs"),
        ((2, 3, 4), "Few seeds allow no firm conclusion", "one of 4 runs"),
        ((1, 2, 3, 4), "Few seeds allow no firm conclusion", "one of 4 runs"),
        ((2, 3, 4, 5), "", ""),
    ],
)
def test_a_conclusion_needs_seeds(others, title, counted):
    found = [each for each in insights(curves(LEARNS), config_of(), other_seeds=others) if each.rule == "single_seed"]
    assert [each.title for each in found] == [title] * bool(title)
    assert all(counted in each.evidence.sentence for each in found)


def test_the_seed_that_is_offered_is_one_that_no_run_has():
    for others, offered in (((), 2), ((2, 3), 4), ((3,), 2)):
        (found,) = (
            each for each in insights(curves(LEARNS), config_of(), other_seeds=others) if each.rule == "single_seed"
        )
        assert found.remedy.changes == {"seed": offered}


def test_a_goal_that_is_not_known_is_no_mistake():
    config = config_of(env_id="ALE/Pong-v5")
    assert "collapsed" in {each.rule for each in insights(curves(fallen(20)), config)}
    assert "stuck" in {each.rule for each in insights(curves(noisy(flat(-20), 1)), config)}
    rises = {each.rule for each in insights(curves(noisy(climb(-20, 15), 1)), config)}
    assert "converged" in rises
    assert not {"stuck", "levelled_off"} & rises


@pytest.mark.parametrize(
    ("risen_by", "share", "speaks"), [(0.5, 1.0, True), (0.7, 1.0, False), (0.3, 0.45, False), (0.25, 0.6, True)]
)
def test_without_a_goal_half_of_the_steps_have_to_be_level_and_half_of_the_run_over(risen_by, share, speaks):
    config = config_of(env_id="ALE/Pong-v5")
    found = insights(curves(noisy(climb(-20, 15, by=risen_by), 1), share=share), config)
    assert ("converged" in {each.rule for each in found}) is speaks


def test_an_environment_that_is_not_known_is_no_mistake():
    config = config_of().changed(env_id="Elsewhere/Game-v7")
    found = insights(curves(LEVEL, entropy=0.01, approx_kl=0.3), config)
    assert {"stuck", "learning_rate_high", "kl_high"} <= {each.rule for each in found}


@pytest.mark.parametrize(
    "rule",
    RULES,
    ids=lambda rule: f"{rule.name}-{rule.metric.partition('/')[2]}-{rule.threshold:g}-{rule.look.__name__}",
)
def test_a_rule_is_whole(rule):
    assert rule.metric in METRICS
    assert 0 < rule.window <= 1
    assert 0 <= rule.after < 1
    assert rule.least >= 1
    assert len(rule.label) <= 22, "it stands in a narrow panel"
    for text in (rule.title, rule.label, rule.why, rule.evidence):
        assert text
        assert "—" not in text
    for part in ("{threshold}", "{measured}", "{last}"):
        assert part in rule.evidence
