"""Lesson 0, First agent in five minutes: its questions, exercises and graded tasks."""

from __future__ import annotations

from typing import Any

import numpy as np

from retroml_edu.classroom.exercise import Case, Exercise
from retroml_edu.classroom.graded import Graded
from retroml_edu.classroom.quiz import Choice, FreeText, Number, Option, Order

QUESTIONS = (
    Choice(
        "random-return",
        "Before any learning, the agent pushes left or right at random. How many steps does the pole stay up, on "
        "average over many games? (A game is cut off after 500.)",
        (
            Option(
                "About 2 steps", "Nothing falls that fast: a push turns the pole a little, and it has 12 degrees to go."
            ),
            Option("About 20 steps", "Yes. A few wrong pushes in a row, and the pole leans too far.", right=True),
            Option(
                "About 200 steps",
                "That would be so if pushes cancelled out. They do over many games, but a pole that leans already "
                "falls faster and faster: what happens to a lean that nobody corrects?",
            ),
            Option("500: it never falls", "Try it in your head with a pen on your fingertip, eyes closed."),
        ),
    ),
    Order(
        "one-step",
        "One step of the game, again and again until it ends. Put it in order, beginning with what the agent is told.",
        (
            "The agent gets an observation.",
            "The policy chooses an action.",
            "The environment carries the action out.",
            "The environment gives a reward and the next observation.",
            "The return of this game grows by the reward.",
        ),
        told="That is the loop of agent and environment. Everything in this course happens inside it.",
        hint="Who has to know something before who can do something?",
    ),
    Choice(
        "another-seed",
        "You train again with the same environment, algorithm and settings. Only the seed is another. How will the "
        "second curve lie to the first?",
        (
            Option(
                "Exactly on it: the settings are the same",
                "The settings are, the chances are not: which weights does the network begin with, and which actions "
                "are drawn?",
            ),
            Option(
                "Clearly above or below it in places",
                "Yes. Small differences grow: other actions, other games to learn from, other weights.",
                right=True,
            ),
            Option(
                "Nowhere near it: each run is pure luck",
                "Then there would be nothing to study. What do both runs share from the first step to the last?",
            ),
        ),
    ),
    Choice(
        "lean-return",
        "A rule without any learning: push to the side to which the pole leans. What is its mean return?",
        (
            Option(
                "Less than 10, worse than random",
                "That is what the opposite rule gets, which pushes away from the lean. This one brings the cart back "
                "under the pole.",
            ),
            Option(
                "About 40, nearly twice random's",
                "Yes. The rule catches the pole, and each time it lets it swing further to the other side.",
                right=True,
            ),
            Option(
                "About 200",
                "It is worse than that. Think of the moment when the pole passes upright, still swinging: what does "
                "the rule do, and is it in time?",
            ),
            Option(
                "500: it never falls",
                "It sounds right, and falls. The rule reacts to where the pole is. What does it not look at?",
            ),
        ),
    ),
    FreeText(
        "what-follows",
        "Look at the figure with the two learning rates. In two or three sentences: what may you say about which of "
        "them is better, and what makes you more or less sure?",
        {
            r"seed|runs?\b": "How many runs does each line stand for? Say so.",
            r"interval|band|overlap|spread|varia|uncertain": "What do the shaded bands say, and do they overlap?",
        },
        told="Kept. A good answer names the number of seeds, compares the bands, and claims no more than they show.",
        fewest_words=15,
    ),
    Number(
        "return-of-rewards",
        "A game gives the rewards 0, 0, −1, 2, 5 and ends. What is its return?",
        6.0,
        told="Yes: the sum of all its rewards, minus signs included.",
        hint="The return is the sum of all rewards of one game.",
        instead={
            5.0: "5 is the last reward, or the number of steps. What did the other steps bring?",
            8.0: "A reward can be negative; then it counts as what it is.",
            7.0: "All rewards of the game count, the negative one and the last one too.",
            1.2: "That is the mean reward of a step. The return is not divided by anything.",
            1.0: "The last reward belongs to the game too: it is given by the step that ends it.",
        },
    ),
    Choice(
        "cartpole-observation",
        "What is part of CartPole's observation? Choose all that are.",
        (
            Option("How far the cart is from the middle", "The cart's position is in it.", right=True),
            Option("How fast the cart moves", "So is its velocity.", right=True),
            Option("How far the pole leans", "And the pole's angle.", right=True),
            Option("How fast the pole swings", "And how fast that angle changes.", right=True),
            Option(
                "The return so far",
                "The return is what we add up, as spectators. Look at the four numbers your policy was given.",
            ),
            Option(
                "Whether the next push will be right",
                "Nobody tells the agent that: it has to find out by trying.",
            ),
        ),
    ),
    Choice(
        "what-is-a-policy",
        "What is a policy?",
        (
            Option(
                "A way to choose an action for each observation",
                "Yes. Your function is one, and so is the trained network.",
                right=True,
            ),
            Option(
                "The list of actions that worked best in training",
                "A fixed list fails as soon as a game begins a little differently. What does the choice depend on?",
            ),
            Option(
                "The algorithm that learns, such as PPO",
                "The algorithm changes it while it learns. What is it that is changed, and that plays afterwards?",
            ),
            Option(
                "The sum of rewards that is to be made large",
                "That is the goal, the return. What is it that acts?",
            ),
        ),
    ),
    Choice(
        "point-of-the-curve",
        'At step 20,000 the line "mean return" of the panel is at 250. What does that say?',
        (
            Option(
                "The newest 20 games that had ended by then brought 250 on average",
                "Yes: a rolling mean over games, the one you have written.",
                right=True,
            ),
            Option(
                "The next game will bring 250",
                "Look at the dots around the line: how far do single games lie from it?",
            ),
            Option(
                "All games since the first brought 250 on average",
                "Then the poor games of the beginning would pull the line down for ever. How many games does your "
                "rolling mean look back?",
            ),
            Option(
                "The agent has collected 250 points in 20,000 steps",
                "In CartPole every step brings a point. How many points were there by step 20,000?",
            ),
        ),
    ),
    Choice(
        "fair-comparison",
        '"I trained with A and with B, both with seed 1. A ended at 480, B at 430, so A is better." What do you reply?',
        (
            Option(
                "Train both with several seeds, and compare the means with their intervals",
                "Yes. A difference counts when it is larger than what the seed alone does.",
                right=True,
            ),
            Option(
                "Right: with the same seed the comparison is fair",
                "The same seed makes neither of the two runs typical of its settings. What did your two curves with "
                "the same settings look like?",
            ),
            Option(
                "Give B other seeds until it reaches 480 too",
                "Whoever searches long enough finds a lucky seed. Would you grant A the same?",
            ),
            Option(
                "Take the best single game of each instead",
                "A single game is even more a matter of luck than the mean of twenty.",
            ),
        ),
    ),
    Choice(
        "same-seed-again",
        "The same settings and the same seed, trained once more on the same machine. What comes?",
        (
            Option(
                "The same curve, to the last digit",
                "Yes: every random draw of a run comes from its seed. So others can repeat what you did.",
                right=True,
            ),
            Option(
                "Another curve: there is chance in it",
                "There is, and where do a computer's random numbers come from?",
            ),
            Option(
                "A better curve: the agent has learned already",
                "Each run begins with a new network. Where would the old one's knowledge come from?",
            ),
        ),
    ),
)

