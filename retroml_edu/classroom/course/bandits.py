"""Lesson 1, bandits: what it asks."""

from __future__ import annotations

from typing import Any

import numpy as np

from retroml_edu.classroom.exercise import Case, Exercise
from retroml_edu.classroom.graded import Asked, Graded
from retroml_edu.classroom.quiz import Choice, FreeText, Number, Option, Order, Question
from retroml_edu.core.numbers import with_minus

QUESTIONS: tuple[Question, ...] = (
    Choice(
        "greedy-stuck",
        "Ten arms, all estimates start at 0. A greedy player always pulls the arm whose sample mean is highest so far. "
        "In what share of all problems does it pull the best arm after 1,000 pulls?",
        (
            Option(
                "In nearly all: 1,000 pulls are enough to find the best of ten arms.",
                "They would be enough, if they were spread. A greedy player stops trying an arm as soon as another "
                "looks better: does it ever get to know the arms that it left?",
            ),
            Option(
                "In about a third.",
                "Yes. The first arm that pays well is kept, whether or not a better one was ever tried.",
                right=True,
            ),
            Option(
                "In one tenth: it keeps the arm that it pulls first.",
                "It does leave its first arm if that pays less than 0, the estimate of those not tried. "
                "So it does better than pure chance.",
            ),
            Option(
                "In half of them: right or wrong.",
                "There are ten arms, not two. Which arms does it ever try?",
            ),
        ),
    ),
    FreeText(
        "your-own-rule",
        "You have pulled arms by hand. How did you decide which arm to pull next? Write your rule so that somebody "
        "else could follow it: when did you try a new arm, and when did you stay?",
        {
            r"try|tried|new|explor|other|each|every|all|once": "When did you try an arm that you did not know well?",
            r"best|high|most|good|stay|exploit|again|better": "And when did you stay with one?",
        },
        "Kept. Which of the four strategies below is most like your rule?",
    ),
    Number(
        "estimate-after",
        "An arm was pulled 4 times; its estimate, the mean of what it paid, is 2. The fifth pull pays 7. What is the "
        "new estimate?",
        3.0,
        0.001,
        "Right: 2 + (7 − 2) / 5 = 3, the mean of all five.",
        "The new estimate is the old one plus a part of the error 7 − 2. Which part, if the result is to be the mean "
        "of five rewards?",
        {
            3.25: "You divided by 4. The pull that was just made counts too.",
            4.5: "That is the mean of 2 and 7. But the 2 stands for four pulls, the 7 for one.",
            2.833: "You divided by 6. How many pulls are there now?",
            1.0: "The estimate has to move towards 7. What is the sign of the error?",
        },
    ),
    Choice(
        "more-exploration",
        "ε = 0.5 explores more than ε = 0.1, and so knows the arms better. Yet it earns less in 1,000 pulls. Why?",
        (
            Option(
                "Its estimates are worse, because it is more random.",
                "Its estimates are better: every arm is pulled often. What does it do with what it knows?",
            ),
            Option(
                "It goes on exploring at the same rate when it has long known which arm is best.",
                "Yes. Half of its pulls go to any arm, to the very end. Knowing is not earning.",
                right=True,
            ),
            Option(
                "It was unlucky: with more pulls it would win.",
                "With more pulls it loses more: it keeps giving away half of them.",
            ),
            Option(
                "It does not explore enough to find the best arm.",
                "After 200 pulls it knows the best arm more often than ε = 0.1 does. What costs it so much?",
            ),
        ),
    ),
    Choice(
        "ucb-bonus",
        "What is the term c·√(ln t / N) of UCB?",
        (
            Option(
                "Random noise, so that other arms are tried now and then.",
                "Nothing about it is random: with the same estimates and counts UCB makes the same choice, ties apart.",
            ),
            Option(
                "A bonus for doubt: large for an arm that was seldom pulled, smaller with each pull of it.",
                "Yes. Estimate plus doubt is how good the arm could still be.",
                right=True,
            ),
            Option(
                "A correction of the estimate, which makes it more exact.",
                "The estimate stays as it is. The term counts only while an arm is chosen.",
            ),
            Option(
                "A bonus that gets smaller for all arms as time goes by, as a falling ε does.",
                "Look at an arm that is not pulled: N stays, and ln t grows. So its bonus grows, slowly.",
            ),
        ),
    ),
    Choice(
        "optimism",
        "Greedy with a start value of +5 and a constant step size of 0.1 explores without any ε. What is different "
        "from ε-greedy?",
        (
            Option(
                "Nothing in the long run: both keep trying all arms.",
                "Once all estimates have come down to what the arms pay, nothing disappoints any more. What makes it "
                "try another arm then?",
            ),
            Option(
                "It explores only at the beginning: when the optimism is used up, it is greedy for ever.",
                "Yes. That is enough if the problem stays as it is. If the best arm changes later, it may not notice.",
                right=True,
            ),
            Option(
                "It never settles, because its estimates stay too high.",
                "Each pull moves the estimate a tenth of the way towards what the arm pays. After some tens of pulls "
                "little is left of the 5.",
            ),
        ),
    ),
    Number(
        "what-regret-is",
        "Two arms have the true means 1.0 and 0.4. A player pulls the second, the second and the first; these pay 1.5, "
        "0.9 and 0.2. What is the regret of these three pulls, as this lesson counts it?",
        1.2,
        0.001,
        "Right: 0.6 + 0.6 + 0. Regret compares the true means of the arms, not what luck made of them.",
        "Regret of a pull is the best arm's true mean less the true mean of the arm that was pulled. Sum it up.",
        {
            0.4: "You compared with what was paid. But luck is not the player's fault: take the true means of the "
            "arms that were pulled.",
            -0.4: "Regret counts true means, not what was paid, and it is never negative.",
            0.6: "The second arm was pulled twice.",
            1.8: "The third pull took the best arm. What is its regret?",
        },
    ),
    Choice(
        "regret-grows",
        "Which of these have a regret that grows by about the same amount with every further hundred pulls, however "
        "long they have played? (More than one.)",
        (
            Option("Greedy.", "Where it stays with a wrong arm, it stays for ever.", right=True),
            Option(
                "ε-greedy with a constant ε.",
                "A share ε of its pulls goes to any arm for ever, and each costs the same on average.",
                right=True,
            ),
            Option(
                "UCB.",
                "The more often a bad arm was pulled, the longer UCB waits before it tries it again. Look at the end "
                "of its regret curve.",
            ),
            Option(
                "Thompson sampling.",
                "As its beliefs become narrow, a bad arm's draw is hardly ever the highest. Look at the end of its "
                "regret curve.",
            ),
        ),
    ),
    Order(
        "one-pull",
        "Put one pull of an ε-greedy player with sample means in order.",
        (
            "Draw a number from 0 to 1 and compare it with ε.",
            "Choose: any arm, or the one with the highest estimate.",
            "Pull the arm and see what it pays.",
            "Add 1 to the number of pulls of that arm.",
            "Move the estimate by 1/n of the error.",
        ),
        "Right. The count comes before the estimate, since n counts the newest pull too.",
        "The step size 1/n needs an n in which the newest pull is counted.",
    ),
)


