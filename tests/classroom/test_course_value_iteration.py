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


def whole_sweep(values, transitions, rewards, terminal, gamma):
    return np.where(terminal, 0.0, (rewards + gamma * transitions @ values).max(axis=1))


def in_place(values, transitions, rewards, terminal, gamma):
    for s in np.flatnonzero(~terminal):
        values[s] = rightly(values, transitions[s], rewards[s], gamma)
    return values


def in_place_on_a_copy(values, transitions, rewards, terminal, gamma):
    return in_place(values.copy(), transitions, rewards, terminal, gamma)


def whole_greedy(values, transitions, rewards, terminal, gamma):
    return (rewards + gamma * transitions @ values).argmax(axis=1)


def best_from_zero(values, transitions, rewards, gamma):
    return max(0.0, rightly(values, transitions, rewards, gamma))


def return_inside(values, transitions, rewards, gamma):
    return rewards[0] + gamma * transitions[0] @ values


def return_inside_from_zero(values, transitions, rewards, gamma):
    return max(0.0, return_inside(values, transitions, rewards, gamma))


def sweep_by(backup):
    """A sweep that backs up each state in this way."""

    def sweep(values, transitions, rewards, terminal, gamma):
        after = np.zeros(len(values))
        for state in np.flatnonzero(~terminal):
            after[state] = backup(values, transitions[state], rewards[state], gamma)
        return after

    return sweep


def sweep_return_inside(values, transitions, rewards, terminal, gamma):
    after = np.zeros(len(values))
    after[0] = rightly(values, transitions[0], rewards[0], gamma)
    return after


def sweep_best_kept(values, transitions, rewards, terminal, gamma):
    after, best = np.zeros(len(values)), -np.inf
    for state in np.flatnonzero(~terminal):
        best = max(best, rightly(values, transitions[state], rewards[state], gamma))
        after[state] = best
    return after


def sweep_of_the_ends(values, transitions, rewards, terminal, gamma):
    return np.where(terminal, (rewards + gamma * transitions @ values).max(axis=1), 0.0)


def greedy_best(start, anew):
    """A greedy policy by a loop whose best so far begins with `start`, in each state or once."""

    def greedy(values, transitions, rewards, terminal, gamma):
        actions, best, action = np.zeros(len(values), dtype=int), start, 0
        for state in range(len(values)):
            if anew:
                best, action = start, 0
            for each in range(rewards.shape[1]):
                worth = rewards[state, each] + gamma * transitions[state, each] @ values
                if worth > best:
                    best, action = worth, each
            actions[state] = action
        return actions

    return greedy


def each_of(values, transitions, rewards, gamma):
    return rewards + gamma * transitions @ values


def masked(values, transitions, rewards, terminal, gamma):
    """Values of actions, 0 in a terminal state."""
    return np.where(terminal[:, None], 0.0, rewards + gamma * transitions @ values)


def next_reward(values, transitions, rewards, terminal, gamma):
    return rewards.argmax(axis=1)


def next_value(values, transitions, rewards, terminal, gamma):
    return np.where(terminal, 0, (transitions @ values).argmax(axis=1))


def last_place_any(number):
    def greedy(values, transitions, rewards, terminal, gamma):
        return np.where(terminal, number, right_greedy(values, transitions, rewards, terminal, gamma))

    return greedy


PLAIN = [
    ("backup", rightly),
    ("sweep", right_sweep),
    ("sweep", whole_sweep),
    ("sweep", sweep_by(rightly)),
    ("greedy", right_greedy),
    ("greedy", whole_greedy),
    ("greedy", greedy_best(-np.inf, anew=True)),
    ("greedy", last_place_any(3)),
    ("greedy", last_place_any(-1)),
    ("greedy", lambda **given: right_greedy(**given).tolist()),
]


@pytest.mark.parametrize(("name", "function"), PLAIN, ids=range(len(PLAIN)))
def test_a_plain_solution_passes(name, function):
    tried = MATERIAL.exercise(name).try_out(function)
    assert tried.is_right, tried.told


