"""Lesson 1: its answers are right, its hints are told where they belong, and its variants differ."""

import re

import numpy as np
import pytest

from retroml_edu.classroom.course.bandits import EXERCISES, GRADED, QUESTIONS
from retroml_edu.classroom.exercise import Exercise
from retroml_edu.classroom.quiz import Choice, Number, Order
from retroml_edu.tabular.bandits import UpperConfidenceBound

EXERCISE = {exercise.name: exercise for exercise in EXERCISES}
QUESTION = {question.name: question for question in QUESTIONS}
TASK = {graded.name: graded for graded in GRADED}
VARIANTS = [f"s{number}" for number in range(60)]


def update(estimate, n, reward):
    return estimate + (reward - estimate) / n


def epsilon_greedy(estimates, epsilon, explore, which):
    return int(which * len(estimates)) if explore < epsilon else int(np.argmax(estimates))


def ucb_scores(estimates, pulls, c):
    scores = np.full(len(estimates), np.inf)
    tried = pulls > 0
    scores[tried] = estimates[tried] + c * np.sqrt(np.log(pulls.sum() + 1) / pulls[tried])
    return scores


@pytest.mark.parametrize("right", [update, epsilon_greedy, ucb_scores])
def test_a_right_function_passes_all_cases(right):
    tried = EXERCISE[right.__name__].try_out(right)
    assert tried.is_right, tried.told


def test_the_scores_are_those_of_the_package():
    strategy = UpperConfidenceBound(1.5)
    strategy.begin(1, 4)
    rng = np.random.default_rng(0)
    for arm in (0, 1, 2, 3, 1, 1, 3, 1):
        strategy.learn(np.array([arm]), rng.normal(size=1))
    scores = ucb_scores(strategy.estimates[0], strategy.pulls[0].astype(int), 1.5)
    assert strategy.choose(rng)[0] == scores.argmax()


