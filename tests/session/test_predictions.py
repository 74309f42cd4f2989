"""How well the runs of a home were foreseen: the newest count, and only those that have ended."""

from __future__ import annotations

import pytest

from retroml_edu.core.prediction import Prediction
from retroml_edu.core.states import RunState
from retroml_edu.session import predictions
from retroml_edu.session.history import Run
from retroml_edu.session.predictions import calibration_of, score_run
from retroml_edu.storage.lease import Lease
from retroml_edu.storage.predictions import write_prediction
from tests.session.recorded_runs import empty_run, recorded_run


def foresee(run: Run, within: float | None) -> Run:
    """Expect 250 points of a run, all the time."""
    total = run.config.total_timesteps
    write_prediction(run.folder, Prediction(steps=(0, total), returns=(250.0, 250.0), low=0, high=500, within=within))
    return run


def test_a_run_tells_what_was_expected_of_it_and_what_came(tmp_path) -> None:
    run = recorded_run(tmp_path, "cartpole-ppo")
    assert run.prediction is None
    foresee(run, 250.0)
    assert run.prediction is not None
    score = score_run(run.prediction, run.curves())
    assert score is not None
    assert score.inside == 1, "no return of this game is farther from 250"
    assert 0 < score.distance <= 0.5
    assert score.covered == pytest.approx(1, abs=0.1)


def test_without_predictions_there_is_no_calibration(tmp_path) -> None:
    recorded_run(tmp_path, "cartpole-ppo")
    assert calibration_of(tmp_path) is None
    assert calibration_of(tmp_path / "nowhere") is None


def test_runs_that_go_on_measured_nothing_or_have_no_band_do_not_count(tmp_path) -> None:
    foresee(recorded_run(tmp_path, "cartpole-ppo"), 250.0)
    running = foresee(recorded_run(tmp_path, "cartpole-ppo", RunState.RUNNING, at=1, share=0.5), 0.5)
    lease = Lease.acquire(running.folder)
    other = foresee(recorded_run(tmp_path, "cartpole-ppo", at=2), None)
    foresee(empty_run(tmp_path, RunState.DONE, other.config), 0.5)
    damaged = recorded_run(tmp_path, "cartpole-ppo", at=3)
    damaged.folder.prediction_file.write_text("{", "utf-8")
    found = calibration_of(tmp_path)
    assert found is not None
    assert (found.predictions, found.inside) == (1, 1)
    lease.release()
    found = calibration_of(tmp_path)
    assert found is not None
    assert found.predictions == 2, "a run whose process is gone has ended"


def test_the_newest_count(tmp_path, monkeypatch) -> None:
    foresee(recorded_run(tmp_path, "cartpole-ppo"), 0.001)
    for number in (1, 2):
        foresee(recorded_run(tmp_path, "cartpole-ppo", at=number), 250.0)
    found = calibration_of(tmp_path)
    assert found is not None
    assert found.predictions == 3
    assert found.inside < 0.7
    monkeypatch.setattr(predictions, "MOST_PREDICTIONS", 2)
    found = calibration_of(tmp_path)
    assert found is not None
    assert (found.predictions, found.inside) == (2, 1)
    monkeypatch.setattr(predictions, "NEWEST_RUNS", 1)
    found = calibration_of(tmp_path)
    assert found is not None
    assert found.predictions == 1