_ALL_OF_IT = "The return of a game is the sum of its rewards, the one of its last step included."
_STARTS_ANEW = "Each game begins with a return of 0: what has to happen to your sum when a game has ended?"
_BOTH_GAMES = (
    "That is the sum of both games: after each true value in `dones` another one begins. Keep a return there, inside "
    "the loop, and begin again with 0."
)
_NOT_ENDED = "A game that has not ended has no return yet: only where `dones` is true is one finished."
_REWARDS_COUNT = "Rewards need not be 1: add up the rewards, do not count the steps."

_NEWEST = "Place i holds the mean of returns[i] and of up to `window - 1` values before it."
_SO_FAR = f"This is the mean of all games so far. {_NEWEST}"
_TOO_LONG = f"This window is one value too long. {_NEWEST}"
_RETURN_INSIDE = "Only the first game has a mean: does `return` stand in the loop? It belongs behind it."
_FEW_YET = "At the beginning there are fewer than `window` values: divide by how many there are."

_AS_INT = "The direction is not judged yet: an action is a number. `int(True)` is 1 and `int(False)` is 0."
_GET_UNDER = "Action 1 pushes the cart to the right, 0 to the left. To which side has the cart to go, to get under it?"
_FORESEE = (
    "Now the lean and the swing point to different sides. The pole passes upright in a moment, and fast: to which side "
    "will it lean then?"
)
_TOO_SLOW = (
    "It leans far and swings back only slowly: it would be past upright much too late. Both numbers count; add them, "
    "each as much as you find right."
)


