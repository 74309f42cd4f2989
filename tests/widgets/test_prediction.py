"""Predict, then train: what Train asks for, what is kept in the run's folder, and what is told at the end."""

from __future__ import annotations

import json

import pytest

from retroml_edu.core.errors import PredictionError
from retroml_edu.core.prediction import CLAIMED, Prediction
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.predictions import calibration_of
from retroml_edu.storage.folder import RunFolder
from retroml_edu.storage.predictions import read_prediction, write_prediction
from retroml_edu.storage.preferences import change_preferences
from retroml_edu.widgets import prediction_card
from retroml_edu.widgets.lab import Lab
from retroml_edu.widgets.prediction_canvas import POINTS, PredictionCanvas
from tests.session.recorded_runs import recorded_run
from tests.widgets.conftest import tell, until

RISING = [20.0 + 40 * i for i in range(POINTS)]


@pytest.fixture
def asked(bench, monkeypatch):
    """A bench whose panel asks, with a trainer that ends at once."""
    monkeypatch.setattr(prediction_card, "DOUBLE_CLICK_S", 0.0)
    made = bench()
    made.open()
    made.panel.prediction.fix(True)
    return made


def draw(panel, values=RISING, within=0.0):
    """Draw a curve, as a person does."""
    panel.prediction.within = within
    panel.prediction.values = list(values)


def train(made):
    """Press Train and wait for the run's end."""
    before = made.panel.run
    made.press("train")
    until(lambda: made.panel.run is not before, "the run")
    until(lambda: made.panel.runbar.state == "done", "its end")
    until(lambda: made.panel.prediction.stage != "training", "what came of it")
    made.panel.run.wait(timeout_s=30)
    return RunFolder(made.panel.run.path)


def train_without(made):
    """Train with nothing drawn."""
    tell(made.panel.prediction, action="skip")
    return train(made)


def test_nobody_is_asked_unless_it_is_wanted(bench):
    made = bench()
    panel = made.open()
    assert panel.prediction.stage == "hidden"
    folder = train(made)
    assert panel.prediction.stage == "hidden"
    assert not folder.prediction_file.exists()
    assert "expected" not in panel.chart.figure


def test_the_axes_are_those_of_the_next_run(asked):
    card = asked.panel.prediction
    assert card.stage == "asking"
    assert (card.low, card.high, card.goal, card.x_end, card.x_unit) == (0, 500, 475, 2_000, "steps")
    draw(asked.panel)
    asked.set(total_timesteps=4_000)
    assert (card.x_end, card.drawn) == (4_000, True), "the same curve over another length"
    asked.set(run_type="time", minutes=3)
    assert (card.x_end, card.x_unit) == (3, "minutes")
    asked.set(env_id="MountainCar-v0")
    assert (card.low, card.high, card.drawn) == (-200, -80, False), "those returns mean nothing here"
    asked.set(minutes="soon")
    assert (card.low, card.high) == (-200, -80)


def test_train_asks_once_and_a_second_press_starts_without(asked):
    panel = asked.panel
    asked.press("train")
    asked.until_said("Draw first what you expect of the mean return")
    assert panel.run is None
    assert panel.prediction.wanted
    draw(panel)
    assert (asked.problems, panel.prediction.wanted) == ([], False), "what was asked for is there"
    panel.prediction.values = []
    folder = train(asked)
    assert not folder.prediction_file.exists()
    assert (panel.prediction.stage, panel.prediction.wanted) == ("asking", False), "it asks about the next one"


def test_a_double_click_on_train_is_one_press(asked, monkeypatch):
    monkeypatch.setattr(prediction_card, "DOUBLE_CLICK_S", 60.0)
    asked.press("train")
    asked.press("train")
    asked.until_said("Draw first")
    assert asked.panel.run is None


def test_a_run_may_go_without_if_it_is_said_before(asked):
    panel = asked.panel
    tell(panel.prediction, action="skip")
    assert panel.prediction.stage == "skipped"
    tell(panel.prediction, action="draw")
    assert panel.prediction.stage == "asking"
    tell(panel.prediction, action="skip")
    assert not train(asked).prediction_file.exists()
    assert panel.prediction.stage == "asking"


