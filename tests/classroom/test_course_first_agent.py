"""Lesson 0: right answers are right, wrong ones get the hint that was meant; wrong functions do, too."""

import ast
import re

import numpy as np
import pytest

from retroml_edu.classroom.course.first_agent import EXERCISES, GRADED, QUESTIONS
from retroml_edu.classroom.quiz import Choice, FreeText, Number, Order
from retroml_edu.kit import play_games

LESSON = "00-first-agent"
QUESTION = {question.name: question for question in QUESTIONS}
EXERCISE = {exercise.name: exercise for exercise in EXERCISES}
TASK = {task.name: task for task in GRADED}
CHOICES = [question for question in QUESTIONS if isinstance(question, Choice)]
RIGHT = {
    "random-return": "About 20 steps",
    "another-seed": "Clearly above or below it",
    "lean-return": "About 40",
    "what-is-a-policy": "A way to choose",
    "point-of-the-curve": "The newest 20 games",
    "fair-comparison": "Train both with several seeds",
    "same-seed-again": "The same curve",
    "cartpole-observation": ("How far the cart", "How fast the cart", "How far the pole", "How fast the pole"),
}


def returns_of(rewards, dones):
    returns, total = [], 0.0
    for reward, done in zip(rewards, dones, strict=True):
        total += reward
        if done:
            returns.append(total)
            total = 0.0
    return returns


def rolling_mean(returns, window):
    return np.array([np.mean(returns[max(0, last - window + 1) : last + 1]) for last in range(len(returns))])


def policy(observation):
    return int(observation[2] + observation[3] > 0)


def test_names_are_the_only_ones_of_the_lesson():
    assert len(QUESTION) == len(QUESTIONS)
    assert {question.name for question in CHOICES} == RIGHT.keys()


@pytest.mark.parametrize("question", CHOICES, ids=lambda question: question.name)
def test_each_choice_has_the_answer_that_was_meant_and_a_hint_for_every_other(question):
    right = [number for number, option in enumerate(question.options) if option.text.startswith(RIGHT[question.name])]
    judged = question.judge(right)
    assert judged.right
    assert judged.told
    hints = []
    for number, option in enumerate(question.options):
        if number not in right:
            judged = question.judge([number])
            assert (judged.right, judged.told) == (False, option.told)
            hints.append(judged.told)
    assert len(set(hints)) == len(hints) > 0
    assert all(len(hint) > 20 for hint in hints)


def test_the_observation_is_only_right_when_it_is_whole():
    judged = QUESTION["cartpole-observation"].judge([0, 1, 2])
    assert (judged.right, "something is missing" in judged.told) == (False, True)


def test_the_steps_of_a_step_have_one_order():
    question = QUESTION["one-step"]
    assert isinstance(question, Order)
    assert question.judge([0, 1, 2, 3, 4]).right
    judged = question.judge([1, 0, 2, 3, 4])
    assert not judged.right
    assert "is not the first" in judged.told
    assert question.hint in judged.told


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (5, "last reward"),
        (8, "negative"),
        (7, "negative one"),
        (1.2, "mean reward"),
        (1, "step that ends"),
        (99, "sum"),
    ],
)
def test_a_wrong_return_gets_its_hint(answer, hint):
    question = QUESTION["return-of-rewards"]
    assert isinstance(question, Number)
    assert question.judge("6").right
    judged = question.judge(answer)
    assert not judged.right
    assert hint in judged.told


def test_a_conclusion_has_to_speak_of_seeds_and_intervals():
    question = QUESTION["what-follows"]
    assert isinstance(question, FreeText)
    filler = "the learning rate of 0.003 is the better one as far as I can see it here in this figure"
    assert "How many runs" in question.judge(filler).told
    assert "bands" in question.judge(f"{filler}, over 6 seeds").told
    assert question.judge(f"{filler}, over 6 seeds, and the intervals hardly overlap").told == question.told


@pytest.mark.parametrize("function", [returns_of, rolling_mean, policy], ids=lambda function: function.__name__)
def test_what_solves_an_exercise_passes(function):
    tried = EXERCISE[function.__name__].try_out(function)
    assert tried.is_right, tried.told


def ignores_dones(rewards, dones):
    return [sum(rewards)]


def never_starts_anew(rewards, dones):
    return [total for total, done in zip(np.cumsum(rewards), dones, strict=True) if done]


