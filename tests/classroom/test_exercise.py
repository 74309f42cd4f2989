"""A student's function is tried out: whatever it does, something helpful is said and nothing breaks."""

import sys
import threading
import time

import numpy as np
import pytest

from retroml_edu.classroom.exercise import IDEA, Case, Exercise, cases_of, mistakes
from retroml_edu.classroom.time_limit import TookTooLongError, within
from retroml_edu.tabular import random_walk

TD = Exercise(
    "td_target",
    (
        Case({"reward": 1.0, "gamma": 0.9, "following": 2.0}, 2.8, "What is the next state worth today?"),
        Case(
            {"reward": 0.0, "gamma": 0.5, "following": 4.0},
            2.0,
            "Look at the discount.",
            instead=[(4.0, "The next value is discounted.")],
        ),
    ),
    limit_s=0.3,
)
ARRAY = Exercise("double", (Case({"values": np.array([1.0, 2.0])}, np.array([2.0, 4.0]), "Twice."),), limit_s=0.3)


def says(exercise, function):
    verdict = exercise.try_out(function)
    assert not verdict.is_right
    return verdict.told, verdict.hint


@pytest.mark.parametrize(
    ("expected", "left"),
    [(0.5, ("two", "three", "four")), (2.0, ("one", "three", "four")), (np.array([0.5, 0.5]), ("one", "two", "four"))],
    ids=["number", "other number", "array"],
)
def test_a_known_mistake_that_is_right_in_this_case_is_left_out(expected, left):
    known = [(0.5 + 1e-9, "one"), (np.float64(2.0), "two"), (np.array([0.5, 0.5]), "three"), ([0.5], "four")]
    assert tuple(hint for _, hint in mistakes(known, expected)) == left


def test_what_is_right_passes_and_counts():
    verdict = TD.try_out(lambda reward, gamma, following: reward + gamma * following)
    assert verdict.is_right
    assert (verdict.passed, verdict.told, verdict.hint) == (2, "", "")
    assert ARRAY.try_out(lambda values: 2 * values).is_right
    assert ARRAY.try_out(lambda values: [2, 4]).is_right


def test_the_first_case_that_fails_is_explained_with_its_hint():
    told, hint = says(TD, lambda reward, gamma, following: 2.8)
    assert told == "`td_target(reward=0, gamma=0.5, following=4)` returned 2.8; 2 is expected."
    assert hint == "Look at the discount."
    assert TD.try_out(lambda reward, gamma, following: 2.8).passed == 1


def test_a_known_misconception_has_a_hint_of_its_own():
    told, hint = says(TD, lambda reward, gamma, following: reward + (gamma if reward else 1) * following)
    assert "returned 4;" in told
    assert hint == "The next value is discounted."


def read_too_early(reward, gamma, following):
    if reward < 0:
        target = 0.0
    return target


@pytest.mark.parametrize(
    ("function", "told", "hint"),
    [
        (..., "is not written yet", "Replace the `...`"),
        (None, "is not written yet", "Replace the `...`"),
        (3.5, "is a float, not a function", "def td_target"),
        (lambda reward, gamma, following: print(end=""), "returned nothing", "`return` missing"),
        (lambda reward, gamma, following: "2.8", "returned a str; a number is expected", "worth today"),
        (lambda reward, gamma, following: True, "returned a bool; a number", "worth today"),
        (lambda reward, gamma, following: np.ones(2), "returned a ndarray; a number", "worth today"),
        (lambda reward, gamma, following: float("nan"), "returned nan; 2.8 is expected", "worth today"),
        (lambda reward, discount, following: 1, "raised TypeError", "by name: reward, gamma, following"),
        (lambda reward, gamma, following: reward + gama, "raised NameError", "`gama` is not defined: is it spelled"),  # noqa: F821
        (read_too_early, "raised UnboundLocalError", "give it one first"),
        (lambda reward, gamma, following: reward / 0, "raised ZeroDivisionError", "worth today"),
    ],
)
def test_whatever_goes_wrong_is_told_in_words(function, told, hint):
    said = says(TD, function)
    assert told in said[0]
    assert hint in said[1]


def as_given():
    def raises(reward, gamma, following):
        """Return the target."""
        raise NotImplementedError  # your lines here

    def dots(reward, gamma, following): ...

    def told(reward, gamma, following):
        """Return the target."""

    return [raises, dots, told, lambda reward, gamma, following: ..., None, ...]


