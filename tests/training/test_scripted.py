"""The script's own turns."""

from __future__ import annotations

import pytest

from retroml_edu.core.control import Control
from retroml_edu.core.errors import TrainingError
from retroml_edu.core.events import EpisodeEvent, LogEvent, MetricEvent
from retroml_edu.training.scripted import ScriptedTrainer


def test_the_return_rises(tiny, run):
    returns = [event.episode_return for event in run(ScriptedTrainer(), tiny("PPO", steps=4_000)).of(EpisodeEvent)]
    assert returns[0] < 40
    assert returns[-1] > 450


@pytest.mark.parametrize(
    ("script", "error", "says"),
    [
        ({"fail_at": 100}, TrainingError, "training fails at step 100"),
        ({"crash_at": 100}, ZeroDivisionError, "crashes at step 100"),
    ],
)
def test_it_fails_where_it_is_told_to(tiny, script, error, says):
    events = []
    with pytest.raises(error, match=says):
        ScriptedTrainer(**script).train(tiny("PPO"), events.append, Control())
    assert max(event.step for event in events if isinstance(event, MetricEvent)) < 100


def test_it_warns_where_it_is_told_to(tiny, run):
    (warning,) = run(ScriptedTrainer(warnings={90: "Mind the gap."}), tiny("PPO")).of(LogEvent)
    assert (warning.level, warning.message, warning.step) == ("warning", "Mind the gap.", 90)


def test_it_waits_until_it_is_released(tiny, run, in_thread):
    trainer = ScriptedTrainer(wait_at=100)
    finish = in_thread(lambda: run(trainer, tiny("PPO")))
    assert trainer.reached.wait(30)
    assert finish.thread.is_alive()
    trainer.release.set()
    assert finish().model.weights.step >= 256


def test_it_can_be_stopped_while_it_waits(tiny, run, in_thread):
    trainer, control = ScriptedTrainer(wait_at=100), Control()
    finish = in_thread(lambda: run(trainer, tiny("PPO"), control))
    assert trainer.reached.wait(30)
    control.stop()
    assert finish().model.weights.step == 100
