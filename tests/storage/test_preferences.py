"""Preferences are kept, checked and never lost."""

from __future__ import annotations

import json
import os
import threading

import pytest

from retroml_edu.core.errors import ConfigError, StorageError
from retroml_edu.core.preferences import Preferences
from retroml_edu.storage.preferences import (
    change_preferences,
    preferences_file,
    read_preferences,
    reset_preferences,
)

NEWER = '{"version": 2, "test_games": {"count": 3}}'


@pytest.fixture
def home(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def written(home):
    """Put a text into the file."""

    def written(text):
        home.mkdir(exist_ok=True)
        preferences_file(home).write_text(text, encoding="utf-8")
        return home

    return written


def test_without_a_file_the_defaults_count_and_none_is_made(home):
    stored = read_preferences(home)
    assert stored.preferences == Preferences()
    assert stored.problems == ()
    assert not home.exists()


def test_what_is_changed_is_there_in_another_process(home):
    change_preferences(home, {"test_games": 25, "live_picture": "off"})
    stored = read_preferences(home)
    assert (stored.preferences.test_games, stored.preferences.live_picture) == (25, "off")
    assert stored.preferences == Preferences(test_games=25, live_picture="off")
    assert json.loads(preferences_file(home).read_text()) == {"version": 1, "test_games": 25, "live_picture": "off"}


def test_words_of_a_command_line_become_numbers(home):
    assert change_preferences(home, {"test_games": "25", "record_videos": "no"}).record_videos is False
    assert read_preferences(home).preferences.test_games == 25


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"test_games": 0}, "test_games=0: it must be greater than or equal to 1"),
        ({"test_games": "many"}, "test_games='many'"),
        ({"test_game": 3}, '"test_game" is no setting. Did you mean "test_games"?'),
        ({"live_picture": "of"}, 'Did you mean "off"?'),
    ],
)
def test_a_change_that_does_not_fit_is_told_and_changes_nothing(home, changes, says):
    change_preferences(home, {"test_games": 25})
    before = preferences_file(home).read_bytes()
    with pytest.raises(ConfigError) as caught:
        change_preferences(home, {"videos_kept": 3} | changes)
    assert says in str(caught.value)
    assert preferences_file(home).read_bytes() == before


def test_bad_and_unknown_values_of_a_file_are_told_and_the_others_count(written):
    home = written(
        '{"version": 1, "test_games": -4, "colour": "red", "videos_kept": 7, "record_videos": 3, "first_page": null}'
    )
    stored = read_preferences(home)
    assert stored.preferences == Preferences(videos_kept=7)
    said = " ".join(str(problem) for problem in stored.problems)
    assert "settings.json: test_games=-4: it must be greater than or equal to 1. The default is used: 10." in said
    assert 'settings.json: "colour" is no setting. It is left as it is, and not used.' in said
    assert "first_page=None" in said
    assert "The default is used: on." in said


def test_a_change_leaves_in_the_file_what_it_does_not_know(written):
    home = written('{"version": 1, "test_games": -4, "colour": "red", "videos_kept": 7}')
    change_preferences(home, {"videos_kept": 8})
    kept = json.loads(preferences_file(home).read_text())
    assert kept == {"version": 1, "test_games": -4, "colour": "red", "videos_kept": 8}


@pytest.mark.parametrize("text", ["{", "", "[1, 2]", "\x00", '{"a": ' * 100, '"a"'])
def test_a_file_that_is_no_settings_is_told_and_put_aside_when_something_is_written(written, text):
    home = written(text)
    stored = read_preferences(home)
    assert stored.preferences == Preferences()
    assert "cannot be read" in stored.problems[0].message
    assert preferences_file(home).read_text() == text
    change_preferences(home, {"test_games": 3})
    assert read_preferences(home).preferences.test_games == 3
    (aside,) = home.glob("settings-unreadable-*.json")
    assert aside.read_text() == text


def test_a_newer_version_is_left_alone(written):
    home = written(NEWER)
    stored = read_preferences(home)
    assert stored.preferences == Preferences()
    assert "another version" in stored.problems[0].message
    for change in (lambda: change_preferences(home, {"test_games": 3}), lambda: reset_preferences(home)):
        with pytest.raises(StorageError, match="left alone"):
            change()
    assert preferences_file(home).read_text() == NEWER


def test_a_file_of_megabytes_is_not_read(written):
    stored = read_preferences(written('{"colour": "' + "x" * 3_000_000 + '"}'))
    assert "larger than" in stored.problems[0].message


def test_many_bad_values_make_few_sentences(written):
    stored = read_preferences(written(json.dumps({f"name{i}": i for i in range(500)})))
    assert len(stored.problems) == 6
    assert "495 more" in stored.problems[-1].message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes in the file system")
def test_a_pipe_in_its_place_keeps_nobody_waiting(home):
    home.mkdir()
    os.mkfifo(preferences_file(home))
    assert "it is no file" in read_preferences(home).problems[0].message
    with pytest.raises(StorageError, match="nothing is written"):
        change_preferences(home, {"test_games": 3})


def test_a_home_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="in the way"):
        change_preferences(tmp_path / "file" / "runs", {"test_games": 3})


def test_reset_goes_back_to_defaults_and_keeps_what_is_unknown(written):
    home = written('{"version": 1, "test_games": 30, "colour": "red", "videos_kept": 7}')
    assert reset_preferences(home, ["test_games"]) == Preferences(videos_kept=7)
    assert reset_preferences(home) == Preferences()
    assert json.loads(preferences_file(home).read_text()) == {"version": 1, "colour": "red"}


def test_two_who_write_at_once_leave_a_whole_file(home):
    def write(name, values):
        for value in values:
            change_preferences(home, {name: value})

    writers = [
        threading.Thread(target=write, args=("test_games", range(1, 30))),
        threading.Thread(target=write, args=("videos_kept", range(1, 30))),
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    stored = read_preferences(home)
    assert stored.problems == ()
    assert (stored.preferences.test_games, stored.preferences.videos_kept) == (29, 29)
