"""What every lesson of the course asks: whole, told apart by name, and with something helpful for each wrong answer."""

from __future__ import annotations

import ast
import importlib.util
import inspect
import math
import re

import numpy as np
import pytest

from retroml_edu.classroom.course import LESSONS, Material
from retroml_edu.classroom.difference import not_whole
from retroml_edu.classroom.exercise import Exercise
from retroml_edu.classroom.quiz import Choice, FreeText, Number, Order
from retroml_edu.kit.quiz_card import QuizCard

COURSE = "retroml_edu.classroom.course"
MADE = [name for name, module in LESSONS.items() if importlib.util.find_spec(f"{COURSE}.{module}")]
VARIANTS = [f"s{number}" for number in range(40)]


@pytest.fixture(scope="module", params=MADE)
def material(request):
    return Material.of(request.param)


@pytest.mark.parametrize("name", MADE)
def test_texts_are_plain_words_without_the_asterisks_of_markdown(name):
    module = importlib.import_module(f"{COURSE}.{LESSONS[name]}")
    nodes = ast.walk(ast.parse(inspect.getsource(module)))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert [text for text in texts if re.search(r"(?<!\S)\*+[A-Za-z][^*`]*\*", text)] == []


def questions_of(material):
    """Its own questions, and those of some variants of its graded tasks."""
    tasks = [each.task(material.lesson, variant).asked for each in material.tasks for variant in VARIANTS[:5]]
    return [*material.questions, *(task for task in tasks if not isinstance(task, Exercise))]


def test_there_is_something_to_ask_and_names_are_there_once(material):
    assert len(material.questions) >= 4
    assert material.tasks
    for things in (material.questions, material.exercises, material.tasks):
        names = [thing.name for thing in things]
        assert len(names) == len(set(names))


def test_texts_can_be_shown(material):
    for question in questions_of(material):
        card = QuizCard(question)
        for text in (card.question, *card.choices):
            assert text.strip()
            assert text.count("`") % 2 == 0, f"a backtick without its other: {text}"
            assert "$" not in text, f"formulas are written plainly: {text}"


def test_every_choice_has_a_word_for_who_takes_it(material):
    for question in questions_of(material):
        if isinstance(question, Choice):
            wrong = [option for option in question.options if not option.right]
            assert all(option.told for option in wrong), question.name


def test_every_wrong_number_or_order_is_told_something(material):
    for question in questions_of(material):
        if isinstance(question, Number):
            assert math.isfinite(question.expected)
            assert question.judge(question.expected).right
            assert question.hint, question.name
            for wrong in question.instead:
                assert question.judge(wrong).right is False, f"{question.name}: {wrong} counts as right"
        elif isinstance(question, Order):
            assert question.hint, question.name
        elif isinstance(question, FreeText):
            assert question.speaks_of or question.told, question.name


def test_every_case_of_an_exercise_has_a_hint_that_is_not_for_the_right_answer(material):
    for exercise in material.exercises:
        assert exercise.cases
        for case in exercise.cases:
            assert case.hint, f"{exercise.name}: {case.given}"


def test_students_have_tasks_of_their_own(material):
    for graded in material.tasks:
        tasks = [graded.task(material.lesson, variant) for variant in VARIANTS]
        assert len({task.digest for task in tasks}) > len(VARIANTS) // 2, graded.name
        again = graded.task(material.lesson, VARIANTS[0])
        assert again.digest == tasks[0].digest
        if isinstance(again.asked, Number):
            assert again.asked.expected == tasks[0].asked.expected
            answers = {round(task.asked.expected, 6) for task in tasks}
            assert len(answers) > len(VARIANTS) // 8, f"{graded.name}: few different answers"


WHOLE = {"policy", "epsilon_greedy", "greedy", "active_tile", "tile_indices"}
"""What returns numbers of actions, arms or tiles; all others return quantities, of which a float is as good."""


def test_whole_numbers_are_asked_for_where_they_are_numbers_of_something(material):
    tasks = [each.task(material.lesson, "s1").asked for each in material.tasks]
    for exercise in (*material.exercises, *(task for task in tasks if isinstance(task, Exercise))):
        for case in exercise.cases:
            asked = bool(not_whole(_as_floats(case.expected), case.expected))
            assert asked == (exercise.name in WHOLE), exercise.name


def _as_floats(expected):
    if isinstance(expected, list):
        return [float(each) for each in expected]
    return expected.astype(float) if isinstance(expected, np.ndarray) else float(expected)
