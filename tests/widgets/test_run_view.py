"""What the panel writes of a run's events: progress, outcome, log, chart."""

import re
import threading

import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.events import (
    CheckpointEvent,
    EpisodeEvent,
    MetricEvent,
    PreparationEvent,
    ProgressEvent,
    StateEvent,
    VideoEvent,
    log,
)
from retroml_edu.core.metrics import STEPS_PER_SECOND
from retroml_edu.core.states import RunState
from retroml_edu.widgets.assets import STATIC
from retroml_edu.widgets.chart import LiveChart
from retroml_edu.widgets.log import MAX_LINES
from retroml_edu.widgets.run_view import RunView, RunWidgets

NOW = "2026-01-02T03:04:05Z"
MARKUP = '<img src=x onerror="alert(1)"><b>bold</b>'


class Stage:
    """A view with its widgets."""

    def __init__(self, folder):
        self.config = ExperimentConfig(env_id="CartPole-v1", run_type="custom", total_timesteps=1_000, seed=1)
        widgets = RunWidgets.of(self.config)
        self.runbar, self.figures, self.chart = widgets.runbar, widgets.figures, widgets.chart
        self.bars, self.log, self.videos = widgets.bars, widgets.log, widgets.videos
        self.view = RunView(widgets)
        self.view.show_run("run-1", self.config, folder)

    def state(self, state, step=0):
        self.view.handle([StateEvent(state, step, "", NOW)])


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def test_the_speed_is_known_before_the_first_update(stage):
    stage.view.handle([ProgressEvent(50, 2.0)])
    assert stage.runbar.progress_text == "50 of 1,000 steps · 38 s left"


def newest(chart):
    """The step of the newest point drawn: here the largest of all numbers in the columns."""
    return max((column[-1] for column in chart.columns if len(column)), default=0)


def test_all_that_is_seen_changes_at_once_each_second_of_a_long_run_and_with_its_state(stage):
    stage.state(RunState.RUNNING)

    def seen():
        return int(re.search(r"\d+", stage.runbar.progress_text)[0]), newest(stage.chart)

    for step, elapsed_s, expected in [(50, 100.0, 50), (60, 100.9, 50), (70, 101.0, 70), (75, 101.9, 70)]:
        stage.view.handle([EpisodeEvent(step, elapsed_s, 0, 1.0, 10), ProgressEvent(step, elapsed_s)])
        assert seen() == (expected, expected)
    stage.state(RunState.PAUSED, 75)
    assert seen() == (75, 75)


def test_a_young_curve_is_drawn_as_it_grows(stage):
    stage.state(RunState.RUNNING)
    for step, elapsed_s in [(10, 2.0), (20, 2.1), (30, 2.2)]:
        stage.view.handle([EpisodeEvent(step, elapsed_s, 0, 1.0, 10)])
        assert newest(stage.chart) == step


def test_what_is_done_before_the_first_step_is_told_as_it_changes(stage):
    stage.state(RunState.RUNNING)
    stage.view.handle([log("info", "Compiling…")])
    assert stage.runbar.progress_text == "Compiling…"
    for part in ("part 1 of 2…", "part 2 of 2…"):
        stage.view.handle([PreparationEvent(f"Compiling: {part}")])
        assert stage.runbar.progress_text == f"Compiling: {part}"
    assert [line["text"] for line in stage.log.lines] == ["Training", "Compiling…"]


def test_a_pause_tells_the_step_and_not_what_was_done_before_it(stage):
    stage.view.handle([log("info", "Compiling…")])
    stage.state(RunState.PAUSED)
    assert stage.runbar.progress_text == "Paused at step 0 of 1,000"
    stage.state(RunState.RUNNING)
    assert stage.runbar.progress_text == "0 of 1,000 steps"


def test_the_speed_is_the_trainers_own(stage):
    stage.view.handle(
        [MetricEvent(100, 1.0, {STEPS_PER_SECOND: 80.0}), MetricEvent(200, 2.0, {STEPS_PER_SECOND: 50.0})]
    )
    assert stage.runbar.progress_text == "200 of 1,000 steps · 16 s left"


def test_what_waits_for_the_disk_is_told(stage, tmp_path):
    stage.view.show_run("run-2", stage.config, tmp_path, storage_lag=lambda: 5_000)
    stage.view.handle([ProgressEvent(50, 2.0)])
    assert stage.runbar.progress_text.endswith("· 5,000 events not on disk yet")


