"""Runs that were left, and go on: the same values, in the same folder; and runs that go on from another one."""

from __future__ import annotations

import json
import threading

import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.digest import ValuesDigest
from retroml_edu.core.errors import ConfigError, RetroMLError, RunBusyError, StorageError
from retroml_edu.core.settings import CheckpointSettings
from retroml_edu.core.snapshot import Snapshot
from retroml_edu.core.states import RunState
from retroml_edu.session.archive import RunArchive
from retroml_edu.session.checkpointer import Checkpointer
from retroml_edu.session.history import list_runs, load_run
from retroml_edu.session.session import Session
from retroml_edu.storage.certificate import read_certificate
from retroml_edu.storage.checkpoint_writer import write_checkpoint
from retroml_edu.storage.checkpoints import list_checkpoints, read_checkpoint
from retroml_edu.storage.lease import lease_state
from retroml_edu.storage.model_files import load_model
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, small_config, states, until, until_stored

STEPS = 800


@pytest.fixture
def session(home):
    return Session(home, trainer_for=lambda config: ScriptedTrainer())


@pytest.fixture
def whole(session):
    """A run that nobody interrupted."""
    result = session.start(small_config(steps=STEPS, checkpoints={"every_steps": 100, "keep": 20})).wait(TIMEOUT_S)
    assert result.state is RunState.DONE
    return load_run(result.run_id, session.home.path)


def left_at(home, step, *, every_steps=100):
    """Return a run that was stopped at a step, and its session."""
    trainer = ScriptedTrainer(wait_at=step)
    session = Session(home, trainer_for=lambda config: trainer)
    run = session.start(small_config(steps=STEPS, checkpoints={"every_steps": every_steps, "keep": 20}))
    assert trainer.reached.wait(TIMEOUT_S)
    run.stop()
    assert run.wait(TIMEOUT_S).state is RunState.STOPPED
    return run


def certified(run):
    found = read_certificate(run.folder)
    return found.values_digest, found.weights_digest, found.steps, found.state


def warnings_of(run):
    return [event.message for event in run.bus.history if event.kind == "log" and event.level == "warning"]


def went_on_from(run):
    said = "Going on from the checkpoint"
    (step,) = (event.step for event in run.bus.history if event.kind == "log" and event.message.startswith(said))
    return step


def test_a_stopped_run_goes_on_as_if_it_had_never_stopped(session, home, whole):
    left = left_at(home, 330)
    run = session.resume(left.run_id)
    assert run.run_id == left.run_id
    assert went_on_from(run) == 330
    result = run.wait(TIMEOUT_S)
    assert result.state is RunState.DONE
    resumed = load_run(run.run_id, home)
    assert certified(resumed) == certified(whole)
    timeless = ["step", "train/loss", "train/entropy"]
    assert resumed.metrics()[timeless].equals(whole.metrics()[timeless])
    assert states(run.bus.history) == ["starting", "running", "finishing", "done"]
    assert [event.state for event in resumed.events() if event.kind == "state"].count("stopped") == 1


@pytest.mark.parametrize("step", [100, 200, 300])
def test_it_goes_on_from_any_checkpoint(session, home, whole, step):
    left = left_at(home, 330)
    assert session.resume(left.run_id, step=step).wait(TIMEOUT_S).state is RunState.DONE
    assert certified(load_run(left.run_id, home)) == certified(whole)


def test_a_run_can_be_left_and_resumed_again_and_again(session, home, whole):
    left = left_at(home, 200)
    for step in (300, 420, 510):
        trainer = ScriptedTrainer(wait_at=step)
        run = Session(home, trainer_for=lambda config, trainer=trainer: trainer).resume(left.run_id)
        assert trainer.reached.wait(TIMEOUT_S)
        run.stop()
        run.wait(TIMEOUT_S)
    assert session.resume(left.run_id).wait(TIMEOUT_S).state is RunState.DONE
    assert certified(load_run(left.run_id, home)) == certified(whole)


def test_a_damaged_checkpoint_is_passed_over_and_told(session, home, whole):
    left = left_at(home, 330)
    newest = list_checkpoints(load_run(left.run_id, home).folder)[-1]
    arrays = left.path / newest.path / "arrays.safetensors"
    arrays.write_bytes(arrays.read_bytes()[:-5])
    run = session.resume(left.run_id)
    assert went_on_from(run) == 300
    run.wait(TIMEOUT_S)
    assert any(newest.path in warning for warning in warnings_of(run))
    assert certified(load_run(left.run_id, home)) == certified(whole)


def test_what_cannot_be_resumed_is_told(session, home, whole):
    with pytest.raises(StorageError, match="has reached its last step"):
        session.resume(whole.run_id)
    left = left_at(home, 330)
    with pytest.raises(StorageError, match="has no checkpoint of step 7"):
        session.resume(left.run_id, step=7)


