"""All models of a home: how each can go on, what is exported, and training on from them."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile

import pytest
from stable_baselines3 import PPO

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.errors import ConfigError, RunBusyError, StorageError, UnknownNameError
from retroml_edu.core.states import RunState
from retroml_edu.session.experiment import run_experiment
from retroml_edu.session.history import load_run
from retroml_edu.session.importing import import_model
from retroml_edu.session.model_export import _play, model_export, model_export_name
from retroml_edu.session.models import Models, train_on
from retroml_edu.session.session import Session
from retroml_edu.storage.inbox import Inbox
from retroml_edu.storage.lease import Lease
from tests.session.bench import TIMEOUT_S, small_config
from tests.session.made_films import made_test
from tests.session.made_runs import made_run

NOWHERE = "01900000-0000-7000-8000-000000000000"
SMALL = {"n_steps": 64, "batch_size": 64, "n_epochs": 1}


@pytest.fixture
def models(home):
    return Models(home)


@pytest.fixture
def imported(home, tmp_path):
    PPO("MlpPolicy", "CartPole-v1", device="cpu", seed=3).save(tmp_path / "theirs.zip")
    return import_model(tmp_path / "theirs.zip", ExperimentConfig(env_id="CartPole-v1", seed=1), home)


def test_a_home_that_is_not_there_has_none_and_is_not_made(home, models):
    assert models.models() == []
    assert not home.exists()


def test_a_trained_run_says_what_it_holds(copied, models):
    (model,) = models.models()
    assert (model.way, model.steps, model.has_model, model.has_zip) == ("extend", copied.summary["steps"], True, True)
    assert model.size_bytes == copied.folder.model_zip.stat().st_size
    assert model.checkpoint_steps[-1] == models.checkpoints(copied.run_id)[0].step
    assert (model.tested_mean, model.tested_games) == (None, 0)
    step = copied.summary["steps"]
    made_test(copied.folder, "2026-01-02T030405000Z", returns=(1.0, 2.0), step=step)
    made_test(copied.folder, "2026-01-03T030405000Z", returns=(10.0, 20.0, 30.0), step=step)
    assert [(model.tested_mean, model.tested_games) for model in models.models()] == [(20.0, 3)]


def test_a_test_of_earlier_weights_says_nothing_of_the_final_ones(copied, models):
    made_test(copied.folder, "2026-01-02T030405000Z", returns=(7.0, 9.0), step=copied.summary["steps"])
    made_test(copied.folder, "2026-01-03T030405000Z", returns=(1.0, 1.0), step=10)
    assert [model.tested_mean for model in models.models()] == [8.0]


LARGE = '{"summary": {"return_mean": 1' + "0" * 400 + '}, "episodes": []}'


@pytest.mark.parametrize(
    "content", ["", "[]", '{"summary": {}}', '{"summary": {"return_mean": "x"}, "episodes": []}', LARGE]
)
def test_a_damaged_test_is_none(copied, models, content):
    copied.folder.eval_dir.mkdir()
    (copied.folder.eval_dir / "2026.json").write_text(content)
    assert [model.tested_mean for model in models.models()] == [None]


def test_how_each_goes_on(home, copied, imported, models):
    stopped = made_run(home, state=RunState.STOPPED, steps=100)
    shutil.copytree(copied.folder.checkpoints_dir, stopped.checkpoints_dir)
    going_on = made_run(home, state=RunState.RUNNING)
    lease = Lease.acquire(going_on)
    made_run(home, state=RunState.FAILED)  # nothing is left of it
    ways = {model.run.run_id: model.way for model in models.models()}
    lease.release()
    assert ways == {
        copied.run_id: "extend",
        imported.run_id: "weights",
        stopped.run_id: "resume",
        going_on.run_id: "none",
    }
    assert [model.run.run_id for model in models.models_of([stopped.run_id, NOWHERE])] == [stopped.run_id]


def test_the_export_plays_without_this_package(copied, tmp_path):
    assert model_export_name(copied).endswith(f"run-{copied.run_id[-6:]}_sb3.zip")
    content = model_export(copied)
    assert content == model_export(copied)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert sorted(archive.namelist()) == ["README.txt", "model.zip", "play.py", "settings.yaml"]
        assert archive.read("model.zip") == copied.folder.model_zip.read_bytes()
        archive.extractall(tmp_path / "theirs")
    absent = "import sys; sys.modules['retroml_edu'] = None; import runpy; runpy.run_path('play.py')"
    done = subprocess.run(
        [sys.executable, "-c", absent],
        cwd=tmp_path / "theirs", capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("return ")


def test_statistics_come_along_and_are_used(home, tmp_path):
    config = small_config(steps=200, normalize=True, hyperparameters=SMALL)
    run = load_run(run_experiment(config, home, progress=False).run_id, home)
    with zipfile.ZipFile(io.BytesIO(model_export(run))) as archive:
        assert "normalization.safetensors" in archive.namelist()
        archive.extractall(tmp_path / "theirs")
    done = subprocess.run(
        [sys.executable, "play.py"],
        cwd=tmp_path / "theirs", capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("return ")


@pytest.mark.parametrize(
    ("env_id", "made"),
    [("ALE/Pong-v5", "make_env('ALE/Pong-v5'"), ("RetroML/PongPixels-v0", "make_env('RetroML/PongPixels-v0'")],
)
def test_games_that_are_prepared_here_are_made_here(env_id, made):
    script = _play(ExperimentConfig(env_id=env_id), normalized=False)
    assert made in script
    compile(script, "play.py", "exec")


def test_what_has_no_zip_is_a_sentence(imported):
    with pytest.raises(StorageError, match="never for an imported model"):
        model_export(imported)


def test_a_new_run_begins_with_the_exact_state(copied, home):
    before = copied.summary["steps"]
    run = train_on(Session(home), copied.run_id, 512)
    assert run.wait(TIMEOUT_S).success
    assert run.run_id != copied.run_id
    assert (run.config.total_timesteps, run.config.parent.step) == (before + 512, before)
    assert load_run(run.run_id, home).summary["steps"] >= before + 512


def test_a_new_run_begins_with_the_weights(imported, home):
    run = train_on(Session(home), imported.run_id, 64)
    run.stop()
    run.wait(TIMEOUT_S)
    assert (run.config.total_timesteps, run.config.parent.run_id) == (64, imported.run_id)


def test_what_cannot_be_trained_on_is_a_sentence(copied, home):
    session = Session(home)
    with pytest.raises(ConfigError, match="above 0"):
        train_on(session, copied.run_id, 0)
    with pytest.raises(UnknownNameError, match="There is no run"):
        train_on(session, NOWHERE, 100)
    with pytest.raises(StorageError, match="no checkpoint of step 7"):
        train_on(session, copied.run_id, 100, step=7)
    bare = made_run(home, state=RunState.FAILED)
    with pytest.raises(StorageError, match="has no model"):
        train_on(session, bare.run_id, 100)


def test_a_run_that_goes_on_is_asked_for_its_state(home, models):
    folder = made_run(home, state=RunState.RUNNING)
    lease = Lease.acquire(folder)
    models.save(folder.run_id)
    assert [command.name for command in Inbox(folder).poll()] == ["checkpoint"]
    lease.release()
    with pytest.raises(RunBusyError, match="only a run that trains"):
        models.save(folder.run_id)
    with pytest.raises(UnknownNameError):
        models.save("../x")
