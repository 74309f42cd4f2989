"""Lesson 2, decision processes and value iteration: what it asks, tries and grades."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from retroml_edu.classroom.exercise import Case, Exercise, mistakes
from retroml_edu.classroom.graded import Graded
from retroml_edu.classroom.quiz import Choice, FreeText, Number, Option, Order
from retroml_edu.core.numbers import with_minus
from retroml_edu.tabular import MDP, value_iteration

# -- questions -------------------------------------------------------------------------------------------------------

_WHICH_GOAL = Choice(
    "which-goal",
    "From the start, +0.3 is three moves away and +1 is eight moves away. Moves cost nothing and never slip. "
    "The discount is 0.5. Where do the best arrows lead?",
    (
        Option("To +0.3", "Yes: 0.5² × 0.3 = 0.075 is more than 0.5⁷ × 1 = 0.008.", right=True),
        Option("To +1", "Its reward is larger, but it is the eighth move that pays it: what is 0.5⁷ × 1?"),
        Option("To either: a best policy gets every reward", "An episode ends at the first goal that is entered."),
        Option("That depends on the sweep", "On the way, yes. The question is what the best policy does in the end."),
    ),
)
_FIRST_NONZERO = Number(
    "first-nonzero",
    "All values begin at 0, and a goal is the only reward. The start is three moves from it, and no move slips. "
    "After which sweep is the start's value first other than 0?",
    3,
    told="A sweep carries what is known one move farther: the fields beside the goal learn of it first.",
    hint="After the first sweep, which fields know of the goal? And after the second?",
    instead={
        1: "All states are backed up in each sweep, but from the values that their neighbours had before it.",
        2: "A field beside the goal is one move away, and has its value after one sweep. Count on from there.",
        4: "Entering the goal pays, so the goal itself need not learn anything first.",
    },
)
_REWARD_OR_VALUE = Choice(
    "reward-or-value",
    "A field gives no reward, and its value is 0.59. How can that be?",
    (
        Option(
            "The value counts discounted rewards that come later.",
            "Yes. A reward is what one move pays; a value is the discounted sum of all that is expected to come.",
            right=True,
        ),
        Option("The value is the reward of the nearest goal.", "Then all fields near it would have the same value."),
        Option(
            "The values have not converged: in the end it is 0.",
            "Look at a board whose values have settled: fields without a reward still have a value.",
        ),
        Option(
            "The value is the probability of reaching the goal.",
            "That is so only if the goal pays 1 and nothing is discounted, and no other field pays anything.",
        ),
    ),
)
_DISCOUNT_ZERO = Choice(
    "discount-zero",
    "The discount is set to 0. What is v(s) of the best policy?",
    (
        Option("The largest expected reward of one move from s", "Yes: nothing that comes later counts.", right=True),
        Option("0 for every state", "0 is what the later rewards are multiplied by, not the next one."),
        Option("The undiscounted sum of all rewards", "That is a discount of 1, the other end of the scale."),
        Option("Not defined", "It is: v(s) = max over a of r(s, a) + 0 × …"),
    ),
)
_POLICY_FIRST = Choice(
    "policy-first",
    "Value iteration has run ten sweeps, and values still change in the second decimal. Is the greedy policy wrong?",
    (
        Option(
            "It may be the best one already: only the order of the actions in each state has to be right.",
            "Yes. Values that are all too low by about as much give the same arrows.",
            right=True,
        ),
        Option("Yes: as long as values are wrong, so is the policy.", "In the widget, when did the last arrow turn?"),
        Option(
            "No: after ten sweeps a greedy policy is always the best one.",
            "On a board where the goal is twelve moves away, some fields have not heard of it by then.",
        ),
        Option("There is no greedy policy before values settle.", "Greedy for any values is a policy: argmax over a."),
    ),
)
_SLIP = Choice(
    "slip",
    "With a slip of 0.2 and γ = 0.9, the arrows right above the pits point up, and not straight at +1. Why?",
    (
        Option(
            "A move along the pits has a chance to fall in; a detour costs only some discount.",
            "Yes. Expected values weigh both by their probabilities.",
            right=True,
        ),
        Option(
            "The pits have a low value, which spreads to their neighbours.",
            "A pit ends the episode: its own value is 0. What counts is the reward for entering it, and how likely "
            "that is.",
        ),
        Option(
            "With slip the agent explores, and avoids what it has fallen into.",
            "Nobody explores here: the model is known, and values are computed from it.",
        ),
        Option("Value iteration has not converged.", "Go to the last sweep: these arrows still point up."),
    ),
)
_TERMINAL = Choice(
    "terminal-value",
    "Entering a goal pays +1 and ends the episode. What is the value of the goal itself?",
    (
        Option("0", "Yes: nothing comes after it. The +1 belongs to the move that enters it.", right=True),
        Option("+1", "Then the move that enters it would be worth 1 + γ × 1: the reward would be counted twice."),
        Option("γ", "From the field beside the goal the +1 counts in full; one move farther off it is worth γ."),
        Option("As much as the best of its neighbours", "No move leads out of it: the episode is over."),
    ),
)
_POLICY_ITERATION = Order(
    "policy-iteration",
    "Put the steps of policy iteration in order.",
    (
        "Begin with any policy",
        "Evaluate it: back up values by what it does, until they settle",
        "Make it greedy for those values",
        "If no action has changed for the better, it is a best policy",
    ),
    told="And if some action has, the new policy is evaluated in its turn (Sutton and Barto 2018, section 4.3).",
    hint="What has to be known before a policy can be improved?",
)
_WHY_BACKUPS = FreeText(
    "why-backups",
    "Policy iteration needed a handful of policies, value iteration dozens of sweeps. Why does that not make policy "
    "iteration the cheaper one on your board?",
    {
        "sweep|evaluat": "What does policy iteration do between two improvements?",
        "backup|work|cost|effort|comput": "In what can the work of both be counted?",
    },
    told="Kept. Each policy is evaluated by many sweeps; what has to be compared is the number of backups.",
)

QUESTIONS = (
    _WHICH_GOAL,
    _FIRST_NONZERO,
    _REWARD_OR_VALUE,
    _DISCOUNT_ZERO,
    _POLICY_FIRST,
    _SLIP,
    _TERMINAL,
    _POLICY_ITERATION,
    _WHY_BACKUPS,
)

# -- exercises -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Small:
    """A decision process of three states and two actions; the last state is terminal, and its rows mean nothing."""

    transitions: np.ndarray
    rewards: np.ndarray
    terminal: np.ndarray

    @property
    def mdp(self) -> MDP:
        return MDP(self.transitions, self.rewards, self.terminal)

    def arguments(self, values: np.ndarray, gamma: float) -> dict[str, object]:
        given = {"values": values, "transitions": self.transitions, "rewards": self.rewards}
        return {**given, "terminal": self.terminal, "gamma": gamma}


_SMALL = _Small(
    transitions=np.array(
        [[[0.0, 1.0, 0.0], [0.5, 0.0, 0.5]], [[0.0, 0.2, 0.8], [1.0, 0.0, 0.0]], [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]]
    ),
    rewards=np.array([[0.1, 0.4], [1.0, 0.0], [7.0, 7.0]]),
    terminal=np.array([False, False, True]),
)
_COSTLY = replace(_SMALL, rewards=np.array([[-0.5, -1.0], [-3.0, -1.0], [7.0, 7.0]]))
"""The same, where every action loses: in state 1 more than in state 0."""
_GUESS = np.array([1.0, 2.0, 0.0])
_LOSSES = np.array([-1.0, -0.5, 0.0])


def _q(small: _Small, values: np.ndarray, gamma: float) -> np.ndarray:
    return small.mdp.action_values(values, gamma)


def _unmasked(small: _Small, values: np.ndarray, gamma: float) -> np.ndarray:
    """Return action values in which nobody has thought of the terminal state."""
    backed_up: np.ndarray = small.rewards + gamma * small.transitions @ values
    return backed_up


def _in_place(small: _Small, values: np.ndarray, gamma: float) -> np.ndarray:
    """Return values after a sweep in which each state already sees what the ones before it have become."""
    new = values.copy()
    for state in range(2):
        new[state] = _q(small, new, gamma)[state].max()
    return np.where(small.terminal, 0.0, new)


_FROM_ZERO = (
    "All action values are negative here, so none is above 0. Begin with −∞, `-np.inf`, or with the first action's "
    "value."
)
_NOTHING_LEFT = "The reward is missing, or it is discounted too. It comes at once: only what follows is discounted."
_RETURN_INSIDE = "Only the first action was looked at: does `return` stand in the loop? It belongs behind it."


def _backup_case(small: _Small, state: int, values: np.ndarray, gamma: float, hint: str) -> Case:
    transitions, rewards = small.transitions[state], small.rewards[state]
    follows = transitions @ values
    each = rewards + gamma * follows
    likeliest = values[transitions.argmax(axis=1)]
    wrong = [
        (each, "These are the values of all actions. The value of the state is the largest of them."),
        *([(0.0, _FROM_ZERO)] if each.max() < 0 else []),
        *([(0.0, _NOTHING_LEFT)] if gamma == 0 else []),
        (each.mean(), "This is the mean over the actions, the value of choosing by chance. The best action is wanted."),
        (each.sum(), "This is the sum over the actions. The best action is wanted: the largest of their values."),
        ((rewards + follows).max(), "What follows is not discounted: `gamma` is missing."),
        ((gamma * each).max(), "The reward comes at once: discount what follows only."),
        ((gamma * (rewards + follows)).max(), "The reward comes at once: discount what follows only."),
        ((gamma * follows).max(), "The reward is missing: an action is worth its reward plus what follows."),
        ((rewards + gamma * likeliest).max(),
         "A move may lead to several states: weigh the value of each by its probability, `transitions @ values`."),
        ((rewards + gamma * follows.sum()).max(),
         "Each action has its own next states: `transitions @ values` gives one number for each action."),
        (rewards.max(), "This is the largest reward. The value of the next state is missing."),
        (rewards.max() + gamma * follows.max(), "Add for each action first, then take the largest sum."),
        (float(each.argmax()), "This is the number of the best action. Its value is wanted: `max`, not `argmax`."),
        (each[0], _RETURN_INSIDE),
        (max(each[0], 0.0), _RETURN_INSIDE),
        (each[-1], "This is the value of the last action. Keep the largest of all: does a later one write over it?"),
        (each.min(), "This is the smallest value. The best action has the largest one."),
    ]  # fmt: skip
    given = {"values": values, "transitions": transitions, "rewards": rewards, "gamma": gamma}
    return Case(given, float(each.max()), hint, mistakes(wrong, float(each.max())))


_BACKUP = Exercise(
    "backup",
    (
        _backup_case(_SMALL, 0, _GUESS, 0.0, "With gamma=0 only the rewards of this state's actions count."),
        _backup_case(
            _SMALL, 0, _GUESS, 0.9, "For each action: its reward, plus gamma times the expected value of what follows."
        ),
        _backup_case(
            _SMALL, 1, _GUESS, 0.5, "The expected value is the sum of probability times value: `transitions @ values`."
        ),
        _backup_case(_COSTLY, 1, _LOSSES, 0.9, "Every action loses here: the best one loses least."),
    ),
)


def _sweep_case(small: _Small, values: np.ndarray, gamma: float, hint: str) -> Case:
    each, unmasked = _q(small, values, gamma), _unmasked(small, values, gamma)
    right = each.max(axis=1)
    first = np.array([right[0], 0.0, 0.0])
    for_ends = np.where(small.terminal, unmasked.max(axis=1), 0.0)
    undiscounted = small.rewards + small.transitions @ values
    ends = "The terminal state has got a value. Nothing comes after it: it is 0."
    axis = "axis=0 is along the states. The largest of each state is taken along its actions: axis=1."
    one = "This is one number for all. Each state has a value of its own: take the largest along the actions, axis=1."
    early = "Only the first state was backed up: does `return` stand in the loop? It belongs behind it."
    wrong = [
        (unmasked.max(axis=1), ends),
        (_in_place(small, values, gamma),
         "State 1 has seen the new value of state 0: write into a new array, `np.zeros(len(values))`, read the old."),
        (each.mean(axis=1), "This is the mean over the actions: the best one is wanted."),
        (each, "These are values of states and actions. Take the largest of each state: axis=1."),
        (unmasked, "These are values of states and actions. Take the largest of each state: axis=1."),
        (each.max(axis=0), axis),
        (unmasked.max(axis=0), axis),
        (each.max(), one),
        (unmasked.max(), one),
        (each[:2].max(), one),
        (first, early),
        (np.concatenate([right[:1], values[1:]]), early),
        (right[0], early),
        (right[:2], "There is a value for every state, for the terminal one too: 0."),
        (for_ends, "The terminal state was backed up, and the others were not: look at the condition."),
        (np.where(small.terminal, 0.0, undiscounted.max(axis=1)), "What follows is not discounted: `gamma`."),
        (undiscounted.max(axis=1), "What follows is not discounted: `gamma`. And a terminal state has the value 0."),
        (np.where(small.terminal, 0.0, (each - small.rewards).max(axis=1)),
         "The reward is missing: an action is worth its reward plus what follows."),
        (np.where(small.terminal, 0.0, small.rewards.max(axis=1)), "The value of the next state is missing."),
        (np.array([right[0], max(right[:2]), 0.0]),
         "State 1 was compared with the best of state 0: begin anew in each state."),
        *([(np.maximum(right, 0.0), _FROM_ZERO)] if right.min() < 0 else []),
    ]  # fmt: skip
    return Case(small.arguments(values, gamma), right, hint, mistakes(wrong, right))


_SWEEP = Exercise(
    "sweep",
    (
        _sweep_case(_SMALL, np.zeros(3), 0.9, "From values of 0 a sweep finds the largest reward of each state."),
        _sweep_case(_SMALL, _GUESS, 0.9, "Back up each state, as in `backup`, and collect the results in a new array."),
        _sweep_case(_COSTLY, _LOSSES, 0.9, "Every action loses here: the best one loses least."),
    ),
)


def _greedy_case(small: _Small, values: np.ndarray, gamma: float, hint: str) -> Case:
    each, unmasked = _q(small, values, gamma), _unmasked(small, values, gamma)
    right = each.argmax(axis=1)
    axis = "axis=0 is along the states. The best action of each state is found along its actions: axis=1."
    one = "This is one number for all. Each state has a best action of its own: argmax along the actions, axis=1."
    numbered = "One number for each state is wanted, that of its best action: argmax along axis=1."
    for_states = [
        *([(np.zeros(3, dtype=int),
            ("All action values are negative here, and those of state 1 lower than those of state 0. Where the best "
             "so far is kept in a variable, begin anew with −∞ in each state."))] if each[:2].max() < 0 else ()),
        (small.rewards.argmax(axis=1), "This looks at the next reward alone. What follows counts too."),
        ((small.rewards + small.transitions @ values).argmax(axis=1), "What follows is not discounted."),
        ((small.transitions @ values).argmax(axis=1), "This looks at where an action leads, and not at its reward."),
        (each.max(axis=1), "These are values. The number of the best action is wanted: `argmax`, not `max`."),
        (right + 1, "Actions are counted from 0, as places of an array are: nothing has to be added."),
        (each.argmin(axis=1), "These are the worst actions."),
        (np.array([right[0], 0, 0]), "Only the first state was looked at: does `return` stand in the loop?"),
    ]  # fmt: skip
    wrong = [
        *((np.where(small.terminal, right, answer), told) for answer, told in for_states),
        (each.argmax(axis=0), axis),
        (unmasked.argmax(axis=0), axis),
        (unmasked.argmax(), one),
        (each.argmax(), one),
        (right[0], "Only the first state was looked at: does `return` stand in the loop?"),
        (right[:2], "There is a number for every state, for the terminal one too: any will do there."),
        (each, numbered),
        (unmasked, numbered),
        (np.eye(2)[right], numbered),
    ]
    return Case(small.arguments(values, gamma), right, hint, mistakes(wrong, right), free=small.terminal)


_GREEDY = Exercise(
    "greedy",
    (
        _greedy_case(_SMALL, np.zeros(3), 0.9, "With values of 0 the greedy action is the one of the largest reward."),
        _greedy_case(
            _SMALL, _GUESS, 0.9, "Compute the value of each action first, then take the largest one's number."
        ),
        _greedy_case(
            _SMALL, np.array([6.0, 0.0, 0.0]), 0.9, "The value of each action: reward plus gamma times what follows."
        ),
        _greedy_case(
            _SMALL, np.array([0.0, 0.4, 0.0]), 0.5, "In state 0, what follows is worth more, but only undiscounted."
        ),
        _greedy_case(_COSTLY, _LOSSES, 0.9, "Every action loses here: the best one loses least."),
    ),
)

EXERCISES = (_BACKUP, _SWEEP, _GREEDY)

# -- graded ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Quest:
    """A job to take or a journey to make: two states, two actions each, by a student's own numbers."""

    leave: int
    toll: int
    arrives: float
    take: int
    work: int
    stays: float
    gamma: float

    @property
    def mdp(self) -> MDP:
        """States A, B and the end; action 0 is "leave" or "take", action 1 "go" or "work"."""
        end = [0.0, 0.0, 1.0]
        go, work = [1 - self.arrives, self.arrives, 0.0], [0.0, self.stays, 1 - self.stays]
        transitions = np.array([[end, go], [end, work], [end, end]])
        rewards = np.array([[self.leave, self.toll], [self.take, self.work], [0.0, 0.0]], dtype=float)
        return MDP(transitions, rewards, np.array([False, False, True]))

    def after(self, sweeps: int) -> np.ndarray:
        """Return values after so many sweeps from 0, or when they have settled."""
        values: np.ndarray = np.zeros(3)
        for sweep in value_iteration(self.mdp, self.gamma, theta=1e-12):
            values = sweep.values
            if sweep.number == sweeps:
                break
        return values

    @property
    def text(self) -> str:
        """What is told of it."""
        return with_minus(
            "There are two states, A and B, with two actions each; any end has the value 0. "
            f'In A, "leave" pays {self.leave} and ends; "go" pays {self.toll} and leads to B with probability '
            f"{self.arrives:g}, else back to A. "
            f'In B, "take" pays {self.take} and ends; "work" pays {self.work} and stays in B with probability '
            f"{self.stays:g}, else ends. The discount is {self.gamma:g}."
        )