def _ucb(estimates: np.ndarray, pulls: np.ndarray, c: float) -> np.ndarray:
    time = pulls.sum() + 1
    bonus = [c * np.sqrt(np.log(time) / n) if n else np.inf for n in pulls.tolist()]
    scores: np.ndarray = estimates + np.array(bonus)
    return scores


def _ucb_mistakes(estimates: np.ndarray, pulls: np.ndarray, c: float) -> tuple[tuple[Any, str], ...]:
    """Return what known mistakes lead to, where every arm was tried."""
    time = pulls.sum() + 1
    doubt = np.sqrt(np.log(time) / pulls)
    scores = _ucb(estimates, pulls, c)
    early = "Only the first arm has a score: does `return` stand in the loop? It belongs behind it."
    return (
        (estimates + c * np.sqrt(time / pulls), "Is the logarithm of t there?"),
        (estimates + c * np.log(time) / pulls, "The bonus is the square root of ln t / N."),
        (
            estimates + c * np.sqrt(np.log(time - 1) / pulls),
            "t is the number of the coming pull: all pulls so far, + 1.",
        ),
        (estimates + c * np.sqrt(np.log10(time) / pulls), "ln is the natural logarithm: np.log."),
        (estimates + np.sqrt(c * np.log(time) / pulls), "c stands before the square root."),
        (estimates + np.sqrt(np.log(time) / pulls), "Is c there?"),
        (c * np.sqrt(np.log(time) / pulls), "Add the estimates: a score is estimate plus doubt."),
        (np.sqrt(np.log(time) / pulls), "Estimate plus c times the square root: two of the three parts are missing."),
        (
            estimates + c * np.sqrt(np.log(pulls + 1) / pulls),
            "t counts the pulls of all arms together: pulls.sum() + 1.",
        ),
        (estimates + c * np.sqrt(np.log(pulls) / pulls), "t counts the pulls of all arms together: pulls.sum() + 1."),
        (c * (estimates + doubt), "c multiplies the square root alone, not the estimate."),
        ((estimates + c) * doubt, "c multiplies the square root; the estimate is added to that. Are there brackets?"),
        (estimates - c * doubt, "Doubt is added: an arm that is little known may be better than it looks."),
        (scores[0], early),
        (np.concatenate((scores[:1], np.zeros(len(pulls) - 1))), early),
        (np.concatenate((scores[:1], np.full(len(pulls) - 1, np.inf))), early),
        (float(scores.argmax()), "That is the number of the arm. The scores of all arms are wanted, in an array."),
        (scores.max(), "That is the highest score. The scores of all arms are wanted, in an array."),
    )


