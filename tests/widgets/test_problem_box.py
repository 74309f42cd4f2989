"""What goes wrong on the machine stands under the buttons as cause and remedy, with the computer's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from retroml_edu.core.events import log
from retroml_edu.storage.atomic import cannot_write
from retroml_edu.training.scripted import ScriptedTrainer
from tests.widgets.conftest import until

FULL = "OSError: [Errno 28] No space left on device: '/runs/metrics.jsonl'"


@pytest.fixture
def failing(bench, monkeypatch):
    """Let a run fail as a machine makes it fail."""

    def failing(error):
        def train(self, *arguments):
            raise error

        monkeypatch.setattr(ScriptedTrainer, "train", train)
        made = bench()
        made.open().start().wait(timeout_s=30)
        made.until_state("failed")
        (problem,) = made.panel.runbar.problems
        return problem

    return failing


@pytest.mark.parametrize(
    ("error", "says", "remedy", "topic"),
    [
        (MemoryError(), "no memory left", "Replay buffer", "problem:memory"),
        (
            RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
            "GPU has no memory",
            "Device",
            "problem:cuda_memory",
        ),
        (OSError(28, "No space left on device"), "The disk is full", "RETROML_HOME", "problem:disk_full"),
    ],
)
def test_a_run_that_fails_for_a_known_reason(failing, error, says, remedy, topic):
    problem = failing(error)
    assert says in problem["text"]
    assert remedy in problem["remedy"]
    assert problem["topic"] == topic
    assert problem["original"].startswith(type(error).__name__)


def test_a_run_that_fails_for_a_reason_of_its_own(failing):
    problem = failing(ZeroDivisionError("in the reward"))
    assert problem["text"].startswith("Training failed: ZeroDivisionError: in the reward.")
    assert "original" not in problem
    assert problem["text"].removeprefix(problem["wrong"]) == (
        " What was recorded stays; training.log in the run's folder has the details."
    )


def test_an_error_of_a_callback_is_told_alike(bench, monkeypatch):
    made = bench()
    panel = made.open()

    def full(*arguments):
        raise OSError(28, "No space left on device", "/runs")

    monkeypatch.setattr(panel._starter, "_open_session", full)
    made.press("train")
    made.until_said("The disk is full")
    (problem,) = panel.runbar.problems
    assert problem["original"] == "OSError: [Errno 28] No space left on device: '/runs'"


def test_what_could_not_be_stored_keeps_its_own_sentence_and_leads_to_the_help(bench):
    panel = bench().open()
    with panel._shown():
        raise cannot_write(Path("/runs/a.json"), PermissionError(13, "Permission denied"))
    (problem,) = panel.runbar.problems
    assert problem["text"].startswith("Cannot write /runs/a.json: Permission denied. Free some space")
    assert problem["topic"] == "problem:read_only"
    assert "original" not in problem


def test_a_warning_of_a_run_whose_cause_is_known_is_told_while_it_trains(bench):
    made = bench(wait_at=100)
    run = made.open().start()
    run.bus.publish(log("warning", "The video of step 0 could not be recorded: libx265z (UnknownCodecError)"))
    made.until_said("FFmpeg could not write the video")
    assert made.panel.runbar.problems[0]["severity"] == "warning"
    run.bus.publish(log("warning", "Something else was odd."))
    until(lambda: "Something else was odd." in [line["text"] for line in made.panel.log.lines], "the line in the log")
    assert "FFmpeg" in made.panel.runbar.problems[0]["text"]


def test_a_feed_that_fails_for_a_known_reason(bench):
    panel = bench().open()
    panel._feed_failed(f"The live feed stopped: {FULL}")
    assert panel.runbar.problems[0]["topic"] == "problem:disk_full"
    panel._feed_failed("The live feed stopped: the game was closed")
    assert panel.runbar.problems[0]["text"].endswith("Training goes on.")
