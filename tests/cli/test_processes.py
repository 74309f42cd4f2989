"""The command line as a process: real training, Ctrl-C, and a reader that has seen enough."""

from __future__ import annotations

import os
import signal

import pytest

from retroml_edu.session.history import list_runs, load_run
from retroml_edu.storage.manifest import check_manifest
from tests.session.bench import TIMEOUT_S, until


@pytest.mark.slow
def test_atari_from_the_command_line_leaves_a_whole_folder(spawn, home):
    settings = "--n-envs 2 --set n_steps=16 --set batch_size=16 --set n_epochs=1"
    process = spawn(f"train --env ALE/Pong-v5 --algo PPO --seed 1 --steps 300 {settings}")
    out, err = process.communicate(timeout=2 * TIMEOUT_S)
    assert process.returncode == 0, err
    assert out.startswith("done: ALE/Pong-v5 PPO seed 1, ")
    assert "ALE/Pong-v5 PPO seed 1: 100%" in err
    (row,) = list_runs(home)
    run = load_run(row.run_id, home)
    assert {path.name for path in run.path.iterdir()} == {
        "certificate.json",
        "checkpoints",
        "config.json",
        "curves",
        "environment.json",
        "events.jsonl",
        "manifest.json",
        "metrics.csv",
        "metrics.json",
        "metrics.jsonl",
        "model",
        "model.zip",
        "summary.json",
        "training.log",
        "videos",
    }
    assert check_manifest(run.folder) == []
    assert len(run.metrics()) == 10
    assert len(run.videos()) == 5
    assert (run.config.seed, run.config.total_timesteps) == (1, 300)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl-C to a whole console, the tests included")
def test_an_interrupt_stops_in_order(spawn, home):
    process = spawn("train --env CartPole-v1 --steps 50000000 --no-video")
    until(
        lambda: (
            process.poll() is not None
            or (home.exists() and any(len(load_run(row.run_id, home).metrics()) for row in list_runs(home)))
        ),
        "the first metrics",
    )
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert out.startswith("stopped: CartPole-v1 PPO seed ")
    run = load_run(list_runs(home)[0].run_id, home)
    assert run.state == "stopped"
    assert run.folder.model_zip.is_file()
    assert check_manifest(run.folder) == []


def test_a_reader_that_has_seen_enough_is_no_mistake(spawn, stored):
    process = spawn("runs --json")
    process.stdout.close()
    assert process.wait(TIMEOUT_S) == 0
    assert process.stderr.read() == ""
