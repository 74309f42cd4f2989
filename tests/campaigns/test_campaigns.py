"""A few attempts of every campaign, so that they keep working; in full they are run by hand."""

from __future__ import annotations

from functools import partial
from importlib import import_module

import pytest

from tests.campaigns import (
    curves,
    engines,
    equivalence,
    health,
    insights,
    learning,
    lessons,
    long,
    precision,
    presets,
    table,
)
from tests.campaigns.__main__ import CAMPAIGNS, main
from tests.campaigns.outcome import Outcome, Request

FEW = {
    "kills": 3,
    "faults": 30,
    "fuzz": 300,
    "table": 1,
    "engines": 3,
    "long": 200_000,
    "lessons": 1,
    "precision": 1,
    "search": 1,
    "insights": 1,
    "presets": 1,
    "tutorial": 2_048,
}
LESSON = lessons.Lesson("RetroML/BreakoutObjects-v0", (-1.0,), -0.5, 20.0)
"""Where nothing need be learned, and who has learned nothing soon loses."""
PICTURES = lessons.Lesson("RetroML/BreakoutPixels-v0", (-1.0,), -0.5, 20.0)


@pytest.mark.slow
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_few_attempts_find_nothing(name, tmp_path, monkeypatch):
    monkeypatch.setattr(long, "POINTS", 4)
    monkeypatch.setattr(table, "STEPS", dict.fromkeys(table.STEPS, 256))
    monkeypatch.setattr(engines, "TASKS", (partial(curves.cartpole, 4_096),))
    monkeypatch.setattr(equivalence, "MARGIN", 50.0)  # a few seeds show nothing, only that everything works
    monkeypatch.setattr(learning, "WINDOW", 2)
    monkeypatch.setattr(learning, "EXAM_GAMES", 2)
    monkeypatch.setattr(insights, "KINDS", health.KINDS[:1])
    monkeypatch.setattr(insights, "LEAST_HITS", 0.0)  # one seed says nothing
    monkeypatch.setattr(presets, "ENVIRONMENTS", ("CartPole-v1",))
    monkeypatch.setattr(presets, "MOST_STEPS", 10_000)
    monkeypatch.setattr(precision, "GAME", "BreakoutPixels-v0")
    monkeypatch.setattr(lessons, "LESSONS", (PICTURES if name == "precision" else LESSON,))
    picture = tmp_path / "long.png" if name == "long" else None
    outcome = import_module(f"tests.campaigns.{name}").run(Request(tmp_path, seed=3, count=FEW[name], picture=picture))
    assert outcome.failures == []
    assert outcome.rows
    assert picture is None or picture.exists()


def test_what_is_found_is_listed_and_ends_the_command_with_its_number(monkeypatch, capsys):
    found = Outcome("Title", ("", "number"), [("row", "1")], ["A note."], ["It broke."])
    monkeypatch.setattr("tests.campaigns.fuzz.run", lambda request: found)
    assert main(["fuzz", "--seed", "7"]) == 1
    printed = capsys.readouterr().out
    for text in ("### Title", "| row |", "A note.", "**1 failures**", "- It broke.", "seed 7"):
        assert text in printed


def test_an_unknown_campaign_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["fuz"])
    assert 'no campaign "fuz"' in capsys.readouterr().err
