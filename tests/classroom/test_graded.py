"""Graded tasks: every student has a variant, which is the same on every machine, and no other student's."""

import re
from pathlib import Path

import numpy as np
import pytest

from retroml_edu.classroom.course import LESSONS, Material
from retroml_edu.classroom.exercise import Case, Exercise
from retroml_edu.classroom.graded import Graded, plain_variant, variant_generator
from retroml_edu.classroom.quiz import Number
from retroml_edu.core.errors import LessonError, UnknownNameError


def mean_of(rng):
    rewards = rng.integers(10, size=4)
    return Number("mean", f"What is the mean of {rewards.tolist()}?", float(rewards.mean()), tolerance=1e-6)


def step_of(rng):
    step = round(float(rng.uniform(0.1, 0.9)), 2)
    return f"Write `move(estimate, reward)` with a step size of {step}.", Exercise(
        "move", (Case({"estimate": 1.0, "reward": 2.0}, 1.0 + step),)
    )


def test_a_variant_is_the_same_task_on_every_machine():
    """Pinned: other numbers would make other tasks of those that were handed out."""
    assert variant_generator("01-bandits", "mean", "s1234567").integers(1_000, size=4).tolist() == [107, 226, 197, 917]
    task = Graded("mean", mean_of).task("01-bandits", "s1234567")
    assert task.text == "What is the mean of [1, 2, 1, 9]?"
    assert task.digest == "7b150bbe3c413907"
    assert task.asked.judge(3.25).right


def test_how_a_variant_is_spelled_does_not_matter():
    assert {plain_variant(each) for each in ("s1234567", " S1234567\n", "ｓ1234567")} == {"s1234567"}
    make = Graded("mean", mean_of)
    assert make.task("01-bandits", " S1234567").text == make.task("01-bandits", "s1234567").text


def test_students_lessons_and_tasks_have_their_own_numbers():
    drawn = {
        tuple(variant_generator(*names).integers(10**9, size=3))
        for names in [("a", "b", "c"), ("a", "b", "d"), ("a", "d", "c"), ("d", "b", "c"), ("a", "bc", "x")]
    }
    assert len(drawn) == 5
    texts = {Graded("mean", mean_of).task("01-bandits", f"s{number}").text for number in range(100)}
    assert len(texts) > 90


@pytest.mark.parametrize("variant", ["", "   ", "x" * 101])
def test_a_variant_that_is_none_is_refused(variant):
    with pytest.raises(LessonError, match="1 to 100 characters, such as your student number"):
        Graded("mean", mean_of).task("01-bandits", variant)


def test_a_task_may_ask_for_a_function():
    task = Graded("step", step_of).task("01-bandits", "s1")
    step = float(task.text.removesuffix(".").rpartition(" ")[2])
    assert task.asked.try_out(lambda estimate, reward: estimate + step * (reward - estimate)).is_right
    assert not task.asked.try_out(lambda estimate, reward: estimate).is_right
    assert task.digest != Graded("step", step_of).task("01-bandits", "s2").digest


class Mine:
    QUESTIONS = (Number("mean-of-three", "?", 1.0),)
    EXERCISES = (Exercise("update"),)
    GRADED = (Graded("state-value", mean_of),)


def test_material_is_found_by_name():
    material = Material.of("99-mine", Mine)
    assert material.question("mean-of-three").expected == 1.0
    assert material.exercise("update").name == "update"
    assert material.task("state-value").make is mean_of
    assert Material.of("99-mine") == Material("99-mine")


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        ("question", "mean-of-tree", 'no question "mean-of-tree". Did you mean "mean-of-three"'),
        ("exercise", "updte", 'no exercise "updte". Did you mean "update"'),
        ("task", "xyz", 'no graded task "xyz". It has state-value.'),
    ],
)
def test_a_name_that_is_wrong_is_told_with_the_closest(kind, name, told):
    with pytest.raises(UnknownNameError) as refused:
        getattr(Material.of("99-mine", Mine), kind)(name)
    assert told in str(refused.value)


