"""Answers are judged with a word that helps, and what is no answer is refused with what would be one."""

import pytest

from retroml_edu.classroom.quiz import Choice, FreeText, Number, Option, Order
from retroml_edu.core.errors import QuizError

ONE = Choice(
    "greedy", "Which?", (Option("always", "It never looks elsewhere."), Option("mostly", "Yes: both.", right=True))
)
TWO = Choice(
    "why", "Which two?", (Option("a", "A.", right=True), Option("b", "B is a myth."), Option("c", "C.", right=True))
)
NUMBER = Number("share", "How much?", 0.75, 0.01, "Three of four.", "Count again.", {0.25: "That is the other part."})
ORDER = Order(
    "cycle", "In which order?", ("state", "action", "reward"), "As in every step.", "What comes of an action?"
)
TEXT = FreeText("explain", "Why?", {r"explor": "What of exploring?", r"seed|chance": "What of chance?"})


def test_a_choice():
    assert ONE.judge(1) == ONE.judge([1])
    assert ONE.judge(1).right is True
    assert ONE.judge(1).told == "Yes: both."
    assert ONE.judge(0).right is False
    assert ONE.judge(0).told == "It never looks elsewhere."


def test_several_of_some():
    assert TWO.takes_several
    assert not ONE.takes_several
    assert TWO.judge([2, 0]).right is True
    assert TWO.judge([2, 0]).told == "C. A."
    assert TWO.judge([0]).right is False
    assert "something is missing" in TWO.judge([0]).told
    assert TWO.judge([0, 1, 2]).told == "B is a myth."


@pytest.mark.parametrize("answer", [0.75, "0.750", " 0,76 ", "3/4", "75 %", "75%"])
def test_a_number_however_it_is_written(answer):
    assert NUMBER.judge(answer).right is True
    assert NUMBER.judge(answer).told == "Three of four."


def test_a_wrong_number_has_a_hint():
    assert NUMBER.judge("1/4").told == "That is the other part."
    assert NUMBER.judge(7).told == "Count again."
    assert NUMBER.judge("−1").right is False


def test_an_order():
    assert ORDER.judge([0, 1, 2]).right is True
    assert ORDER.judge([0, 2, 1]).told == 'The first 1 are right; "reward" is not the next. What comes of an action?'
    assert ORDER.judge([1, 0, 2]).told == '"action" is not the first. What comes of an action?'


def test_a_text_is_told_what_it_leaves_out_and_never_called_right():
    assert TEXT.judge("because it was lucky, I suppose so").told == "What of exploring?"
    assert TEXT.judge("Because it EXPLORES and finds more").told == "What of chance?"
    assert TEXT.judge("exploring depends on the seed it has").told == TEXT.told
    assert TEXT.judge("exploring depends on the seed it has").right is None


@pytest.mark.parametrize(
    ("question", "answer", "message"),
    [
        (ONE, [], "Choose one answer"),
        (ONE, [0, 1], "Choose one answer"),
        (TWO, [], "one or more"),
        (ONE, 2, "numbers 0 to 1"),
        (ONE, True, "numbers 0 to 1"),
        (ONE, "1", "numbers 0 to 1"),
        (TWO, [0, 0], "twice"),
        (NUMBER, "three", '"three" is no number'),
        (NUMBER, "1/0", "is no number"),
        (NUMBER, "nan", "is no number"),
        (NUMBER, True, "is no number"),
        (NUMBER, None, "is no number"),
        pytest.param(NUMBER, 10**5_000, "is no number", id="a huge number"),
        (NUMBER, "1,000", "in two ways"),
        (ORDER, [0, 1], "All 3 steps"),
        (TEXT, "too short", "5 words or more"),
        (TEXT, 5, "Write a text"),
        (TEXT, "long " * 1_000, "4,000 characters"),
    ],
)
def test_what_is_no_answer_is_refused(question, answer, message):
    with pytest.raises(QuizError, match=message):
        question.judge(answer)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Choice("q", "?", (Option("a", "", right=True),)),
        lambda: Choice("q", "?", (Option("a", ""), Option("b", ""))),
        lambda: Order("q", "?", ("a",)),
        lambda: Order("q", "?", ("a", "a")),
        lambda: FreeText("q", "?", {"(": "hint"}),
    ],
    ids=("one option", "none right", "one step", "two alike", "no pattern"),
)
def test_what_is_no_question_is_refused(make):
    with pytest.raises(QuizError, match=r'The question "q" (needs|looks for)'):
        make()
