"""Every way in which a run can end, and what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retroml_edu.core.control import StopRequested
from retroml_edu.core.events import log
from retroml_edu.core.states import RunState
from retroml_edu.session import archive
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.history import list_runs, load_run
from retroml_edu.session.recovery import unfinished_runs
from retroml_edu.session.run import TrainingRun
from retroml_edu.storage.manifest import check_manifest
from retroml_edu.storage.reader import run_state
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, Collector, states, until

ROOT = Path(__file__).parents[2]


class LeavingTrainer(ScriptedTrainer):
    """Plays a game whose author calls sys.exit()."""

    def train(self, config, emit, control, start=None):
        raise SystemExit("the game says goodbye")


def end_as(ending, start, **settings):
    """Return a run that has ended in this way."""
    if ending == "stopped":
        trainer = ScriptedTrainer(wait_at=400)
        run = start(trainer, **settings)
        assert trainer.reached.wait(TIMEOUT_S)
        run.stop()
    else:
        trainer = {
            "done": ScriptedTrainer(),
            "failed": ScriptedTrainer(fail_at=400),
            "crashed": ScriptedTrainer(crash_at=400),
            "left": LeavingTrainer(),
        }[ending]
        run = start(trainer, **settings)
    run.wait(TIMEOUT_S)
    return run


LINE = LeavingTrainer.train.__code__.co_firstlineno + 1
GOODBYE = (
    f"Line {LINE} of test_run_endings.py, in train, raised it: "
    "mend that line and restart the kernel, so that it is read again."
)
ENDINGS = {
    "done": ("done", ["starting", "running", "finishing", "done"], None),
    "stopped": ("stopped", ["starting", "running", "stopping", "stopped"], None),
    "failed": ("failed", ["starting", "running", "failed"], "The script says that training fails at step 400."),
    "crashed": (
        "failed",
        ["starting", "running", "failed"],
        "ZeroDivisionError: the script says that training crashes at step 400",
    ),
    "left": ("failed", ["starting", "failed"], f"SystemExit: the game says goodbye. {GOODBYE}"),
}


@pytest.fixture(params=ENDINGS)
def ending(request):
    return request.param


def test_the_result_says_how_it_ended(start, ending):
    result = end_as(ending, start).result
    state, _, error = ENDINGS[ending]
    assert (result.state, result.success, result.error) == (state, state == "done", error)
    assert result.summary["state"] == state
    assert result.summary["error"] == error
    assert result.training_time_s == result.summary["training_time_s"] >= 0
    assert result.metrics_path.is_file()
    assert result.model_path is None  # a script has none for stable-baselines3
    assert result.video_path is None


def test_the_states_come_in_order_and_the_last_is_on_disk(start, ending):
    run = end_as(ending, start)
    sequence = ENDINGS[ending][1]
    assert states(run.bus.history) == sequence
    assert states(load_run(run.run_id, run.path.parent).events()) == sequence


@pytest.mark.parametrize("act", [TrainingRun.stop, TrainingRun.resume])
def test_a_final_state_never_changes(start, ending, act):
    run = end_as(ending, start)
    final = run.state
    act(run)
    for state in RunState:
        run._enter(state)
    assert run.state is final
    assert states(run.bus.history)[-1] == final


def test_the_folder_is_complete(start, ending):
    run = end_as(ending, start)
    stored = load_run(run.run_id, run.path.parent)
    assert stored.state is run.state
    assert json.loads((run.path / "summary.json").read_text())["state"] == run.state
    assert (run.path / "metrics.csv").read_text().startswith("kind,step,elapsed_s")
    assert json.loads((run.path / "metrics.json").read_text())["run_id"] == run.run_id
    assert check_manifest(stored.folder) == []
    assert not (run.path / "lease.json").exists()
    assert not list(run.path.rglob("*.tmp"))
    assert (run.path / "model").is_dir() == (ending in ("done", "stopped"))


def test_the_list_of_runs_knows(start, ending):
    run = end_as(ending, start)
    (row,) = list_runs(run.path.parent)
    assert (row.run_id, row.state, row.env_id, row.algorithm, row.seed) == (
        run.run_id,
        run.state,
        "CartPole-v1",
        "PPO",
        7,
    )
    assert row.steps == run.step
    assert row.ended_utc


@pytest.mark.parametrize("name", ["failed", "crashed", "left"])
def test_a_failure_is_told_with_its_traceback_in_the_log(start, name):
    run = end_as(name, start, videos=True)
    (told,) = [event for event in run.bus.history if event.kind == "log" and event.level == "error"]
    assert told.message == f"Training failed at step {run.step:,}: {run.error}"
    assert "Traceback" in (run.path / "training.log").read_text()


def test_what_was_recorded_before_a_failure_stays(start):
    run = end_as("failed", start)
    stored = load_run(run.run_id, run.path.parent)
    assert list(stored.metrics()["step"]) == list(range(32, 385, 32))
    assert stored.metrics().shape == (12, 6)


KILLED = """
import sys
from retroml_edu.session.session import Session
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import small_config
trainer = ScriptedTrainer(wait_at=400)
run = Session(sys.argv[1], trainer_for=lambda config: trainer).start(small_config())
trainer.reached.wait()
print(run.run_id, flush=True)
run.wait()
"""


def test_a_killed_process_leaves_a_run_that_is_listed_as_lost_and_opens(home):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(home)], stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            run_id = process.stdout.readline().strip()
            stored = load_run(run_id, home)
            # All that was measured is on disk at the next tick of the store, while the script waits.
            until(lambda: stored.summary["steps"] == 400, "the store")
            assert stored.state is RunState.RUNNING
        finally:
            process.kill()
            process.wait(TIMEOUT_S)
    assert stored.state is RunState.LOST
    assert [row.state for row in list_runs(home)] == ["lost"]
    assert list(stored.metrics()["step"]) == list(range(32, 385, 32))
    assert stored.summary["steps"] == 400
    assert stored.config.seed == 7
    assert stored.export("csv", home).stat().st_size > 500

    collector, follower = Collector(), RunFollower(stored)
    follower.follow(collector)
    follower.close()
    assert follower.ended
    assert collector.states == ["starting", "running", "lost"]


LEFT = """
import sys, threading
from retroml_edu import ExperimentConfig, Session
from retroml_edu.core.events import MetricEvent

