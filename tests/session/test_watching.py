"""Whoever watches a run sees it, and changes nothing."""

from __future__ import annotations

import itertools
import threading
from typing import ClassVar

import numpy as np
import pytest

from retroml_edu.core.metrics import METRICS
from retroml_edu.core.states import RunState
from retroml_edu.session.feed import FPS, FeedMode, LiveFeed
from retroml_edu.session.follower import RunFollower
from retroml_edu.session.history import load_run
from retroml_edu.session.newest_weights import newest_weights
from retroml_edu.session.player import Player
from retroml_edu.session.session import Session
from tests.session.bench import TIMEOUT_S, Collector, small_config, until

ENDLESS = 5_000_000


class Viewer:
    """Takes frames, and notes when no more come."""

    def __init__(self):
        self.frames, self.reels, self.problems, self.ends = [], [], [], 0

    def show(self, frames, shown_s):
        self.frames += frames
        self.reels.append((len(frames), shown_s))
        return 0.0

    def end(self):
        self.ends += 1

    def feed(self, run, mode, **more):
        feed = LiveFeed(run, mode, show=self.show, failed=self.problems.append, ended=self.end, **more)
        feed.start()
        return feed


@pytest.fixture
def train(home):
    """Start a run of stable-baselines3; it is stopped at the latest when the test ends."""
    started = []

    def train(**settings):
        settings = {"hyperparameters": {"n_steps": 64, "batch_size": 32, "n_epochs": 2}} | settings
        started.append(Session(home).start(small_config(**settings)))
        return started[-1]

    yield train
    for run in started:
        run.stop()
        run.wait(TIMEOUT_S)


@pytest.mark.parametrize("mode", FeedMode)
def test_the_feed_shows_a_run_until_it_ends(train, mode):
    run, viewer = train(steps=ENDLESS), Viewer()
    viewer.feed(run, mode)
    until(lambda: len(viewer.frames) >= 5, "five frames")
    run.stop()
    run.wait(TIMEOUT_S)
    until(lambda: viewer.ends, "the end of the feed")
    assert viewer.problems == []
    assert viewer.ends == 1
    first, last = viewer.frames[0], viewer.frames[-1]
    assert first.pixels.shape == (400, 600, 3)
    assert first.pixels.dtype == np.uint8
    assert any((frame.pixels != first.pixels).any() for frame in viewer.frames)
    assert last.episode >= first.episode >= 1
    assert last.step >= first.step


@pytest.mark.parametrize("mode", FeedMode)
def test_a_feed_that_is_stopped_ends_alone(train, mode):
    run, viewer = train(steps=ENDLESS), Viewer()
    feed = viewer.feed(run, mode)
    until(lambda: viewer.frames, "a frame")
    feed.stop()
    until(lambda: viewer.ends, "the end of the feed")
    assert not run.ended


