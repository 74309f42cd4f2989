"""What lesson 2 asks: right answers are those of the algorithms, and known mistakes are told apart from each other."""

import re
from dataclasses import replace

import numpy as np
import pytest

from retroml_edu.classroom.course import Material
from retroml_edu.kit.grid_lab import two_goals
from retroml_edu.tabular import MDP, greedy_policy, value_iteration

LESSON = "02-value-iteration"
MATERIAL = Material.of(LESSON)
VARIANTS = ["practice", *(f"s{number}" for number in range(30))]


def rightly(values, transitions, rewards, gamma):
    return max(rewards[a] + gamma * transitions[a] @ values for a in range(len(rewards)))


def right_sweep(values, transitions, rewards, terminal, gamma):
    values = np.where(terminal, 0.0, values)
    return np.array(
        [0.0 if terminal[s] else rightly(values, transitions[s], rewards[s], gamma) for s in range(len(values))]
    )


def right_greedy(values, transitions, rewards, terminal, gamma):
    each = rewards + gamma * transitions @ np.where(terminal, 0.0, values)
    return np.where(terminal, 0, each.argmax(axis=1))


def no_discount(values, transitions, rewards, gamma):
    return (rewards + transitions @ values).max()


def by_chance(values, transitions, rewards, gamma):
    return (rewards + gamma * transitions @ values).mean()


def discounted_reward(values, transitions, rewards, gamma):
    return (gamma * (rewards + transitions @ values)).max()


def ends_have_values(values, transitions, rewards, terminal, gamma):
    return (rewards + gamma * transitions @ values).max(axis=1)


def ends_count(values, transitions, rewards, terminal, gamma):
    return np.where(terminal, 0.0, (rewards + gamma * transitions @ values).max(axis=1))


def in_place(values, transitions, rewards, terminal, gamma):
    values = np.where(terminal, 0.0, values)
    for s in np.flatnonzero(~terminal):
        values[s] = rightly(values, transitions[s], rewards[s], gamma)
    return values


def next_reward(values, transitions, rewards, terminal, gamma):
    return rewards.argmax(axis=1)


def next_value(values, transitions, rewards, terminal, gamma):
    return np.where(terminal, 0, (transitions @ values).argmax(axis=1))


@pytest.mark.parametrize(("name", "function"), [("backup", rightly), ("sweep", right_sweep), ("greedy", right_greedy)])
def test_a_plain_solution_passes(name, function):
    tried = MATERIAL.exercise(name).try_out(function)
    assert tried.is_right, tried.told


@pytest.mark.parametrize(
    ("name", "function", "hint"),
    [
        ("backup", no_discount, "gamma"),
        ("backup", by_chance, "mean"),
        ("backup", discounted_reward, "at once"),
        ("backup", lambda values, transitions, rewards, gamma: rewards.max(), "value of the next state is missing"),
        ("sweep", ends_have_values, "terminal state has got a value"),
        ("sweep", ends_count, "counted a value of the terminal state"),
        ("sweep", in_place, "new array"),
        ("greedy", next_reward, "next reward alone"),
        ("greedy", next_value, "not at its reward"),
        ("greedy", right_sweep, "argmax"),
    ],
)
def test_a_known_mistake_is_told_by_its_own_hint(name, function, hint):
    tried = MATERIAL.exercise(name).try_out(function)
    assert not tried.is_right
    assert hint in tried.hint


def test_what_is_not_written_yet_is_told_so():
    def sweep(values, transitions, rewards, terminal, gamma):
        raise NotImplementedError

    assert "not written yet" in MATERIAL.exercise("sweep").try_out(sweep).told


@pytest.mark.parametrize("question", MATERIAL.questions, ids=lambda question: question.name)
def test_each_option_has_its_own_answer(question):
    options = getattr(question, "options", ())
    told = {option.told for option in options}
    assert len(told) == len(options)
    for number, option in enumerate(options):
        assert question.judge(number).right is option.right
        assert question.judge(number).told == option.told


def test_the_numbers_in_questions_are_those_of_the_board():
    world = replace(two_goals(), slip=0.0)
    start = world.state(world.start)
    sweeps = list(value_iteration(world.mdp(), 0.9))
    first = next(sweep.number for sweep in sweeps if sweep.values[start])
    assert MATERIAL.question("first-nonzero").judge(first).right
    near = sweeps_to(world, 0.5)
    assert world.goals[near] == 0.3
    assert MATERIAL.question("which-goal").judge(0).right


def sweeps_to(world, gamma):
    """Return the goal to which the best arrows lead without slips."""
    outcomes = world.outcomes()
    *_, last = value_iteration(world.mdp(), gamma)
    state = outcomes.start
    for _ in range(50):
        if outcomes.terminal[state]:
            return world.fields[state]
        state = outcomes.following[state, last.policy[state].argmax(), 0]
    raise AssertionError("it goes in circles")


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_graded_number_is_what_its_own_text_says(variant):
    """The text is read back into a decision process of its own."""
    for name in ("state-value", "after-two-sweeps"):
        task = MATERIAL.task(name).task(LESSON, variant)
        leave, toll, arrives, take, work, stays, gamma = (
            float(number)
            for number in re.search(
                r'"leave" pays (\S+) and ends; "go" pays (\S+) and leads to B with probability (\S+), .*'
                r'"take" pays (\S+) and ends; "work" pays (\S+) and stays in B with probability (\S+), .*'
                r"discount is (\d\.\d+)\.",
                task.text,
            ).groups()
        )
        ends = [0.0, 0.0, 1.0]
        rows = [[ends, [1 - arrives, arrives, 0]], [ends, [0, stays, 1 - stays]], [ends, ends]]
        mdp = MDP(np.array(rows), np.array([[leave, toll], [take, work], [0, 0]]), np.array([False, False, True]))
        if name == "state-value":
            *_, last = value_iteration(mdp, gamma, theta=1e-12)
            right = mdp.values_of(greedy_policy(mdp.action_values(last.values, gamma)), gamma)[0]
        else:
            right = max(leave, toll + gamma * (arrives * max(take, work) + (1 - arrives) * leave))
        assert task.asked.judge(f"{right:.2f}").right
        assert not task.asked.judge(f"{right + 0.05:.2f}").right
        for wrong in task.asked.instead:
            feedback = task.asked.judge(f"{wrong:.2f}")
            assert not feedback.right
            assert feedback.told in task.asked.instead.values()


def test_variants_differ_and_stay():
    texts = {MATERIAL.task("state-value").task(LESSON, variant).text for variant in VARIANTS}
    assert len(texts) > len(VARIANTS) * 0.9
    assert (
        MATERIAL.task("state-value").task(LESSON, "S1 ").digest
        == MATERIAL.task("state-value").task(LESSON, "s1").digest
    )