def _observation(angle: float, angular_velocity: float) -> dict[str, Any]:
    return {"observation": np.array([0.0, 0.0, angle, angular_velocity])}


def _push(angle: float, angular_velocity: float, right: int, hint: str) -> Case:
    return Case(_observation(angle, angular_velocity), right, hint, ((True, _AS_INT), (False, _AS_INT)))


EXERCISES = (
    Exercise(
        "returns_of",
        (
            Case(
                {"rewards": [1.0, 1.0, 1.0], "dones": [False, False, True]},
                [3.0],
                _ALL_OF_IT,
                (
                    ([], "Nothing was kept. Does `return` stand in the loop? It belongs behind it, after all steps."),
                    (1.0, "It ended with the first step: `return` belongs behind the loop, and returns a list."),
                    (3.0, "That is a number. Keep it in a list: one return for each game that has ended."),
                    ([1.0, 2.0, 3.0], "There is one return for each game, not for each step: where is `dones` true?"),
                    ([1.0, 1.0, 1.0], "These are the rewards. Add them up until the game has ended."),
                    ([1.0], "That is one reward alone. Begin with 0 before the loop, and add each reward to the sum."),
                    ([0.0], "The sum was set back to 0 before it was kept: keep it first, inside the loop."),
                ),
            ),
            Case(
                {"rewards": [1.0, 1.0, 1.0, 1.0, 1.0], "dones": [False, True, False, False, True]},
                [2.0, 3.0],
                "Two games ended here, so there are two returns.",
                (
                    ([5.0], _BOTH_GAMES),
                    ([2.0], "It ended with the first game: `return` belongs behind the loop."),
                    ([3.0], "Only the last game is left. Make the list once, before the loop."),
                    ([0.0], "The sum was set back to 0 before it was kept: keep it first, inside the loop."),
                    ([2.0, 5.0], _STARTS_ANEW),
                    ([1.0, 2.0], _ALL_OF_IT),
                ),
            ),
            Case(
                {"rewards": [0.5, -1.0, 2.0, 3.0], "dones": [False, False, True, True]},
                [1.5, 3.0],
                _ALL_OF_IT,
                (([3.0, 1.0], _REWARDS_COUNT), ([3, 4], _REWARDS_COUNT), ([2.5, 3.0], "A negative reward counts too.")),
            ),
            Case(
                {"rewards": [1.0, 1.0, 1.0], "dones": [False, True, False]},
                [2.0],
                _NOT_ENDED,
                (([2.0, 1.0], _NOT_ENDED),),
            ),
            Case({"rewards": [1.0, 1.0], "dones": [False, False]}, [], _NOT_ENDED, (([2.0], _NOT_ENDED),)),
        ),
    ),
    Exercise(
        "rolling_mean",
        (
            Case(
                {"returns": [10.0, 20.0, 60.0], "window": 1},
                np.array([10.0, 20.0, 60.0]),
                _NEWEST,
                (
                    (np.array([10.0, 15.0, 30.0]), _SO_FAR),
                    (np.array([10.0, 15.0, 40.0]), _TOO_LONG),
                    (np.array([10.0]), _RETURN_INSIDE),
                    (10.0, _RETURN_INSIDE),
                    (60.0, "That is the mean of the newest alone. There is one for each game, in an array."),
                    (30.0, "That is the mean of all. There is one for each game, in an array."),
                ),
            ),
            Case(
                {"returns": [10.0, 20.0, 60.0, 80.0], "window": 2},
                np.array([10.0, 15.0, 40.0, 70.0]),
                f"{_NEWEST} Mind the beginning: no slice may begin before place 0.",
                (
                    (np.array([15.0, 40.0, 70.0]), f"There is one value for each game. {_FEW_YET}"),
                    (np.array([5.0, 15.0, 40.0, 70.0]), _FEW_YET),
                    (np.array([15.0, 40.0, 70.0, 80.0]), "The window looks back, not ahead. " + _NEWEST),
                    (np.array([10.0, 10.0, 15.0, 40.0]), "The game itself belongs to its window. " + _NEWEST),
                    (np.array([10.0, 15.0, 30.0, 160.0 / 3]), _TOO_LONG),
                    (np.array([10.0, 30.0, 80.0, 140.0]), "These are sums: divide each by how many values it has."),
                ),
            ),
            Case(
                {"returns": [3.0, 6.0], "window": 20},
                np.array([3.0, 4.5]),
                _FEW_YET,
                ((np.array([3.0, 4.0]), "`//` cuts off what follows the decimal point: divide with `/`."),),
            ),
        ),
    ),
    Exercise(
        "policy",
        (
            _push(0.1, 0.5, 1, _GET_UNDER),
            _push(-0.1, -0.5, 0, _GET_UNDER),
            _push(0.02, -1.0, 0, _FORESEE),
            _push(-0.02, 1.0, 1, _FORESEE),
            _push(0.15, -0.05, 1, _TOO_SLOW),
            _push(-0.15, 0.05, 0, _TOO_SLOW),
        ),
    ),
)


