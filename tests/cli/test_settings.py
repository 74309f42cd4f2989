"""`retroml-edu settings`: the same preferences as on the panel's settings page."""

from __future__ import annotations

import json

import pytest

from retroml_edu.core.preferences import Preferences
from retroml_edu.storage.preferences import preferences_file, read_preferences


def test_all_settings_are_listed_with_what_they_do(command, home):
    code, out, _ = command("settings")
    assert code == 0
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[0] for row in rows] == list(Preferences.model_fields)
    assert all(row[3] for row in rows)
    assert not home.exists()


def test_one_is_shown_and_changed(command, home):
    assert command("settings test_games")[:2] == (0, "10\n")
    assert command("settings test_games 25")[:2] == (0, "25\n")
    assert read_preferences(home).preferences.test_games == 25
    assert command("settings", "test_speed", "as fast as it goes")[:2] == (0, "as fast as it goes\n")
    assert json.loads(command("settings --json")[1])["test_games"] == 25


def test_back_to_the_default(command, home):
    command("settings test_games 25")
    command("settings videos_kept 3")
    assert command("settings test_games --reset")[:2] == (0, "10\n")
    assert read_preferences(home).preferences == Preferences(videos_kept=3)
    command("settings --reset")
    assert read_preferences(home).preferences == Preferences()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("settings test_game", 'There is no setting "test_game". Did you mean "test_games"?'),
        ("settings xyz", "There are: environment, algorithm"),
        ("settings test_games 0", "test_games='0': it must be greater than or equal to 1"),
        ("settings test_games many", "test_games='many'"),
        ("settings environment CartPool-v1", 'Did you mean "CartPole-v1"?'),
        ("settings test_games 3 --reset", "not both"),
    ],
)
def test_a_mistake_is_one_line(command, home, typed, says):
    code, out, err = command(typed)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert says in err
    assert not preferences_file(home).exists()


def test_what_of_the_file_cannot_be_used_is_told_beside_the_rest(command, home):
    home.mkdir()
    preferences_file(home).write_text('{"test_games": -1, "videos_kept": 9}')
    code, out, err = command("settings videos_kept")
    assert (code, out) == (0, "9\n")
    assert "warning: settings.json: test_games=-1" in err