def _ucb_case(estimates: list[float], pulls: list[int], c: float, hint: str) -> Case:
    q, n = np.array(estimates), np.array(pulls)
    instead = _ucb_mistakes(q, n, c) if n.all() and c else ()
    return Case({"estimates": q, "pulls": n, "c": c}, _ucb(q, n, c), hint, instead)


EXERCISES: tuple[Exercise, ...] = (
    Exercise(
        "update",
        (
            Case(
                {"estimate": 0.0, "n": 1, "reward": 3.0},
                3.0,
                "After one pull the mean is what that pull paid.",
                (
                    (1.5, "You divided by 2. n counts the newest pull already: after the first one n is 1."),
                    (-3.0, "The estimate moved away from the reward: the error is reward − estimate."),
                ),
            ),
            Case(
                {"estimate": 3.0, "n": 5, "reward": 8.0},
                4.0,
                "Old estimate plus step size times error: the step size is 1/n, the error is reward − estimate.",
                (
                    (3.0 + 5.0 / 6.0, "You divided by n + 1. n counts the newest pull already."),
                    (3.0 + 5.0 / 4.0, "You divided by n − 1. The newest pull has the weight 1/n."),
                    (2.0, "The estimate moved away from the reward: the error is reward − estimate."),
                    (1.0, "That is the step alone. It is added to the old estimate."),
                    (7.0, "The weights are swapped: the newest reward has 1/n, the old estimate the rest."),
                    (10.4, "1/n multiplies the whole error, reward − estimate: are there brackets around it?"),
                    (8.0, "The estimate became the reward. Only a part of the error, 1/n of it, is added."),
                    (5.5, "That is the mean of old estimate and reward. The old estimate stands for more pulls."),
                    (1.6, "That is 1/5 of the reward, and no more. Are there brackets around reward − estimate?"),
                    (4.6, "A part of the reward was added. The error is reward − estimate, not the reward alone."),
                    (2.2, "Both were divided by n. Only the error is: the old estimate stays whole."),
                ),
            ),
            Case({"estimate": -1.0, "n": 4, "reward": -1.0}, -1.0, "Where there is no error, nothing changes."),
            Case(
                {"estimate": 0.5, "n": 100, "reward": -9.5},
                0.4,
                "After many pulls one reward moves little.",
                ((-0.5, "`//` cuts off what follows the decimal point: divide with `/`."),),
            ),
        ),
    ),
    Exercise(
        "epsilon_greedy",
        (
            Case(
                # Each mistake leads to another arm: 1 is best, 2 is one more, 3 is worst, and 4 is drawn.
                {"estimates": np.array([0.2, 0.7, 0.3, -0.4, 0.4]), "epsilon": 0.1, "explore": 0.5, "which": 0.95},
                1,
                "The draw 0.5 is not below ε = 0.1: take the arm with the highest estimate, np.argmax(estimates).",
                (
                    (2, "Arms are counted from 0, as np.argmax counts them: nothing has to be added."),
                    (3, "That is the arm with the lowest estimate: take the one with the highest, np.argmax."),
                    (4, "It explored although 0.5 is above ε = 0.1: explore when the draw is below ε."),
                    (4.75, "It explored although 0.5 is above ε = 0.1: explore when the draw is below ε."),
                    (0.7, "That is the estimate. The number of the arm is wanted: np.argmax instead of max."),
                ),
            ),
            Case(
                {"estimates": np.array([0.2, 0.7, 0.3, -0.4, 0.4]), "epsilon": 0.1, "explore": 0.05, "which": 0.95},
                4,
                "0.05 is below ε: any arm, int(which * number of arms).",
                (
                    (1, "0.05 is below ε, and it did not explore: compare `explore` with `epsilon`."),
                    (3, "The last arm is never drawn: multiply by the number of arms, not by one less."),
                    (4.75, "An arm is a whole number: int(...) cuts off what follows the decimal point."),
                    (5, "There are arms 0 to 4. int(...) rounds down, and nothing is added."),
                    (0.95, "That is the draw. Which arm it means: int(which * number of arms)."),
                    (0, "Multiply first and cut off then: int(which * number of arms)."),
                ),
            ),
            Case(
                {"estimates": np.array([0.2, 1.5, 0.3, 0.1]), "epsilon": 1.0, "explore": 0.3, "which": 0.99},
                3,
                "which lies from 0 to below 1, and int(which * number of arms) from 0 to the last arm.",
                ((2, "The last arm is never drawn: multiply by the number of arms, not by one less."),),
            ),
            Case(
                {"estimates": np.array([0.2, 1.5, 0.3, 0.1]), "epsilon": 1.0, "explore": 0.3, "which": 0.3},
                1,
                "Exploring takes any arm, the best one too.",
            ),
            Case(
                {"estimates": np.array([-2.0, -1.0, -3.0]), "epsilon": 0.0, "explore": 0.0, "which": 0.9},
                1,
                "With ε = 0 it never explores, not even when the draw is 0: below ε, not at most ε.",
                (
                    (
                        0,
                        "All estimates are negative here, so none is above 0: begin with −∞, or with the first one.",
                    ),
                ),
            ),
        ),
    ),
    Exercise(
        "ucb_scores",
        (
            _ucb_case([1.0, 0.5], [10, 2], 2.0, "Estimate + c · √(ln t / N), where t = all pulls so far + 1."),
            _ucb_case([0.0, 0.0, 3.0], [1, 7, 4], 0.5, "Estimate + c · √(ln t / N), for every arm."),
            _ucb_case(
                [1.0, 0.0], [3, 0], 2.0, "An arm that was never pulled comes first: its score is infinite, np.inf."
            ),
            _ucb_case(
                [1.0, 0.0],
                [3, 0],
                0.0,
                "0 times infinity is no number. Begin with np.full(len(estimates), np.inf) and fill in the arms that "
                "were tried.",
            ),
            _ucb_case([0.0, 0.0], [0, 0], 1.0, "Before the first pull nothing was tried: both scores are infinite."),
        ),
    ),
)