def test_a_lesson_that_is_misspelled_is_told_too():
    with pytest.raises(UnknownNameError, match='Did you mean "01-bandits"'):
        Material.of("01-bandit").question("greedy")
    with pytest.raises(UnknownNameError, match='The lesson "99-mine" has no question "greedy"'):
        Material.of("99-mine").question("greedy")
    assert len(set(LESSONS.values())) == len(LESSONS)


def test_what_is_drawn_comes_from_the_variants_generator_alone():
    np.random.seed(1)
    first = Graded("mean", mean_of).task("01-bandits", "s1").text
    np.random.seed(2)
    assert Graded("mean", mean_of).task("01-bandits", "s1").text == first


@pytest.mark.parametrize(
    "variant",
    [
        "your student number",
        " Your Student Number",
        "student number",
        "your number",
        "<your-student-number>",
        "...",
        "…",
    ],
)
def test_words_that_stand_for_a_variant_are_none(variant):
    with pytest.raises(LessonError, match="stands for your own: write your number there"):
        plain_variant(variant)


def test_what_lessons_and_their_cards_say_to_write_is_no_variant_as_it_stands():
    root = Path(__file__).parents[2]
    files = [*root.glob("lessons/*.py"), root / "README.md", *root.glob("retroml_edu/**/*.py")]
    told = {text for file in files for text in re.findall(r'variant="([^"{]*)"', file.read_text("utf-8"))}
    assert {"your student number", "your number"} <= told
    for text in told:
        with pytest.raises(LessonError):
            plain_variant(text)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (
            lambda rng: ["text"],
            "has to return a question, or a text and an Exercise, and returned a list",
        ),
        (lambda rng: Exercise("f"), "returned an Exercise"),
        (lambda rng: None, "returned None"),
        (lambda rng: ("text", Number("a", "?", 1.0)), "returned a tuple"),
        (lambda rng: Number, "returned a type"),
        (lambda rng: 1 / 0, '"mine" cannot be made: ZeroDivisionError: division by zero'),
        (lambda: Number("a", "?", 1.0), '"mine" cannot be made: TypeError'),
    ],
)
def test_a_task_that_is_none_is_told_with_its_name(make, told):
    with pytest.raises(LessonError, match=r"The graded task .mine.") as refused:
        Graded("mine", make).task("20-mine", "s1")
    assert told in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


A, OTHER_A = Number("a", "?", 1.0), Number("a", "What?", 2.0)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"QUESTIONS": (A, OTHER_A)}, 'QUESTIONS of the lesson "20-mine": "a" is there twice. Give each question'),
        ({"EXERCISES": [Exercise("f"), Exercise("f")]}, '"f" is there twice. Give each exercise its own name.'),
        ({"GRADED": (Graded("g", mean_of), Graded("g", step_of))}, '"g" is there twice. Give each graded task'),
        (
            {"QUESTIONS": A},
            "is a Number, and has to be a tuple or list. A row of one has a comma: QUESTIONS = (",
        ),
        ({"EXERCISES": Exercise("f")}, "comma: EXERCISES = (Exercise(...),)."),
        ({"GRADED": None}, 'GRADED of the lesson "20-mine" is None, and has to be a tuple or list.'),
        ({"QUESTIONS": "abc"}, "is a str, and has to be"),
        ({"QUESTIONS": {"a": A}}, "is a dict, and has to be"),
        ({"QUESTIONS": (A, Exercise("f"))}, "entry 2 is an Exercise and no question."),
        ({"EXERCISES": (mean_of,)}, "entry 1 is a function and no exercise."),
    ],
)
def test_a_material_that_is_none_is_told_with_its_place(given, told):
    with pytest.raises(LessonError) as refused:
        Material.of("20-mine", type("Mine", (), given))
    assert told in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_lesson_without_material_says_where_it_is_given():
    with pytest.raises(UnknownNameError, match=r'no exercise "f"\. It was given no material: begin with L'):
        Material.of("20-mine", None).exercise("f")
