"""Record and Reset under the live picture: what they offer, what they keep, and what becomes of a film."""

from __future__ import annotations

import pytest

from retroml_edu.storage.manifest import check_manifest
from retroml_edu.widgets.feed import ENDED, OFF
from tests.session.made_runs import made_run
from tests.widgets.conftest import tell, until


@pytest.fixture
def panel(bench):
    """A panel that trains for long, with the preview on."""
    made = bench()
    panel = made.open(real=True, feed="preview", steps=5_000_000)
    panel.start()
    return panel


def test_nothing_is_offered_where_nothing_plays(bench):
    panel = bench().open(feed="preview")
    assert panel.feed.offers == []
    for action in ("record", "stop", "reset", "dance", None):
        tell(panel.feed, action=action)
    assert not panel.feed.filming
    assert panel.feed.filmed == ""


def test_what_is_offered_follows_what_is_shown(panel):
    assert panel.feed.offers == ["record", "reset"]
    panel.feed.mode = "training"
    assert panel.feed.offers == ["record"]
    panel.feed.mode = OFF
    assert panel.feed.offers == []
    panel.feed.mode = "preview"
    panel.stop()
    panel.run.wait(timeout_s=60)
    until(lambda: panel.feed.offers == [], "the end of the feed")


def test_the_last_picture_of_a_run_is_not_shown_of_another(panel, bench):
    other = made_run(panel.run.path.parent)
    until(lambda: panel.feed._last, "a picture")
    panel.stop()
    panel.run.wait(timeout_s=60)
    until(lambda: panel.feed.caption.startswith("Last picture"), "the last picture")
    panel.open_run(other.run_id)
    assert (panel.feed.poster, panel.feed.caption, panel.feed.empty) == (b"", "", ENDED)


def test_a_film_is_counted_kept_and_put_on_the_shelf(panel):
    tell(panel.feed, action="record")
    tell(panel.feed, action="record")
    assert panel.feed.filming
    until(lambda: panel.feed.filmed.startswith("0:01"), "a second of film")
    tell(panel.feed, action="stop")
    until(lambda: not panel.feed.filming, "the end of the film")
    until(lambda: [video["label"] for video in panel.videos.videos] == ["live"], "the film on the shelf")
    name = panel.videos.videos[0]["name"]
    assert panel.feed.filmed == f"Kept as videos/{name}"
    assert (panel.run.path / "videos" / name).is_file()
    assert len(list((panel.run.path / "videos").iterdir())) == 1
    until(lambda: any("Video recorded (live)" in line["text"] for line in panel.log.lines), "its line in the log")


def test_a_film_ends_with_another_choice_of_feed(panel):
    tell(panel.feed, action="record")
    until(lambda: panel.feed.filmed.startswith("0:01"), "a second of film")
    panel.feed.mode = OFF
    until(lambda: panel.videos.videos, "the film on the shelf")
    assert not panel.feed.filming


def test_a_film_that_its_run_ended_is_on_the_shelf_too(panel):
    tell(panel.feed, action="record")
    until(lambda: panel.feed.filmed.startswith("0:01"), "a second of film")
    panel.stop()
    panel.run.wait(timeout_s=60)
    until(lambda: panel.feed.filmed.startswith("Kept as"), "the end of the film")
    until(lambda: panel.videos.videos, "the film on the shelf")
    assert check_manifest(panel.stored_run().folder) == []


def test_a_film_that_cannot_be_kept_is_a_sentence(panel):
    (panel.run.path / "videos").write_text("in the way", "utf-8")
    tell(panel.feed, action="record")
    until(lambda: not panel.feed.filming, "the end of the film")
    assert panel.feed.filmed.startswith("Nothing was kept: ")
    assert panel.videos.videos == []


def test_reset_begins_the_next_game(panel):
    sent = []
    panel.feed.send = lambda content, buffers=None: sent.append(content["standing"]["game"])
    until(lambda: sent, "a picture")
    before = int(sent[-1].removeprefix("Game "))
    tell(panel.feed, action="reset")
    until(lambda: int(sent[-1].removeprefix("Game ")) > before, "the next game")
