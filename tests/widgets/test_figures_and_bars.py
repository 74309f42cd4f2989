"""The row of figures and the bars of the newest games: what is told, and that nothing is sent twice."""

from __future__ import annotations

import pytest

from retroml_edu.core.config import ExperimentConfig
from retroml_edu.core.curves import CurveRecorder, curve_points
from retroml_edu.core.events import EpisodeEvent, MetricEvent, ProgressEvent, StateEvent
from retroml_edu.core.numbers import plain_number, with_minus
from retroml_edu.core.recent import SHOWN_EPISODES, Episode, RecentEpisodes
from retroml_edu.core.states import RunState
from retroml_edu.widgets.episode_bars import EpisodeBars, summary
from retroml_edu.widgets.key_figures import NOTHING, KeyFigures, key_figures
from retroml_edu.widgets.run_view import RunView, RunWidgets


def told(algorithm, events, **known):
    """Return each figure's value and detail."""
    recorder, recent = CurveRecorder(), RecentEpisodes()
    recorder.handle(events)
    recent.handle(events)
    return {figure.name: (figure.value, figure.detail) for figure in key_figures(algorithm, recorder, recent, **known)}


def test_before_anything_is_measured_it_is_said_when_that_will_be():
    widget = KeyFigures("PPO", 475.0)
    assert [figure["value"] for figure in widget.figures] == [NOTHING] * 4
    details = {figure["name"]: figure["detail"] for figure in widget.figures}
    assert details == {
        "return": "goal 475",
        "length": "no episode so far",
        "loss": "no update so far",
        "speed": "once it trains",
    }
    assert all(figure["meaning"] for figure in widget.figures)


def test_figures_of_a_run():
    events = [
        EpisodeEvent(10, 1.0, 0, -21.0, 700),
        EpisodeEvent(20, 2.0, 0, 3.5, 1_300),
        MetricEvent(20, 2.0, {"train/value_loss": 0.01234, "train/entropy": 1.5}),
    ]
    assert told("PPO", events, speed=1_376.6, elapsed_s=75, goal_return=18) == {
        "return": ("-8.8", "best 3.5 · goal 18"),
        "length": ("1,000", "newest 1,300"),
        "loss": ("0.0123", "entropy 1.5"),
        "speed": ("1,377", "for 1 min 15 s"),
    }


def test_the_loss_of_dqn_is_its_own():
    values = {"train/loss": 2.5e-5, "train/exploration_rate": 0.31}
    assert told("DQN", [MetricEvent(1, 1.0, values)])["loss"] == ("2.5e-05", "exploration ε 0.31")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (0.012345, "0.0123"),
        (1_234.5, "1,234"),
        (999.9, "1,000"),
        (-0.5, "-0.5"),
        (4.561e-7, "4.56e-07"),
        (float("inf"), "inf"),
        (float("nan"), "nan"),
    ],
)
def test_three_digits_count(value, words):
    assert plain_number(value) == words


def test_numbers_have_a_minus_sign_and_names_keep_their_hyphen():
    assert with_minus("ε-greedy: -0.50 to -1e-05") == "ε-greedy: −0.50 to −1e−05"


def test_bars_are_told_in_a_sentence():
    assert summary([]) == "No episode has ended yet."
    assert summary([Episode(1, -4.0, 9)]) == "The first episode: return -4."
    three = [Episode(n, value, 9) for n, value in enumerate((-21.0, 0.0, 6.0), 1)]
    assert summary(three) == "Last 3 episodes: returns from -21 to 6, mean -5, standard deviation 14.2."


def test_a_return_that_is_no_number_stops_nothing():
    bars, recent = EpisodeBars(), RecentEpisodes()
    recent.handle([EpisodeEvent(n, n, 0, value, 1) for n, value in enumerate((1.0, float("nan"), float("inf"), 3.0))])
    bars.show(recent)
    whole = bars.get_state()["whole"]
    assert [value for _, value, _ in whole["episodes"]] == [1.0, None, None, 3.0]
    assert whole["summary"].startswith("Last 2 episodes: returns from 1 to 3")
    assert summary([Episode(1, float("nan"), 1)]) == "Last 1 episode: no return is a number."


class Listener:
    """Hears what bars say, as episode_bars.js does."""

    def __init__(self, bars):
        self.messages = []
        self.shown = list(bars.get_state()["whole"]["episodes"])
        bars.send = self.hear

    def hear(self, message, buffers):
        self.messages.append(message)
        if message["kind"] == "whole":
            self.shown = list(message["episodes"])
        else:
            self.shown = [*self.shown, *message["episodes"]][-SHOWN_EPISODES:]


def test_a_page_has_the_newest_games_and_each_was_sent_once(tmp_path):
    config = ExperimentConfig(env_id="CartPole-v1", run_type="custom", total_timesteps=10**6, seed=1)
    widgets = RunWidgets.of(config)
    page = Listener(widgets.bars)
    view = RunView(widgets)
    view.show_run("run", config, tmp_path)
    games = [EpisodeEvent(10 * n, n / 10, 0, float(n % 7), n) for n in range(1, 251)]
    for start in range(0, 250, 50):
        view._next_chart_s = 0.0
        view.handle([*games[start : start + 50], ProgressEvent(10 * start, start / 10)])
    view.handle([StateEvent(RunState.DONE, 2_500, "", "2026-01-02T03:04:05Z")])
    assert [number for number, *_ in page.shown] == list(range(151, 251))
    sent = [number for message in page.messages for number, *_ in message["episodes"]]
    assert sent == list(range(1, 251))
    assert widgets.figures.figures[0]["value"] == "2.9"
    # A page that comes later, and a panel that shows the run from its folder, have the same.
    assert list(widgets.bars.get_state()["whole"]["episodes"]) == page.shown
    again = RunWidgets.of(config)
    RunView(again).show_run("run", config, tmp_path, recorded=curve_points(games))
    assert list(again.bars.get_state()["whole"]["episodes"]) == page.shown


def test_another_run_begins_without_the_bars_of_the_one_before(tmp_path):
    bars, recent = EpisodeBars(), RecentEpisodes()
    recent.handle([EpisodeEvent(1, 1.0, 0, 1.0, 1)])
    bars.show(recent)
    page = Listener(bars)
    bars.begin()
    assert page.shown == []
    bars.show(recent)
    assert [number for number, *_ in page.shown] == [1]