def test_of_two_who_resume_at_once_the_slower_one_is_told(session, home, whole):
    """What it looked at before it got the run is no longer what the run is."""
    checkpoint = list_checkpoints(whole.folder)[1]
    with pytest.raises(RunBusyError, match="Another process has just gone on"):
        RunArchive.reopen(whole.folder, whole.config, session.index, checkpoint)
    assert whole.folder.certificate_file.exists()
    assert lease_state(whole.folder) == "none"


def test_a_run_that_was_left_before_its_first_checkpoint_begins_again_with_the_same_values(session, home, whole):
    trainer = ScriptedTrainer(wait_at=200)
    config = small_config(steps=STEPS, checkpoints={"enabled": False})
    run = Session(home, trainer_for=lambda config: trainer).start(config)
    assert trainer.reached.wait(TIMEOUT_S)
    with pytest.raises(RunBusyError, match="makes no checkpoints"):
        run.checkpoint()
    run.stop()
    run.wait(TIMEOUT_S)
    again = session.resume(run.run_id)
    assert again.wait(TIMEOUT_S).state is RunState.DONE
    assert any(event.kind == "log" and event.message == "Going on from the beginning." for event in again.bus.history)
    assert certified(load_run(run.run_id, home)) == certified(whole)


def test_weights_of_another_network_are_refused_before_the_start(session, whole):
    weights, _ = load_model(whole.folder)
    with pytest.raises(RetroMLError, match=r"do not fit the network|has shape"):
        session.start(small_config(hyperparameters={"net_arch": [8]}), weights=weights)
    assert len(list_runs(session.home.path)) == 1


def test_the_first_checkpoints_come_early_and_then_less_and_less_often(monkeypatch):
    now, made = [0.0], []
    monkeypatch.setattr("retroml_edu.session.checkpointer.time.monotonic", lambda: now[0])

    class Store:
        def checkpoint_writer(self, snapshot, reason, values_digest):
            def write():
                made.append(now[0])
                raise StorageError("nowhere")

            return write

    checkpointer = Checkpointer(
        CheckpointSettings(), Store(), ValuesDigest(), lambda event: None, stopping=lambda: False
    )
    for second in range(300):
        now[0] = float(second)
        if checkpointer.due(second):
            checkpointer.take(Snapshot(second, {}, {}))
            checkpointer.finish()
    assert made == [5.0, 15.0, 35.0, 75.0, 135.0, 195.0, 255.0]


def test_a_run_that_goes_on_cannot_be_resumed(session, start):
    trainer = ScriptedTrainer(wait_at=200)
    run = start(trainer)
    assert trainer.reached.wait(TIMEOUT_S)
    with pytest.raises(RunBusyError, match="still goes on"):
        session.resume(run.run_id)


def test_a_checkpoint_on_request(home):
    trainer = ScriptedTrainer(wait_at=200)
    run = Session(home, trainer_for=lambda config: trainer).start(small_config(steps=STEPS))
    assert trainer.reached.wait(TIMEOUT_S)
    run.checkpoint()
    until_stored(run, 200)
    trainer.release.set()
    run.wait(TIMEOUT_S)
    made = [(event.step, event.reason) for event in run.bus.history if event.kind == "checkpoint"]
    assert made == [(200, "request"), (STEPS, "end")]


def test_old_checkpoints_go_except_the_one_before_the_steepest_rise(session):
    config = small_config(steps=STEPS, checkpoints={"every_steps": 50, "keep": 2})
    run = load_run(session.start(config).wait(TIMEOUT_S).run_id, session.home.path)
    kept = list_checkpoints(run.folder)
    assert [info.tag for info in kept if info.tag] == ["before the steepest rise"]
    assert len([info for info in kept if not info.tag]) == 2


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StorageError("No space left on device."), "No space left on device."),
        (MemoryError("no room"), "MemoryError: no room"),
    ],
)
def test_what_cannot_be_written_costs_checkpoints_and_nothing_else(session, monkeypatch, error, told):
    def failing(*args, **kwargs):
        raise error

    monkeypatch.setattr("retroml_edu.session.archive.write_checkpoint", failing)
    run = session.start(small_config(steps=STEPS, checkpoints={"every_steps": 50}))
    assert run.wait(TIMEOUT_S).state is RunState.DONE
    assert warnings_of(run) == [f"No checkpoint at step 50: {told}"]  # once, not at every interval


@pytest.fixture
def slow_disk(monkeypatch):
    """Checkpoints are written when this is set."""
    ready = threading.Event()

    def slowly(*arguments, **named):
        assert ready.wait(TIMEOUT_S)
        return write_checkpoint(*arguments, **named)

    monkeypatch.setattr("retroml_edu.session.archive.write_checkpoint", slowly)
    yield ready
    ready.set()


