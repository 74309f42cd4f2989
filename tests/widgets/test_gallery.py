"""The videos page's half in Python: what crosses to it, which pictures are made, and what is done to videos."""

from __future__ import annotations

import pytest

from retroml_edu.core.states import RunState
from retroml_edu.storage.lease import Lease
from retroml_edu.widgets.gallery import KEPT, MOST_WANTED, Gallery
from tests.session.made_films import made_film, made_test, made_video
from tests.session.made_runs import made_run
from tests.widgets.listing_page import ListingPage, ListingStage


class Stage(ListingStage):
    def __init__(self, home):
        super().__init__(home)
        self.opened = []
        self.gallery = Gallery(home, self.opened.append, self.guarded)
        self.show(self.gallery, "film")

    def answers(self, kind):
        return [(message, content) for message, content in self.page.sent if message["kind"] == kind]


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path / "runs")


@pytest.fixture
def folder(stage):
    return made_run(stage.home, seed=3)


@pytest.fixture
def films(folder):
    """Ids of three videos: start, end and test."""
    files = [
        made_film(folder, 0, milestone=0.0, episode_return=9.0),
        made_film(folder, 1_000, milestone=1.0, episode_return=250.25),
        made_test(folder, "2026-01-02T030405000Z"),
    ]
    return [f"{folder.run_id}/{file}" for file in files]


@pytest.fixture
def begun(stage, films, waits):
    stage.tell("begin")
    waits(lambda: not stage.gallery.reading and stage.page.read, "the videos")
    return stage


def test_nothing_is_read_before_somebody_looks(stage, films):
    stage.gallery.refresh()
    assert not stage.gallery.reading
    assert stage.page.rows == {}
    assert not (stage.home / "index.db").exists()


def test_a_video_crosses_with_all_that_is_shown(begun, films, folder):
    assert list(begun.page.rows) == films
    last = begun.page.rows[films[1]]
    assert (last["moment"], last["kind"], last["episode_return"], last["step"]) == ("final", "training", 250.25, 1_000)
    assert (last["env_id"], last["algorithm"], last["run_id"], last["state"]) == (
        "CartPole-v1", "PPO", folder.run_id, "done",
    )  # fmt: skip
    assert [begun.page.rows[film]["moment"] for film in films] == ["start", "final", "test"]
    assert ListingPage(begun.gallery, "film").rows == begun.page.rows


def test_how_many_are_kept_is_said(begun):
    assert begun.gallery.kept == KEPT
    assert "(50 unless you chose another number)" in KEPT


def test_pictures_are_made_for_what_is_asked_and_nothing_else(begun, films, folder, waits):
    begun.tell("thumbnails", films=[films[0], "x/y.mp4", films[1]])
    waits(lambda: len(begun.answers("thumbnail")) == 2, "the pictures")
    assert {message["film"] for message, _ in begun.answers("thumbnail")} == set(films[:2])
    assert all(content[0].startswith(b"\xff\xd8") for _, content in begun.answers("thumbnail"))
    assert len(list(folder.thumbnails_dir.iterdir())) == 2


def test_what_came_into_sight_last_is_made_first(begun, films):
    begun.gallery._painting = True  # as if the thread were busy with another
    begun.tell("thumbnails", films=films[:1])
    begun.tell("thumbnails", films=films[1:])
    assert begun.gallery._wanted_pictures == [films[1], films[2], films[0]]
    with begun.gallery._writing:
        begun.gallery._rows |= {f"r/{number}.mp4": None for number in range(200)}
    begun.tell("thumbnails", films=[f"r/{number}.mp4" for number in range(200)])
    assert len(begun.gallery._wanted_pictures) == MOST_WANTED