def test_the_outcome_tells_steps_time_episodes_and_mean(stage):
    stage.state(RunState.RUNNING)
    stage.view.handle([EpisodeEvent(100, 1.0, 0, 10.0, 10), EpisodeEvent(200, 2.0, 0, 30.0, 30)])
    stage.view.handle([ProgressEvent(1_000, 8.0)])
    stage.state(RunState.DONE, 1_000)
    assert stage.runbar.progress == 1.0
    assert stage.runbar.progress_text == "1,000 steps in 8 s · 2 episodes · mean return 20 (last 2 episodes)"


def test_what_was_reported_before_somebody_looked_still_tells_the_steps(stage):
    # A bus keeps no progress events, and a run folder holds none.
    stage.view.handle([EpisodeEvent(400, 3.0, 0, 10.0, 10), MetricEvent(800, 6.0, {"train/loss": 0.5})])
    stage.state(RunState.DONE, 1_000)
    assert stage.runbar.progress_text.startswith("1,000 steps in 6 s")


def test_a_run_that_was_stopped_keeps_its_place(stage):
    stage.view.handle([ProgressEvent(250, 2.0)])
    stage.state(RunState.STOPPED, 250)
    assert stage.runbar.progress == pytest.approx(0.25)
    assert stage.runbar.progress_text.startswith("250 steps in 2 s")


@pytest.mark.parametrize("state", list(RunState))
def test_every_state_has_its_label(stage, state):
    stage.state(state)
    assert stage.runbar.state == str(state)
    assert stage.runbar.state_label
    assert stage.runbar.allowed == ["train"] or not state.is_final


def test_the_chart_takes_episodes_and_metrics(stage):
    stage.view.handle([EpisodeEvent(10 * i, float(i), 0, float(i), i) for i in range(1, 6)])
    stage.view.handle([MetricEvent(50, 5.0, {"train/loss": 0.5})])
    assert any(list(column) == [1.0, 2.0, 3.0, 4.0, 5.0] for column in stage.chart.columns)


def test_a_page_that_comes_later_gets_the_data(stage):
    stage.view.handle([EpisodeEvent(10 * i, float(i), 0, float(i), i) for i in range(1, 6)])
    whole = stage.chart.get_state()["whole"]
    assert len(whole["buffers"][0]) == 4 * sum(whole["counts"])
    assert 5 in whole["counts"]


def test_the_log_is_bounded_and_keeps_the_newest(stage):
    stage.view.handle([log("info", f"line {i}") for i in range(MAX_LINES + 50)])
    stage.view.handle([log("info", "the last")])
    texts = [line["text"] for line in stage.log.lines]
    assert len(texts) == MAX_LINES
    assert texts[-2:] == [f"line {MAX_LINES + 49}", "the last"]


def test_the_log_tells_states_videos_and_warnings_but_not_every_game(stage):
    video = VideoEvent("videos/start.mp4", 0, 0.0, 12.0, 12, True, 0.4, NOW)
    stage.view.handle([StateEvent(RunState.RUNNING, 0, "", NOW), EpisodeEvent(5, 0.1, 0, 5.0, 5), video])
    stage.view.handle([log("warning", "Mind the gap."), StateEvent(RunState.FAILED, 7, "", NOW)])
    assert [(line["level"], line["text"]) for line in stage.log.lines] == [
        ("info", "Training"),
        ("info", "Video recorded (start): step 0 · return 12 · 0.4 s"),
        ("warning", "Mind the gap."),
        ("error", "Failed at step 7"),
    ]


def test_markup_in_a_text_stays_a_text(stage):
    stage.view.handle([log("warning", MARKUP, details=MARKUP)])
    assert stage.log.lines[-1]["text"] == MARKUP  # as data: the browser's half writes it with textContent


def test_nothing_in_the_browser_reads_text_as_markup():
    scripts = list(STATIC.glob("*.js"))
    assert scripts
    for script in scripts:
        text = script.read_text("utf-8")
        for door in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
            assert door not in text, f"{script.name} has {door}"


def test_a_new_run_clears_what_the_last_one_left(stage, tmp_path):
    stage.view.handle([EpisodeEvent(10, 1.0, 0, 9.0, 9), log("info", "old"), ProgressEvent(500, 5.0)])
    stage.state(RunState.DONE, 500)
    config = ExperimentConfig(env_id="Acrobot-v1", algorithm="DQN", seed=2, video={"enabled": False})
    stage.view.show_run("run-2", config, tmp_path)
    assert stage.log.lines == []
    assert stage.videos.videos == []
    assert stage.videos.empty.startswith("Videos are switched off")
    assert stage.runbar.progress == 0.0
    assert stage.runbar.progress_text == "0 of 10,000 steps"
    assert "run-2" in stage.runbar.title
    assert not any(map(len, stage.chart.columns))


