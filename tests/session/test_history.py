"""Runs opened again, listed and measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from retroml_edu.core.errors import StorageError, UnknownNameError
from retroml_edu.session import history
from retroml_edu.session.history import list_runs, load_run
from retroml_edu.training.scripted import ScriptedTrainer


@pytest.fixture
def run(start):
    live = start(videos=True)
    live.wait()
    return load_run(live.run_id, live.path.parent)


def test_a_run_is_found_by_the_beginning_of_its_id(run):
    assert load_run(run.run_id[:18], run.path.parent).path == run.path


def test_what_does_not_exist_is_told(run):
    with pytest.raises(UnknownNameError, match='There is no run "nothing"'):
        load_run("nothing", run.path.parent)


def test_tables_curves_events_and_videos_tell_the_same(run):
    assert list(run.metrics()["step"])[-1] == 800
    assert len(run.episodes()) == 20
    assert run.curves()["episode/return"].count == 20
    assert len([event for event in run.events() if event.kind == "metric"]) == len(run.metrics())
    assert [video.step for video in run.videos()] == [0, 200, 400, 600, 800]
    assert [checkpoint.step for checkpoint in run.checkpoints()] == [800]


def test_a_video_that_is_gone_is_not_listed(run):
    (run.path / run.videos()[0].path).unlink()
    assert [video.step for video in run.videos()] == [200, 400, 600, 800]


@pytest.mark.parametrize("damage", ["link", "other file", "monster"])
def test_what_is_no_video_of_this_run_is_not_listed(run, tmp_path, monkeypatch, damage):
    first = run.path / run.videos()[0].path
    if damage == "link":
        (tmp_path / "secret.mp4").write_bytes(b"not yours")
        first.unlink()
        try:
            first.symlink_to(tmp_path / "secret.mp4")
        except OSError as error:
            pytest.skip(f"this system lets us make no links: {error}")
    elif damage == "other file":
        log = run.folder.events_log
        log.write_text(log.read_text().replace(f"videos/{first.name}", "config.json"))
    else:
        monkeypatch.setattr(history, "MAX_VIDEO_BYTES", first.stat().st_size - 1)
    assert first.name not in [Path(video.path).name for video in run.videos()]
    assert "config.json" not in [video.path for video in run.videos()]


def test_it_looks_like_what_it_is(run):
    assert repr(run) == f"Run({run.run_id}: CartPole-v1 · PPO · seed 7, done)"
    assert "<b>CartPole-v1 · PPO · seed 7</b>" in run._repr_html_()


@pytest.mark.parametrize("damage", ["{", "[]", None])
def test_a_summary_that_cannot_be_read_is_made_anew(run, damage):
    whole = dict(run.summary)
    if damage is None:
        run.folder.summary_file.unlink()
    else:
        run.folder.summary_file.write_text(damage)
    made = run.summary
    assert {name: made[name] for name in ("steps", "episodes", "return_mean", "state")} == {
        name: whole[name] for name in ("steps", "episodes", "return_mean", "state")
    }


def test_the_list_is_newest_first_and_filtered(start, home):
    done, failed = start(seed=1), start(ScriptedTrainer(fail_at=100), seed=2)
    done.wait()
    failed.wait()
    assert [row.seed for row in list_runs(home)] == [2, 1]
    assert [row.seed for row in list_runs(home, state="done")] == [1]
    assert [row.seed for row in list_runs(home, limit=1)] == [2]
    assert list_runs(home, env_id="ALE/Pong-v5") == []
    assert list_runs(home, algorithm="A2C") == []


def test_a_home_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        list_runs(tmp_path / "file")
