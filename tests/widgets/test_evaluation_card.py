"""The Test card: games of the run that is shown, whole or called off, told once, and kept."""

from __future__ import annotations

import json
import threading

import pytest

from retroml_edu.core.errors import RunBusyError
from retroml_edu.widgets.feed import OFF
from tests.session.undrawn import register_undrawn
from tests.widgets.conftest import tell, until


@pytest.fixture
def trained(bench):
    """A panel whose run has ended, with a real model."""
    panel = bench().open(real=True, steps=512, n_envs=2)
    panel.start().wait(timeout_s=60)
    return panel


def test_games_are_played_told_and_kept(trained):
    card = trained.evaluation
    assert card.ready
    card.episodes, card.pace = 3, "0"
    tell(card, action="test")
    until(lambda: not card.running, "the test's end")
    assert len(card.games) == 3
    assert card.said == ""
    assert card.result["return"].count("±") == 1
    assert "drawn actions" in card.result["conditions"]
    name = card.result["kept"].split(" · ")[0]
    kept = json.loads((trained.run.path / name).read_text("utf-8"))
    assert [game["episode_return"] for game in kept["episodes"]] == [game["episode_return"] for game in card.games]
    assert (trained.run.path / card.result["kept"].split(" · ")[1]).is_file()
    assert [line["text"] for line in trained.log.lines if line["text"].startswith("Test: return")] == [
        trained.log.lines[-1]["text"]
    ]


def test_what_was_chosen_comes_with_the_press_which_overtakes_it(trained):
    card = trained.evaluation
    tell(card, action="test", episodes=2, deterministic=True, pace="0")
    until(lambda: not card.running and card.result, "the test's end")
    assert len(card.games) == 2
    assert "likeliest actions" in card.result["conditions"]
    tell(card, action="test", episodes="many", deterministic=None)
    until(lambda: not card.running, "the test's end")
    assert len(card.games) == 2


def test_a_test_that_is_stopped_keeps_the_games_that_ended(trained):
    card = trained.evaluation
    card.episodes, card.pace = 100, "0"
    card.start()
    with pytest.raises(RunBusyError, match="goes on already"):
        card.start()
    until(lambda: len(card.games) >= 2, "two games")
    tell(card, action="stop")
    until(lambda: not card.running, "the test's end")
    assert 2 <= len(card.games) < 100
    assert f"over {len(card.games)} games" in trained.log.lines[-1]["text"]


def test_a_game_without_a_picture_is_tested_all_the_same(bench, monkeypatch):
    register_undrawn(monkeypatch)
    panel = bench().open(real=True, steps=512, n_envs=2, env_id="Silent-v0")
    assert panel.start().wait(timeout_s=60).success
    card, said = panel.evaluation, []
    card.observe(lambda change: said.append(change.new), "said")
    card.episodes, card.pace = 3, "1"
    card.start()
    until(lambda: not card.running, "the test's end")
    assert len(card.games) == 3
    assert "Game 1 of 3 · this game has no picture" in said
    assert card.result["kept"].endswith("no film: this game has no picture")
    assert (panel.run.path / card.result["kept"].split(" · ")[0]).is_file()
    assert not [problem for problem in panel.runbar.problems if problem["severity"] == "error"]


def test_the_games_are_seen_in_the_feed(trained):
    card, feed = trained.evaluation, trained.feed
    sent = []

    def send(content, buffers=None):
        sent.append((content, buffers))
        if content["confirm"]:
            tell(feed, action="painted", frame=content["frame"], seen=True, took_ms=1.0)

    feed.send = send
    feed.mode = "preview"
    card.episodes, card.pace = 1, "0"
    card.start()
    until(lambda: not card.running, "the test's end")
    assert sent[0][0]["caption"] == "Test of the weights of step 512"
    assert sent[0][0]["standing"] == {"game": "Game 1", "return": "0", "spoken": "return 0"}
    assert all(buffers[0][:2] == b"\xff\xd8" for _, buffers in sent)
    # The last picture is that of the end.
    assert sent[-1][0]["standing"]["return"] == f"+{card.games[0]['episode_return']:.0f}"


def test_without_a_run_there_is_nothing_to_test(bench):
    panel = bench().open()
    assert not panel.evaluation.ready
    tell(panel.evaluation, action="test")
    assert "There is no agent to test" in panel.runbar.problems[0]["text"]


def test_a_run_that_trains_is_tested_with_a_copy_of_its_weights(bench):
    panel = bench().open(real=True, steps=10**8, n_envs=2)
    panel.feed.mode = OFF
    run = panel.start()
    until(lambda: run.step > 0, "the first step")
    card = panel.evaluation
    card.episodes, card.pace = 2, "0"
    card.start()
    until(lambda: not card.running, "the test's end")
    assert len(card.games) == 2
    assert not run.ended
    assert int(card.result["conditions"].split("step ")[1].split(" ")[0].replace(",", "")) > 0
    run.stop()
    run.wait(timeout_s=60)
    # Its folder is whole: what the test left is in the manifest that the run's end wrote.
    assert card.result["kept"].split(" · ")[0] in json.loads((run.path / "manifest.json").read_text("utf-8"))["files"]


def test_another_run_ends_the_test_of_the_one_before(trained):
    card = trained.evaluation
    card.episodes, card.pace = 100, "1"
    card.start()
    until(lambda: card.said.startswith("Game"), "the first game")
    trained.start().wait(timeout_s=60)
    assert (card.running, card.games, card.result) == (False, [], {})


def test_what_goes_wrong_is_said_in_the_card(trained):
    card = trained.evaluation
    for file in (trained.run.path / "model").iterdir():
        file.unlink()
    card.episodes, card.pace = 1, "0"
    card.start()
    until(lambda: not card.running, "the test's end")
    assert card.said
    assert card.result == {}


def test_a_run_that_waits_says_what_to_do_first(bench):
    panel = bench().open(real=True, steps=10**8, n_envs=2)
    run = panel.start()
    until(lambda: run.step > 0, "the first step")
    panel.pause()
    until(lambda: str(run.state) == "paused", "the pause")
    panel.evaluation.start()
    until(lambda: not panel.evaluation.running, "the test's end")
    assert "press Resume, then Test" in panel.evaluation.said
    panel.resume()


def test_another_choice_of_feed_waits_for_the_test_s_end(bench):
    panel = bench().open(real=True, steps=10**8, n_envs=2)
    run = panel.start()
    until(lambda: run.step > 0, "the first step")
    panel.evaluation.episodes, panel.evaluation.pace = 100, "1"
    panel.evaluation.start()
    panel.feed.mode = "training"
    assert not [thread for thread in threading.enumerate() if thread.name == "retroml-feed"]
    panel.evaluation.stop()
    until(lambda: not panel.evaluation.running, "the test's end")
    until(lambda: [each for each in threading.enumerate() if each.name == "retroml-feed"], "the chosen feed")