def _log_of_games(rng: np.random.Generator) -> Number:
    lengths = [int(length) for length in rng.integers(2, 6, size=4)]
    rewards = [[int(reward) for reward in rng.integers(-2, 6, size=length)] for length in lengths]
    returns = [sum(game) for game in rewards]
    finished = returns[:-1]
    dones = [step == length - 1 for length in lengths[:-1] for step in range(length)] + [False] * lengths[-1]
    mean = round(float(np.mean(finished)), 2)
    wrong = {
        round(float(np.mean(returns)), 2): "The last game had not ended when the log was cut off.",
        float(sum(returns)): "That is the sum of all rewards; the mean return of the games that ended is asked for.",
        float(sum(finished)): "That is the sum of the returns; their mean is asked for.",
    }
    return Number(
        "log-of-games",
        "A log holds the rewards and dones of some games, step by step:\n\n"
        f"`rewards = {[reward for game in rewards for reward in game]}`\n\n`dones = {dones}`\n\n"
        "What is the mean return of the games that have ended? Give two decimals.",
        mean,
        tolerance=0.01,
        hint="Take the games apart where `dones` is true, add up each (your `returns_of` does it), and take the mean.",
        instead={number: hint for number, hint in wrong.items() if abs(number - mean) > 0.05},
    )


def _first_over(rng: np.random.Generator) -> Number:
    window = int(rng.integers(3, 6))
    returns = np.round(np.linspace(15, 220, 16) + rng.normal(0, 45, size=16)).clip(8, 300)
    means = np.array([returns[last - window + 1 : last + 1].mean() for last in range(window - 1, len(returns))])
    mark = int(0.7 * means.max())
    game = window + int(np.argmax(means >= mark))
    single = 1 + int(np.argmax(returns >= mark))
    wrong = {
        float(single): "By then a single game had. The mean of the newest games is asked for.",
        game - 1.0: "Is the first game number 1 in your count?",
    }
    if single == game - 1:  # then nobody knows which of the two it was
        wrong[float(single)] = "Is it the mean of the newest games, and is the first game number 1 in your count?"
    return Number(
        "first-over",
        f"These are the returns of the first {len(returns)} games of a run:\n\n"
        f"`returns = {[int(each) for each in returns]}`\n\n"
        f"After which game is the mean of the newest {window} games {mark} or more for the first time? "
        f"Count games from 1, and look from game {window} on.",
        float(game),
        hint=f"`rolling_mean(returns, {window})` gives the means. Leave the first {window - 1} out, and count from 1.",
        instead={number: hint for number, hint in wrong.items() if number != game},
    )


GRADED = (Graded("log-of-games", _log_of_games), Graded("first-over", _first_over))