KNOWN = [
    ("backup", no_discount, "gamma"),
    ("backup", by_chance, "mean"),
    ("backup", discounted_reward, "at once"),
    ("backup", lambda values, transitions, rewards, gamma: rewards.max(), "value of the next state is missing"),
    ("sweep", ends_have_values, "terminal state has got a value"),
    ("backup", best_from_zero, "Begin with −∞"),
    ("backup", return_inside, "`return` stand in the loop"),
    ("backup", return_inside_from_zero, "`return` stand in the loop"),
    (
        "backup",
        lambda values, transitions, rewards, gamma: (gamma * transitions @ values).max(),
        "reward is missing",
    ),
    ("backup", lambda **given: each_of(**given)[-1], "last action"),
    ("backup", lambda **given: each_of(**given).sum(), "sum over the actions"),
    ("backup", lambda **given: int(each_of(**given).argmax()), "not `argmax`"),
    ("backup", each_of, "values of all actions"),
    (
        "backup",
        lambda values, transitions, rewards, gamma: (rewards + gamma * values[transitions.argmax(axis=1)]).max(),
        "weigh the value of each",
    ),
    (
        "backup",
        lambda values, transitions, rewards, gamma: (rewards + gamma * (transitions * values).sum()).max(),
        "one number for each action",
    ),
    (
        "backup",
        lambda values, transitions, rewards, gamma: rewards.max() + gamma * (transitions @ values).max(),
        "Add for each action first",
    ),
    ("backup", lambda values, transitions, rewards, gamma: values @ transitions, "shapes do not fit"),
    ("sweep", in_place, "new array"),
    ("sweep", in_place_on_a_copy, "new array"),
    ("sweep", sweep_by(no_discount), "not discounted"),
    ("sweep", sweep_by(by_chance), "mean over the actions"),
    ("sweep", sweep_by(best_from_zero), "Begin with −∞"),
    ("sweep", sweep_by(lambda values, transitions, rewards, gamma: rewards.max()), "next state is missing"),
    (
        "sweep",
        sweep_by(lambda values, transitions, rewards, gamma: (gamma * transitions @ values).max()),
        "reward is missing",
    ),
    ("sweep", sweep_return_inside, "`return` stand in the loop"),
    ("sweep", sweep_best_kept, "begin anew in each state"),
    ("sweep", sweep_of_the_ends, "look at the condition"),
    ("sweep", lambda **given: masked(**given).max(axis=0), "axis=1"),
    ("sweep", lambda **given: masked(**given).max(), "one number for all"),
    ("sweep", lambda **given: whole_sweep(**given).max(), "one number for all"),
    ("sweep", masked, "axis=1"),
    ("sweep", lambda **given: whole_sweep(**given)[:2], "terminal one too"),
    ("greedy", next_reward, "next reward alone"),
    ("greedy", next_value, "not at its reward"),
    ("greedy", right_sweep, "argmax"),
    ("greedy", ends_have_values, "argmax"),
    ("greedy", lambda **given: masked(**given).argmax(axis=0), "axis=1"),
    ("greedy", lambda **given: int(masked(**given).argmax()), "one number for all"),
    ("greedy", lambda **given: whole_greedy(**given) + 1, "counted from 0"),
    ("greedy", lambda **given: masked(**given).argmin(axis=1), "worst"),
    ("greedy", lambda **given: whole_greedy(**{**given, "gamma": 1.0}), "not discounted"),
    ("greedy", lambda **given: np.eye(2)[whole_greedy(**given)], "One number for each state"),
    ("greedy", masked, "One number for each state"),
    ("greedy", greedy_best(0, anew=True), "begin anew with −∞"),
    ("greedy", greedy_best(-np.inf, anew=False), "begin anew with −∞"),
]


@pytest.mark.parametrize(("name", "function", "hint"), KNOWN, ids=range(len(KNOWN)))
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
            float(number.replace("−", "-"))
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