@pytest.mark.parametrize("function", as_given(), ids=range(6))
def test_what_is_as_it_was_given_is_not_written_yet_and_no_hint_gives_the_solution_away(function):
    verdict = TD.try_out(function)
    assert not verdict.is_written
    assert not verdict.is_right
    assert verdict.told == "`td_target` is not written yet."
    assert "your own lines" in verdict.hint
    assert "run the cell again" in verdict.hint


def test_a_gap_that_is_left_behind_lines_of_the_student_is_told():
    def td_target(reward, gamma, following):
        if reward:
            return reward + gamma * following
        raise NotImplementedError

    verdict = TD.try_out(td_target)
    assert (verdict.is_written, verdict.passed) == (True, 1)
    assert "a gap is left in it" in verdict.told
    assert "raise NotImplementedError" in verdict.hint


def test_a_first_attempt_is_told_the_idea_and_a_known_mistake_at_once():
    def wrong(reward, gamma, following):
        return 1.0

    assert TD.try_out(wrong, is_first=True).hint == IDEA
    assert TD.try_out(wrong).hint == "What is the next state worth today?"
    assert Exercise("td_target", TD.cases, idea="Draw it.").try_out(wrong, is_first=True).hint == "Draw it."
    known = TD.try_out(lambda reward, gamma, following: reward + (gamma if reward else 1) * following, is_first=True)
    assert known.hint == "The next value is discounted."


@pytest.mark.parametrize(
    ("found", "expected", "told"),
    [
        (3.0, 3, "returned the float 3.0; a whole number (int) is expected."),
        (np.floor(3.5), 3, "returned the float 3.0; a whole number (int) is expected."),
        ([1, 2.0], [1, 2], "returned the float 2.0 at place 1; a whole number (int) is expected."),
        ({"a": 2.0}, {"a": 2}, "returned the float 2.0 under 'a'; a whole number (int) is expected."),
        (np.array([1.0, 2.0]), np.array([1, 2]), "returned floats, [1., 2.]; whole numbers (int) are expected."),
        (np.array([True]), np.array([1]), "returned truths, [ True]; whole numbers (int) are expected."),
    ],
    ids=range(6),
)
def test_a_float_is_no_number_of_a_place(found, expected, told):
    said, hint = says(Exercise("value", (Case({}, expected),)), lambda: found)
    assert said == f"`value()` {told}"
    assert "int" in hint


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (np.int32(3), 3),
        (np.array(3), 3),
        (3, 3.0),
        (np.uint8([1, 2]), [1, 2]),
        ([1, 0], np.array([1, 0])),
        ([], np.array([], dtype=int)),
        ([1.0, 2], [1.0, 2.0]),
        (True, True),
    ],
    ids=range(8),
)
def test_whole_numbers_of_any_kind_are_right_and_a_quantity_may_be_a_float(found, expected):
    assert Exercise("value", (Case({}, expected),)).try_out(lambda: found).is_right


def test_of_two_mistakes_that_return_the_same_the_one_that_came_so_far_is_told():
    known = ((lambda x: x + 2.0, "Two too many."), (lambda x: 2.0 * x, "Twice."))
    cases = cases_of(lambda x: x, (({"x": 0.0}, "first"), ({"x": 2.0}, "second")), known)
    assert [[hint for _, hint in case.instead] for case in cases] == [["Two too many."], ["Twice."]]
    assert [case.expected for case in cases] == [0.0, 2.0]


def test_the_line_that_raised_is_named():
    def td_target(reward, gamma, following):
        table = {}
        return table[reward]

    assert "raised KeyError in its line `return table[reward]`" in says(TD, td_target)[0]


def test_an_endless_loop_is_ended():
    def td_target(reward, gamma, following):
        while True:
            reward += 1

    began = time.monotonic()
    told, hint = says(TD, td_target)
    assert "had not ended after 0.3 seconds" in told
    assert "never becomes false" in hint
    assert time.monotonic() - began < 20


def test_an_endless_loop_that_catches_everything_is_ended():
    def td_target(reward, gamma, following):
        while True:
            try:  # noqa: SIM105
                reward += 1
            except:  # noqa: E722
                pass

    assert "had not ended" in says(TD, td_target)[0]