def test_training_goes_on_while_a_checkpoint_is_written(session, whole, slow_disk):
    trainer = ScriptedTrainer(wait_at=500)
    config = small_config(steps=STEPS, checkpoints={"every_steps": 300})
    run = Session(session.home.path, trainer_for=lambda config: trainer).start(config)
    assert trainer.reached.wait(TIMEOUT_S)
    folder = load_run(run.run_id, session.home.path).folder
    assert list_checkpoints(folder) == []
    slow_disk.set()
    until_stored(run, 300)
    run.stop()
    run.wait(TIMEOUT_S)
    # What was reported meanwhile does not count as reported before it.
    assert session.resume(run.run_id, step=300).wait(TIMEOUT_S).state is RunState.DONE
    assert certified(load_run(run.run_id, session.home.path)) == certified(whole)


def test_a_run_that_fails_still_has_the_checkpoint_that_was_being_written(home, slow_disk):
    trainer = ScriptedTrainer(fail_at=500)
    config = small_config(steps=STEPS, checkpoints={"every_steps": 300})
    run = Session(home, trainer_for=lambda config: trainer).start(config)
    until(lambda: any(event.kind == "log" and event.level == "error" for event in run.bus.history), "the failure")
    slow_disk.set()
    assert run.wait(TIMEOUT_S).state is RunState.FAILED
    assert [info.step for info in list_checkpoints(load_run(run.run_id, home).folder)] == [300]


def test_a_longer_run_goes_on_from_the_end_of_another(session, whole):
    run = session.extend(whole.run_id, STEPS + 400)
    assert run.run_id != whole.run_id
    assert run.step == STEPS
    assert run.wait(TIMEOUT_S).state is RunState.DONE
    longer = load_run(run.run_id, session.home.path)
    assert (longer.config.parent.run_id, longer.config.parent.step) == (whole.run_id, STEPS)
    assert longer.metrics()["step"].min() > STEPS
    beginning = read_checkpoint(longer.folder, STEPS)
    assert beginning.reason == "start"
    assert beginning.state_digest == read_checkpoint(whole.folder, STEPS).state_digest
    told = [event.message for event in longer.events() if event.kind == "log"]
    assert f"Goes on from step {STEPS:,} of run {whole.run_id[-6:]}." in told


def test_a_longer_run_is_longer(session, whole):
    with pytest.raises(ConfigError, match="has 800 steps behind it already"):
        session.extend(whole.run_id, 700)


def test_weights_alone_are_a_beginning(session, whole):
    weights, _ = load_model(whole.folder)
    result = session.start(small_config(steps=160, seed=9), weights=weights).wait(TIMEOUT_S)
    assert result.state is RunState.DONE
    assert result.summary["steps"] == 160


def test_another_machine_is_told(session, home):
    left = left_at(home, 330)
    file = left.path / "environment.json"
    facts = json.loads(file.read_text())
    facts["cpu"]["model"] = "Another One"
    file.write_text(json.dumps(facts))
    run = session.resume(left.run_id)
    run.wait(TIMEOUT_S)
    assert any("processor: Another One there" in warning for warning in warnings_of(run))


@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
def test_a_real_run_goes_on_in_a_new_session(home, algorithm):
    settings = {"n_steps": 128, "n_epochs": 2} if algorithm == "PPO" else {"learning_starts": 200, "train_freq": 8}
    config = ExperimentConfig(
        env_id="CartPole-v1",
        algorithm=algorithm,
        run_type="custom",
        total_timesteps=2_000,
        seed=5,
        n_envs=2,
        video={"enabled": False},
        checkpoints={"every_steps": 300, "keep": 9},
        hyperparameters=settings,
    )
    whole = load_run(Session(home).start(config).wait(TIMEOUT_S).run_id, home)
    run = Session(home).start(config)
    until(lambda: run.step >= 700 or run.ended, "some steps")
    run.stop()
    run.wait(TIMEOUT_S)
    step = list_checkpoints(load_run(run.run_id, home).folder)[1].step
    assert Session(home).resume(run.run_id, step=step).wait(TIMEOUT_S).state is RunState.DONE
    assert certified(load_run(run.run_id, home)) == certified(whole)


def test_a_resumed_run_is_listed_as_what_it_is(session, home):
    """Also where it is lost afterwards, so that nothing but its own files can tell."""
    left = left_at(home, 330)
    trainer = ScriptedTrainer(wait_at=400)
    run = Session(home, trainer_for=lambda config: trainer).resume(left.run_id)
    try:
        assert trainer.reached.wait(TIMEOUT_S)
        until(lambda: load_run(run.run_id, home).state is RunState.RUNNING, "the log, which follows")
        assert [row.state for row in list_runs(home) if row.run_id == run.run_id] == [RunState.RUNNING]
        assert not (run.path / "certificate.json").exists()
    finally:
        trainer.release.set()
        run.wait(TIMEOUT_S)
