"""All videos of a home: what each shows, its name, its way to the trash and back, and nothing from elsewhere."""

from __future__ import annotations

import os

import pytest

from retroml_edu.session.evaluation import KEPT_VIDEOS, evaluate
from retroml_edu.session.films import Films
from retroml_edu.session.history import load_run
from retroml_edu.session.trash import TRASH
from retroml_edu.storage.manifest import check_manifest, write_manifest
from retroml_edu.storage.video_labels import label_video
from tests.session.made_films import made_film, made_test, made_video
from tests.session.made_runs import made_run

NOWHERE = "01900000-0000-7000-8000-000000000000"


@pytest.fixture
def folder(home):
    return made_run(home)


@pytest.fixture
def films(home):
    return Films(home)


def by_file(films):
    return {film.file: film for film in films.films()}


def test_a_home_that_is_not_there_has_none_and_is_not_made(home, films):
    assert films.films() == []
    assert not home.exists()


def test_each_says_what_it_shows(folder, films):
    load_run(folder.run_id, folder.path.parent).label(name="first try")
    step = made_film(folder, 250, milestone=0.25, episode_return=12.5)
    test = made_test(folder, "2026-01-02T030405000Z", returns=(3.0, 5.0))
    made_video(folder, "by-hand.mp4")
    (folder.videos_dir / "notes.txt").write_text("no video")
    found = by_file(films)
    assert found.keys() == {step, test, "by-hand.mp4"}
    assert (found[step].kind, found[step].milestone, found[step].episode_return) == ("training", 0.25, 12.5)
    assert (found[step].step, found[step].duration_s, found[step].complete) == (250, 0.3, True)
    assert (found[test].kind, found[test].episode_return, found[test].step) == ("test", 3.0, 700)
    assert (found["by-hand.mp4"].kind, found["by-hand.mp4"].episode_return) == ("recording", None)
    assert found[step].run.name == "first try"
    assert found[step].size_bytes == (folder.videos_dir / step).stat().st_size


def test_what_came_since_is_found_again(folder, films):
    made_film(folder, 100)
    assert len(films.films()) == 1
    made_film(folder, 200, episode_return=77.0)
    made_test(folder, "2026-01-02T030405000Z")
    assert {film.episode_return for film in films.films_of([folder.run_id, NOWHERE])} == {9.0, 77.0, 3.0}


def test_a_test_whose_result_is_not_written_yet_is_known_later(folder, films):
    file = made_test(folder, "2026-01-02T030405000Z")
    result = folder.eval_dir / "2026-01-02T030405000Z-step-700.json"
    content = result.read_text()
    result.unlink()
    assert by_file(films)[file].episode_return is None
    result.write_text(content)
    assert by_file(films)[file].episode_return == 3.0


@pytest.mark.parametrize("content", ["", "[]", '{"episodes": []}', '{"weights_step": "x", "episodes": [7]}'])
def test_a_damaged_result_leaves_the_video(folder, films, content):
    file = made_test(folder, "2026-01-02T030405000Z")
    (folder.eval_dir / "2026-01-02T030405000Z-step-700.json").write_text(content)
    assert by_file(films)[file].episode_return is None


def test_a_name_is_a_label_and_the_file_keeps_its_own(folder, films):
    file = made_film(folder, 100)
    outcome = films.rename(f"{folder.run_id}/{file}", "it stands")
    assert outcome.refused == {}
    assert by_file(films)[file].label == "it stands"
    assert list(films.rename(f"{folder.run_id}/none.mp4", "x").refused) == [f"{folder.run_id}/none.mp4"]


def test_a_video_goes_to_the_trash_and_comes_back_and_the_manifest_knows(folder, films, home):
    file = made_film(folder, 100)
    film_id, before = f"{folder.run_id}/{file}", films.content(f"{folder.run_id}/{file}")
    write_manifest(folder)
    assert films.delete([film_id]).done == (film_id,)
    assert films.films() == []
    assert check_manifest(folder) == []
    assert [path.name for path in (home / TRASH).rglob("*.mp4")] == [file]
    assert films.delete([film_id]).done == ()
    assert films.undelete([film_id]).done == (film_id,)
    assert films.content(film_id) == before
    assert check_manifest(folder) == []


def test_what_has_come_in_its_place_is_not_overwritten(folder, films):
    file = made_film(folder, 100)
    film_id = f"{folder.run_id}/{file}"
    films.delete([film_id])
    made_video(folder, file, colour=50)
    now = films.content(film_id)
    assert "There is a new" in films.undelete([film_id]).refused[film_id]
    assert films.content(film_id) == now


@pytest.mark.parametrize(
    "film_id",
    ["", "x", "../config.json", f"{NOWHERE}/step.mp4", "{run}/../config.json", "{run}/config.json", "{run}/a/b.mp4",
     "{run}/..\\x.mp4", "{run}/.mp4/../../x.mp4", "{run}/con.mp4", "{run}/a\0.mp4"],
)  # fmt: skip
def test_nothing_but_a_video_of_a_run_is_touched(folder, films, film_id):
    made_film(folder, 100)
    film_id = film_id.format(run=folder.run_id)
    before = sorted(folder.path.rglob("*"))
    for outcome in (films.rename(film_id, "x"), films.delete([film_id]), films.undelete([film_id])):
        assert list(outcome.refused) == [film_id]
    assert sorted(folder.path.rglob("*")) == before


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_no_videos(folder, films, tmp_path):
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(b"secret")
    made_film(folder, 100)
    (folder.videos_dir / "link.mp4").symlink_to(secret)
    assert len(films.films()) == 1
    assert films.delete([f"{folder.run_id}/link.mp4"]).done == ()
    assert secret.exists()
    folder.videos_dir.rename(tmp_path / "videos")
    folder.videos_dir.symlink_to(tmp_path / "videos")
    assert films.films() == []


def test_the_newest_videos_of_tests_are_kept_and_those_with_a_name(copied):
    names = [f"test-2020-01-{day:02d}T000000000Z-step-1.mp4" for day in range(1, 29)]
    names += [f"test-2020-02-{day:02d}T000000000Z-step-1.mp4" for day in range(1, 29)]
    for name in names:
        (copied.folder.videos_dir / name).write_bytes(b"x")
    label_video(copied.folder, names[0], "the first of all")
    result = evaluate(copied, episodes=1)
    kept = sorted(path.name for path in copied.folder.videos_dir.glob("test-*.mp4"))
    assert len(kept) == KEPT_VIDEOS + 1
    assert kept[0] == names[0]
    assert kept[-1] == result.video_path.name
    assert check_manifest(copied.folder) == []