def test_a_teacher_can_have_nothing_start_without_it(asked):
    panel = asked.panel
    panel.prediction.fix("required")
    assert not panel.prediction.may_skip
    tell(panel.prediction, action="skip")
    assert panel.prediction.stage == "asking"
    for _ in range(3):
        asked.press("train")
    asked.until_said("Draw first")
    with pytest.raises(PredictionError, match="Draw first"):
        panel.start()
    assert panel.run is None
    draw(panel)
    assert train(asked).prediction_file.exists()
    asked.press("train")
    asked.until_said("Draw first")
    assert panel.prediction.stage == "asking", "the next run wants a curve of its own"


def test_from_code_a_run_is_not_kept_waiting_unless_it_must(asked):
    asked.panel.start().wait(timeout_s=30)


def test_what_is_drawn_is_kept_lies_over_the_curve_and_is_judged(asked):
    panel = asked.panel
    draw(panel, within=50.0)
    folder = train(asked)
    kept = read_prediction(folder)
    assert kept == Prediction(
        steps=tuple(range(0, 2_001, 200)), returns=tuple(RISING), low=0, high=500, within=50, claimed=0.8
    )
    assert panel.chart.figure["expected"]["y"] == RISING
    card = panel.prediction
    assert (card.stage, card.locked, card.values) == ("scored", True, RISING)
    assert card.actual["x"][-1] <= 2_000
    assert len(card.actual["x"]) == len(card.actual["y"]) > 1
    assert "On average your curve was" in card.said[0]
    assert "of the curve lay within your band" in card.said[1]
    tell(card, action="next")
    assert (card.stage, card.values, card.within, card.actual, card.locked) == ("asking", [], 0, {}, False)
    assert (card.low, card.high) == (0, 500)


def test_over_several_runs_the_calibration_is_summed(asked):
    panel = asked.panel
    draw(panel, within=1.0)
    train(asked)
    assert not any("In the last" in sentence for sentence in panel.prediction.said), "one is no habit"
    tell(panel.prediction, action="next")
    draw(panel, within=500.0)
    train(asked)
    until(lambda: "In the last 2 predictions" in panel.prediction.said[-1], "the sum")
    found = calibration_of(asked.home)
    assert found.predictions == 2
    assert 0.5 <= found.inside < 1


def test_a_run_that_is_opened_shows_what_was_expected_of_it(bench, tmp_path):
    run = recorded_run(tmp_path / "runs", "cartpole-ppo")
    total = run.config.total_timesteps
    write_prediction(run.folder, Prediction(steps=(0, total), returns=(0.0, 500.0), low=0, high=500, within=100))
    other = recorded_run(tmp_path / "runs", "cartpole-ppo", at=1)
    panel = bench().open()
    panel.show_run(RunFollower(run, in_columns=True))
    card = panel.prediction
    until(lambda: card.stage == "scored", "the score")
    assert not card.may_ask, "nobody has switched it on"
    assert card.values == pytest.approx([50.0 * i for i in range(POINTS)])
    assert panel.chart.figure["expected"]["x"] == [0, total]
    panel.open_run(other.run_id)
    until(lambda: card.stage == "hidden", "a run without one")
    assert "expected" not in panel.chart.figure


def test_a_damaged_prediction_is_none(bench, tmp_path):
    run = recorded_run(tmp_path / "runs", "cartpole-ppo")
    run.folder.prediction_file.write_text('{"format_version": 1, "steps": "many"}', "utf-8")
    panel = bench().open()
    panel.show_run(RunFollower(run, in_columns=True))
    assert panel.prediction.stage == "hidden"
    assert calibration_of(tmp_path / "runs") is None


def test_a_curve_that_makes_no_prediction_is_told_before_anything_starts(asked):
    panel = asked.panel
    draw(panel)
    panel.prediction.low = panel.prediction.high
    asked.press("train")
    asked.until_said("This is no prediction: the axis ends at 500")
    assert panel.run is None


