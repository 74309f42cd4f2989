"""Lesson 4: right answers are right, wrong ones get the hint that was meant; wrong functions do, too."""

import re

import numpy as np
import pytest

from retroml_edu.classroom.course.sarsa_q_learning import EXERCISES, GRADED, QUESTIONS
from retroml_edu.classroom.exercise import Exercise
from retroml_edu.classroom.quiz import Choice, Number
from retroml_edu.tabular import MDP, cliff, value_iteration

LESSON = "04-sarsa-q-learning"
QUESTION = {question.name: question for question in QUESTIONS}
EXERCISE = {exercise.name: exercise for exercise in EXERCISES}
TASK = {task.name: task for task in GRADED}
CHOICES = [question for question in QUESTIONS if isinstance(question, Choice)]
RIGHT = {
    "who-earns-more": "SARSA",
    "epsilon-zero": "It stays",
    "slip-too": "Away from the edge",
    "off-policy": "Because it learns the values of the greedy policy",
    "which-action": "Q(s′, b) for SARSA, max",
    "better-yet-worse": "The greedy way is what it would go",
    "expected": "The same step with the same outcome",
    "double-why": "It takes the highest",
}


def test_no_text_has_marks_that_a_question_does_not_show():
    tasks = [task.task(LESSON, "practice").text for task in GRADED]
    options = [text for each in CHOICES for option in each.options for text in (option.text, option.told)]
    assert not [text for text in (*tasks, *options, *(each.text for each in QUESTIONS)) if "**" in text]


def test_names_are_the_only_ones_of_the_lesson():
    assert len(QUESTION) == len(QUESTIONS)
    assert {question.name for question in CHOICES} == RIGHT.keys()


@pytest.mark.parametrize("question", CHOICES, ids=lambda question: question.name)
def test_each_choice_has_the_answer_that_was_meant_and_a_hint_for_every_other(question):
    right = [number for number, option in enumerate(question.options) if option.text.startswith(RIGHT[question.name])]
    assert question.judge(right).right
    hints = [question.judge([number]).told for number in range(len(question.options)) if number not in right]
    assert len(set(hints)) == len(hints) == len(question.options) - 1
    assert all(len(hint) > 20 for hint in hints)


def test_a_step_of_sarsa_has_one_order():
    assert QUESTION["sarsa-loop"].judge([0, 1, 2, 3, 4]).right
    assert not QUESTION["sarsa-loop"].judge([0, 1, 3, 2, 4]).right


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (2.5, "best next value"),
        (2 + 0.5 * (-1 + 2 - 2), "mean"),  # of 4 and 0
        (2 + 0.5 * -1, "Take Q(s, a) off"),
        (0.5 * -1, "half of the target"),
        (0.5 * (-1 - 2), "how much the value changes"),
        (-1, "half of the way"),
        (7, "Go half"),
    ],
)
def test_a_wrong_update_gets_its_hint(answer, hint):
    assert QUESTION["sarsa-number"].judge("0.5").right
    judged = QUESTION["sarsa-number"].judge(answer)
    assert (judged.right, hint in judged.told) == (False, True)


def test_a_choice_of_method_has_to_speak_of_both_and_of_exploring():
    question = QUESTION["which-would-you"]
    filler = "for the robot on the roof I would take the method that is good for it and for the game the other one"
    assert "SARSA fit" in question.judge(filler).told
    assert "Q-learning fit" in question.judge(f"{filler}: SARSA").told
    assert "exploring" in question.judge(f"{filler}: SARSA, Q-learning").told
    assert question.judge(f"{filler}: SARSA, Q-learning, because the robot explores").told == question.told


def return_of_the_way(row, epsilon):
    """Return what the way along a row of the cliff's board earns its walker, who explores."""
    world = cliff()
    mdp, start = world.mdp(), world.outcomes().start
    up, right, down = 0, 1, 2
    way = np.zeros((mdp.n_states, 4))
    for state, (here, column) in enumerate(world.fields):
        way[state, down if column == 11 or here < row else right if here == row else up] = 1.0
    return mdp.values_of((1 - epsilon) * way + epsilon / 4, gamma=1.0)[start]


