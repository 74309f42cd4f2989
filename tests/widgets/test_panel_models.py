"""What the panel does with a model: trains on where Train is, and shows the Test card ready to press."""

from __future__ import annotations

import shutil

import pytest

from retroml_edu.session.history import load_run
from tests.widgets.conftest import tell, until


@pytest.fixture
def trained(bench):
    """A panel whose run has ended, with a real model and a checkpoint at its end."""
    panel = bench().open(real=True, steps=512, n_envs=2)
    panel.start().wait(timeout_s=60)
    return panel


def show_models(panel):
    panel.tabs.bar.tab = "Models"
    tell(panel.models, action="begin")
    until(lambda: panel.models.rows and not panel.models.reading, "the models")


def test_a_run_that_ended_is_trained_on_in_a_new_one(trained):
    before = trained.run
    show_models(trained)
    assert [model.way for model in trained.models.rows] == ["extend"]
    tell(trained.models, action="continue", run_id=before.run_id, steps=256, step=None)
    until(lambda: trained.run.run_id != before.run_id, "the new run")
    assert trained.tabs.bar.tab == "Train"
    assert trained.run.wait(60).success
    assert trained.run.config.parent.run_id == before.run_id
    assert trained.run.config.total_timesteps == before.config.total_timesteps + 256
    until(lambda: len(trained.models.rows) == 2, "the new model in the table")


def test_a_stopped_run_goes_on_where_it_was(bench, tmp_path):
    item = bench(wait_at=400)
    panel = item.open(checkpoints={"every_steps": 128})
    run = panel.start()
    assert item.trainers[0].reached.wait(10)
    item.trainers[0].release.set()
    panel.stop()
    until(lambda: run.ended, "its end")
    until(lambda: load_run(run.run_id, item.home).checkpoints(), "a checkpoint")
    item.script["wait_at"] = None
    show_models(panel)
    assert [model.way for model in panel.models.rows] == ["resume"]
    tell(panel.models, action="continue", run_id=run.run_id, steps=0, step=None)
    until(lambda: panel.run is not run, "the run that goes on")
    assert panel.run.run_id == run.run_id
    assert panel.run.wait(10).success


def test_what_cannot_go_on_is_a_sentence_at_the_buttons(trained):
    shutil.rmtree(trained.run.path / "checkpoints")
    shutil.rmtree(trained.run.path / "model")
    tell(trained.models, action="continue", run_id=trained.run.run_id, steps=100, step=None)
    until(lambda: trained.runbar.problems, "a sentence")
    assert "has no model" in trained.runbar.problems[0]["text"]


def test_evaluate_only_opens_the_run_and_brings_its_card_into_sight(trained):
    first = trained.run.run_id
    trained.form.values = trained.form.values | {"seed": 11}
    trained.start().wait(timeout_s=60)
    sent = []
    trained.evaluation.send = lambda content, buffers=None: sent.append(content["kind"])
    show_models(trained)
    tell(trained.models, action="evaluate", run_id=first)
    assert (trained.run.run_id, trained.tabs.bar.tab, sent) == (first, "Train", ["attend"])
    assert trained.evaluation.ready
    follower = trained.run
    trained.tabs.bar.tab = "Models"
    tell(trained.models, action="evaluate", run_id=first)
    assert trained.run is follower, "it was opened again"
    assert sent == ["attend", "attend"]


def test_videos_and_models_read_nothing_until_somebody_comes(bench):
    panel = bench().open(steps=600)
    panel.start().wait(timeout_s=30)
    panel.tabs.bar.tab = "Experiments"
    assert not panel.gallery.reading
    assert not panel.models.reading
    assert panel.gallery.rows == panel.models.rows == ()
