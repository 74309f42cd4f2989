"""Claims: measured over seeds that are always the same, and judged by an interval, not by luck."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from retroml_edu.classroom.claims import Claim, recording
from retroml_edu.core.errors import ClaimError, RetroMLError


def draws(mean=0.0, spread=1.0):
    return lambda rng: rng.normal(mean, spread)


def coin(rng):
    return rng.random() < 0.5


def test_a_claim_holds_if_its_whole_interval_is_within_the_bound():
    measured = Claim("It is above 0.", draws(0.5), above=0.0, seeds=400, unit="points").measured("01-a")
    assert measured.verdict == "holds"
    assert 0 < measured.low < measured.mean < measured.high
    assert measured.mean == pytest.approx(0.5, abs=0.2)
    assert measured.agreeing == pytest.approx(0.69, abs=0.08)  # the normal distribution's
    assert (measured.seeds, measured.of_how_many, measured.bound) == (400, "400", "above 0")


@pytest.mark.parametrize(
    ("bound", "verdict"),
    [
        ({"above": 0.5}, "does not hold"),  # the interval is around it
        ({"above": 0.9}, "does not hold"),
        ({"below": 0.5}, "does not hold"),
        ({"below": 0.9}, "holds"),
        ({"between": (0.2, 0.8)}, "holds"),
        ({"between": (0.5, 0.8)}, "does not hold"),
    ],
)
def test_a_claim_that_the_interval_crosses_does_not_hold(bound, verdict):
    assert Claim("A coin.", coin, **bound, seeds=400).measured("01-a").verdict == verdict


def test_the_same_claim_of_the_same_lesson_draws_the_same():
    figures = [Claim(text, draws(), above=-9.0).measured(name).mean for text, name in [("a", "x")] * 2]
    others = [Claim(text, draws(), above=-9.0).measured(name).mean for text, name in [("b", "x"), ("a", "y")]]
    assert figures[0] == figures[1]
    assert len({*figures, *others}) == 3


def test_what_is_drawn_is_the_same_on_every_machine():
    assert Claim("a", draws(), above=-9.0, seeds=5).measured("x").mean == pytest.approx(-0.02782882638796278)


def test_a_quick_look_takes_the_first_of_the_same_seeds():
    seen = []

    def measure(rng):
        seen.append(rng.random())
        return 1.0

    claim = Claim("a", measure, above=0.0, seeds=30, quick=7)
    assert claim.measured("x", quick=True).of_how_many == "7 of 30"
    assert claim.measured("x").of_how_many == "30"
    assert seen[:7] == seen[7:14]


@pytest.mark.parametrize(
    ("mean", "verdict"),
    [(1.5, "holds"), (0.3, "not contradicted"), (-0.3, "not contradicted"), (-3.0, "does not hold")],
)
def test_a_quick_look_fails_only_what_it_contradicts(mean, verdict):
    claim = Claim("a", draws(mean), above=0.0, seeds=10_000, quick=20)
    assert claim.measured("x", quick=True).verdict == verdict


def test_a_quick_look_at_what_is_true_by_a_hair_gives_no_false_alarm():
    verdicts = {
        Claim(f"Claim {number}.", draws(), above=-1e-9, seeds=100, quick=5).measured("x", quick=True).verdict
        for number in range(2_000)
    }
    assert verdicts == {"holds", "not contradicted"}


def test_seeds_that_all_agree_do_not_show_that_all_do():
    sure = Claim("All of them.", lambda _rng: True, above=0.98, seeds=100)
    assert sure.measured("x").verdict == "does not hold"
    measured = replace(sure, above=0.95).measured("x")
    assert (measured.verdict, measured.figure) == ("holds", "1.00 (0.96 to 1.00)")
    assert replace(sure, measure=lambda _rng: 1.0).measured("x").figure == "1 ± 0"  # a number has no such doubt


@pytest.mark.parametrize(
    ("share", "quick", "verdict"),
    [(0.95, 20, "not contradicted"), (0.75, 20, "not contradicted"), (0.05, 20, "does not hold"), (0.0, 5, "holds")],
)
def test_a_quick_look_at_a_share(share, quick, verdict):
    claim = Claim("a", lambda rng: rng.random() < share, above=0.9, seeds=1_000, quick=quick)
    if verdict == "holds":
        claim = replace(claim, above=None, below=0.5)
    assert claim.measured("x", quick=True).verdict == verdict


def test_a_quick_look_at_a_share_that_is_true_by_a_hair_gives_no_false_alarm():
    verdicts = {
        Claim(f"{share} {number}", lambda rng, share=share: rng.random() < share, above=share - 1e-9, quick=quick)
        .measured("x", quick=True)
        .verdict
        for share in (0.5, 0.6, 0.9, 0.95)
        for quick in (5, 10, 20)
        for number in range(100)
    }
    assert "does not hold" not in verdicts


@pytest.mark.parametrize("mean", [-9.0, 9.0])
def test_a_quick_look_at_a_few_seeds_judges_nothing(mean):
    verdicts = [
        Claim("a", draws(mean, 0.1), above=0.0, quick=quick).measured("x", quick=True).verdict for quick in (4, 5)
    ]
    assert verdicts == ["not judged", "holds" if mean > 0 else "does not hold"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "with one of above=, below= and between"),
        ({"above": 1.0, "below": 2.0}, "with one of"),
        ({"between": (2.0, 1.0)}, "with one of"),
        ({"above": float("nan")}, "with one of"),
        ({"above": 0.0, "seeds": 4}, "seeds=5 or more"),
        ({"above": 0.0, "seeds": 10, "quick": 11}, "quick=11"),
        ({"above": 0.0, "quick": 1}, "quick=1"),
    ],
)
def test_a_claim_that_cannot_be_judged_is_refused(given, told):
    with pytest.raises(ClaimError, match=told):
        Claim("a", draws(), **given)


@pytest.mark.parametrize("value", [None, "1", float("nan"), np.zeros(2), 1j])
def test_what_is_no_number_is_told(value):
    with pytest.raises(ClaimError, match="one finite number"):
        Claim("a", lambda _rng: value, above=0.0).measured("x")


@pytest.mark.parametrize("value", [True, np.float32(1), np.bool_(True), np.array(1.0), 1])
def test_numbers_of_every_kind_are_taken(value):
    assert Claim("a", lambda _rng: value, above=0.0).measured("x").mean == 1.0


@pytest.mark.parametrize(
    ("mean", "half", "figure"),
    [
        (0.5, 0.0, "0.5 ± 0 m"),
        (1234.4, 56.2, "1234 ± 56 m"),
        (0.31049, 0.02251, "0.310 ± 0.023 m"),
        (0.0001, 3e-7, "0.00010000 ± 0.00000030 m"),
    ],
)
def test_figures_have_the_digits_that_their_interval_allows(mean, half, figure):
    measured = Claim("a", coin, above=-1.0, unit="m").measured("x")
    assert replace(measured, mean=mean, low=mean - half, high=mean + half).figure == figure


def test_progress_is_told_after_each_seed():
    told = []
    Claim("a", coin, above=-1.0, seeds=5).measured("x", report=lambda *at: told.append(at))
    assert told == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


def test_what_is_measured_can_be_recorded():
    with recording() as heard:
        measured = Claim("a", coin, above=9.0).measured("x")
    Claim("b", coin, above=9.0).measured("x")
    assert list(heard) == [measured]


def test_its_error_is_one_line_in_a_notebook():
    error = ClaimError('"a" is not so.')
    assert isinstance(error, RetroMLError)
    assert error._render_traceback_() == ['Claim: "a" is not so.']