def leaves_the_last_reward_out(rewards, dones):
    returns, total = [], 0.0
    for reward, done in zip(rewards, dones, strict=True):
        if done:
            returns.append(total)
            total = 0.0
        else:
            total += reward
    return returns


def counts_steps(rewards, dones):
    return returns_of([1.0] * len(rewards), dones)


def drops_what_is_negative(rewards, dones):
    return returns_of(np.maximum(rewards, 0), dones)


def takes_the_last_game_too(rewards, dones):
    return returns_of(rewards, [*dones[:-1], True])


def append_after_the_loop(rewards, dones):
    total = 0.0
    for reward in rewards:
        total += reward
    return [total]


def set_back_and_append_after_the_loop(rewards, dones):
    total = 0.0
    for reward, done in zip(rewards, dones, strict=True):
        total = 0.0 if done else total + reward
    return [total]


def adds_after_it_has_kept(rewards, dones):
    returns, total = [], 0.0
    for reward, done in zip(rewards, dones, strict=True):
        if done:
            returns.append(total)
            total = 0.0
        total += reward
    return returns


RETURNS = [
    (append_after_the_loop, 1, "inside the loop"),
    (set_back_and_append_after_the_loop, 0, "keep it first"),
    (adds_after_it_has_kept, 0, "last step included"),
    (lambda rewards, dones: [], 0, "Does `return` stand in the loop"),
    (lambda rewards, dones: rewards[0], 0, "behind the loop"),
    (lambda rewards, dones: returns_of(rewards, dones)[:1], 1, "ended with the first game"),
    (lambda rewards, dones: sum(rewards), 0, "in a list"),
    (lambda rewards, dones: np.cumsum(rewards).tolist(), 0, "not for each step"),
    (lambda rewards, dones: rewards, 0, "These are the rewards"),
    (lambda rewards, dones: rewards[-1:], 0, "add each reward"),
    (lambda rewards, dones: returns_of(rewards, dones)[-1:], 1, "Make the list once"),
    (ignores_dones, 1, "another one begins"),
    (never_starts_anew, 1, "return of 0"),
    (leaves_the_last_reward_out, 0, "last step included"),
    (counts_steps, 2, "do not count the steps"),
    (drops_what_is_negative, 2, "negative reward counts"),
    (takes_the_last_game_too, 3, "has not ended has no return"),
]


@pytest.mark.parametrize(("wrong", "passed", "hint"), RETURNS, ids=range(len(RETURNS)))
def test_returns_that_are_wrong_in_a_known_way_get_its_hint(wrong, passed, hint):
    tried = EXERCISE["returns_of"].try_out(wrong)
    assert (tried.passed, hint in tried.hint) == (passed, True), tried


def means_of(slice_of):
    return lambda returns, window: np.array([np.mean(slice_of(returns, window, i)) for i in range(len(returns))])


MEANS = {
    "valid": (
        lambda returns, window: np.convolve(returns, np.ones(window) / window, "valid"),
        "one value for each game",
    ),
    "full": (
        lambda returns, window: np.convolve(returns, np.ones(window) / window)[: len(returns)],
        "how many there are",
    ),
    "all": (lambda returns, window: np.cumsum(returns) / np.arange(1, len(returns) + 1), "all games so far"),
    "ahead": (lambda returns, window: rolling_mean(returns[::-1], window)[::-1], "looks back"),
    "longer": (lambda returns, window: rolling_mean(returns, window + (window > 1)), "one value too long"),
    "late": (
        lambda returns, window: rolling_mean([returns[0], *returns[:-1]] if window > 1 else returns, window),
        "itself",
    ),
}


@pytest.mark.parametrize("name", MEANS)
def test_means_that_are_wrong_in_a_known_way_get_its_hint(name):
    wrong, hint = MEANS[name]
    tried = EXERCISE["rolling_mean"].try_out(wrong)
    assert (tried.passed, hint in tried.hint) == (int(name != "all"), True), tried


