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


def test_a_bound_with_two_sides_is_one_of_the_mean_and_no_seed_has_to_agree(lesson):
    def seldom(rng):
        return bool(rng.random() < 0.1)

    piece = lesson.claim("About every tenth is drawn.", seldom, between=(0.05, 0.2), seeds=200)
    assert piece.card.verdict == "holds"
    assert [name for name, _ in piece.card.facts] == ["measured", "has to be", "seeds"]


def test_a_claim_that_takes_long_says_how_far_it_is(lesson, monkeypatch):
    heard = []

    class Heard:
        def __init__(self, unit):
            heard.append(unit)

        def __call__(self, done, of):
            heard.append((done, of))

    monkeypatch.setattr(claim_card, "Progress", Heard)
    lesson.claim("It is positive.", lambda rng: rng.random(), above=0.0, seeds=5)
    assert heard == ["seeds", *((done, 5) for done in range(1, 6))]


def test_what_raises_while_a_claim_is_measured_is_told_with_the_claim(lesson):
    with pytest.raises(
        LessonError, match=r'The claim "Heads win\." cannot be measured.*ZeroDivisionError: f'
    ) as raised:
        lesson.claim("Heads win.", lambda rng: 1.0 / 0.0, above=0.6)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
    with pytest.raises(ClaimError, match=r'"Heads win\.": each seed has to give'):
        lesson.claim("Heads win.", lambda rng: None, above=0.6)
