"""What the live feed plays, filmed on demand and begun anew; neither costs the run anything."""

from __future__ import annotations

import av
import numpy as np
import pytest

from retroml_edu.core.errors import StorageError
from retroml_edu.core.events import VideoEvent
from retroml_edu.core.frames import Frame
from retroml_edu.session.feed import FPS, FeedMode, LiveFeed
from retroml_edu.session.history import load_run
from retroml_edu.session.live_film import LiveFilm
from retroml_edu.session.session import Session
from retroml_edu.storage.manifest import check_manifest
from retroml_edu.storage.video import MAX_HEIGHT
from tests.session.bench import TIMEOUT_S, small_config, until

ENDLESS = 5_000_000


class Watched:
    """A run of stable-baselines3 whose feed somebody watches."""

    def __init__(self, home, mode):
        settings = {"n_steps": 64, "batch_size": 32, "n_epochs": 2}
        self.run = Session(home).start(small_config(steps=ENDLESS, hyperparameters=settings))
        self.frames, self.problems, self.told_s, self.outcomes, self.ends = [], [], [], [], []
        self.feed = LiveFeed(
            self.run, mode, show=self.show, failed=self.problems.append, ended=lambda: self.ends.append(1)
        )
        self.feed.start()
        until(lambda: self.frames, "a frame")

    def show(self, frames, _shown_s):
        self.frames += frames
        return 0.0

    def record(self):
        film = LiveFilm(self.run, FPS, progress=self.told_s.append, ended=self.outcomes.append)
        self.feed.film(film)
        return film

    def filmed(self):
        until(lambda: self.outcomes, "the end of the film")
        return self.outcomes[-1]


@pytest.fixture
def watch(home):
    """Train and watch; the run is stopped at the latest when the test ends."""
    watched = []

    def watch(mode=FeedMode.PREVIEW):
        watched.append(Watched(home, mode))
        return watched[-1]

    yield watch
    for each in watched:
        each.feed.stop()
        each.run.stop()
        each.run.wait(TIMEOUT_S)


def pictures(path):
    """Return how many pictures a video has, and how high they are."""
    with av.open(str(path)) as video:
        heights = [frame.height for frame in video.decode(video=0)]
    return len(heights), heights[0]


@pytest.mark.parametrize("mode", FeedMode)
def test_what_is_watched_is_filmed_until_somebody_stops_it(watch, home, mode):
    watched = watch(mode)
    film = watched.record()
    until(lambda: watched.told_s, "a second of film")
    film.stop()
    event = watched.filmed()
    assert isinstance(event, VideoEvent)
    path = watched.run.path / event.path
    assert path.name.startswith("live-")
    assert path.name.endswith(f"-step-{event.step}.mp4")
    count, height = pictures(path)
    assert count >= FPS
    assert height <= MAX_HEIGHT
    assert 1.0 <= event.duration_s < 10.0
    seen = len(watched.frames)
    until(lambda: len(watched.frames) > seen, "frames after the film")
    watched.run.stop()
    watched.run.wait(TIMEOUT_S)
    stored = load_run(watched.run.run_id, home)
    assert [video.path for video in stored.videos()] == [event.path]
    assert check_manifest(stored.folder) == []
    assert watched.problems == []


def test_a_film_ends_with_its_run_and_belongs_to_it(watch, home):
    watched = watch()
    watched.record()
    until(lambda: watched.told_s, "a second of film")
    watched.run.stop()
    event = watched.filmed()
    assert isinstance(event, VideoEvent)
    assert pictures(watched.run.path / event.path)[0] > 1
    assert check_manifest(load_run(watched.run.run_id, home).folder) == []


def test_a_film_is_no_longer_than_it_may_be(watch, monkeypatch):
    monkeypatch.setattr("retroml_edu.session.live_film.MOST_S", 1.0)
    watched = watch()
    watched.record()
    event = watched.filmed()
    assert isinstance(event, VideoEvent)
    assert 1.0 <= event.duration_s < 5.0


def test_a_film_that_cannot_be_written_says_so_and_the_feed_goes_on(watch):
    watched = watch()
    (watched.run.path / "videos").write_text("in the way", "utf-8")
    watched.record()
    assert isinstance(watched.filmed(), StorageError)
    seen = len(watched.frames)
    until(lambda: len(watched.frames) > seen, "frames after the film")
    assert watched.problems == []
    assert len(watched.outcomes) == 1


def test_pictures_of_two_sizes_end_a_film_and_leave_nothing(watch):
    watched = watch()
    film = LiveFilm(watched.run, FPS, progress=watched.told_s.append, ended=watched.outcomes.append)
    for height in (40, 60):
        film.see(Frame(np.zeros((height, 60, 3), np.uint8), 64))
    assert "All frames have one size" in str(watched.filmed())
    film.end()
    assert len(watched.outcomes) == 1
    assert list((watched.run.path / "videos").iterdir()) == []


def test_a_film_that_never_had_a_picture_leaves_nothing(watch):
    watched = watch()
    watched.feed.stop()
    until(lambda: watched.ends, "the end of the feed")
    watched.record()
    assert watched.filmed() is None
    assert not (watched.run.path / "videos").exists()


def test_a_reset_begins_a_new_game_at_once(watch):
    watched = watch()
    until(lambda: len(watched.frames) > 10, "some frames")
    for _ in range(3):
        before = watched.frames[-1]
        watched.feed.reset()
        until(lambda game=before.episode: watched.frames[-1].episode > game, "the next game")
    assert watched.problems == []


def test_the_trainings_own_game_is_left_alone(watch):
    watched = watch(FeedMode.TRAINING)
    watched.feed.reset()
    seen = len(watched.frames)
    until(lambda: len(watched.frames) > seen + 3, "more frames")
    games = [frame.episode for frame in watched.frames]
    assert games == sorted(games)
