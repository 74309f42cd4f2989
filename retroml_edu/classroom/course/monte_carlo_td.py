"""Lesson 3, Monte Carlo against TD: what it asks, and what it says to typical wrong answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from retroml_edu.classroom.exercise import Case, Exercise, mistakes
from retroml_edu.classroom.graded import Graded
from retroml_edu.classroom.quiz import Choice, FreeText, Number, Option, Order

# -- before the widget -----------------------------------------------------------------------------------------------

FIRST_EPISODE = Choice(
    "first-episode",
    "The walk has the states A to E. All values begin at 0.5, the step size is 0.1, rewards are 0, and 1 at the right "
    "end. The first episode visits C, B, C, B, A and then the left end. Which values has TD(0) changed after it?",
    (
        Option(
            "Only that of A",
            "Yes. Inside the walk each target is 0 + V(next) = 0.5, which is what the value is already. Only the last "
            "step, from A to the end, brings something new.",
            right=True,
        ),
        Option(
            "Those of A, B and C, as all of them were visited",
            "That is what Monte Carlo does: it moves every visited state towards the return. What is TD(0)'s target "
            "for the step from C to B, while all values are 0.5?",
        ),
        Option(
            "Those of all five states",
            "D and E were not visited: nothing was seen that says anything about them. Now look at the targets of the "
            "others.",
        ),
        Option(
            "None: the return was 0",
            "A reward of 0 is information as well. What follows the step from A to the end, and what was expected "
            "there before?",
        ),
    ),
)

VALUE_OF_A = Number(
    "value-of-a",
    "The same first episode, ending at the left end with reward 0; step size 0.1, all values 0.5 before. What is V(A) "
    "after TD(0)'s update?",
    0.45,
    0.0005,
    told="0.5 + 0.1 · (0 + 0 − 0.5) = 0.45: a tenth of the way towards the target 0.",
    hint="New value = old value + step size · (reward + value of what follows − old value). What is an end worth?",
    instead={
        0.5: "That would be right if an end were worth 0.5. Nothing follows an end: its value is 0.",
        0.0: "That is the target itself. The value moves only a tenth of the way towards it.",
        0.05: "That is how far the value moves. What is it then?",
        0.55: "The direction is right for the other end. Is the target above or below 0.5?",
    },
)

# -- the exit quiz ---------------------------------------------------------------------------------------------------

NEEDS_THE_END = Choice(
    "needs-the-end",
    "Which methods can move a value before the episode is over? Choose all.",
    (
        Option("TD(0)", "TD(0) moves a value after every step.", right=True),
        Option("n-step TD with n = 4", "4-step TD moves the first one as soon as four rewards are known.", right=True),
        Option("TD(λ)", "TD(λ) moves values after every step, each by its trace.", right=True),
        Option(
            "Monte Carlo",
            "Monte Carlo's target is the return, the sum of all rewards to the end. Is it known before the end?",
        ),
    ),
)

BIAS = Choice(
    "bias",
    "What is true of the targets, if the policy stays the same and values are still wrong?",
    (
        Option(
            "Monte Carlo's is unbiased with much variance; TD(0)'s is biased with little",
            "Yes. The return's mean is the true value, by definition, but it sums the luck of a whole episode. TD(0)'s "
            "target has the luck of one step, but its mean is off by as much as the next values are, on average.",
            right=True,
        ),
        Option(
            "Both are unbiased, as both learn from real episodes",
            "The reward is real. But TD(0)'s target also contains V(next), which is an estimate. If it is wrong, so is "
            "the target's mean.",
        ),
        Option(
            "TD(0)'s is unbiased with little variance; Monte Carlo's is biased, as episodes are few",
            "Few episodes make an average uncertain, not biased. Which of the two targets contains a guess?",
        ),
        Option(
            "TD(0)'s is biased, so TD(0) never reaches the true values",
            "The bias comes from wrong values, and shrinks as they get better. With a step size that falls in the "
            "right way, tabular TD(0) does reach them (Sutton and Barto 2018, section 6.2).",
        ),
    ),
)

BOOTSTRAPPING = Choice(
    "bootstrapping",
    "What does it mean that TD(0) bootstraps?",
    (
        Option(
            "Its target contains its own current estimate of the next state's value",
            "Yes: a guess is moved towards another guess, with one real reward in between.",
            right=True,
        ),
        Option(
            "Its target contains the true value of the next state",
            "Nobody has told it the true value: it would have nothing left to learn. What does it have instead?",
        ),
        Option(
            "It draws episodes again from those that it has seen",
            "That is the bootstrap of statistics, which shares no more than the name.",
        ),
        Option(
            "It needs a model of the world to look one step ahead",
            "Dynamic programming bootstraps with a model. TD(0) bootstraps too, but from a step that really happened.",
        ),
    ),
)

STEP_SIZE = Choice(
    "step-size",
    "On the 5-state walk Monte Carlo does best with a smaller step size than TD(0). Why?",
    (
        Option(
            "Its targets vary more, and a small step averages over more of them",
            "Yes. With a constant step size the values keep shaking with the noise of the targets, the more the larger "
            "the step.",
            right=True,
        ),
        Option(
            "Its targets are biased, and a small step corrects that",
            "A step size cannot remove a bias: it only sets how fast the target is approached. And whose target is "
            "biased?",
        ),
        Option(
            "It makes more updates than TD(0)",
            "Both make one update for each visit of a state. They make them towards different targets.",
        ),
        Option(
            "A larger step would diverge",
            "Monte Carlo's values are weighted means of returns, for every step size up to 1: they stay between 0 "
            "and 1 here. Bad is not divergent.",
        ),
    ),
)

PREDICTOR = Number(
    "predictor",
    "Eight episodes, discount 1. One: A, reward 0, then B, reward 0, end. Six times: B, reward 1, end. Once: B, reward "
    "0, end. What is V(A) if TD(0) learns from these again and again until nothing changes?",
    0.75,
    0.0005,
    told="V(B) = 6/8. From A one always came to B, with reward 0: so A is worth 0 + V(B) = 0.75.",
    hint="First V(B): what followed B in eight visits? Then: where did A lead, and with which reward?",
    instead={
        0.0: "That is the mean of the returns seen from A: batch Monte Carlo's answer. TD(0) also uses what "
        "it knows of B.",
        0.375: "That is halfway between the two methods. TD(0) trusts the transition from A to B entirely.",
        6 / 7: "Episodes with B: the one that began in A counts too. That makes eight visits.",
    },
)

TARGETS_OF_N = Order(
    "order-of-targets",
    "From a state in the middle of the 19-state walk, with all values true, put these targets in order: from the least "
    "variance to the most.",
    (
        "TD(0): one reward and the value of the next state",
        "4-step TD: four rewards and the value after them",
        "16-step TD: sixteen rewards and the value after them",
        "Monte Carlo: all rewards to the end",
    ),
    told="Yes: the more real steps a target contains, the more luck. The less it then relies on wrong values, too.",
    hint="Each real step adds its luck to the target.",
)

WHY_THE_MIDDLE = FreeText(
    "why-the-middle",
    "In a few sentences: why is an n between 1 and the whole episode best on the 19-state walk, in the first episodes?",
    {
        r"varian|nois|luck|spread|random|scatter|shak": "You have not said what is wrong with a large n. How much do "
        "returns from the same state differ from episode to episode?",
        r"bias|bootstrap|wrong|initial|start|guess|estimate|slow|one state|propagat|reach|back": "You have not said "
        "what is wrong with n = 1. How many values does a reward reach in the first episode?",
    },
    told="Kept. Both ends are in it: noisy targets for a large n, and news that travels slowly for a small one.",
    fewest_words=12,
)

QUESTIONS = (
    FIRST_EPISODE,
    VALUE_OF_A,
    NEEDS_THE_END,
    BIAS,
    BOOTSTRAPPING,
    STEP_SIZE,
    PREDICTOR,
    TARGETS_OF_N,
    WHY_THE_MIDDLE,
)

# -- what is written -------------------------------------------------------------------------------------------------

_FORGOT_GAMMA = "The value of the next state is one step away: it counts `gamma` times."
_OF_THE_END = "The episode is over: nothing follows, whatever `values` holds for the end. The target is the reward."


def _td_case(
    values: Sequence[float], state: int, reward: float, following: int, ended: bool, alpha: float, gamma: float
) -> Case:
    old, after = values[state], 0.0 if ended else values[following]

    def moved(target: float) -> float:
        return old + alpha * (target - old)

    expected = moved(reward + gamma * after)
    instead: list[tuple[Any, str]] = [
        (moved(reward + gamma * values[following]), _OF_THE_END),
        (moved(reward + values[following]), _OF_THE_END if ended else _FORGOT_GAMMA),
        (reward + gamma * after, "That is the target. Return the value after a step of size `alpha` towards it."),
        (old - alpha * (reward + gamma * after - old), "It moves away from the target: check the sign of the error."),
        (alpha * (reward + gamma * after - old), "That is by how much the value moves. Add it to the old value."),
        (old + alpha * (reward + gamma * after), "The old value is missing in the error: target minus old value."),
        (moved(reward), "The target is not the reward alone: what is the next state worth?"),
    ]
    given = {
        "values": np.array(values),
        "state": state,
        "reward": reward,
        "next_state": following,
        "ended": ended,
        "alpha": alpha,
        "gamma": gamma,
    }
    hint = "Old value + alpha · (target − old value); the target is the reward + gamma · value of the next state."
    return Case(given, expected, hint, mistakes(instead, expected))


TD_UPDATE = Exercise(
    "td_update",
    (
        _td_case([0.0, 0.5, 0.25], 1, 1.0, 2, ended=False, alpha=0.1, gamma=1.0),
        _td_case([0.0, 0.5, 0.25], 1, 1.0, 2, ended=False, alpha=0.5, gamma=0.8),
        _td_case([0.3, 0.5, 0.7], 1, 0.0, 0, ended=True, alpha=0.1, gamma=1.0),
        _td_case([-2.0, 4.0, 1.5, 0.5], 3, -1.0, 1, ended=False, alpha=0.25, gamma=0.9),
        _td_case([-2.0, 4.0, 1.5, 0.5], 2, 3.0, 0, ended=True, alpha=1.0, gamma=0.9),
    ),
)


def _returns(rewards: Sequence[float], gamma: float) -> list[float]:
    total, found = 0.0, []
    for reward in reversed(rewards):
        total = reward + gamma * total
        found.append(total)
    return found[::-1]


def _returns_case(rewards: Sequence[float], gamma: float) -> Case:
    expected = _returns(rewards, gamma)
    forward = [sum(gamma**i * reward for i, reward in enumerate(rewards[: t + 1])) for t in range(len(rewards))]
    instead: list[tuple[Any, str]] = [
        (_returns(rewards, 1.0), "Every further step counts `gamma` times as much: the discount is missing."),
        (expected[::-1], "The numbers are right, and in the wrong order: the first is the return of the first state."),
        ([*expected[1:], 0.0], "One step late: the return of a state begins with the reward right after that state."),
        ([gamma * each for each in expected], "The first reward of each return counts in full: it is not discounted."),
        (forward, "These are sums of the rewards before. A return sums what comes after."),
        (expected[:1], "That is the return of the first state. Return one for each step."),
    ]
    hint = "Begin with the last reward and go backwards: each return is its reward + gamma · the return after it."
    return Case({"rewards": list(rewards), "gamma": gamma}, expected, hint, mistakes(instead, expected))


RETURNS = Exercise(
    "returns",
    (
        _returns_case([0.0, 0.0, 1.0], 1.0),
        _returns_case([0.0, 0.0, 1.0], 0.5),
        _returns_case([1.0, 2.0, 4.0], 0.9),
        _returns_case([5.0], 0.3),
        _returns_case([1.0, -1.0, 0.5, 0.0, 2.0], 0.0),
        _returns_case([], 0.9),
    ),
)


def _target(rewards: Sequence[float], values: Sequence[float], t: int, n: int, gamma: float) -> float:
    end = min(t + n, len(rewards))
    total = sum(gamma ** (k - t) * rewards[k] for k in range(t, end))
    return total + (gamma**n * values[t + n] if t + n < len(rewards) else 0.0)


def _target_case(rewards: Sequence[float], values: Sequence[float], t: int, n: int, gamma: float) -> Case:
    expected = _target(rewards, values, t, n, gamma)
    end = min(t + n, len(rewards))
    total = sum(gamma ** (k - t) * rewards[k] for k in range(t, end))
    last = end == len(rewards)
    instead: list[tuple[Any, str]] = [
        (_target(rewards, values, t, n, 1.0), "Reward number k from here counts gamma^(k−1) times, the value gamma^n."),
        (total, "The rewards are right. The value of the state after them is missing."),
        (
            total + gamma ** (end - t) * values[min(end, len(values) - 1)],
            "The episode ends within these n steps: there is no value to add, only rewards.",
        ),
        (
            total + gamma ** (n - 1) * values[min(end, len(values) - 1)],
            "The value stands n steps ahead: it counts gamma^n times.",
        ),
        (
            total + gamma**n * values[min(end, len(values)) - 1],
            "The episode ends within these n steps: there is no value to add, only rewards."
            if last
            else "One state too early: after n rewards from step t one stands in state number t + n.",
        ),
        (
            _target(rewards, values, t, n + 1, gamma),
            "One reward too many: there are n of them, the first is rewards[t].",
        ),
        (
            total + (gamma**n * rewards[end] + gamma**n * values[t + n] if not last else 0.0),
            "One reward too many: there are n of them, the first is rewards[t].",
        ),
        (
            total + (0.0 if last else values[end]),
            "The value stands n steps ahead: it counts gamma^n times.",
        ),
        (_target(rewards, values, t, max(n - 1, 0), gamma), "One reward too few: rewards[t] to rewards[t + n − 1]."),
    ]
    given = {"rewards": list(rewards), "values": list(values), "t": t, "n": n, "gamma": gamma}
    hint = "n discounted rewards from rewards[t] on, and gamma^n · values[t + n] if the episode is not over by then."
    return Case(given, expected, hint, mistakes(instead, expected))


N_STEP_TARGET = Exercise(
    "n_step_target",
    (
        _target_case([1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0], 0, 1, 1.0),
        _target_case([1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0], 0, 2, 0.5),
        _target_case([1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0], 1, 2, 0.9),
        _target_case([1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0], 2, 2, 0.5),
        _target_case([1.0, 2.0, 3.0, 4.0], [10.0, 20.0, 30.0, 40.0], 1, 100, 0.5),
        _target_case([0.0, -1.0, 0.0, 2.0, 1.0], [0.5, 0.25, 2.0, -1.0, 3.0], 1, 3, 0.8),
    ),
)

EXERCISES = (TD_UPDATE, RETURNS, N_STEP_TARGET)


# -- graded ----------------------------------------------------------------------------------------------------------


def _chain(rng: np.random.Generator) -> Number:
    """Ask for a value of a small chain after three given episodes of TD(0)."""
    names = "ABC"
    alpha, gamma = float(rng.choice([0.2, 0.25, 0.4, 0.5])), float(rng.choice([0.5, 0.8, 0.9]))
    rewards = rng.permutation([1, 2, 3, 4, 5, 6])[:3].astype(float)
    starts = [0, int(rng.integers(0, 2)), 0]
    asked = int(rng.integers(0, 2))
    episodes = [list(range(start, 3)) for start in starts]

    def td(gamma: float) -> float:
        values = np.zeros(4)
        for states in episodes:
            for state in states:
                values[state] += alpha * (rewards[state] + gamma * values[state + 1] - values[state])
        return float(values[asked])

    values = np.zeros(3)
    for states in episodes:
        total = 0.0
        for state in reversed(states):
            total = rewards[state] + gamma * total
            values[state] += alpha * (total - values[state])
    told = "; ".join(
        ", ".join(f"{names[state]}, reward {rewards[state]:g}" for state in states) + ", end" for states in episodes
    )
    expected = td(gamma)
    return Number(
        "td-chain",
        f"All values begin at 0; the step size is {alpha:g}, the discount {gamma:g}. TD(0) sees these three episodes, "
        f"one after another: {told}. What is V({names[asked]}) after the third? (Three digits after the point.)",
        expected,
        0.0015,
        told="Right: each update took the value of the next state as it was at that moment.",
        hint="Make a table with a line for each step, 8 or 9 of them, and write down the values as they are after it.",
        instead=_told_apart(
            expected,
            {
                float(values[asked]): "That is Monte Carlo's value. TD(0)'s target takes the value of the next state.",
                td(1.0): "The discount is missing.",
                td(0.0): "The value of the next state is missing in the target.",
            },
        ),
    )


def _predictor(rng: np.random.Generator) -> Number:
    """Ask what batch TD makes of a state that was seen once: example 6.4 of the book with other numbers."""
    wins, losses = int(rng.integers(3, 9)), int(rng.integers(2, 6))
    pays, on_the_way = float(rng.choice([2, 4, 5, 10])), float(rng.choice([1, 2, 3]))
    expected = on_the_way + wins * pays / (wins + losses + 1)
    return Number(
        "batch-predictor",
        f"Episodes, discount 1. Once: A, reward {on_the_way:g}, then B, reward 0, end. {wins} times: B, reward "
        f"{pays:g}, end. {losses} times: B, reward 0, end. What is V(A) if TD(0) learns from these again and again, "
        "with a small step size, until nothing changes? (Three digits after the point.)",
        expected,
        0.0015,
        told="Right: A leads to B, so it is worth its reward and what B is worth in all episodes together.",
        hint="First V(B) from all its visits. Then put A in front of it, as it was seen.",
        instead=_told_apart(
            expected,
            {
                on_the_way: "That is the return that was seen from A: batch Monte Carlo's answer.",
                expected - on_the_way: "That is V(B). A brought a reward on the way.",
                on_the_way + wins * pays / (wins + losses): "B was visited once more: in the episode from A.",
            },
        ),
    )


def _told_apart(expected: float, instead: dict[float, str]) -> dict[float, str]:
    return {wrong: hint for wrong, hint in instead.items() if abs(wrong - expected) > 0.01}


GRADED = (Graded("td-chain", _chain), Graded("batch-predictor", _predictor))