def test_the_shelf_promises_no_video_of_a_run_that_has_ended(stage, tmp_path):
    stage.view.show_run("run-2", ExperimentConfig(env_id="CartPole-v1", seed=2), tmp_path)
    stage.state(RunState.RUNNING)
    assert stage.videos.empty == "The first video appears soon after training has started."
    stage.state(RunState.FAILED, 5)
    assert stage.videos.empty == "This run ended before a video of it was made."


def test_a_page_that_connects_waits_until_the_chart_is_drawn():
    chart = LiveChart("PPO", None)
    asked, answered = threading.Event(), threading.Event()

    def connect():
        asked.set()
        chart.get_state()
        answered.set()

    with chart._writing:
        threading.Thread(target=connect).start()
        assert asked.wait(10)
        assert not answered.wait(0.2)
    assert answered.wait(10)


def test_a_long_curve_is_drawn_less_often_and_to_its_end_when_the_run_ends(stage):
    def drawn():
        return max(map(len, stage.chart.columns))

    stage.view.handle([StateEvent(RunState.RUNNING, 0, "", NOW), ProgressEvent(0, 3_599.0)])
    stage.view.handle([EpisodeEvent(10, 3_600.0, 0, 9.0, 9)])
    assert drawn() == 1
    stage.view.handle([EpisodeEvent(20, 3_600.1, 0, 9.0, 9)])
    assert drawn() == 1, "an hour's curve was drawn again for a tenth of a second"
    stage.view.handle([StateEvent(RunState.STOPPING, 20, "", NOW)])
    assert drawn() == 2


def checkpoint(step, reason="interval"):
    name = f"checkpoints/{step:010d}"
    return CheckpointEvent(name, step, reason, "0" * 64, "1" * 64, "2" * 64, 1_000, 0.0234, NOW)


def test_a_run_in_which_no_episode_ended_says_so_in_place_of_its_curve(stage):
    def note():
        return stage.chart._content()[0]["layout"]["annotations[4].text"]

    stage.state(RunState.RUNNING)
    stage.view.handle([ProgressEvent(1_000, 2.0)])
    assert note() == "The curve appears with the first finished episode."
    stage.state(RunState.DONE, 1_000)
    assert note() == "No episode ended in these steps: one takes more of them."


def test_of_the_checkpoints_made_at_intervals_the_newest_has_a_line(stage):
    stage.view.handle([checkpoint(1_000), log("info", "between"), checkpoint(2_000)])
    stage.view.handle([checkpoint(2_500, "request"), checkpoint(12_000)])
    assert [line["text"] for line in stage.log.lines] == [
        "between",
        "Checkpoint at step 2,500 (0.02 s)",
        "Checkpoint at step 12,000 (0.02 s)",
    ]


@pytest.mark.parametrize("state", list(RunState))
def test_a_run_that_was_left_can_be_resumed_if_it_has_a_checkpoint(stage, state):
    left = state in (RunState.STOPPED, RunState.FAILED, RunState.LOST)
    stage.state(state)
    assert "resume" not in stage.runbar.allowed or state is RunState.PAUSED
    stage.view.handle([checkpoint(100)])
    assert ("resume" in stage.runbar.allowed) == (left or state is RunState.PAUSED)
    assert stage.log.can_checkpoint == (state is RunState.RUNNING)


def test_a_resumed_run_shows_its_past_and_no_old_state(stage, tmp_path):
    past = [
        StateEvent(RunState.RUNNING, 0, "", NOW), EpisodeEvent(10, 1.0, 0, 9.0, 9), checkpoint(20),
        StateEvent(RunState.FAILED, 700, "the sun went out", NOW),
    ]  # fmt: skip
    stage.view.show_run("run-1", stage.config, tmp_path, earlier=past)
    assert stage.runbar.state == "created"
    assert stage.runbar.problems == []
    assert stage.runbar.progress_text.startswith("10 of 1,000 steps")
    assert any(list(column) == [9.0] for column in stage.chart.columns)
    assert [line["text"] for line in stage.log.lines][-1] == "Failed at step 700"
    stage.state(RunState.STOPPED, 30)
    assert stage.runbar.allowed == ["train", "resume"]


def test_what_an_old_run_was_warned_of_is_no_trouble_of_now(stage, tmp_path):
    warning = log("warning", "The video of step 0 could not be recorded: libx265z (UnknownCodecError)")
    stage.view.show_run("run-1", stage.config, tmp_path, earlier=[warning])
    assert stage.runbar.problems == []
    stage.view.handle([warning, StateEvent(RunState.DONE, 1_000, "", NOW)])
    assert stage.runbar.problems == []
    stage.view.show_run("run-2", stage.config, tmp_path)
    stage.view.handle([warning])
    assert "FFmpeg" in stage.runbar.problems[0]["text"]
