"""What fails beside a run is told and hurts nothing else: sinks, videos, the disk."""

from __future__ import annotations

import pytest
import torch

from retroml_edu.core.errors import StorageError
from retroml_edu.core.states import RunState
from retroml_edu.session import archive, videos
from retroml_edu.session import run as run_module
from retroml_edu.session.history import load_run
from retroml_edu.session.player import Player
from retroml_edu.session.run import TrainingRun
from retroml_edu.storage.writer import RunWriter
from retroml_edu.training.scripted import ScriptedTrainer
from tests.session.bench import TIMEOUT_S, Collector, small_config, states, until
from tests.session.undrawn import register_undrawn


def full_disk(*args, **kwargs):
    raise StorageError("Cannot write: No space left on device.")


def told(run):
    """Return the warnings and errors of a run."""
    return [event.message for event in run.bus.history if event.kind == "log" and event.level != "info"]


class Broken:
    """A sink that cannot follow."""

    def handle(self, events):
        raise ValueError("no such widget")


def test_a_failing_sink_is_told_and_hurts_nobody(start):
    trainer = ScriptedTrainer(wait_at=400)
    run, good = start(trainer), Collector()
    run.follow(Broken(), name="The other panel")
    run.follow(good)
    until(lambda: told(run), "the warning")
    trainer.release.set()
    assert run.wait(TIMEOUT_S).success
    assert told(run)[0] == "The other panel could not follow: no such widget"
    until(lambda: good.states[-1:] == ["done"], "the last batch")


@pytest.mark.parametrize("part", ["Player", "VideoWriter"])
def test_a_video_that_fails_is_a_warning(start, monkeypatch, part):
    def broken(*args, **kwargs):
        raise OSError("no encoder")

    monkeypatch.setattr(videos, part, broken)
    run = start(videos=True)
    assert run.wait(TIMEOUT_S).success
    warnings = told(run)
    assert len(warnings) == 5
    assert warnings[0] == "The video of step 0 could not be recorded: no encoder"
    assert states(run.bus.history)[-1] == "done"


@pytest.mark.parametrize(
    ("steps", "n_envs", "milestones", "filmed"),
    [
        (2, 2, (0.0, 0.1, 0.2, 1.0), [0, 32]),
        (8, 8, (0.0, 0.25, 0.5, 0.75, 1.0), [0, 8, 128]),
        (8, 8, (0.25, 0.5, 0.75), [8]),
        (1, 2, (0.75, 1.0), [0, 32]),
    ],
)
def test_milestones_that_fall_together_are_one_video(start, steps, n_envs, milestones, filmed):
    run = start(steps=steps, n_envs=n_envs, videos={"milestones": milestones, "length_s": 1.0})
    run.wait(TIMEOUT_S)
    assert [event.step for event in run.bus.history if event.kind == "video"] == filmed


@pytest.mark.parametrize("env_id", ["Silent-v0", "Loud-v0"])
def test_a_game_that_cannot_be_drawn_is_told_once(start, monkeypatch, env_id):
    register_undrawn(monkeypatch)
    run = start(env_id=env_id, videos=True)
    assert run.wait(TIMEOUT_S).success
    of_videos = [text for text in told(run) if "videos" in text]
    assert of_videos == [f'There are no videos: "{env_id}" cannot be drawn: it has no render mode "rgb_array".']


def test_a_player_that_cannot_be_made_gives_torch_its_threads_back(monkeypatch):
    def broken(*args):
        raise ValueError("no such network")

    monkeypatch.setattr("retroml_edu.policies.actor.Actor", broken)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(ValueError, match="no such network") as caught:
            Player(small_config(), seed=1)
        assert torch.get_num_threads() == 2
        assert caught.tb  # it keeps what is left of the player, as a notebook's last error does
    finally:
        torch.set_num_threads(before)


def test_a_full_disk_while_training_is_told_and_the_run_goes_on(start, monkeypatch):
    monkeypatch.setattr(RunWriter, "handle", full_disk)
    run = start()
    assert run.wait(TIMEOUT_S).state is RunState.DONE
    assert told(run)[0] == "The run folder could not follow: Cannot write: No space left on device."