def _regret_task(rng: np.random.Generator) -> Asked:
    means = np.sort(rng.choice(np.arange(-10, 21), 3, replace=False))[::-1] / 10
    means = means[rng.permutation(3)]
    counts = rng.integers(2, 9, 3)
    lost = means.max() - means
    regret = round(float(counts @ lost), 6)
    listed = with_minus(", ".join(f"{mean:g}" for mean in means))
    often = ", ".join(map(str, counts.tolist()))
    return Number(
        "regret",
        f"Three arms have the true means {listed}. They were pulled {often} times. What is the cumulative regret?",
        regret,
        0.001,
        "Each pull costs the distance of its arm's mean from the best one.",
        "For each arm: pulls times (best mean − its mean). Then the sum.",
        {round(float(lost.sum()), 6): "Each arm counts as often as it was pulled."},
    )


def _ucb_task(rng: np.random.Generator) -> Asked:
    while True:  # until leaving out the doubt would choose another arm, and the choice is clear
        estimates = rng.integers(2, 19, 3) / 10
        pulls = rng.integers(1, 31, 3)
        c = float(rng.choice([0.5, 1.0, 1.5, 2.0]))
        scores = _ucb(estimates, pulls, c)
        order = np.sort(scores)
        if scores.argmax() != estimates.argmax() and order[-1] - order[-2] > 0.1 and len(set(estimates.tolist())) == 3:
            break
    expected = round(float(scores.max()), 4)
    without_log = estimates + c * np.sqrt((pulls.sum() + 1) / pulls)
    wrong = {
        round(float(estimates.max()), 4): "That is the highest estimate. UCB adds its doubt.",
        round(float(without_log.max()), 4): "Take the natural logarithm of t.",
        round(float(scores[estimates.argmax()]), 4): "Another arm has a higher score: compute all three.",
    }
    return Number(
        "ucb-score",
        f"Three arms have the estimates {', '.join(f'{each:g}' for each in estimates)} after "
        f"{', '.join(map(str, pulls.tolist()))} pulls. UCB with c = {c:g} pulls next. What is the highest of its three "
        "scores, to two decimal places? (t counts the coming pull.)",
        expected,
        0.0051,
        "The arm with this score is pulled.",
        "Estimate + c·√(ln t / N), where t is all pulls so far + 1. The highest of the three.",
        {value: hint for value, hint in wrong.items() if abs(value - expected) > 0.02},
    )


