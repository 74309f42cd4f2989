"""A run of stable-baselines3 from start to end, and what can be done with it afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import av
import pytest

from retroml_edu.core.errors import ConfigError, RetroMLError, StorageError
from retroml_edu.session import experiment
from retroml_edu.session.evaluation import Spectator, evaluate
from retroml_edu.session.experiment import run_experiment
from retroml_edu.session.history import load_run
from retroml_edu.storage.manifest import check_manifest
from retroml_edu.training import scripted
from tests.session.bench import small_config
from tests.session.undrawn import UNDRAWN, register_undrawn


def test_the_result_points_at_what_is_there(trained):
    run, result = trained
    assert result.success
    assert result.path == run.path
    assert result.model_path == run.path / "model.zip"
    assert result.metrics_path.is_file()
    assert result.video_path == run.path / "videos/step-0000003072.mp4"
    assert result.summary["steps"] == 3_072  # the rollout in which the last step falls is finished
    assert result.summary["return_mean"] > 10
    assert check_manifest(run.folder) == []


def test_every_milestone_has_a_video_that_plays(trained):
    run, _ = trained
    videos = run.videos()
    assert [video.milestone for video in videos] == [0, 0.25, 0.5, 0.75, 1.0]
    for video in videos:
        with av.open(str(run.path / video.path)) as file:
            frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
        assert frames[0].shape == (400, 600, 3)
        assert len(frames) > 3
        assert video.complete == (video.length < 50)


PLAIN = """
import sys
sys.modules["retroml_edu"] = None
import gymnasium
from stable_baselines3 import PPO
model = PPO.load(sys.argv[1])
env = gymnasium.make("CartPole-v1")
observation, _ = env.reset(seed=1)
for _ in range(5):
    action, _ = model.predict(observation, deterministic=True)
    observation, *_ = env.step(int(action))
