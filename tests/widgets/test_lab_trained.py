"""What a lesson's cell asks of a panel above it: a run that has trained, whoever pressed Train."""

import threading
from functools import partial

import pytest

from retroml_edu.core.errors import TrainingError, WaitTimeoutError
from retroml_edu.core.states import RunState
from retroml_edu.session.history import list_runs
from retroml_edu.session.session import Session
from retroml_edu.training.scripted import ScriptedTrainer
from retroml_edu.widgets import lab as module
from retroml_edu.widgets.lab import Lab


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Makes panels whose trainers follow a script each."""
    panels, trainers = [], []

    def make(*scripts, **settings):
        left = [ScriptedTrainer(**script) for script in scripts] or [ScriptedTrainer() for _ in range(5)]
        trainers.extend(left)
        monkeypatch.setattr(module, "Session", partial(Session, trainer_for=lambda _: left.pop(0)))
        monkeypatch.setattr(module, "_load_heavy_parts", lambda: None)
        settings = {"run_type": "custom", "total_timesteps": 400, "n_envs": 2, "seed": 1} | settings
        panels.append(Lab("CartPole-v1", "PPO", home=tmp_path, video={"enabled": False}, **settings))
        return panels[-1]

    make.trainers = trainers
    yield make
    for trainer in trainers:
        trainer.release.set()
    for panel in panels:
        panel.stop()
        if panel.run is not None:
            panel.panel.run.wait(10)


def test_where_nobody_pressed_train_it_is_pressed(opened, tmp_path):
    run = opened().trained(timeout_s=20)
    assert (run.state, run.config.seed) == (RunState.DONE, 1)
    assert len(run.episodes()) > 5
    assert [row.run_id for row in list_runs(tmp_path)] == [run.run_id]


def test_a_run_that_a_person_has_made_is_taken(opened, tmp_path):
    lab = opened()
    made = lab.start().wait(20)
    assert lab.trained(timeout_s=20).run_id == lab.trained(1).run_id == made.run_id
    assert len(list_runs(tmp_path)) == 1


def test_a_run_that_still_trains_is_waited_for(opened, tmp_path):
    lab = opened({"wait_at": 100})
    lab.start()
    assert opened.trainers[0].reached.wait(10)
    threading.Timer(0.1, opened.trainers[0].release.set).start()
    run = lab.trained(1, timeout_s=20)
    assert run.state is RunState.DONE
    assert len(list_runs(tmp_path)) == 1


def test_another_seed_is_set_and_trained_and_the_first_is_still_found(opened, tmp_path):
    lab = opened(hyperparameters={"learning_rate": 1e-3})
    first, second = lab.trained(1, timeout_s=20), lab.trained(2, timeout_s=20)
    assert lab.config.seed == second.config.seed == 2
    assert first.config.changed(seed=2) == second.config
    assert lab.trained(1).run_id == first.run_id
    assert lab.trained().run_id == second.run_id
    assert len(list_runs(tmp_path)) == 2


def test_while_another_seed_trains_its_end_is_waited_for_first(opened):
    lab = opened({"wait_at": 100}, {})
    lab.start()
    assert opened.trainers[0].reached.wait(10)
    threading.Timer(0.1, opened.trainers[0].release.set).start()
    assert lab.trained(2, timeout_s=20).config.seed == 2
    assert lab.trained(1).config.seed == 1


def test_a_run_that_was_stopped_does_not_count(opened, tmp_path):
    lab = opened({"wait_at": 100}, {})
    lab.start()
    assert opened.trainers[0].reached.wait(10)
    lab.stop()
    assert lab.trained(1, timeout_s=20).state is RunState.DONE
    assert len(list_runs(tmp_path)) == 2


def test_a_run_that_is_stopped_meanwhile_is_told_with_the_way_out(opened):
    lab = opened({"wait_at": 100})
    stopper = threading.Thread(target=lambda: opened.trainers[0].reached.wait(10) and lab.stop())
    stopper.start()
    with pytest.raises(TrainingError, match=r"it was stopped after \d+ steps\. Run the cell again to train anew"):
        lab.trained(timeout_s=20)
    stopper.join(10)


def test_a_run_that_failed_says_why(opened):
    with pytest.raises(TrainingError, match=r"This run did not reach its end: .+ Run the cell again"):
        opened({"fail_at": 100}).trained(timeout_s=20)


def test_it_does_not_wait_for_ever(opened):
    with pytest.raises(WaitTimeoutError, match="wait longer, or stop it"):
        opened({"wait_at": 100}).trained(timeout_s=0.2)


def test_a_deleted_run_is_made_anew(opened, tmp_path):
    lab = opened()
    run = lab.trained(timeout_s=20)
    run.path.rename(tmp_path / "elsewhere")
    assert lab.trained(timeout_s=20).run_id != run.run_id


def test_a_press_of_train_that_is_under_way_is_waited_for(opened, tmp_path):
    lab = opened()
    entered, go_on = threading.Event(), threading.Event()
    begin = lab.panel._starter._start

    def slow(session, show):
        entered.set()
        assert go_on.wait(10)
        return begin(session, show)

    lab.panel._starter._start = slow
    pressed = threading.Thread(target=lab.start)
    pressed.start()
    assert entered.wait(10)
    threading.Timer(0.1, go_on.set).start()
    assert lab.trained(timeout_s=20).state is RunState.DONE
    pressed.join(10)
    assert len(list_runs(tmp_path)) == 1