class Updates:
    def handle(self, events):
        if any(isinstance(event, MetricEvent) for event in events):
            learned.set()

learned = threading.Event()
settings = {"n_steps": 64, "batch_size": 64, "n_epochs": 100}  # it learns nearly all the time
config = ExperimentConfig(
    env_id=sys.argv[2], run_type="long", seed=1, n_envs=2, hyperparameters=settings, video={"enabled": False}
)
run = Session(sys.argv[1]).start(config)
run.follow(Updates())
assert learned.wait(60)
print(run.run_id)
"""


@pytest.mark.parametrize("env_id", ["CartPole-v1", "RetroML/PongPixels-v0"])
def test_a_script_that_ends_while_a_run_goes_on_ends_it_in_order(tmp_path: Path, env_id: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEFT, str(tmp_path), env_id], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    stored = load_run(done.stdout.strip(), tmp_path)
    assert stored.state is RunState.STOPPED
    assert stored.checkpoints()[-1].reason == "stop"
    assert [run.run_id for run in unfinished_runs(tmp_path, cut_short=True)] == [stored.run_id]


@pytest.mark.parametrize("part", ["write_summary", "write_metrics_csv", "write_certificate"])
def test_a_run_says_that_it_ended_when_all_its_parts_are_there(start, monkeypatch, part):
    """Whoever is killed before the last part leaves a run that can be resumed, not one that is done and incomplete."""
    seen = []

    def looks_first(folder, *args, **kwargs):
        seen.append(run_state(folder))
        return written(folder, *args, **kwargs)

    written = getattr(archive, part)
    monkeypatch.setattr(archive, part, looks_first)
    run = start()
    assert run.wait(TIMEOUT_S).state is RunState.DONE
    assert seen == [RunState.FINISHING]


class StoppedBefore(ScriptedTrainer):
    """Is stopped before it has a model, as while kernels are compiled."""

    def train(self, config, emit, control, start=None):
        emit(log("info", "Compiling…"))
        until(lambda: control.stopping, "the stop")
        raise StopRequested


@pytest.mark.parametrize("videos", [False, True])
def test_a_run_stopped_before_there_is_a_model_has_stopped(start, videos):
    run = start(StoppedBefore(), videos=videos)
    until(lambda: run.state == "running", "the first event")
    run.stop()
    result = run.wait(TIMEOUT_S)
    assert (str(run.state), result.error) == ("stopped", None)
    assert result.summary["steps"] == 0
    assert not [event for event in run.bus.history if event.kind == "log" and event.level == "error"]
    assert load_run(run.run_id, run.path.parent).state == "stopped"
