"""Insights in the panel: what they tell, and a remedy that becomes settings."""

from __future__ import annotations

import re

import numpy as np
import pytest

from retroml_edu.analysis.insights import insights
from retroml_edu.core.errors import UnknownNameError
from retroml_edu.core.knobs import shown_value
from retroml_edu.storage.index import RunIndex
from retroml_edu.widgets.insight_marks import mark_told
from retroml_edu.widgets.insights_card import NOTHING, WAITING, InsightsCard
from tests.analysis.synthetic import config_of, curves, flat, noisy
from tests.campaigns.recordings import KEPT, read
from tests.session.recorded_runs import keep_test, recorded_run
from tests.widgets.conftest import tell


def recorded(kind):
    return read(KEPT / f"{kind}.json")[0]


@pytest.fixture
def card():
    return InsightsCard()


def test_a_sick_run_is_told_with_evidence_reason_and_remedy(card):
    run = recorded("cartpole-ppo-high")
    card.begin(run.config)
    assert card.insights == []
    card.show(run.curves)
    (told,) = [each for each in card.insights if each["rule"] == "learning_rate_high"]
    assert told["severity"] == "warning"
    assert all(told[name] for name in ("title", "evidence", "why", "sure", "remedy"))
    assert re.match(r"From step [\d,]+ to [\d,]+, .* nats", told["evidence"])
    assert "Of 20 runs where it was true, it was said of 17." in told["sure"]
    assert "Of 70 runs where it was not true, it was said of 0." in told["sure"]
    better = card.remedied("learning_rate_high")
    assert better.hyperparameters.learning_rate < run.config.hyperparameters.learning_rate
    assert better.seed == run.config.seed


def test_what_no_rule_says_has_no_remedy(card):
    with pytest.raises(UnknownNameError, match="has just gone"):
        card.remedied("learning_rate_high")
    run = recorded("cartpole-ppo")
    card.begin(run.config)
    card.show(run.curves)
    assert not [each for each in card.insights if each["severity"] == "warning"]
    for name in ("learning_rate_high", "nonsense", None, 3, ["stuck"]):
        with pytest.raises(UnknownNameError, match="has just gone"):
            card.remedied(name)


def test_what_is_said_where_no_rule_says_anything_hangs_on_whether_more_will_come(card):
    run = recorded("cartpole-ppo")
    card.begin(run.config)
    nothing = run.until(0.0)
    card.show(nothing)
    assert (card.insights, card.empty) == ([], WAITING)
    card.show(nothing, ended=True)
    assert (card.insights, card.empty) == ([], NOTHING)
    card.begin(run.config)
    assert card.empty == WAITING


def test_another_run_begins_without_the_insights_of_the_one_before(card):
    run = recorded("cartpole-ppo-high")
    card.begin(run.config)
    card.show(run.curves)
    card.begin(run.config)
    assert card.insights == []
    with pytest.raises(UnknownNameError, match="has just gone"):
        card.remedied("learning_rate_high")


def test_each_insight_says_where_it_is_marked_and_what_its_remedy_changes(card):
    run = recorded("cartpole-ppo-high")
    card.begin(run.config)
    card.show(run.curves)
    told = {each["rule"]: each for each in card.insights}
    high, seeds = told["learning_rate_high"], told["single_seed"]
    assert re.fullmatch(
        r"Marked in the chart: Approximate KL, in place of Policy loss, steps 15,360 to [\d,]+\.", high["where"]
    )
    assert (high["mark"]["metric"], high["mark"]["first"], high["mark"]["line"]) == ("train/approx_kl", 15_360, 0.2)
    points = high["mark"]["curve"]
    assert 10 < len(points["step"]) == len(points["value"]) <= 100
    assert points["step"][-1] == run.curves["train/approx_kl"].step[-1]
    assert high["changes"] == f"Learning rate: {shown_value(run.config.hyperparameters.learning_rate)} → 0.003"
    # A curve that the chart draws is not sent again, and what is not compared with it has no line there.
    assert (seeds["mark"]["curve"], seeds["mark"]["line"]) == (None, None)
    assert seeds["where"].startswith("Marked in the chart: Return, steps ")
    assert (seeds["remedy"], seeds["changes"]) == ("Run it again with seed 102", "Seed: 101 → 102")


def test_a_curve_with_more_points_than_are_sent_is_averaged():
    told = card_of_long_curve()
    assert len(told["step"]) <= 100
    assert np.mean(told["value"]) == pytest.approx(0.5, abs=0.01)


def card_of_long_curve():
    values = np.linspace(0, 1, 400)
    data = curves(noisy(flat(25), 5), approx_kl=values)
    (found,) = (each for each in insights(data, config_of()) if each.rule == "kl_high")
    return mark_told(found, data, "PPO")["mark"]["curve"]


def test_seeds_and_tests_beside_the_run_are_read_when_it_begins_and_again_when_asked(tmp_path, waits):
    first = recorded_run(tmp_path, "cartpole-ppo")
    recorded_run(tmp_path, "cartpole-ppo", at=1)
    with RunIndex(tmp_path) as index:
        index.catch_up()
    card = InsightsCard()
    card.begin(first.config, first.path)
    card.show(first.curves())
    titles = lambda: [each["title"] for each in card.insights]  # noqa: E731
    waits(lambda: "Few seeds allow no firm conclusion" in titles(), "the other seed")
    keep_test(first.folder, 5_000, [400.0, 410.0, 390.0], minute=0)
    keep_test(first.folder, 55_000, [60.0, 70.0, 65.0], minute=1)
    card.look_around()
    waits(lambda: "The return rises in training and falls in evaluations" in titles(), "the tests")
    assert card.remedied("single_seed").seed not in {first.config.seed, 102}


def test_a_lesson_is_linked_where_the_course_is(tmp_path, monkeypatch, waits):
    monkeypatch.chdir(tmp_path)
    run = recorded_run(tmp_path, "cartpole-ppo-high")
    card = InsightsCard()
    card.begin(run.config, run.path)
    card.show(run.curves())
    assert {len(each["lesson"]["paths"]) for each in card.insights} == {0}
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "10-ppo.py").write_text("")
    card.look_around()
    waits(lambda: any(each["lesson"]["paths"] for each in card.insights), "the link")
    assert {each["lesson"]["name"] for each in card.insights if each["lesson"]["paths"]} == {"10-ppo"}


def test_the_remedy_s_button_fills_the_form_and_leaves_the_run(bench):
    panel = bench().open()
    run = recorded("cartpole-ppo-high")
    panel.insights.begin(run.config)
    panel.insights.show(run.curves)
    before = panel.form.values
    tell(panel.insights, action="try", rule="stuck or not")
    assert panel.form.values == before
    assert "This insight has just gone" in panel.runbar.problems[0]["text"]
    tell(panel.insights, action="try", rule="learning_rate_high")
    remedied = panel.insights.remedied("learning_rate_high").hyperparameters.learning_rate
    assert panel.form.values["hyperparameters.learning_rate"] == remedied
    assert panel.form.values != before
    assert panel.run is None
    assert panel.runbar.problems == []
