"""Lesson 3: right answers are right, wrong ones get the hint that was meant; wrong functions do, too."""

import itertools
import re

import numpy as np
import pytest

from retroml_edu.classroom.course.monte_carlo_td import EXERCISES, GRADED, QUESTIONS
from retroml_edu.classroom.quiz import Choice, FreeText, Number, Order
from retroml_edu.tabular import Episode, NStepTD, batch_td

LESSON = "03-monte-carlo-td"
QUESTION = {question.name: question for question in QUESTIONS}
EXERCISE = {exercise.name: exercise for exercise in EXERCISES}
TASK = {task.name: task for task in GRADED}
CHOICES = [question for question in QUESTIONS if isinstance(question, Choice)]
RIGHT = {
    "first-episode": ("Only that of A",),
    "needs-the-end": ("TD(0)", "n-step TD", "TD(λ)"),
    "bias": ("Monte Carlo's is unbiased",),
    "bootstrapping": ("Its target contains its own",),
    "step-size": ("Its targets vary more",),
}


def td_update(values, state, reward, next_state, ended, alpha, gamma):
    target = reward if ended else reward + gamma * values[next_state]
    return values[state] + alpha * (target - values[state])


def returns(rewards, gamma):
    total, found = 0.0, []
    for reward in reversed(rewards):
        total = reward + gamma * total
        found.insert(0, total)
    return found


def n_step_target(rewards, values, t, n, gamma):
    end = min(t + n, len(rewards))
    target = sum(gamma ** (k - t) * rewards[k] for k in range(t, end))
    return target + (gamma**n * values[t + n] if t + n < len(rewards) else 0.0)


def test_names_are_the_only_ones_of_the_lesson():
    assert len(QUESTION) == len(QUESTIONS)
    assert {question.name for question in CHOICES} == RIGHT.keys()
    assert EXERCISE.keys() == {"td_update", "returns", "n_step_target"}


@pytest.mark.parametrize("question", CHOICES, ids=lambda question: question.name)
def test_each_choice_has_the_answer_that_was_meant_and_a_hint_for_every_other(question):
    right = [i for i, option in enumerate(question.options) if option.text.startswith(RIGHT[question.name])]
    assert question.judge(right).right
    hints = [question.judge([i]).told for i in range(len(question.options)) if i not in right]
    assert len(set(hints)) == len(hints) > 0
    assert all(len(hint) > 40 for hint in hints)


def test_the_first_episode_is_as_the_package_learns_it():
    values = np.array([0.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.0])
    before = values.copy()
    NStepTD(0.1)(values, Episode(np.array([3, 2, 3, 2, 1, 0]), np.zeros(5)))
    assert list(np.flatnonzero(values != before)) == [1]  # A
    assert QUESTION["value-of-a"].judge(float(values[1])).right


def test_the_predictor_is_what_batch_td_says():
    a, b, end = range(3)
    episodes = [Episode(np.array([a, b, end]), np.zeros(2))]
    episodes += [Episode(np.array([b, end]), np.array([reward])) for reward in [1.0] * 6 + [0.0]]
    assert QUESTION["predictor"].judge(float(batch_td(episodes, 3)[-1, a])).right


@pytest.mark.parametrize("name", ["value-of-a", "predictor"])
def test_each_wrong_number_that_is_known_gets_its_own_hint(name):
    question = QUESTION[name]
    assert isinstance(question, Number)
    told = [question.judge(wrong) for wrong in question.instead]
    assert not any(each.right for each in told)
    assert len({each.told for each in told} | {question.hint}) == len(told) + 1
    assert question.judge(123).told == question.hint


def test_targets_are_put_in_the_order_of_their_variance():
    question = QUESTION["order-of-targets"]
    assert isinstance(question, Order)
    assert question.judge([0, 1, 2, 3]).right
    assert "luck" in question.judge([3, 2, 1, 0]).told


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        ("With a large n the returns have a lot of noise in them, so that one needs a small step.", "n = 1"),
        ("With n = 1 the reward reaches just one state in the first episode, as I have seen in the widget.", "large n"),
    ],
)
def test_half_an_explanation_is_asked_for_the_other_half(answer, missing):
    question = QUESTION["why-the-middle"]
    assert isinstance(question, FreeText)
    assert missing in question.judge(answer).told
    both = "A large n has much variance, a small one is biased by the wrong values that it starts from, so between."
    assert question.judge(both).told == question.told


@pytest.mark.parametrize("function", [td_update, returns, n_step_target], ids=lambda function: function.__name__)
def test_what_the_lesson_asks_for_passes(function):
    tried = EXERCISE[function.__name__].try_out(function)
    assert tried.is_right, tried.told


