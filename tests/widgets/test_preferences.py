"""The settings page: preferences take effect, are kept, and what does not fit is told."""

from __future__ import annotations

import json
import sys
from typing import get_args

import pytest

from retroml_edu.core.preferences import LivePictureName, PaceName, PageName, Preferences
from retroml_edu.session.feed import FeedMode
from retroml_edu.storage.home import find_home
from retroml_edu.storage.preferences import change_preferences, preferences_file, read_preferences
from retroml_edu.widgets.evaluation_card import PACES, PREFERRED_PACES
from retroml_edu.widgets.feed import OFF
from retroml_edu.widgets.lab import Lab
from retroml_edu.widgets.opening import opening_config
from retroml_edu.widgets.panel import Panel
from tests.widgets.conftest import tell


@pytest.fixture
def home(tmp_path):
    return tmp_path / "runs"


def choose(panel, **values):
    """Write values into the settings page, as a person does."""
    form = panel.preferences.form
    form.values = form.values | values


@pytest.fixture
def opened(bench):
    """A panel whose settings page is open."""
    panel = bench().open()
    panel.tabs.bar.tab = "Settings"
    return panel


def panel_on(home):
    return Panel(opening_config(home, None, None, {}), lambda: None, find_home(home))


def test_names_are_those_of_what_they_set():
    assert set(get_args(LivePictureName)) == {*map(str, FeedMode), OFF}
    assert set(get_args(PaceName)) == set(PREFERRED_PACES)
    assert set(PREFERRED_PACES.values()) == set(PACES)


def test_every_tab_can_be_the_first(bench):
    assert list(get_args(PageName)) == bench().open().tabs.bar.tabs


def test_a_change_takes_effect_at_once_and_is_kept(opened, home):
    choose(
        opened,
        live_picture="off",
        live_pictures_a_second=4,
        test_games=25,
        test_actions="likeliest",
        test_speed="game speed",
    )
    assert opened.feed.mode == "off"
    assert opened._feed_switch.fps == 4
    assert (opened.evaluation.episodes, opened.evaluation.deterministic, opened.evaluation.pace) == (25, True, "1")
    choose(opened, motion="reduced")
    assert opened.page.still
    kept = json.loads(preferences_file(home).read_text())
    assert (kept["test_games"], kept["motion"]) == (25, "reduced")
    assert "videos_kept" not in kept


def test_the_next_panel_opens_with_what_was_chosen(opened, home):
    choose(opened, environment="Acrobot-v1", algorithm="DQN", run_length="short", videos_kept=7, record_videos=False)
    choose(opened, first_page="Experiments", test_games=25, motion="reduced")
    panel = panel_on(home)
    assert panel.tabs.bar.tab == "Experiments"
    assert (panel.config.env_id, panel.config.algorithm, panel.config.run_type) == ("Acrobot-v1", "DQN", "short")
    assert (panel.config.video.keep, panel.config.video.enabled) == (7, False)
    assert panel.evaluation.episodes == 25
    assert panel.page.still


def test_a_cell_that_names_its_game_is_the_same_for_everybody(home):
    change_preferences(home, {"environment": "Acrobot-v1", "algorithm": "DQN", "run_length": "long", "videos_kept": 7})
    config = opening_config(home, "MountainCar-v0", None, {})
    assert (config.env_id, config.algorithm, config.run_type) == ("MountainCar-v0", "PPO", "quick")
    config = opening_config(home, None, "A2C", {})
    assert (config.env_id, config.algorithm) == ("CartPole-v1", "A2C")
    config = opening_config(home, None, None, {"run_type": "custom", "total_timesteps": 500, "video": {"keep": 3}})
    assert (config.env_id, config.total_timesteps, config.video.keep) == ("Acrobot-v1", 500, 3)


def test_lab_opens_with_them(home):
    change_preferences(home, {"environment": "Acrobot-v1"})
    lab = Lab(home=home)
    assert lab.config.env_id == "Acrobot-v1"
    assert Lab(env_id="CartPole-v1", home=home).config.env_id == "CartPole-v1"
    assert "torch" in sys.modules or lab.config.algorithm == "PPO"


def test_a_value_that_does_not_fit_is_told_beside_its_field_and_not_kept(opened, home):
    choose(opened, test_games=25)
    choose(opened, test_games=1_000)
    told = opened.preferences.form.problems["test_games"]["text"]
    assert told == "Games of a test: 1,000 is too large: 100 at most."
    assert opened.evaluation.episodes == 25
    assert read_preferences(home).preferences.test_games == 25
    choose(opened, test_games=30)
    assert opened.preferences.form.problems == {}
    assert read_preferences(home).preferences.test_games == 30


def test_reset_goes_back_to_the_defaults_everywhere(opened, home):
    choose(opened, test_games=25, live_picture="off")
    tell(opened.preferences.form, action="reset")
    assert opened.evaluation.episodes == 10
    assert opened.feed.mode == "preview"
    assert read_preferences(home).preferences == Preferences()
    assert opened.preferences.form.values == Preferences().model_dump(mode="json")


def test_what_the_file_cannot_be_used_for_is_told_when_a_panel_opens(home):
    home.mkdir()
    preferences_file(home).write_text('{"test_games": "many", "environment": "CartPool-v1"}')
    panel = panel_on(home)
    said = " ".join(problem["text"] for problem in panel.runbar.problems)
    assert "test_games='many'" in said
    assert 'No environment is called "CartPool-v1". Did you mean "CartPole-v1"?' in said
    assert panel.config.env_id == "CartPole-v1"
    assert {problem["severity"] for problem in panel.runbar.problems} == {"warning"}


def test_a_game_and_an_algorithm_that_do_not_go_together_give_way(home):
    change_preferences(home, {"environment": "BipedalWalker-v3", "algorithm": "DQN"})
    panel = panel_on(home)
    assert (panel.config.env_id, panel.config.algorithm) == ("CartPole-v1", "PPO")
    assert "DQN cannot play BipedalWalker" in panel.runbar.problems[0]["text"]
    assert read_preferences(home).preferences.environment == "BipedalWalker-v3"


def test_a_file_of_a_newer_version_is_left_alone_and_the_form_shows_what_counts(opened, home):
    home.mkdir(exist_ok=True)
    preferences_file(home).write_text('{"version": 9}')
    choose(opened, test_games=25)
    assert "another version" in opened.runbar.problems[0]["text"]
    assert opened.preferences.form.values["test_games"] == 10
    assert preferences_file(home).read_text() == '{"version": 9}'


def test_what_another_panel_has_changed_is_there_when_the_page_is_opened_again(opened, home):
    change_preferences(home, {"test_games": 42})
    opened.tabs.bar.tab = "Train"
    opened.tabs.bar.tab = "Settings"
    assert opened.preferences.form.values["test_games"] == 42
    assert opened.evaluation.episodes == 42
    choose(opened, videos_kept=9)
    assert read_preferences(home).preferences.test_games == 42


def test_without_a_file_none_is_made(opened, home):
    assert not preferences_file(home).exists()
    assert opened.runbar.problems == []