def _decay_task(rng: np.random.Generator) -> Asked:
    first = float(rng.choice([0.2, 0.3, 0.4, 0.5, 0.6, 0.8]))
    half = int(rng.choice([20, 25, 40, 50, 60, 80]))
    lowest = float(rng.choice([0.01, 0.02, 0.05]))

    def epsilon(pull: int) -> float:
        return max(lowest, first * half / (half + pull))

    text = (
        f"Write a function epsilon_at(pull) that returns the ε for a pull, counted from 0. It begins with {first:g}. "
        f"After {half} pulls it is half of that, after {2 * half} pulls a third, after {3 * half} a quarter, and so on "
        f"in between: ε = {first:g} / (1 + pull/{half}). It never falls below {lowest:g}."
    )
    hints = (
        (0, f"At the beginning ε is {first:g}."),
        (half, f"After {half} pulls: {first:g} / (1 + {half}/{half})."),
        (2 * half, f"After {2 * half} pulls it is a third, not a quarter: it does not halve again and again."),
        (half // 2, "Between those points the same formula holds."),
        (1_000 * half, f"It never falls below {lowest:g}: take the larger of the two with max(...)."),
    )
    cases = tuple(Case({"pull": pull}, epsilon(pull), hint) for pull, hint in hints)
    return text, Exercise("epsilon_at", cases)


GRADED: tuple[Graded, ...] = (
    Graded("regret", _regret_task),
    Graded("ucb-score", _ucb_task),
    Graded("decay", _decay_task),
)