def test_a_video_without_a_picture_is_a_sentence(begun, folder, waits):
    made_video(folder, "bad.mp4")
    (folder.videos_dir / "bad.mp4").write_bytes(b"no video")
    begun.tell("refresh")
    bad = f"{folder.run_id}/bad.mp4"
    waits(lambda: bad in begun.page.rows, "the video")
    begun.tell("thumbnails", films=[bad])
    waits(lambda: begun.answers("thumbnail"), "an answer")
    assert "bad.mp4 cannot be read" in begun.answers("thumbnail")[0][0]["problem"]


def test_a_video_is_handed_over_to_who_asked(begun, films, folder, waits):
    begun.tell("play", film=films[1], token="t")
    waits(lambda: begun.answers("film"), "the video")
    message, (content,) = begun.answers("film")[0]
    assert (message["film"], message["token"]) == (films[1], "t")
    assert content == (folder.path / "videos" / films[1].partition("/")[2]).read_bytes()
    begun.tell("play", film=f"{folder.run_id}/../config.json", token="u")
    waits(lambda: len(begun.answers("film")) == 2, "an answer")
    assert "There is no video" in begun.answers("film")[1][0]["problem"]


def test_a_video_is_named_deleted_and_brought_back(begun, films):
    begun.tell("rename", film=films[0], name=" first steps ")
    assert begun.page.rows[films[0]]["label"] == "first steps"
    begun.tell("rename", film=films[0], name="x" * 101)
    assert "at most 100 characters" in begun.gallery.notice["problems"][0]
    assert begun.page.rows[films[0]]["label"] == "first steps"
    begun.tell("delete", films=films[:2])
    assert begun.gallery.notice == {"text": "2 videos deleted", "problems": [], "undo": True}
    assert list(begun.page.rows) == films[2:]
    begun.tell("undo")
    assert begun.gallery.notice == {"text": "2 videos brought back", "problems": [], "undo": False}
    assert begun.page.rows[films[0]]["label"] == "first steps"


def test_what_could_not_be_brought_back_can_be_tried_again(begun, films, folder):
    begun.tell("delete", films=films[:2])
    taken = folder.videos_dir / films[0].split("/")[1]
    taken.write_bytes(b"another")  # in its place by now
    begun.tell("undo")
    assert begun.gallery.notice["text"] == "1 video brought back"
    assert len(begun.gallery.notice["problems"]) == 1
    taken.unlink()
    begun.tell("undo")
    assert begun.gallery.notice["text"] == "1 video brought back"
    assert set(begun.page.rows) == set(films)


def test_a_run_is_opened(begun, folder):
    begun.tell("open", run_id=folder.run_id)
    assert begun.opened == [folder.run_id]


def test_new_videos_of_a_run_that_goes_on_are_found(begun, waits):
    folder = made_run(begun.home, state=RunState.RUNNING)
    lease = Lease.acquire(folder)
    begun.tell("refresh")
    waits(lambda: not begun.gallery.reading, "the end of reading")
    version = begun.page.version
    begun.tell("look")
    assert begun.page.version == version, "nothing had changed"
    made_film(folder, 500)
    begun.tell("look")
    assert f"{folder.run_id}/step-0000000500.mp4" in begun.page.rows
    made_film(folder, 550)
    (folder.videos_dir / "step-0000000500.mp4").unlink()  # the newest are kept
    begun.tell("look")
    assert [film for film in begun.page.rows if film.startswith(folder.run_id)] == [
        f"{folder.run_id}/step-0000000550.mp4"
    ]
    lease.release()
    begun.tell("look")  # it is lost now, and looked at no more
    version = begun.page.version
    made_film(folder, 600)
    begun.tell("look")
    assert begun.page.version == version


@pytest.mark.parametrize("films_", [None, 7, "x", {}, [None], [["x"]], ["../../etc"], ["a/b/c.mp4"], [""]])
@pytest.mark.parametrize("action", ["thumbnails", "play", "rename", "delete", "undo", "fly", None])
def test_what_is_no_message_of_ours_changes_nothing(begun, films, action, films_):
    before = dict(begun.page.rows)
    begun.tell(action, films=films_, film=None)
    assert begun.page.rows == before
    assert begun.errors == []
