"""Train, Pause, Resume and Stop, with a trainer that follows a script."""

import threading

import pytest

from retroml_edu.core.errors import RunBusyError, StorageError
from retroml_edu.core.events import PreparationEvent, log
from retroml_edu.session.archive import RunArchive
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.history import load_run
from retroml_edu.session.session import Session
from retroml_edu.training.scripted import ScriptedTrainer
from retroml_edu.widgets.runbar import MEASURING


def test_train_runs_to_its_end_and_fills_the_panel(bench):
    item = bench()
    panel = item.open(videos=True)
    assert panel.runbar.allowed == ["train"]
    item.press("train")
    item.until_state("done")
    assert panel.run.wait(10).success
    assert panel.runbar.state_label == "Done"
    assert panel.runbar.allowed == ["train"]
    assert panel.runbar.progress == 1.0
    assert "2,016 steps in" in panel.runbar.progress_text
    assert panel.run.run_id in panel.runbar.title
    assert "CartPole-v1 · PPO · seed 7" in panel.runbar.title
    assert [video["label"] for video in panel.videos.videos][::4] == ["start", "final"]
    assert any(len(column) > 10 for column in panel.chart.columns)
    assert panel.downloads.ready
    assert [line["text"] for line in panel.log.lines][-1].startswith("Done")
    assert panel.stored_run().run_id == panel.run.run_id
    assert item.problems == []


def test_a_second_train_is_refused_with_a_sentence_and_the_run_goes_on(bench, waits):
    item = bench(wait_at=400)
    panel = item.open()
    item.press("train")
    waits(lambda: panel.run is not None, "a run")
    first = panel.run
    assert item.trainers[0].reached.wait(10)
    item.press("train")
    item.until_said(r"already \(step \d+ of 2,000\)\. Stop that run first, or open a second panel with Lab\(\)")
    with pytest.raises(RunBusyError, match="training already"):
        panel.start()
    assert panel.run is first
    assert len(item.trainers) == 1
    item.trainers[0].release.set()
    item.until_state("done")


def test_two_presses_at_once_start_one_run(bench, waits):
    item = bench(wait_at=400)
    panel = item.open()
    for _ in range(5):
        item.press("train")
    item.until_said("one press of Train is enough|training already")
    waits(lambda: panel.run is not None, "a run")
    assert item.trainers[0].reached.wait(10)
    assert len(item.trainers) == 1


def test_pause_resume_and_stop(bench):
    item = bench(wait_at=400)
    panel = item.open()
    item.press("train")
    item.until_state("running")
    assert panel.runbar.allowed == ["pause", "stop"]
    item.press("pause")
    item.until_state("paused")
    assert panel.runbar.allowed == ["resume", "stop"]
    item.press("resume")
    item.until_state("running")
    item.press("stop")
    item.until_state("stopped")
    assert panel.runbar.state_label == "Stopped"
    assert panel.runbar.allowed == ["train", "resume"]
    assert panel.runbar.progress < 1.0
    assert panel.run.wait(10).success is False


class PreparingTrainer(ScriptedTrainer):
    """Prepares for long, deaf to all, before it follows its script."""

    def train(self, config, emit, control, start=None):
        emit(log("info", "Preparing…"))
        assert self.release.wait(10)
        return super().train(config, emit, control, start)


@pytest.fixture
def preparing(bench):
    """A bench whose run prepares, and shows it."""
    item = bench()
    trainer = PreparingTrainer()
    item.trainers.append(trainer)
    item._trainer = lambda _config: trainer
    item.open()
    item.press("train")
    item.until_state("running")
    return item


def test_a_pause_is_acknowledged_before_the_run_has_heard_it(preparing, waits):
    runbar, run = preparing.panel.runbar, preparing.panel.run
    preparing.press("pause")
    assert (runbar.state, runbar.state_label, runbar.allowed) == ("pausing", "Pausing…", ["stop"])
    run.bus.publish(PreparationEvent("Preparing: part 2 of 2…"))
    waits(lambda: runbar.progress_text == "Preparing: part 2 of 2…", "the part")
    assert runbar.state == "pausing"
    preparing.trainers[0].release.set()
    preparing.until_state("paused")
    assert runbar.progress_text == "Paused at step 0 of 2,000"
    preparing.press("resume")
    preparing.until_state("done")