def test_arrays_are_compared_place_by_place():
    assert "shape (3,); (2,) is expected" in says(ARRAY, lambda values: np.ones(3))[0]
    told, _ = says(ARRAY, lambda values: np.array([2.0, 5.0]))
    assert told == "`double(values=[1., 2.])` returned 5 at place 1; 4 is expected there."
    assert "an array of shape (2,) is expected" in says(ARRAY, lambda values: "no")[0]


def test_an_array_is_shown_as_a_person_writes_it():
    case = Case({"observation": np.array([0.0, 0.02, -1.0, 1 / 3])}, 0)
    told = Exercise("policy", (case,)).try_out(lambda observation: 1).told
    assert told == "`policy(observation=[0., 0.02, -1., 0.333333])` returned 1; 0 is expected."
    wide = Case({}, np.array([[100_000.0, np.inf], [0.25, np.nan]]))
    assert "as [[100000., inf], [0.25, nan]]." in Exercise("f", (wide,)).try_out(lambda: "nothing").told


def test_arguments_stay_as_they_were():
    def double(values):
        values *= 2
        return values

    told, hint = says(ARRAY, double)
    assert "changed its argument `values`" in told
    assert "copy" in hint
    assert ARRAY.cases[0].given["values"].tolist() == [1.0, 2.0]


def test_a_change_of_an_argument_is_told_only_where_all_answers_are_right():
    """In place, each sum already sees the one before: a copy of the argument would not mend that."""

    def sums(values):
        for place in range(1, len(values)):
            values[place] += values[place - 1]
        return values

    known = [(np.array([1.0, 3.0, 6.0]), "Write into a new array, read the old.")]
    cases = (
        Case({"values": np.zeros(3)}, np.zeros(3), "Nothing plus nothing."),
        Case({"values": np.array([1.0, 0.0, 0.0])}, np.array([1.0, 1.0, 0.0]), "Each and the one before it.", ()),
        Case({"values": np.array([1.0, 2.0, 3.0])}, np.array([1.0, 3.0, 5.0]), "Each and the one before it.", known),
    )
    told, hint = says(Exercise("sums", (cases[0], cases[2])), sums)
    assert "returned 6 at place 2; 5 is expected" in told
    assert hint == "Write into a new array, read the old."

    def rightly(values):
        values[1:] += values[:-1].copy()
        return values

    told, hint = says(Exercise("sums", cases), rightly)
    assert "is right, but it changed its argument `values`" in told
    assert Exercise("sums", cases).try_out(rightly).passed == 1


def test_at_a_free_place_any_number_will_do():
    free = np.array([False, False, True])
    case = Case({}, np.array([0, 1, 0]), "Count from 0.", [(np.array([1, 2, 0]), "From 0.")], free)
    exercise = Exercise("arms", (case,))
    for last in (0, 1, 3, -7):
        assert exercise.try_out(lambda last=last: np.array([0, 1, last])).is_right
        assert exercise.try_out(lambda last=last: [0, 1, last]).is_right
        assert says(exercise, lambda last=last: [1, 2, last])[1] == "From 0."
    assert "shape (2,); (3,) is expected" in says(exercise, lambda: [0, 1])[0]
    assert "an array of shape (3,) is expected" in says(exercise, lambda: ["0", "1", "0"])[0]
    assert "[0, 1, 0] is expected" in says(exercise, lambda: [[0], [0, 1], []])[0]


def test_shapes_that_do_not_fit_are_told_of():
    told, hint = says(ARRAY, lambda values: values @ np.ones((3, 2)))
    assert "raised ValueError" in told
    assert hint == "The shapes do not fit: look at `.shape` of each array in that line. Twice."


def test_one_value_is_told_of_in_the_singular():
    assert "returned one number, 7; an array of shape (2,) is expected." in says(ARRAY, lambda values: 7)[0]
    one = Exercise("one", (Case({}, [3.0]),))
    assert "returned a float; a list of one value is expected: [3.0]." in says(one, lambda: 3.0)[0]
    assert "returned 2 values, [1, 2]; a list of one value is expected" in says(one, lambda: [1, 2])[0]
    assert "returned one value, [1]; 2 values are" in says(Exercise("two", (Case({}, [1, 2]),)), lambda: [1])[0]


