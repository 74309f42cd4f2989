"""A claim in a lesson: measured, shown with its figure, and an error in one line where it does not hold."""

import pytest

from retroml_edu.core.errors import ClaimError, LessonError
from retroml_edu.kit import Lesson, claim_card


@pytest.fixture
def lesson(tmp_path):
    return Lesson("20-mine", folder=tmp_path)


def coin(rng):
    return rng.random() < 0.5


def test_a_claim_is_shown_with_its_figure(lesson):
    piece = lesson.claim("Half of the tosses are heads.", coin, between=(0.4, 0.6), seeds=400, unit="of tosses")
    facts = dict(piece.card.facts)
    assert (piece.card.text, piece.card.verdict) == ("Half of the tosses are heads.", "holds")
    assert facts["measured"].endswith(" of tosses, mean and 95 % interval")
    assert facts["measured"].startswith("0.")
    assert (facts["has to be"], facts["seeds"]) == ("between 0.4 and 0.6", "400")
    told = piece._repr_mimebundle_()
    assert told["text/plain"].startswith("Holds: Half of the tosses are heads. Measured 0.")
    assert "application/vnd.jupyter.widget-view+json" in told
    assert piece.status.text == ""


def test_one_that_does_not_hold_ends_the_cell_in_a_line(lesson):
    with pytest.raises(ClaimError, match=r"Does not hold: Heads win\. Measured 0.\d+ ± 0.\d+ over 400 seeds") as raised:
        lesson.claim("Heads win.", coin, above=0.6, seeds=400)
    (line,) = raised.value._render_traceback_()
    assert line.startswith("Claim: Does not hold: Heads win.")


def test_a_quick_budget_takes_a_few_seeds_and_says_so(lesson, monkeypatch):
    monkeypatch.setenv("RETROML_BUDGET", "quick")
    piece = lesson.claim("Heads win.", coin, above=0.51, seeds=10_000, quick=12)
    assert piece.card.verdict == "not contradicted"
    assert piece.status.text == "A quick look: 12 of 10000 seeds."


def test_a_quick_budget_of_too_few_seeds_says_that_nothing_was_judged(lesson, monkeypatch):
    monkeypatch.setenv("RETROML_BUDGET", "quick")
    piece = lesson.claim("It is positive.", lambda rng: rng.random(), above=0.0, seeds=6, quick=2)
    assert piece.card.verdict == "not judged"
    assert piece.status.text == "A quick look: 2 of 6 seeds. That is too few to judge the claim."
    assert repr(piece).startswith("Not judged: It is positive.")


def test_what_takes_long_says_how_far_it_is_and_is_silent_in_the_end(lesson, monkeypatch):
    now, shown = [0.0], []

    class Handle:
        def update(self, bundle, raw):
            shown.append(bundle["text/plain"])

    def display(bundle, **_):
        shown.append(bundle["text/plain"])
        return Handle()

    def slow(rng):
        now[0] += 1.0
        return rng.random()

    monkeypatch.setattr(claim_card.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(claim_card, "display", display)
    monkeypatch.setattr(claim_card, "get_ipython", object)
    lesson.claim("It is positive.", slow, above=0.0, seeds=5)
    assert shown == [
        "Measuring: 3 of 5 seeds, about 2 s left",
        "Measuring: 4 of 5 seeds, about 1 s left",
        "",
    ]
    shown.clear()
    lesson.claim("It is positive.", lambda rng: rng.random(), above=0.0, seeds=5)
    assert shown == []


def test_what_raises_while_a_claim_is_measured_is_told_with_the_claim(lesson):
    with pytest.raises(
        LessonError, match=r'The claim "Heads win\." cannot be measured.*ZeroDivisionError: f'
    ) as raised:
        lesson.claim("Heads win.", lambda rng: 1.0 / 0.0, above=0.6)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    with pytest.raises(ClaimError, match=r'"Heads win\.": each seed has to give'):
        lesson.claim("Heads win.", lambda rng: None, above=0.6)