def test_the_ways_along_the_cliff_earn_what_the_lesson_says():
    edge, one_above, two_above = 2, 1, 0
    assert [round(return_of_the_way(row, 0.0)) for row in (edge, one_above, two_above)] == [-13, -15, -17]
    assert round(return_of_the_way(edge, 0.1)) == -52
    assert round(return_of_the_way(one_above, 0.1)) == -21
    assert return_of_the_way(one_above, 0.1) > return_of_the_way(two_above, 0.1)
    assert return_of_the_way(two_above, 0.2) > return_of_the_way(one_above, 0.2)
    assert all(return_of_the_way(edge, epsilon) < return_of_the_way(one_above, epsilon) for epsilon in (0.01, 0.05))
    assert return_of_the_way(edge, 0.005) > return_of_the_way(one_above, 0.005)


def sarsa_update(q, step, alpha, gamma):
    state, action, reward, next_state, next_action, done = step
    target = reward if done else reward + gamma * q[next_state, next_action]
    return q[state, action] + alpha * (target - q[state, action])


def q_learning_update(q, step, alpha, gamma):
    state, action, reward, next_state, _, done = step
    target = reward if done else reward + gamma * q[next_state].max()
    return q[state, action] + alpha * (target - q[state, action])


def expected_sarsa_target(q, step, gamma, epsilon):
    _, _, reward, next_state, _, done = step
    if done:
        return reward
    chances = np.full(q.shape[1], epsilon / q.shape[1])
    chances[q[next_state].argmax()] += 1 - epsilon
    return reward + gamma * chances @ q[next_state]


SOLUTIONS = (sarsa_update, q_learning_update, expected_sarsa_target)


@pytest.mark.parametrize("function", SOLUTIONS, ids=lambda function: function.__name__)
def test_what_solves_an_exercise_passes(function):
    tried = EXERCISE[function.__name__].try_out(function)
    assert tried.is_right, tried.told


def of(worth, *, at_end=False, moved=lambda old, target, alpha: old + alpha * (target - old)):
    """Return a wrong update, made of what the next state is worth in it and of how it moves."""

    def update(q, step, alpha, gamma):
        state, action, reward, next_state, next_action, done = step
        target = reward if done and not at_end else reward + worth(q[next_state], next_action, gamma)
        return moved(q[state, action], target, alpha)

    return update


def drawn(values, action, gamma):
    return gamma * values[action]


def best(values, action, gamma):
    return gamma * values.max()


SARSA, Q_LEARNING = "sarsa_update", "q_learning_update"
UPDATES = {
    "max in place of the next action": (SARSA, of(best), "as Q-learning does"),
    "goes on at the end": (SARSA, of(drawn, at_end=True), "nothing follows"),
    "the target itself": (SARSA, of(drawn, moved=lambda old, to, alpha: to), "the part `alpha`"),
    "not from the old": (SARSA, of(drawn, moved=lambda old, to, alpha: old + alpha * to), "off the target"),
    "the change alone": (SARSA, of(drawn, moved=lambda old, to, alpha: alpha * (to - old)), "the old one is missing"),
    "no discount": (SARSA, of(lambda values, action, gamma: values[action]), "discounted"),
    "Q-learning at the end": (Q_LEARNING, of(best, at_end=True), "nothing follows"),
    "the drawn action": (Q_LEARNING, of(drawn), "as SARSA does"),
    "the mean": (Q_LEARNING, of(lambda values, action, gamma: gamma * values.mean()), "the largest of them"),
    "argmax": (Q_LEARNING, of(lambda values, action, gamma: gamma * values.argmax()), "`max`, not `argmax`"),
}


@pytest.mark.parametrize("name", UPDATES)
def test_an_update_that_is_wrong_in_a_known_way_gets_its_hint(name):
    exercise, wrong, hint = UPDATES[name]
    tried = EXERCISE[exercise].try_out(wrong)
    assert not tried.is_right
    assert hint in tried.hint, tried


def target_of(weights):
    """Return a wrong target of expected SARSA, made of what the next state is worth in it."""

    def target(q, step, gamma, epsilon):
        _, _, reward, next_state, next_action, done = step
        return reward if done else reward + gamma * weights(q[next_state], epsilon, next_action)

    return target


def not_best(values):
    return values[values != values.max()]


def at_the_end_too(q, step, gamma, epsilon):
    return expected_sarsa_target(q, (*step[:-1], False), gamma, epsilon)


