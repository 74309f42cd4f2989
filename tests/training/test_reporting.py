"""How often a trainer reports."""

from __future__ import annotations

import pytest

from retroml_edu.core.control import Control
from retroml_edu.core.events import MetricEvent, ProgressEvent
from retroml_edu.training.clock import SpeedMeter, TrainingClock
from retroml_edu.training.reporting import MOST_METRIC_EVENTS, Reporter


def reported(total, rollout):
    events = []
    reporter = Reporter(events.append, Control(), total)
    step = 0
    while step < total:
        step += rollout
        reporter.progress(step)
        reporter.update(step, {"train/loss": step, "train/std": float("nan")})
    reporter.finish(step)
    return events, step


@pytest.mark.parametrize(
    ("total", "rollout", "count"),
    [(1_000, 100, 10), (4_000, 1, 4_000), (100_000, 1, 4_001), (1_000_000, 7, 3_970)],
)
def test_metric_events_are_bounded_and_end_with_the_last_update(total, rollout, count):
    events, step = reported(total, rollout)
    metrics = [event for event in events if isinstance(event, MetricEvent)]
    assert len(metrics) == count <= MOST_METRIC_EVENTS + 1
    assert metrics[-1].step == step
    assert metrics[-1].values["train/loss"] == step
    assert "train/std" not in metrics[-1].values


def test_progress_is_bounded_by_time_but_ends_with_the_last_step():
    events, step = reported(100_000, 10)
    progress = [event for event in events if isinstance(event, ProgressEvent)]
    assert progress[-1].step == step
    assert len(progress) < 100


def test_a_run_without_updates_still_reports_its_end():
    events = []
    Reporter(events.append, Control(), 50).finish(50)
    assert [event.kind for event in events] == ["metric", "progress"]


def test_pauses_do_not_count():
    control = Control()
    control.paused_s = 100.0
    clock = TrainingClock(control)
    assert 0 <= clock.elapsed_s < 50
    control.paused_s += 1_000.0
    assert clock.elapsed_s < 0


@pytest.mark.parametrize("cycles", [3, 12])
def test_rollouts_and_updates_have_their_true_share_in_the_speed(monkeypatch, cycles):
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    events = []
    reporter = Reporter(events.append, Control(), MOST_METRIC_EVENTS - 1)  # every update is reported
    for cycle in range(cycles):
        for part in range(1, 5):  # four seconds of rollout, four of update: 100 steps in 8 s
            now += 1.0
            reporter.progress(100 * cycle + 25 * part)
        now += 4.0
        reporter.update(100 * (cycle + 1), {})
    speeds = [event.values["time/steps_per_second"] for event in events if isinstance(event, MetricEvent)]
    assert speeds == pytest.approx([12.5] * cycles)


def test_speed_is_of_the_recent_past():
    meter = SpeedMeter(window_s=10.0)
    assert meter.steps_per_second(0.0, 0) == 0.0
    for second in range(1, 101):
        meter.add(float(second), 10 * second)
    for second in range(101, 121):
        meter.add(float(second), 1_000 + 30 * (second - 100))
    assert meter.steps_per_second(120.0, 1_600) == pytest.approx(30.0)
