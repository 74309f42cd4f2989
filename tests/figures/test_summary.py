"""The chart in words."""

from __future__ import annotations

import pytest

from retroml_edu.core.curves import curve_data
from retroml_edu.core.events import EpisodeEvent
from retroml_edu.figures import text_summary, what_is_drawn
from retroml_edu.figures.summary import short_number


def run(returns: list[float]):
    return curve_data(EpisodeEvent(10 * (n + 1), 0.0, 0, value, 10) for n, value in enumerate(returns))


def test_nothing_yet() -> None:
    assert text_summary(curve_data(()), "PPO") == "No episode has finished yet."


def test_losses_before_the_first_episode_are_no_mistake(sample) -> None:
    assert text_summary(sample("PPO", 0), "PPO") == "No episode has finished yet."


def test_one_episode() -> None:
    said = text_summary(run([12.0]), "PPO")
    assert said.startswith("After 10 steps and 1 episode, the mean return of the last 1 is 12.")
    assert "too early" in said


@pytest.mark.parametrize(
    ("returns", "trend"),
    [
        ([float(n) for n in range(60)], "have risen"),
        ([float(-n) for n in range(60)], "have fallen"),
        ([float(n % 7) for n in range(60)], "about level"),
        ([5.0] * 60, "about level"),
    ],
)
def test_the_trend_is_told_from_the_noise(returns: list[float], trend: str) -> None:
    assert trend in text_summary(run(returns), "PPO")


def test_best_and_latest_values_are_named(sample) -> None:
    said = text_summary(run([0.0, 10.0, 0.0, 0.0]), "DQN")
    assert "Best mean so far: 5 at step 20." in said
    assert "Latest values: length 10." in said
    assert "policy loss" in text_summary(sample("A2C", 20), "A2C")


def test_values_are_those_of_the_run_where_points_were_merged() -> None:
    returns = [100.0] * 30 + [0.0] * 4_000 + [float(n) for n in range(71)]
    said = text_summary(run(returns), "DQN")
    assert "the mean return of the last 20 is 60.5." in said
    assert "Best mean so far: 100 near step" in said


def test_the_footnote_says_what_one_seed_cannot(sample) -> None:
    note = what_is_drawn(sample("PPO", 20))
    assert "dots: single episodes" in note
    assert "One seed allows no conclusion" in note


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.25"), (-0.02, "-0.02"), (999, "999"), (12_500, "12.5k"), (-3e6, "-3M"), (1e10, "10G")],
)
def test_short_numbers(value: float, text: str) -> None:
    assert short_number(value) == text
