"""Scores of predictions on curves whose distance is known."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from retroml_edu.analysis.prediction import (
    ENOUGH,
    Calibration,
    calibration,
    score_drawing,
    score_prediction,
    score_sentences,
)
from retroml_edu.core.errors import PredictionError
from retroml_edu.core.prediction import MAX_POINTS, Drawing, Prediction

END = 100_000
STEPS = tuple(range(0, END + 1, END // 10))


def predicted(returns, *, within=None, low=0.0, high=500.0):
    """Return a prediction of eleven points."""
    return Prediction(steps=STEPS, returns=tuple(returns), low=low, high=high, within=within)


def climbing(by, start=20.0, end=480.0):
    """Return eleven returns that rise evenly and are there by a share of the run."""
    return [start + (end - start) * min(1.0, step / END / by) for step in STEPS]


def told(prediction, step, value):
    score = score_prediction(prediction, np.asarray(step, float), np.asarray(value, float))
    assert score is not None
    return " ".join(score_sentences(score))


@pytest.mark.parametrize("seed", range(20))
def test_a_perfect_prediction_has_no_distance_and_all_of_it_in_any_band(seed):
    draws = np.random.default_rng(seed)
    prediction = predicted(draws.uniform(0, 500, len(STEPS)), within=1e-6)
    steps = np.unique(np.concatenate([STEPS, draws.integers(0, END, 50)])).astype(float)
    score = score_prediction(prediction, steps, prediction.at(steps))
    assert score.distance == pytest.approx(0, abs=1e-12)
    assert score.inside == 1
    assert score.interval_score == pytest.approx(2e-6 / 500)
    assert score.rise_expected is None or abs(score.rise_expected - score.rise_actual) <= END / 100
    assert score.covered == 1


@pytest.mark.parametrize("seed", range(20))
def test_scores_do_not_depend_on_the_unit_and_swap_with_the_curves(seed):
    draws = np.random.default_rng(seed)
    mine, came = draws.uniform(0, 500, (2, len(STEPS)))
    steps = np.asarray(STEPS, float)
    score = score_prediction(predicted(mine, within=60.0), steps, came)
    larger = predicted(10 * mine - 7, within=600.0, low=-7.0, high=4_993.0)
    scaled = score_prediction(larger, steps, 10 * came - 7)
    swapped = score_prediction(predicted(came, within=60.0), steps, mine)
    for other in (scaled, swapped):
        assert other.distance == pytest.approx(score.distance)
        assert other.inside == pytest.approx(score.inside)
        assert other.interval_score == pytest.approx(score.interval_score)
    assert 0 < score.distance < 1


def test_distance_is_a_share_of_the_axis_and_the_band_counts_steps():
    prediction = predicted([100.0] * 11, within=50.0)
    score = score_prediction(prediction, np.array([0.0, END / 2, END / 2 + 1, END]), np.array([100, 100, 300.0, 300]))
    assert score.distance == pytest.approx(0.2)
    assert score.inside == pytest.approx(0.5)
    # Half the points lie 150 outside a band that is 100 wide and claims 0.8: 100 + 2 / 0.2 * 75.
    assert score.interval_score == pytest.approx((100 + 10 * 75) / 500)
    assert (score.worst_expected, score.worst_actual) == (100, 300)


def test_games_that_end_close_together_count_no_more_than_others():
    many, value = np.linspace(0, 1_000, 10_000), np.full(10_000, 400.0)
    steps, values = np.append(many, [1_001, END]), np.append(value, [100.0, 100.0])
    score = score_prediction(predicted([100.0] * 11), steps, values)
    assert score.distance < 0.02


def test_only_what_is_known_of_a_run_that_was_stopped_is_judged():
    steps = np.linspace(1_000, END / 4, 50)
    prediction = predicted([100.0] * 5 + [500.0] * 6)
    score = score_prediction(prediction, steps, np.full(50, 100.0))
    assert score.distance == pytest.approx(0)
    assert score.covered == pytest.approx(0.25)
    sentences = told(prediction, steps, np.full(50, 100.0))
    assert "The run ended early: this is about the first 25 %" in sentences
    assert "rise" not in sentences, "it was not expected by then"


def test_a_curve_that_falls_is_told_of_as_one():
    falling = predicted([400.0, 300.0, 200.0, *[100.0] * 8])
    said = told(falling, np.linspace(0, END, 11), [400.0] * 5 + [100.0] * 6)
    assert re.search(r"You expected half of the fall by step [\d,]+; it came at [\d,]+\.", said), said
    assert "rise" not in said
    assert "the return did not fall" in told(falling, [0, END], [100, 100])


def test_a_curve_over_any_axis_is_told_of_in_its_own_words():
    x = np.linspace(0, 1, 101)
    drawing = Drawing(np.linspace(0, 1, 11).tolist(), 0.0, 2.0, 0.1, 0.8)
    said = score_drawing(drawing, x, np.where(x < 0.2, 0.0, 1.0), x_end=1.0, x_unit="of ε", y_name="share of best")
    assert said[-1] == "You were farthest off at 0.2 of ε: you expected 0.201, and it was 1."
    assert "You expected half of the rise by 0.51 of ε; it came at 0.2 of ε." in said
    assert any("That is one curve" in sentence for sentence in said)
    flat = score_drawing(drawing, x, np.zeros(101), x_end=1.0, x_unit="of ε", y_name="share of best")
    assert any(sentence.endswith("the share of best did not rise.") for sentence in flat)
    assert score_drawing(drawing, x[:1], x[:1], x_end=1.0, x_unit="of ε", y_name="y") == [
        "There is too little of the curve to compare yours with."
    ]


def test_a_lucky_first_game_is_no_rise():
    steps = np.linspace(0, END, 201)
    values = np.interp(steps, [0, END / 4, END], [22.0, 22.0, 90.0])
    values[0] = 60.0
    assert "came at 6" in told(predicted(climbing(0.4)), steps, values)


def test_when_the_rise_came_is_told_against_when_it_was_expected():
    late = np.array([0, 30_000, 52_000, END])
    said = told(predicted(climbing(0.4)), late, [20, 20, 480, 480])
    assert "You expected half of the rise by step 22,000; it came at 41,000." in said
    assert "farthest off at step 30,000: you expected 367, and it was 23.2." in said
    assert "about when you expected it" in told(predicted(climbing(0.4)), [0, 42_000, END], [20, 480, 480])
    assert "the return did not rise" in told(predicted(climbing(0.4)), [0, END], [20, 21])
    assert "You expected no rise; half of it had come" in told(predicted([20.0] * 11), [0, END], [20, 400])
    assert "rise" not in told(predicted([20.0] * 11), [0, END], [21, 20])


def test_who_was_too_sure_and_who_not_sure_enough_is_told():
    steps, came = [0, END], [100.0, 300.0]
    for returns, within, advice in (
        (100.0, 20.0, "wider band"),
        (200.0, 400.0, "narrower"),
        (200.0, 80.0, "well judged"),
    ):
        prediction = predicted([returns] * 11, within=within)
        assert "That is one run" in told(prediction, steps, came)
        score = score_prediction(prediction, np.array(steps, float), np.array(came))
        assert advice in calibration([score] * ENOUGH).sentence
        assert "A few more" in calibration([score] * (ENOUGH - 1)).sentence
    assert "band" not in told(predicted([200.0] * 11), steps, came)


@pytest.mark.parametrize("points", [([], []), ([5], [1.0]), ([5, 5], [1.0, 2.0]), ([1, 2, 3], [math.nan] * 3)])
def test_without_a_curve_there_is_no_score(points):
    step, value = (np.asarray(column, float) for column in points)
    assert score_prediction(predicted(climbing(1)), step, value) is None


def test_what_is_no_number_in_a_curve_does_not_count():
    score = score_prediction(predicted([100.0] * 11), np.array([0.0, 500, END]), np.array([100, math.nan, 100]))
    assert score.distance == 0


def test_many_predictions_are_summed_and_those_without_a_band_say_nothing():
    steps = np.array([0.0, END])
    curves = ([100.0, 100.0], [100.0, 300.0])
    scores = [score_prediction(predicted([100.0] * 11, within=100.0), steps, np.array(came)) for came in curves]
    none = score_prediction(predicted([100.0] * 11), steps, steps)
    assert calibration([]) is None
    assert calibration([none]) is None
    found = calibration([*scores, none])
    assert found == Calibration(2, pytest.approx(0.75), pytest.approx(0.8))
    assert found.sentence.startswith(
        "In the last 2 predictions among these runs, the curve lay inside the band 75 % of the time"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": STEPS[:-1]}, "10 steps and 11 returns"),
        ({"steps": STEPS[::-1]}, "its steps do not rise"),
        ({"steps": (0, *STEPS[:-1])}, "its steps do not rise"),
        ({"steps": (-1, *STEPS[1:])}, "steps.0: .*greater than or equal to 0"),
        ({"steps": tuple(range(MAX_POINTS + 1)), "returns": (0.0,) * (MAX_POINTS + 1)}, "steps: .*at most 64 items"),
        ({"returns": (math.nan, *STEPS[1:])}, "returns.0: .*finite"),
        ({"returns": (1e300, *STEPS[1:])}, "returns.0"),
        ({"low": 500.0}, "the axis ends at 500, which is not above 500"),
        ({"within": 0.0}, "within: .*greater than 0"),
        ({"within": math.inf}, "within: .*finite"),
        ({"claimed": 1.0}, "claimed: .*less than 1"),
        ({"high": "much"}, "high: .*number"),
    ],
)
def test_what_makes_no_prediction_is_a_sentence(change, said):
    values = predicted(climbing(0.5)).model_dump() | change
    with pytest.raises(PredictionError, match=f"This is no prediction: {said}"):
        Prediction.of(values)