def test_a_disk_that_is_full_for_a_moment_costs_only_that_moment(start, monkeypatch):
    trainer = ScriptedTrainer(wait_at=400)
    with monkeypatch.context() as patch:
        patch.setattr(RunWriter, "handle", full_disk)
        run = start(trainer)
        until(lambda: told(run), "the warning")
    trainer.release.set()
    run.wait(TIMEOUT_S)
    assert load_run(run.run_id, run.path.parent).state is RunState.DONE


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("write_summary", "summary.json could not be written"),
        ("write_metrics_csv", "metrics.csv could not be written"),
        ("write_manifest", "The manifest could not be written"),
    ],
)
def test_one_missing_part_costs_none_of_the_others(start, monkeypatch, part, says):
    monkeypatch.setattr(archive, part, full_disk)
    run = start()
    result = run.wait(TIMEOUT_S)
    assert result.success
    assert told(run) == [f"{says}: Cannot write: No space left on device."]
    written = {path.name for path in run.path.iterdir()}
    assert len({"summary.json", "metrics.csv", "metrics.json", "manifest.json"} & written) == 3
    assert "lease.json" not in written


def test_logs_that_cannot_be_closed_cost_nothing_else(start, monkeypatch):
    whole_close = RunWriter.close

    def close(writer):
        whole_close(writer)
        full_disk()

    monkeypatch.setattr(RunWriter, "close", close)
    run = start()
    assert run.wait(TIMEOUT_S).summary["steps"] == 800
    assert told(run) == ["The end of the logs could not be written: Cannot write: No space left on device."]
    assert (run.path / "manifest.json").exists()
    assert not (run.path / "lease.json").exists()


def test_a_model_that_cannot_be_written_fails_the_run_and_leaves_no_thread(start, monkeypatch):
    monkeypatch.setattr(archive, "save_model", full_disk)
    run = start(videos=True)
    result = run.wait(TIMEOUT_S)
    assert result.state is RunState.FAILED
    assert result.error == "Cannot write: No space left on device."


def test_a_summary_that_cannot_be_read_keeps_nobody_waiting(start, monkeypatch):
    monkeypatch.setattr(archive, "write_summary", lambda folder, *facts: folder.summary_file.write_text("{"))
    assert start().wait(TIMEOUT_S).summary == {}


def test_an_error_in_looking_after_the_folder_does_not_end_the_store(start, monkeypatch):
    def broken(lease):
        raise RuntimeError("no such process")

    monkeypatch.setattr(archive.Lease, "beat", broken)
    trainer = ScriptedTrainer(wait_at=400)
    run = start(trainer)
    until(lambda: told(run) == ["no such process"], "the warning")
    trainer.release.set()
    run.wait(TIMEOUT_S)
    assert load_run(run.run_id, run.path.parent).state is RunState.DONE


def test_followers_are_told_of_the_end_before_the_run_has_ended(start, monkeypatch):
    monkeypatch.setattr(run_module, "VIEW_INTERVAL_S", TIMEOUT_S)  # all comes in the last round
    trainer = ScriptedTrainer(wait_at=400)
    run, ended = start(trainer), []

    class Panel(Collector):
        def handle(self, events):
            super().handle(events)
            ended.append(run.ended)

    panel = Panel()
    run.follow(panel)
    trainer.release.set()
    run.wait(TIMEOUT_S)
    assert panel.states[-1] == "done"
    assert ended == [False]


@pytest.mark.parametrize("moment", ["before", "between", "after"])
def test_who_begins_to_follow_at_the_very_end_still_gets_everything(start, monkeypatch, moment):
    late = Collector()
    end = TrainingRun._end

    def end_with_a_late_follower(run, final):
        if moment == "before":
            result = run._archive.result

            def result_once(*facts):
                run.follow(late)
                return result(*facts)

            run._archive.result = result_once
        if moment == "between":
            stop = run._view_pump.stop

            def stop_and_follow():
                stop()
                run.follow(late)

            run._view_pump.stop = stop_and_follow
        end(run, final)
        if moment == "after":
            run.follow(late)

    monkeypatch.setattr(TrainingRun, "_end", end_with_a_late_follower)
    run = start()
    run._thread.join(TIMEOUT_S)
    assert late.states == ["starting", "running", "finishing", "done"]
    assert [event for event in late.events if event.kind == "metric"]


def test_who_stops_following_gets_nothing_more(start):
    trainer = ScriptedTrainer(wait_at=400)
    run, sink = start(trainer), Collector()
    subscription = run.follow(sink)
    until(lambda: sink.states, "the first batch")
    run.unfollow(subscription)
    trainer.release.set()
    run.wait(TIMEOUT_S)
    assert "done" not in sink.states