def test_sequences_and_truths():
    pair = Exercise("pair", (Case({}, (1, 2.5)),))
    assert pair.try_out(lambda: [1, 2.5]).is_right
    assert "returned 3 values" in says(pair, lambda: (1, 2, 3))[0]
    assert "2 values are expected" in says(pair, lambda: 7)[0]
    truth = Exercise("truth", (Case({}, True),))
    assert truth.try_out(lambda: np.bool_(True)).is_right
    assert "returned 1; True is expected" in says(truth, lambda: 1)[0]


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (np.str_("up"), "up"),
        (np.array(True), True),
        (range(3), [0, 1, 2]),
        (np.arange(3), (0, 1, 2)),
        (np.array(["up", "down"]), np.array(["up", "down"])),
        ({"a": 0.1 + 0.2, "b": [1]}, {"b": [1], "a": 0.3}),
        (1 / 3, np.float32(1 / 3)),
        (float("nan"), float("nan")),
        (float("inf"), float("inf")),
        ([[1.0, float("nan")]], np.array([[1.0, np.nan]])),
    ],
    ids=range(10),
)
def test_what_is_right_is_called_right(found, expected):
    assert Exercise("value", (Case({}, expected),)).try_out(lambda: found).is_right


class Rude:
    def __eq__(self, other):
        raise ValueError

    __hash__ = None


@pytest.mark.parametrize(
    ("found", "expected", "told"),
    [
        (2.800004, 2.8, "returned 2.8000039999999999; 2.7999999999999998 is expected"),
        (10**400, 2.8, "2.8 is expected"),
        (1 + 2j, 1.0, "returned a complex; a number"),
        (np.array([1 + 2j]), np.array([1.0]), "an array of shape (1,) is expected"),
        (["1", "2"], np.array([1.0, 2.0]), "an array of shape (2,) is expected"),
        ({"a": 1}, {"b": 1}, "returned the keys ['a']; ['b'] are expected"),
        ({"a": 1}, {"a": 2}, "returned 1 under 'a'; 2 is expected there"),
        (5, {"a": 2}, "a dict is expected"),
        (Rude(), "text", "'text' is expected"),
        ("down", "up", "returned 'down'; 'up' is expected"),
        (3.0, float("inf"), "returned 3; inf is expected"),
        ([1.0, 3.0], np.array([1.0, np.inf]), "returned 3 at place 1; inf is expected there"),
    ],
    ids=range(12),
)
def test_what_is_wrong_is_told(found, expected, told):
    assert told in says(Exercise("value", (Case({}, expected),)), lambda: found)[0]


def test_what_a_function_is_given_may_be_anything():
    given = {
        "rng": np.random.default_rng(0),
        "mdp": random_walk(),
        "table": {"a": np.zeros(2)},
        "names": np.array(["x"]),
    }
    exercise = Exercise("value", (Case(given, 1.0),))
    assert exercise.try_out(lambda rng, mdp, table, names: 1.0 + 0 * rng.random()).is_right

    def value(rng, mdp, table, names):
        table["a"][0] = 1.0
        return 1.0

    assert "changed its argument `table`" in says(exercise, value)[0]


def test_leaving_the_program_and_errors_without_words_are_told():
    class SilentError(Exception):
        def __str__(self):
            raise ValueError

    def silent(**_given):
        raise SilentError

    assert "ends the program" in says(TD, lambda **_given: sys.exit())[0]
    assert "raised SilentError" in says(TD, silent)[0]


def test_a_value_that_cannot_show_itself_is_named_by_its_type():
    class Shy:
        def __repr__(self):
            raise ValueError

    assert "returned a Shy" in says(Exercise("shy", (Case({}, "text"),)), Shy)[0]


def test_an_interrupt_of_the_person_goes_through():
    def interrupt(**_given):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        TD.try_out(interrupt)


def test_a_call_in_time_leaves_nothing_behind():
    for _ in range(200):
        assert within(10.0, lambda: 1) == 1
    for _ in range(20):
        with pytest.raises(TookTooLongError):
            within(0.02, lambda: [None for _ in iter(int, 1)])
    until = time.monotonic() + 0.3
    while time.monotonic() < until:  # nothing is raised later
        pass
    assert not [each for each in threading.enumerate() if each.name == "retroml-time-limit"]