TARGETS = {
    "greedy": (target_of(lambda v, e, a: v.max()), "Q-learning's target"),
    "one draw": (target_of(lambda v, e, a: v[a]), "the action that was drawn"),
    "others only": (target_of(lambda v, e, a: (1 - e) * v.max() + e * not_best(v).mean()), "among all actions"),
    "exploring forgotten": (target_of(lambda v, e, a: (1 - e) * v.max()), "What is the next state worth then"),
    "not divided": (target_of(lambda v, e, a: (1 - e) * v.max() + e * v.sum()), "with ε/n, not with ε"),
    "the best alone": (target_of(lambda v, e, a: (1 - e + e / len(v)) * v.max()), "Each of the others has ε/n"),
    "all alike": (target_of(lambda v, e, a: v.mean()), "The best one is taken more often"),
    "at the end": (at_the_end_too, "nothing follows"),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_that_is_wrong_in_a_known_way_gets_its_hint(name):
    wrong, hint = TARGETS[name]
    tried = EXERCISE["expected_sarsa_target"].try_out(wrong)
    assert not tried.is_right
    assert hint in tried.hint, tried


VARIANTS = [f"student-{number}" for number in range(40)]


@pytest.mark.parametrize("task", TASK.values(), ids=TASK)
def test_students_have_tasks_of_their_own_that_stay_the_same(task):
    texts = [task.task(LESSON, variant).text for variant in VARIANTS]
    assert texts == [task.task(LESSON, variant).text for variant in VARIANTS]
    assert len(set(texts)) > len(texts) / 2


@pytest.mark.parametrize("variant", VARIANTS)
def test_numbers_of_graded_tasks_are_right_and_their_hints_are_for_other_numbers(variant):
    for name in ("expected-update", "fall-on-the-edge"):
        question = TASK[name].task(LESSON, variant).asked
        assert isinstance(question, Number)
        assert question.judge(f"{question.expected:.3f}").right
        for wrong, hint in question.instead.items():
            judged = question.judge(float(wrong))
            assert (judged.right, judged.told) == (False, hint)


def numbers_of(text):
    """Return the numbers that a task names, as they stand in its text."""
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def test_an_update_as_its_text_asks_for_it_is_right():
    for variant in VARIANTS:
        question = TASK["expected-update"].task(LESSON, variant).asked
        old, alpha, gamma, epsilon, reward, *rest = numbers_of(question.text)
        values = np.array(rest[:8:2])
        worth = (1 - epsilon) * values.max() + epsilon * values.mean()
        assert question.judge(old + alpha * (reward + gamma * worth - old)).right


def test_a_fall_as_its_text_asks_for_it_is_right_and_happens_that_often():
    question = TASK["fall-on-the-edge"].task(LESSON, "s1").asked
    epsilon, steps = numbers_of(question.text)
    falls = np.random.default_rng(0).random((100_000, int(steps))) < epsilon / 4
    assert falls.any(axis=1).mean() == pytest.approx(question.expected, abs=0.01)


@pytest.mark.parametrize("variant", VARIANTS[:10])
def test_a_target_as_its_text_asks_for_it_passes_and_a_greedy_one_does_not(variant):
    task = TASK["own-target"].task(LESSON, variant)
    best_share, second_share = numbers_of(task.text)[:2]

    def own_target(values, reward, gamma, done):
        ordered = np.sort(values)
        mixed = best_share * ordered[-1] + second_share * ordered[-2] + (1 - best_share - second_share) * values.mean()
        return reward if done else reward + gamma * mixed

    assert isinstance(task.asked, Exercise)
    assert task.asked.try_out(own_target).is_right
    greedy = task.asked.try_out(lambda values, reward, gamma, done: reward + gamma * values.max())
    assert "Q-learning's target" in greedy.hint


def steps_of_the_best_way(world, epsilon):
    """Return the steps of the best way of an agent that explores, as planning finds it."""
    mdp, outcomes = world.mdp(), world.outcomes()
    moves = (1 - epsilon) * mdp.transitions + epsilon * mdp.transitions.mean(axis=1, keepdims=True)
    rewards = (1 - epsilon) * mdp.rewards + epsilon * mdp.rewards.mean(axis=1, keepdims=True)
    policy = list(value_iteration(MDP(moves, rewards, mdp.terminal), 1.0))[-1].policy
    state, steps = outcomes.start, 0
    while not outcomes.terminal[state] and steps < 100:
        state, steps = outcomes.following[state, policy[state].argmax(), 0], steps + 1
    return steps


def test_what_questions_and_lesson_say_of_the_best_ways_is_so():
    # 13 steps without exploring, 15 with a little, 17 with more: what SARSA converges to depends on its exploring.
    assert [steps_of_the_best_way(cliff(), epsilon) for epsilon in (0.0, 0.005, 0.02, 0.1, 0.2)] == [13, 13, 15, 15, 17]