def test_a_preference_switches_it_on_at_once_and_the_cell_goes_before_it(bench, tmp_path):
    panel = bench().open()
    panel.tabs.bar.tab = "Settings"
    form = panel.preferences.form
    form.values = form.values | {"predict": "asked"}
    assert panel.prediction.stage == "asking"
    form.values = form.values | {"predict": "off"}
    assert panel.prediction.stage == "hidden"

    home = tmp_path / "other"
    change_preferences(home, {"predict": "required"})
    assert Lab(home=home).panel.prediction.stage == "asking"
    assert not Lab(home=home).panel.prediction.may_skip
    assert Lab(home=home, predict=False).panel.prediction.stage == "hidden"
    assert Lab(home=home, predict=True).panel.prediction.may_skip
    with pytest.raises(PredictionError, match='write True, False or "required"'):
        Lab(home=home, predict="maybe")


def test_opening_another_run_changes_no_prediction_of_it(asked):
    panel = asked.panel
    draw(panel)
    folder = train(asked)
    before = folder.prediction_file.read_bytes()
    tell(panel.prediction, action="next")
    draw(panel, [0.0] * POINTS)
    panel.open_run(folder.run_id)
    until(lambda: panel.prediction.stage == "scored", "what came of it")
    assert panel.prediction.values == RISING
    assert folder.prediction_file.read_bytes() == before


def test_the_canvas_alone_makes_a_prediction_of_what_is_drawn():
    canvas = PredictionCanvas(low=-21.0, high=21.0, x_end=1_000.0)
    assert canvas.drawing is None
    canvas.values = [float(i) for i in range(POINTS)]
    made = canvas.drawing.over(1_000)
    assert (made.steps[-1], made.returns[-1], made.within) == (1_000, 10.0, None)
    with pytest.raises(PredictionError, match="too short for a prediction: take 10"):
        canvas.drawing.over(5)
    canvas.show(made)
    assert canvas.locked
    canvas.clear()
    assert (canvas.values, canvas.locked) == ([], False)


def test_what_was_accepted_is_the_run_s_whatever_is_chosen_while_it_starts(asked):
    panel = asked.panel
    draw(panel)
    panel.prediction.accept()
    run_config = panel.config
    asked.set(env_id="MountainCar-v0")
    assert not panel.prediction.drawn
    folder = train_without(asked)
    assert not folder.prediction_file.exists()
    asked.set(env_id=run_config.env_id)
    draw(panel)
    panel.prediction.accept()
    asked.set(total_timesteps=5_000)
    panel.prediction.keep(folder, run_config)
    assert read_prediction(folder).returns == tuple(RISING)
    assert panel.prediction.drawn is False, "the next run wants a curve of its own"


def test_a_run_that_is_too_short_for_a_curve_says_so_before_it_starts(asked):
    asked.set(total_timesteps=5)
    draw(asked.panel)
    with pytest.raises(PredictionError, match="A run of 5 steps is too short for a prediction: take 10 or more"):
        asked.panel.start()
    assert asked.panel.run is None


def test_what_is_drawn_stays_while_another_run_is_looked_at(asked):
    panel = asked.panel
    first = train_without(asked)
    draw(panel, within=30.0)
    panel.open_run(first.run_id)
    until(lambda: panel.prediction.stage == "asking", "the question")
    assert (panel.prediction.values, panel.prediction.within) == (RISING, 30.0)


def test_how_sure_somebody_else_was_is_not_asked_of_the_next(asked):
    panel = asked.panel
    draw(panel, within=30.0)
    folder = train(asked)
    content = json.loads(folder.prediction_file.read_text())
    folder.prediction_file.write_text(json.dumps(content | {"claimed": 0.1}))
    panel.open_run(folder.run_id)
    until(lambda: panel.prediction.claimed == 0.1, "the run as it is")
    tell(panel.prediction, action="next")
    assert panel.prediction.claimed == CLAIMED


def test_a_last_stroke_that_arrives_after_train_counts(asked):
    panel = asked.panel
    folder = train_without(asked)
    draw(panel)
    panel.prediction.accept()
    draw(panel, [100.0] * POINTS)
    panel.prediction.keep(folder, panel.config)
    assert read_prediction(folder).returns == (100.0,) * POINTS