def _quest(rng: np.random.Generator) -> _Quest:
    """Return a quest in which the long way is the better one in both states, clearly."""
    while True:
        quest = _Quest(
            leave=int(rng.integers(1, 5)),
            toll=-int(rng.integers(1, 4)),
            arrives=float(rng.choice([0.5, 0.6, 0.7, 0.8])),
            take=int(rng.integers(3, 9)),
            work=int(rng.integers(2, 6)),
            stays=float(rng.choice([0.6, 0.7, 0.8, 0.9])),
            gamma=float(rng.choice([0.8, 0.85, 0.9, 0.95])),
        )
        each = quest.mdp.action_values(quest.after(10_000), quest.gamma)[:2]
        # Known after two sweeps already: each answer then tells whether A was backed up from the values before.
        if (each[:, 1] - each[:, 0] > 0.3).all() and quest.after(2)[0] > quest.leave + 0.3:
            return quest


def _apart(expected: float, tolerance: float, wrong: dict[float, str]) -> dict[float, str]:
    return {number: hint for number, hint in wrong.items() if abs(number - expected) > 3 * tolerance}


def _state_value(rng: np.random.Generator) -> Any:
    quest = _quest(rng)
    value = float(quest.after(10_000)[0])
    undiscounted = _Quest(**{**vars(quest), "gamma": 1.0})
    in_b = float(quest.after(10_000)[1])
    once = quest.toll + quest.gamma * quest.arrives * in_b
    wrong = {
        float(quest.leave): 'This is what "leave" pays. Is "go" worth more?',
        float(undiscounted.after(10_000)[0]): "This is without a discount.",
        once: '"go" may lead back to A: then the value of A follows, not nothing.',
        in_b: "This is the value of B.",
    }
    return Number(
        "state-value",
        f"{quest.text} What is the value of A under the best policy? Give two decimals.",
        expected=value,
        tolerance=0.011,
        told="Kept.",
        hint="Find the value of B first: write down what each of its actions is worth, with v(B) on both sides.",
        instead=_apart(value, 0.011, wrong),
    )


def _after_two(rng: np.random.Generator) -> Any:
    quest = _quest(rng)
    value = float(quest.after(2)[0])
    first = quest.after(1)
    in_b = float(quest.mdp.action_values(first, quest.gamma)[1].max())
    in_place = max(
        float(quest.leave), quest.toll + quest.gamma * (quest.arrives * in_b + (1 - quest.arrives) * first[0])
    )
    wrong = {
        float(first[0]): "This is the value after one sweep.",
        float(quest.after(3)[0]): "This is the value after three sweeps.",
        float(quest.after(10_000)[0]): "This is the value in the end, when sweeps change nothing any more.",
        in_place: "A has seen the new value of B. Both are backed up from the values of the sweep before.",
    }
    return Number(
        "after-two-sweeps",
        f"{quest.text} Value iteration begins with 0 in both states and backs up both at once. "
        "What is the value of A after two sweeps? Give two decimals.",
        expected=value,
        tolerance=0.011,
        told="Kept.",
        hint="The first sweep finds the largest reward of each state. Back up A once more from those.",
        instead=_apart(value, 0.011, wrong),
    )


GRADED = (Graded("state-value", _state_value), Graded("after-two-sweeps", _after_two))
