"""What every trainer keeps to, the scripted one as much as those that learn."""

from __future__ import annotations

import random
import threading
from itertools import pairwise

import numpy as np
import pytest
import torch

from retroml_edu.core.control import Control
from retroml_edu.core.events import MetricEvent, ProgressEvent
from retroml_edu.core.metrics import METRICS, STEPS_PER_SECOND
from retroml_edu.envs import make_env
from retroml_edu.policies import Actor


def same(first, second):
    """Whether two sets of weights are equal to the last bit."""
    return all(
        one.keys() == other.keys() and all(np.array_equal(one[name], other[name]) for name in one)
        for one, other in ((first.arrays, second.arrays), (first.normalization, second.normalization))
    )


def assert_same_run(first, second):
    assert first.facts == second.facts
    assert same(first.model.weights, second.model.weights)


def test_it_finishes_at_the_last_step(subject):
    played, config = subject.plain, subject.config
    rollout = 64
    assert config.total_timesteps <= played.model.weights.step < config.total_timesteps + rollout
    assert played.of(ProgressEvent)[-1].step == played.model.weights.step
    assert played.of(MetricEvent)[-1].step == played.model.weights.step
    assert played.model.facts["engine"] == subject.engine


def test_steps_and_times_rise(subject):
    for earlier, later in pairwise(subject.plain.events):
        assert earlier.step <= later.step
        assert earlier.elapsed_s <= later.elapsed_s


def test_metrics_are_of_the_catalogue_one_event_an_update(subject):
    metrics = subject.plain.of(MetricEvent)
    assert len(metrics) > 3
    assert all(earlier.step < later.step for earlier, later in pairwise(metrics))
    for event in metrics:
        assert event.values.keys() <= METRICS.keys()
        assert np.isfinite(list(event.values.values())).all()
        assert event.values[STEPS_PER_SECOND] > 0


def test_an_actor_can_play_the_weights(subject):
    env = make_env(subject.config.env_id, seed=0)
    actor = Actor(subject.config, env.observation_space, env.action_space)
    actor.load(subject.plain.model.weights)
    observation, _ = env.reset()
    assert env.action_space.contains(actor.act(observation, False, np.random.default_rng(0)))
    env.close()


def test_the_same_seed_gives_the_same_run(subject):
    assert_same_run(subject.play(), subject.plain)


def test_another_seed_gives_another_run(subject):
    other = subject.play(config=subject.config.changed(seed=6))
    assert not same(other.model.weights, subject.plain.model.weights)


def test_looking_changes_nothing(subject, watching):
    control = watching(look=True)
    played = subject.play(control)
    assert_same_run(played, subject.plain)
    frame = control.frames_seen[-1]
    assert frame.pixels.dtype == np.uint8
    assert frame.pixels.ndim == 3
    assert frame.pixels.shape[2] == 3
    assert frame.step == played.model.weights.step
    assert control.frames_seen[0].episode == 1


def test_a_wanted_frame_comes_through_the_channel(subject, in_thread):
    control = Control()
    control.frames.wanted = True
    seen = in_thread(lambda: control.frames.take(timeout_s=30))
    trained = in_thread(lambda: subject.play(control))
    assert seen() is not None
    trained()


def test_milestones_get_the_first_and_the_final_weights(subject):
    control, copies = Control(), []
    total = subject.config.total_timesteps
    control.at_steps([0, total // 2, total], copies.append)
    played = subject.play(control)
    assert [copy.step for copy in copies][0::2] == [0, played.model.weights.step]
    assert total // 2 <= copies[1].step < total // 2 + 4
    assert same(copies[2], played.model.weights)
    assert not same(copies[0], copies[2])


def test_a_stop_between_steps_leaves_the_weights_of_that_step(subject, watching):
    control = watching(stop_at_step=100)
    played = subject.play(control)
    assert 100 <= played.model.weights.step < 100 + subject.stretch
    assert played.model.weights.step == control.boundary.step
    assert same(played.model.weights, control.boundary)


@pytest.mark.parametrize("batch", ["first", "second", "last"])
def test_a_stop_inside_an_update_returns_to_its_start(subject, watching, batch):
    each = subject.batches_per_update
    control = watching(stop_at_batch=2 * each + {"first": 1, "second": min(2, each), "last": each}[batch])
    played = subject.play(control)
    assert control.stopping
    assert played.model.weights.step < subject.config.total_timesteps
    assert played.model.weights.step == control.boundary.step
    assert same(played.model.weights, control.boundary)


def test_a_stop_before_the_start_leaves_the_first_weights(subject):
    control = Control()
    control.stop()
    played = subject.play(control)
    assert played.model.weights.step == 0
    assert played.of(ProgressEvent)[-1].step == 0


def test_a_pause_holds_training_and_changes_nothing(subject, in_thread):
    paused, changes = threading.Event(), []

    def on_pause(state):
        changes.append(state)
        paused.set()

    control = Control(on_pause)
    control.pause()
    finish = in_thread(lambda: subject.play(control))
    assert paused.wait(30)
    assert finish.thread.is_alive()
    control.resume()
    assert_same_run(finish(), subject.plain)
    assert changes == [True, False]
    assert control.paused_s > 0


def test_a_stop_ends_a_pause(subject, in_thread):
    paused = threading.Event()
    control = Control(lambda state: paused.set())
    control.pause()
    finish = in_thread(lambda: subject.play(control))
    assert paused.wait(30)
    control.stop()
    assert finish().model.weights.step == 0


def test_foreign_draws_change_nothing(subject, in_thread):
    over, drawn = threading.Event(), threading.Event()

    def draw():
        while not over.is_set():
            torch.rand(1)
            np.random.rand(1)
            random.random()
            drawn.set()

    finish = in_thread(draw)
    assert drawn.wait(30)
    try:
        assert_same_run(subject.play(), subject.plain)
    finally:
        over.set()
        finish()


def test_global_generators_are_left_as_they_were(subject):
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    subject.play()
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    assert random.getstate() == before[2]


def test_nothing_is_printed(subject, capfd):
    subject.play()
    assert capfd.readouterr() == ("", "")