def test_a_feed_that_fails_is_told_and_the_run_goes_on(train, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("no display")

    monkeypatch.setattr("retroml_edu.session.feed.Player", broken)
    run, viewer = train(steps=ENDLESS), Viewer()
    viewer.feed(run, FeedMode.PREVIEW)
    until(lambda: viewer.ends, "the end of the feed")
    assert viewer.problems == ["The live feed stopped: no display"]
    assert not run.ended


def test_a_preview_shows_no_more_pictures_than_are_wanted_also_when_that_changes(train):
    wanted = [4.0]
    run, viewer = train(steps=ENDLESS), Viewer()
    viewer.feed(run, FeedMode.PREVIEW, fps=lambda: wanted[0])
    until(lambda: viewer.reels, "a reel")
    assert viewer.reels[0][1] >= 1 / 4
    wanted[0] = 2.0
    until(lambda: viewer.reels[-1][1] >= 1 / 2, "slower pictures")
    wanted[0] = 1_000.0  # more than any page is sent
    until(lambda: viewer.reels[-1][1] < 1 / 4, "quicker pictures")
    assert min(shown_s for _, shown_s in viewer.reels) >= 1 / FPS


@pytest.mark.parametrize(("cores", "steps"), [(2, 7), (3, 5), (16, 4)])
def test_a_preview_shows_no_more_pictures_than_it_may(train, monkeypatch, cores, steps):
    # CartPole plays 50 steps a second: 8 pictures at most on two cores, 12 on three, 15 on many.
    class Steps(Player):
        """Shows of a game how many steps were taken since the last picture."""

        taken: ClassVar[list[int]]

        def step(self):
            self.taken[-1] += 1
            return super().step()

        def render(self):
            self.taken.append(0)
            return super().render()

    Steps.taken = [0]
    monkeypatch.setattr("retroml_edu.session.feed.Player", Steps)
    monkeypatch.setattr("retroml_edu.envs.calibration.usable_cores", lambda: cores)
    run, viewer = train(steps=ENDLESS), Viewer()
    viewer.feed(run, FeedMode.PREVIEW)
    until(lambda: len(viewer.frames) >= 2, "two frames")
    run.stop()
    assert Steps.taken[0] == steps


def test_a_preview_plays_a_second_ahead(train, monkeypatch):
    monkeypatch.setattr("retroml_edu.envs.calibration.usable_cores", lambda: 3)
    run, viewer = train(steps=ENDLESS), Viewer()
    viewer.feed(run, FeedMode.PREVIEW)
    until(lambda: len(viewer.reels) >= 6, "six reels")
    run.stop()
    # The first picture comes at once; then they double, up to what is seen in a second.
    assert viewer.reels[:6] == [(1, 0.1), (2, 0.1), (4, 0.1), (8, 0.1), (10, 0.1), (10, 0.1)]
    reel = viewer.frames[15:25]
    assert len({frame.pixels.tobytes() for frame in reel}) > 1
    assert not any(np.shares_memory(one.pixels, other.pixels) for one, other in itertools.combinations(reel, 2))


def test_a_feed_that_is_stopped_while_it_plays_ahead_shows_no_more(train, monkeypatch):
    class Stopping(Player):
        """Has the feed stopped with the third picture: in the middle of the second reel."""

        pictures = 0

        def render(self):
            Stopping.pictures += 1
            if Stopping.pictures == 3:
                feeds[0].stop()
            return super().render()

    monkeypatch.setattr("retroml_edu.session.feed.Player", Stopping)
    run, viewer = train(steps=ENDLESS), Viewer()
    feeds = [viewer.feed(run, FeedMode.PREVIEW)]
    until(lambda: viewer.ends, "the end of the feed")
    assert len(viewer.frames) == 1


def test_the_training_environment_is_shown_as_it_stands(train):
    run, viewer = train(steps=ENDLESS), Viewer()
    viewer.feed(run, FeedMode.TRAINING)
    until(lambda: len(viewer.reels) >= 3, "three reels")
    run.stop()
    assert viewer.reels[:3] == [(1, 0.0)] * 3


def test_weights_are_copied_of_a_run_that_trains_and_waited_for_no_longer_than_somebody_wants_them(train):
    run = train(steps=ENDLESS)
    weights = newest_weights(run, lambda: False)
    assert weights.step >= 0
    assert newest_weights(run, lambda: False).step >= weights.step
    run.pause()
    until(lambda: run.state is RunState.PAUSED, "the pause")
    assert newest_weights(run, lambda: True) is None
    stop = threading.Timer(0.1, run.stop)
    stop.start()
    assert newest_weights(run, lambda: False) is None, "a run that ends keeps somebody waiting"
    stop.join()


def measured(run, home):
    """Return what a run measured, without what depends on the machine's speed."""
    stored = load_run(run.run_id, home)
    timing = [name for name, metric in METRICS.items() if metric.timing]
    return [
        frame.drop(columns=["elapsed_s", *timing], errors="ignore") for frame in (stored.metrics(), stored.episodes())
    ]


@pytest.mark.parametrize("algorithm", ["PPO", "DQN"])
def test_watching_changes_no_number(train, home, algorithm):
    hyperparameters = {
        "PPO": {"n_steps": 64, "batch_size": 32, "n_epochs": 2},
        "DQN": {"learning_starts": 100, "train_freq": 8, "gradient_steps": 2, "batch_size": 16},
    }[algorithm]
    settings = {"algorithm": algorithm, "steps": 2_000, "hyperparameters": hyperparameters}
    alone = train(**settings)
    alone.wait(TIMEOUT_S)

    watched, viewer = train(**settings, videos=True), Viewer()
    feeds = [viewer.feed(watched, mode) for mode in FeedMode]
    watched.follow(Collector())
    follower = RunFollower(load_run(watched.run_id, home))
    for _ in range(5):
        watched.control.request_weights(lambda weights: None)
    watched.wait(TIMEOUT_S)
    for feed in feeds:
        feed.stop()
    follower.close()

    assert viewer.problems == []
    assert len(load_run(watched.run_id, home).videos()) == 5
    for one, other in zip(measured(alone, home), measured(watched, home), strict=True):
        assert len(one) > 10
        assert one.equals(other)


def test_the_newest_videos_stay(train):
    run = train(steps=800, videos={"enabled": True, "length_s": 1.0, "quality": "small", "keep": 2})
    run.wait(60)
    names = sorted(video.name for video in (run.path / "videos").iterdir())
    assert len(names) == 2
    # Three quarters of the run, at the next boundary.
    assert 600 <= int(names[0].removeprefix("step-").removesuffix(".mp4")) < 800