KNOWN = [
    ("update", lambda estimate, n, reward: estimate + (reward - estimate) / (n + 1), "n counts the newest pull"),
    (
        "update",
        lambda estimate, n, reward: estimate + (estimate - reward) / n,
        "What that pull paid|moved away|mean",
    ),
    (
        "update",
        lambda estimate, n, reward: estimate / n + (1 - 1 / n) * reward,
        "weights are swapped|what that pull",
    ),
    ("update", lambda estimate, n, reward: estimate + reward - estimate / n, "brackets"),
    ("update", lambda estimate, n, reward: (reward - estimate) / n, "step alone"),
    ("update", lambda estimate, n, reward: estimate - (reward - estimate) / n, "moved away"),
    ("update", lambda estimate, n, reward: estimate + reward / n, "not the reward alone"),
    ("update", lambda estimate, n, reward: (estimate + reward) / n, "old estimate stays whole"),
    ("update", lambda estimate, n, reward: estimate + (reward - estimate) // n, "divide with `/`"),
    ("epsilon_greedy", lambda **given: epsilon_greedy(**given) + 1, "counted from 0"),
    ("epsilon_greedy", lambda **given: epsilon_greedy(**{**given, "estimates": -given["estimates"]}), "lowest"),
    ("epsilon_greedy", lambda **given: int(given["estimates"].argmax()), "did not explore"),
    ("epsilon_greedy", lambda **given: int(given["which"] * len(given["estimates"])), "explored although"),
    (
        "epsilon_greedy",
        lambda estimates, epsilon, explore, which: (
            round(which * len(estimates)) if explore < epsilon else int(np.argmax(estimates))
        ),
        "rounds down",
    ),
    (
        "epsilon_greedy",
        lambda estimates, epsilon, explore, which: (
            which * len(estimates) if explore < epsilon else int(np.argmax(estimates))
        ),
        "whole number",
    ),
    (
        "epsilon_greedy",
        lambda estimates, epsilon, explore, which: (
            int(which) * len(estimates) if explore < epsilon else int(np.argmax(estimates))
        ),
        "cut off then",
    ),
    (
        "epsilon_greedy",
        lambda estimates, epsilon, explore, which: (
            int(which * len(estimates)) if explore < epsilon else max(0, int(np.append(0, estimates).argmax()) - 1)
        ),
        "begin with −∞",
    ),
    ("ucb_scores", lambda **given: ucb_scores(**given).argmax(), "number of the arm"),
    ("ucb_scores", lambda **given: ucb_scores(**given).max(), "highest score"),
    ("ucb_scores", lambda **given: ucb_scores(**given)[0], "`return` stand in the loop"),
    ("ucb_scores", lambda **given: ucb_scores(**given) * np.eye(9)[0, : len(given["pulls"])], "`return` stand"),
    ("ucb_scores", lambda **given: 2 * given["estimates"] - ucb_scores(**given), "Doubt is added"),
    (
        "ucb_scores",
        lambda estimates, pulls, c: estimates + c * np.sqrt(np.log(pulls + 1) / np.maximum(pulls, 1)),
        "all arms together",
    ),
    (
        "ucb_scores",
        lambda estimates, pulls, c: c * ucb_scores(estimates, pulls, 1.0),
        "not the estimate",
    ),
    ("update", lambda estimate, n, reward: reward, "became the reward"),
    (
        "epsilon_greedy",
        lambda estimates, epsilon, explore, which: (
            int(which * len(estimates)) if explore > epsilon else int(np.argmax(estimates))
        ),
        "explored although",
    ),
    (
        "epsilon_greedy",
        lambda estimates, epsilon, explore, which: (
            int(which * len(estimates)) if explore <= epsilon else int(np.argmax(estimates))
        ),
        "below ε, not at most",
    ),
    (
        "epsilon_greedy",
        lambda estimates, epsilon, explore, which: (
            int(which * (len(estimates) - 1)) if explore < epsilon else int(np.argmax(estimates))
        ),
        "the last arm is never drawn",
    ),
    ("epsilon_greedy", lambda estimates, epsilon, explore, which: max(estimates), "number of the arm"),
    (
        "ucb_scores",
        lambda estimates, pulls, c: estimates + c * np.sqrt((pulls.sum() + 1) / np.maximum(pulls, 1e-9)),
        "Is the logarithm",
    ),
    (
        "ucb_scores",
        lambda estimates, pulls, c: estimates + c * np.sqrt(np.log(pulls.sum()) / np.maximum(pulls, 1e-9)),
        "number of the coming pull",
    ),
    (
        "ucb_scores",
        lambda estimates, pulls, c: estimates + c * np.sqrt(np.log(pulls.sum() + 1) / np.maximum(pulls, 1)),
        "np.inf",
    ),
]


@pytest.mark.parametrize(("name", "wrong", "hint"), KNOWN, ids=range(len(KNOWN)))
def test_a_known_mistake_gets_its_own_hint(name, wrong, hint):
    tried = EXERCISE[name].try_out(wrong)
    assert not tried.is_right
    assert re.search(hint, tried.hint, re.IGNORECASE), tried.hint


def test_no_hint_of_a_wrong_answer_belongs_to_a_right_one():
    for exercise in EXERCISES:
        for case in exercise.cases:
            for wrong, hint in case.instead:
                assert not np.array_equal(wrong, case.expected), hint
    for question in QUESTIONS:
        if isinstance(question, Number):
            assert all(abs(wrong - question.expected) > question.tolerance for wrong in question.instead)


def test_every_name_is_the_only_one_and_every_option_says_why():
    assert len(QUESTION) == len(QUESTIONS)
    for question in QUESTIONS:
        if isinstance(question, Choice):
            assert all(option.told for option in question.options)
            right = [number for number, option in enumerate(question.options) if option.right]
            assert question.judge(right).right
        if isinstance(question, Order):
            assert question.judge(list(range(len(question.steps)))).right


@pytest.mark.parametrize(
    ("name", "answer", "told"),
    [
        ("estimate-after", "3.25", "divided by 4"),
        ("what-regret-is", "0.4", "Luck|luck"),
        ("what-regret-is", "-0.4", "never negative"),
    ],
)
def test_a_misconception_is_met(name, answer, told):
    feedback = QUESTION[name].judge(answer)
    assert feedback.right is False
    assert re.search(told, feedback.told)


def test_variants_differ_and_stay_the_same():
    for graded in GRADED:
        texts = [graded.task("01-bandits", variant).text for variant in VARIANTS]
        assert texts == [graded.task("01-bandits", variant).text for variant in VARIANTS]
        assert len(set(texts)) > 40, graded.name


def numbers_in(text):
    """Return the rows of numbers that a text lists: whole sentences are split at their words."""
    found = re.findall(r"-?\d+(?:\.\d+)?(?:, -?\d+(?:\.\d+)?)+", text.replace("−", "-"))
    return [[float(each) for each in row.split(", ")] for row in found]


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_number_is_what_its_text_asks_for(variant):
    regret = TASK["regret"].task("01-bandits", variant)
    means, counts = map(np.array, numbers_in(regret.text))
    assert regret.asked.expected == pytest.approx((means.max() - means) @ counts)
    assert regret.asked.judge(f"{regret.asked.expected:g}").right

    score = TASK["ucb-score"].task("01-bandits", variant)
    estimates, pulls = map(np.array, numbers_in(score.text))
    c = float(score.text.partition("c = ")[2].split()[0])
    scores = ucb_scores(estimates, pulls, c)
    assert score.asked.expected == pytest.approx(scores.max(), abs=1e-4)
    assert scores.argmax() != estimates.argmax()  # the highest estimate is not the answer
    assert score.asked.judge(f"{scores.max():.2f}").right
    assert not score.asked.judge(f"{estimates.max():.2f}").right


@pytest.mark.parametrize("variant", VARIANTS[:10])
def test_the_schedule_is_that_of_its_text(variant):
    task = TASK["decay"].task("01-bandits", variant)
    assert isinstance(task.asked, Exercise)
    first = float(task.text.partition("begins with ")[2].split()[0].rstrip("."))
    half = int(task.text.partition("After ")[2].split()[0])
    lowest = float(task.text.rpartition(" ")[2].rstrip("."))
    assert task.asked.try_out(lambda pull: max(lowest, first / (1 + pull / half))).is_right
    assert "never falls below" in task.asked.try_out(lambda pull: first / (1 + pull / half)).hint
    halving = task.asked.try_out(lambda pull: max(lowest, first * 0.5 ** (pull / half)))
    assert "a third, not a quarter" in halving.hint