WRONG = [
    ("td_update", lambda values, state, reward, next_state, ended, alpha, gamma: values[state]
        + alpha * (reward + gamma * values[next_state] - values[state]), "The episode is over"),
    ("td_update", lambda values, state, reward, next_state, ended, alpha, gamma: values[state]
        + alpha * (reward + (0 if ended else values[next_state]) - values[state]), "counts `gamma` times"),
    ("td_update", lambda values, state, reward, next_state, ended, alpha, gamma: values[state]
        - alpha * (reward + gamma * values[next_state] - values[state]), "sign of the error"),
    ("td_update", lambda values, state, reward, next_state, ended, alpha, gamma: reward + gamma * values[next_state],
        "That is the target"),
    ("td_update", lambda values, state, reward, next_state, ended, alpha, gamma: values[state]
        + alpha * (reward - values[state]), "not the reward alone"),
    ("returns", lambda rewards, gamma: returns(rewards, 1.0), "the discount is missing"),
    ("returns", lambda rewards, gamma: returns(rewards, gamma)[::-1], "wrong order"),
    ("returns", lambda rewards, gamma: [*returns(rewards, gamma)[1:], 0.0], "One step late"),
    ("returns", lambda rewards, gamma: [gamma * each for each in returns(rewards, gamma)], "is not discounted"),
    ("returns", lambda rewards, gamma: list(itertools.accumulate(rewards)), "sums of the rewards before"),
    ("n_step_target", lambda rewards, values, t, n, gamma: n_step_target(rewards, values, t, n, 1.0), "gamma^(k−1)"),
    ("n_step_target", lambda rewards, values, t, n, gamma: n_step_target(rewards, values, t, n + 1, gamma),
        "One reward too many"),
    ("n_step_target", lambda rewards, values, t, n, gamma: sum(rewards[t : t + n]), "the state after them is missing"),
    ("n_step_target", lambda rewards, values, t, n, gamma: sum(gamma**k * each for k, each in enumerate(
        rewards[t : t + n])) + gamma**n * values[min(t + n, len(values) - 1)], "no value to add"),
    ("n_step_target", lambda rewards, values, t, n, gamma: sum(gamma**k * each for k, each in enumerate(
        rewards[t : t + n])) + gamma**n * values[min(t + n, len(values)) - 1], "One state too early"),
    ("n_step_target", lambda rewards, values, t, n, gamma: n_step_target(rewards, values, t, n, gamma)
        + (gamma**n * rewards[t + n] if t + n < len(rewards) else 0.0), "there are n of them"),
    ("n_step_target", lambda rewards, values, t, n, gamma: sum(gamma**k * each for k, each in enumerate(
        rewards[t : t + n])) + (values[t + n] if t + n < len(values) else 0.0), "it counts gamma^n times"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "function", "hint"), WRONG, ids=[f"{name}: {hint}" for name, _, hint in WRONG])
def test_a_typical_mistake_gets_the_hint_that_was_meant(name, function, hint):
    tried = EXERCISE[name].try_out(function)
    assert not tried.is_right
    assert hint in tried.hint


def solved(text):
    """Work a graded task out from its text alone, by learning step by step."""
    numbers = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", text)]
    if text.startswith("All values"):
        alpha, gamma = (float(re.search(rf"{word} (?:size )?is ([\d.]+\d)|{word} ([\d.]+\d)", text)[0].split()[-1])
                        for word in ("step size", "discount"))  # fmt: skip
        values = dict.fromkeys("ABC", 0.0) | {"end": 0.0}
        told = text.split("one after another: ")[1].split(". What")[0]
        for episode in told.split("; "):
            steps = re.findall(r"([ABC]), reward (\d+)", episode)
            for (state, reward), (following, _) in itertools.zip_longest(steps, steps[1:], fillvalue=("end", 0)):
                values[state] += alpha * (float(reward) + gamma * values[following] - values[state])
        return values[re.search(r"What is V\((\w)\)", text)[1]]
    _, way, _, wins, pays, losses, *_ = numbers
    return way + wins * pays / (wins + losses + 1)


@pytest.mark.parametrize("name", ["td-chain", "batch-predictor"])
@pytest.mark.parametrize("variant", [f"s{number}" for number in range(40)])
def test_each_variant_is_solved_by_what_its_text_says(name, variant):
    question = TASK[name].task(LESSON, variant).asked
    assert isinstance(question, Number)
    expected = solved(question.text)
    assert question.judge(round(expected, 3)).right
    for wrong, hint in question.instead.items():
        judged = question.judge(round(wrong, 3))
        assert not judged.right
        assert judged.told == hint


def test_variants_differ():
    for task in GRADED:
        texts = {task.task(LESSON, f"s{number}").text for number in range(40)}
        assert len(texts) > 25