def test_a_pause_that_was_not_heard_can_be_taken_back(preparing):
    runbar = preparing.panel.runbar
    preparing.press("pause")
    assert runbar.state == "pausing"
    preparing.panel.resume()
    assert (runbar.state, runbar.allowed) == ("running", ["pause", "stop"])


def test_a_stop_goes_before_a_pause_that_was_not_heard(preparing):
    preparing.press("pause")
    preparing.press("stop")
    preparing.until_state("stopping")
    preparing.trainers[0].release.set()
    preparing.until_state("stopped")


def test_the_next_run_begins_with_a_clean_panel(bench):
    item = bench()
    panel = item.open()
    item.press("train")
    item.until_state("done")
    first = panel.run
    old = len(panel.log.lines)
    item.set(seed=8)
    assert panel.start() is not first
    item.until_state("done")
    assert len(panel.log.lines) <= old
    assert "seed 8" in panel.runbar.title
    assert first.run_id not in panel.runbar.title


@pytest.mark.parametrize(("action", "sentence"), [("pause", "no run to pause: press Train first"), ("stop", None)])
def test_a_button_without_a_run_never_breaks(bench, action, sentence):
    item = bench()
    item.open()
    item.press(action)
    item.press("resume")
    item.press("fly")
    assert [sentence in problem for problem in item.problems] == ([True] if sentence else [])


def test_pausing_what_has_ended_is_a_sentence(bench):
    item = bench()
    item.open()
    item.press("train")
    item.until_state("done")
    item.press("pause")
    item.until_said("only a run that trains can be paused")


def test_a_failure_foreseen_is_a_sentence(bench, waits):
    item = bench(fail_at=600)
    panel = item.open()
    item.press("train")
    item.until_state("failed")
    assert panel.runbar.state_label == "Failed"
    assert panel.runbar.allowed == ["train"]
    errors = [line["text"] for line in panel.log.lines if line["level"] == "error"]
    assert "The script says that training fails at step 600." in errors[0]
    assert not any("Traceback" in line["text"] for line in panel.log.lines)
    waits(lambda: "The script says that training fails at step 600" in item.top, "the sentence near the buttons")


def test_a_crash_leaves_the_traceback_in_the_log_file_and_the_curve_in_the_panel(bench, waits):
    item = bench(crash_at=600)
    panel = item.open()
    item.press("train")
    item.until_state("failed")
    waits(lambda: "the script says that training crashes at step 600" in item.top, "the sentence near the buttons")
    result = panel.run.wait(10)
    assert "Traceback" in (result.path / "training.log").read_text("utf-8")
    assert "ZeroDivisionError" in (result.path / "training.log").read_text("utf-8")
    assert len(panel.stored_run().metrics()) > 0
    assert any(map(len, panel.chart.columns))


def test_a_home_that_cannot_be_written_is_a_sentence_in_the_panel(bench, tmp_path):
    blocked = tmp_path / "runs"
    blocked.write_text("a file is in the way")
    item = bench(home=blocked)
    panel = item.open()
    item.press("train")
    item.until_said("a file is in the way. Remove it. Choose another folder with home=")
    assert panel.run is None
    assert panel.runbar.state == "ready"
    blocked.unlink()
    item.press("train")
    item.until_state("done")
    assert item.problems == []


def test_an_error_that_nobody_foresaw_is_a_sentence_in_the_panel(bench, monkeypatch):
    def broken(*_args, **_kwargs):
        raise KeyError("surprise")

    item = bench()
    panel = item.open()
    monkeypatch.setattr(Session, "start", broken)
    item.press("train")
    item.until_said("Something went wrong in the panel: KeyError: 'surprise'")
    assert panel.runbar.allowed == ["train"]


def test_time_becomes_steps_from_the_measured_speed(bench, monkeypatch):
    seen = []

    def measure(self, config, control=None, *, report=None):
        seen.append(item.panel.runbar.state)
        return 10.0

    monkeypatch.setattr(Session, "measure_speed", measure)
    item = bench()
    panel = item.open()
    item.set(run_type="time", hours=0, minutes=2)
    item.press("train")
    item.until_state("done")
    assert seen == [MEASURING]
    assert panel.run.config.total_timesteps == 1_200
    assert panel.run.config.run_type == "custom"


