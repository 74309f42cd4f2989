"""Hours and minutes become steps."""

from __future__ import annotations

import threading

import pytest

from retroml_edu.core.control import Control
from retroml_edu.core.errors import ConfigError, RunBusyError, TrainingError
from retroml_edu.envs import resolve_config
from retroml_edu.session import speed
from retroml_edu.session.session import Session
from retroml_edu.session.speed import lasting, measure_speed
from retroml_edu.training import trainer_for
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, small_config


@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
def test_the_speed_of_a_real_trainer_is_a_rate(algorithm):
    config = resolve_config(small_config(algorithm=algorithm))
    assert measure_speed(config, trainer_for(config), measure_s=0.3) > 10


def test_it_is_told_how_much_of_the_time_is_over():
    config, shares = resolve_config(small_config()), []
    measure_speed(config, trainer_for(config), measure_s=0.2, report=shares.append)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)


def test_a_session_measures_without_leaving_a_run(home, monkeypatch):
    monkeypatch.setattr(speed, "PATIENCE_S", 0.3)
    assert Session(home, trainer_for=lambda config: ScriptedTrainer()).measure_speed(small_config()) > 10
    assert [path for path in home.iterdir() if path.is_dir()] == []


def test_a_measurement_is_called_off_in_the_middle_of_an_update(home):
    trainer, control = ScriptedTrainer(wait_at=400), Control()  # it waits, and has nothing to report
    caller = threading.Thread(target=lambda: trainer.reached.wait(TIMEOUT_S) and control.stop())
    caller.start()
    with pytest.raises(RunBusyError, match="called off while the speed was measured"):
        Session(home, trainer_for=lambda config: trainer).measure_speed(small_config(), control)
    caller.join()


def test_a_trainer_that_is_too_slow_is_told(monkeypatch):
    monkeypatch.setattr(speed, "PATIENCE_S", 0.0)
    with pytest.raises(TrainingError, match=r"no two updates in half a minute\. Give the length in steps"):
        measure_speed(resolve_config(small_config()), ScriptedTrainer())


def test_a_config_that_cannot_run_is_not_measured(home):
    with pytest.raises(ConfigError, match="No environment is called"):
        Session(home).measure_speed(small_config(env_id="CartPool-v1"))


def test_a_time_becomes_a_custom_run():
    timed = lasting(small_config(), 90, 1_234.5)
    assert (timed.run_type, timed.total_timesteps) == ("custom", 111_105)
    assert lasting(small_config(), 0.0001, 1.0).total_timesteps == 1