print(model.num_timesteps)
"""


def test_the_model_plays_in_plain_stable_baselines3(trained, tmp_path):
    _, result = trained
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(result.model_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "3072"), done.stderr


def test_an_evaluation_is_kept_with_its_video_and_can_be_repeated(copied):
    first = evaluate(copied, episodes=3, seed=11)
    again = evaluate(copied, episodes=3, seed=11, video=False)
    other = evaluate(copied, episodes=3, seed=12, video=False)
    assert first.episodes == again.episodes != other.episodes
    assert first.path.parent == copied.path / "eval"
    stored = json.loads(first.path.read_text())
    assert stored["summary"] == dict(first.summary)
    assert stored["weights_step"] == 3_072
    assert [game["episode_return"] for game in stored["episodes"]] == [game.episode_return for game in first.episodes]
    with av.open(str(first.video_path)) as file:
        frames = sum(1 for _ in file.decode(video=0))
    assert frames >= first.episodes[0].length / 2  # the film shows the first game, every second step of it
    assert stored["video"] == first.video_path.name
    assert check_manifest(copied.folder) == []
    assert again.video_path is None


def test_the_likeliest_actions_are_a_choice(copied):
    games = [evaluate(copied, episodes=2, seed=3, deterministic=choice, video=False) for choice in (True, False)]
    assert [json.loads(game.path.read_text())["deterministic"] for game in games] == [True, False]
    assert games[0].episodes != games[1].episodes


@pytest.mark.parametrize("env_id", UNDRAWN)
def test_a_game_without_a_picture_is_played_and_not_filmed(start, monkeypatch, env_id):
    register_undrawn(monkeypatch)
    run = start(env_id=env_id)
    assert run.wait().success
    result = evaluate(load_run(run.run_id, run.path.parent), episodes=2)
    assert len(result.episodes) == 2
    assert result.video_path is None
    assert json.loads(result.path.read_text())["video"] is None


def test_a_test_that_is_called_off_before_a_game_counts_leaves_no_film(copied):
    films = set(copied.folder.videos_dir.glob("*test-*"))
    seen = []

    class OffOnceFilmed(Spectator):
        @property
        def has_enough(self):
            seen.extend(set(copied.folder.videos_dir.glob("test-*")) - films)
            return bool(seen)

    kept = list(copied.folder.eval_dir.glob("*"))
    with pytest.raises(RetroMLError, match="before its first game had ended"):
        evaluate(copied, episodes=2, spectator=OffOnceFilmed())
    assert seen, "nothing was filmed"
    assert set(copied.folder.videos_dir.glob("*test-*")) == films
    assert list(copied.folder.eval_dir.glob("*")) == kept


@pytest.mark.parametrize("arguments", [{"episodes": 0}, {"episodes": 10_001}, {"seed": -1}, {"seed": 2**31}])
def test_an_evaluation_that_makes_no_sense_is_refused(trained, arguments):
    (name,) = arguments
    with pytest.raises(ConfigError, match=f"{name}={arguments[name]}: .* between"):
        evaluate(trained[0], **arguments)


def test_a_run_without_a_model_cannot_be_evaluated(start):
    run = start(scripted.ScriptedTrainer(fail_at=100))
    run.wait()
    with pytest.raises(StorageError, match=r"has no model yet \(failed\): resume it, and test it at its end"):
        evaluate(load_run(run.run_id, run.path.parent))


def test_an_evaluation_that_cannot_be_kept_is_told(start):
    run = start()
    run.wait()
    (run.path / "eval").write_text("in the way")
    with pytest.raises(StorageError, match=r"Cannot write .*eval"):
        evaluate(load_run(run.run_id, run.path.parent), episodes=1, video=False)


@pytest.mark.parametrize("name", ["eval", "videos"])
def test_an_evaluation_follows_no_link_out_of_the_run(start, tmp_path, name):
    run = start()
    run.wait()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    try:
        (run.path / name).symlink_to(elsewhere, target_is_directory=True)
    except OSError:  # Windows allows links only to developers
        pytest.skip("this account may not make links")
    with pytest.raises(StorageError, match="a link on the way leaves the folder"):
        evaluate(load_run(run.run_id, run.path.parent), episodes=1)
    assert list(elsewhere.iterdir()) == []


@pytest.fixture
def scripted_trainer(monkeypatch):
    """Let every run follow this script."""

    def follow(trainer):
        monkeypatch.setattr("retroml_edu.training.trainer_for", lambda config: trainer)

    return follow


def test_a_bar_shows_how_far_it_is_and_warnings_above_it(scripted_trainer, home, capsys):
    scripted_trainer(scripted.ScriptedTrainer(warnings={400: "the gradient is large"}))
    run_experiment(small_config(), home)
    shown = capsys.readouterr()
    assert "CartPole-v1 PPO seed 7: 100%" in shown.err
    assert "done, mean return 284.4" in shown.err
    assert "warning: the gradient is large" in shown.out + shown.err


def test_an_error_is_shown_too_in_the_thread_that_shows_the_bar(scripted_trainer, home, monkeypatch):
    shown = []
    write = lambda text: shown.append((text, threading.current_thread()))  # noqa: E731 - as short as that
    monkeypatch.setattr(experiment.tqdm, "write", write)
    scripted_trainer(scripted.ScriptedTrainer(fail_at=400))
    result = run_experiment(small_config(), home)
    assert shown == [(f"error: Training failed at step 400: {result.error}", threading.current_thread())]


def test_no_bar_where_none_is_wanted(scripted_trainer, home, capsys):
    scripted_trainer(scripted.ScriptedTrainer())
    run_experiment(small_config(), home, progress=False)
    assert capsys.readouterr() == ("", "")


def test_an_interrupt_stops_in_order(scripted_trainer, home, monkeypatch):
    trainer = scripted.ScriptedTrainer(wait_at=400)
    scripted_trainer(trainer)

    def interrupted(*args):
        trainer.reached.wait()
        raise KeyboardInterrupt

    monkeypatch.setattr(experiment, "_tick", interrupted)
    result = run_experiment(small_config(), home)
    assert (result.state, result.success) == ("stopped", False)
    assert result.metrics_path.is_file()