def test_stop_calls_the_measuring_off(bench, monkeypatch, waits):
    def measure(self, config, control=None, *, report=None):
        waits(lambda: control.stopping, "Stop")
        raise RunBusyError("The start was called off while the speed was measured.")

    monkeypatch.setattr(Session, "measure_speed", measure)
    item = bench()
    panel = item.open()
    item.set(run_type="time", hours=1, minutes=0)
    item.press("train")
    item.until_state(MEASURING)
    assert panel.runbar.allowed == ["stop"]
    item.press("stop")
    item.until_said("called off")
    waits(lambda: panel.runbar.allowed == ["train"], "Train")
    assert panel.run is None


def test_a_shown_error_goes_with_the_next_start(bench):
    item = bench()
    item.open()
    item.set(seed=-1)
    item.press("train")
    item.until_said("Seed")
    item.set(seed=1)
    item.press("train")
    item.until_state("done")
    assert item.problems == []
    assert item.beside == {}


def test_the_live_picture_moves_and_stays_at_the_end(bench, told):
    item = bench(wait_at=400)
    panel = item.open(feed="preview")
    sent = []
    arrived = threading.Event()

    def painted(content, buffers=None):
        sent.append((content, buffers))
        if len(sent) > 3:
            arrived.set()
        told(panel.feed, action="painted", frame=content["frame"])

    panel.feed.send = painted
    item.press("train")
    assert arrived.wait(15)
    item.trainers[0].release.set()
    item.until_state("done")
    content, pictures = sent[-1]
    assert all(picture.startswith(b"\xff\xd8") for picture in pictures)
    assert "A copy of the weights of step" in content["caption"]
    assert len({buffers[0] for _, buffers in sent}) > 1


def test_a_finished_run_can_be_shown_again(bench, tmp_path):
    first = bench()
    first.open(videos=True)
    first.press("train")
    first.until_state("done")
    run = first.panel.run
    assert run.wait(10).success

    second = bench()
    panel = second.open(env_id="Acrobot-v1")
    panel.show_run(RunFollower(load_run(run.run_id, first.home)))
    second.until_state("done")
    panel.run.close()
    assert panel.form.values["env_id"] == "CartPole-v1"
    assert panel.runbar.progress_text.split(" · ")[1:] == first.panel.runbar.progress_text.split(" · ")[1:]
    assert panel.runbar.progress_text.startswith("2,016 steps in")
    assert panel.videos.videos == first.panel.videos.videos
    assert panel.downloads.ready


def test_a_feed_that_is_off_sends_nothing(bench):
    item = bench()
    panel = item.open()
    sent = []
    panel.feed.send = lambda message, *_, **__: sent.append(message)
    item.press("train")
    item.until_state("done")
    assert sent == []


def test_a_home_in_an_error_is_named(bench, tmp_path):
    blocked = tmp_path / "runs"
    blocked.write_text("")
    item = bench(home=blocked)
    panel = item.open()
    with pytest.raises(StorageError, match=str(blocked).replace("\\", "\\\\")):
        panel.start()


def test_a_run_that_is_over_has_no_say_in_the_next_one(bench, waits):
    item = bench()
    panel = item.open()
    item.press("train")
    item.until_state("done")
    first = panel.run
    first.wait(10)
    item.press("train")
    item.until_state("done")
    waits(lambda: panel.run is not first and panel.run.ended, "the end of the second run")
    lines = list(panel.log.lines)
    first.bus.publish(log("error", "an old story"))
    first.bus.drain()
    assert panel.log.lines == lines


def test_train_right_after_the_end_waits_for_the_folder_and_starts(bench, monkeypatch, waits):
    item = bench()
    panel = item.open()
    finished = threading.Event()
    close = RunArchive.close

    def slow(self, *args):
        finished.wait(10)
        yield from close(self, *args)

    monkeypatch.setattr(RunArchive, "close", slow)
    item.press("train")
    item.until_state("done")
    first = panel.run
    item.press("train")
    finished.set()
    waits(lambda: panel.run is not first, "the second run")
    item.until_state("done")