OTHER_MEANS = {
    "one before": (
        0,
        means_of(lambda all_of_it, window, i: all_of_it[max(0, i - window) : i + 1]),
        "one value too long",
    ),
    "return inside": (0, lambda returns, window: np.array([float(returns[0])]), "`return` stand in the loop"),
    "return inside, a number": (0, lambda returns, window: returns[0], "`return` stand in the loop"),
    "the newest alone": (0, lambda returns, window: np.mean(returns[-window:]), "one for each game"),
    "all, one number": (0, lambda returns, window: np.mean(returns), "one for each game"),
    "sums": (
        1,
        lambda returns, window: [sum(returns[max(0, i - window + 1) : i + 1]) for i in range(len(returns))],
        "sums",
    ),
    "before the beginning": (
        1,
        lambda returns, window: [sum(r := returns[i - window + 1 : i + 1]) / len(r) for i in range(len(returns))],
        "before place 0",
    ),
    "cut off": (2, lambda returns, window: rolling_mean(returns, window) // 1, "divide with `/`"),
}


@pytest.mark.parametrize("name", OTHER_MEANS)
def test_other_wrong_means_get_their_hints(name):
    passed, wrong, hint = OTHER_MEANS[name]
    tried = EXERCISE["rolling_mean"].try_out(wrong)
    assert (tried.passed, hint in tried.hint) == (passed, True), tried


POLICIES = {
    "always left": (lambda observation: 0, 0, "get under it"),
    "away from the lean": (lambda observation: int(observation[2] < 0), 0, "get under it"),
    "the lean alone": (lambda observation: int(observation[2] > 0), 2, "point to different sides"),
    "the swing alone": (lambda observation: int(observation[3] > 0), 4, "swings back only slowly"),
    "a truth": (lambda observation: bool(observation[2] + observation[3] > 0), 0, "an action is a number"),
    "a truth of numpy": (lambda observation: observation[2] + observation[3] > 0, 0, "an action is a number"),
}


@pytest.mark.parametrize("name", POLICIES)
def test_policies_that_are_wrong_in_a_known_way_get_its_hint(name):
    wrong, passed, hint = POLICIES[name]
    tried = EXERCISE["policy"].try_out(wrong)
    assert (tried.passed, hint in tried.hint) == (passed, True), tried


def test_a_policy_that_passes_keeps_the_pole_up():
    assert play_games(policy, games=10).mean() > 400


@pytest.mark.parametrize("name", TASK)
def test_each_variant_has_a_task_of_its_own(name):
    texts = {TASK[name].task(LESSON, f"s{number}").text for number in range(30)}
    assert len(texts) == 30


def listed(name, text):
    return ast.literal_eval(re.search(rf"`{name} = (\[.*?\])`", text)[1])


@pytest.mark.parametrize("number", range(30))
def test_the_log_is_solved_by_what_the_student_has_written(number):
    question = TASK["log-of-games"].task(LESSON, f"s{number}").asked
    rewards, dones = listed("rewards", question.text), listed("dones", question.text)
    returns = returns_of(rewards, dones)
    assert len(returns) == 3
    assert question.judge(f"{np.mean(returns):.2f}").right
    for wrong, hint in (
        (sum(returns), "sum of the returns"),
        (np.mean([*returns, sum(rewards) - sum(returns)]), "cut off"),
    ):
        if abs(wrong - np.mean(returns)) > 0.06:  # else it is the right answer, too
            judged = question.judge(round(float(wrong), 2))
            assert (judged.right, hint in judged.told) == (False, True), judged


@pytest.mark.parametrize("number", range(30))
def test_the_first_game_over_a_mark_is_found_by_what_the_student_has_written(number):
    question = TASK["first-over"].task(LESSON, f"s{number}").asked
    returns = listed("returns", question.text)
    window, mark = map(int, re.search(r"newest (\d+) games (\d+) or more", question.text).groups())
    means = rolling_mean(returns, window)
    game = next(place + 1 for place in range(window - 1, len(means)) if means[place] >= mark)
    assert question.judge(game).right
    assert not question.judge(game + 1).right
    assert "number 1" in question.judge(game - 1).told or "single game" in question.judge(game - 1).told
    assert window < game <= 16


def test_a_game_that_two_mistakes_lead_to_gets_a_hint_for_both():
    both = 0
    for number in range(30):
        question = TASK["first-over"].task(LESSON, f"s{number}").asked
        returns = listed("returns", question.text)
        mark = int(re.search(r"games (\d+) or more", question.text)[1])
        single = next(place for place, each in enumerate(returns, 1) if each >= mark)
        if question.judge(single + 1).right:
            both += 1
            assert "newest games" in question.judge(single).told
            assert "number 1" in question.judge(single).told
    assert both
