"""Lesson 4, SARSA against Q-learning: its questions, exercises and graded tasks."""

from __future__ import annotations

import numpy as np

from retroml_edu.classroom.exercise import Case, Exercise, mistakes
from retroml_edu.classroom.graded import Asked, Graded
from retroml_edu.classroom.quiz import Choice, FreeText, Number, Option, Order

QUESTIONS = (
    Choice(
        "who-earns-more",
        "Both learn for 500 episodes, and both go on exploring with ε = 0.1 all the time. Who earns more per episode "
        "towards the end, while exploring?",
        (
            Option(
                "Q-learning: it aims at the best return there is",
                "It does, and that is the return of an agent that never explores. What happens to an agent that walks "
                "along an edge and takes a random action in one step of ten?",
            ),
            Option(
                "SARSA",
                "Yes. SARSA's values count the falls that its own exploring leads to, so it keeps away from the edge.",
                right=True,
            ),
            Option(
                "The same: same world, same ε, same step size",
                "Only one term of the update differs. Does that term look at what the agent will really do next?",
            ),
        ),
    ),
    Choice(
        "epsilon-zero",
        "Both have learned for 500 episodes with ε = 0.1. Now you turn ε to 0 and let them go on learning. What does "
        "SARSA do in the next hundred episodes?",
        (
            Option(
                "It moves to the edge at once: without exploring the edge is safe",
                "The edge is safe now. But how would SARSA come to know? Its values of the fields at the edge were "
                "learned while it explored.",
            ),
            Option(
                "It moves to the edge bit by bit, as its values are corrected",
                "A value changes when its field is passed through. With ε = 0 the agent takes its best action only. "
                "Does it still come to the edge?",
            ),
            Option(
                "It stays on its longer way",
                "Yes. It goes where its values are highest, learns that without exploring this way is even better than "
                "it thought, and never tries the edge again. What is not tried is not corrected.",
                right=True,
            ),
            Option(
                "It falls more often: it is no longer careful",
                "SARSA has no caution built in. It goes where its values are highest, and those lead away from the "
                "edge.",
            ),
        ),
    ),
    Choice(
        "slip-too",
        "Now the world is slippery: one move in ten goes to one side, whatever the agent wants. Where does "
        "Q-learning go?",
        (
            Option(
                "Along the edge, as before: it takes the best next action for granted",
                "It takes its best action for granted, not the best outcome. What does a slip at the edge do to "
                "the reward and the next state that it really gets?",
            ),
            Option(
                "Away from the edge",
                "Yes. Slips are part of the world, so they are in the rewards and next states that it learns from. "
                "Only its own exploring is not.",
                right=True,
            ),
            Option(
                "It cannot learn here: Q-learning needs a world without chance",
                "It converges in worlds with chance too, if it visits everything often enough and its step size "
                "shrinks.",
            ),
        ),
    ),
    Choice(
        "off-policy",
        "Q-learning is called off-policy. Why?",
        (
            Option(
                "Because it takes random actions",
                "SARSA takes them too, with the same ε, and is on-policy. It is not about what the agent does, but "
                "about whose values it learns.",
            ),
            Option(
                "Because it has no policy",
                "It has one: it acts ε-greedily, as SARSA does.",
            ),
            Option(
                "Because it learns the values of the greedy policy, and behaves by another",
                "Yes. The policy that it learns about and the policy that it behaves by are two.",
                right=True,
            ),
            Option(
                "Because it learns from what others have done",
                "It could: that is what off-policy learning allows. But it is off-policy already while it learns from "
                "its own steps. Which policy does its target belong to?",
            ),
        ),
    ),
    Choice(
        "which-action",
        "An agent in state s takes action a, gets a reward and comes to s′. There it explores: it takes b, which is "
        "not its best action. Which value of s′ stands in the target of the update of Q(s, a)?",
        (
            Option(
                "Q(s′, b) for both: that is what happened",
                "For SARSA, yes: the second A of its name is b. Q-learning has no place for b in its target.",
            ),
            Option(
                "max Q(s′, ·) for both: an update should not learn from a mistake",
                "For Q-learning, yes. If SARSA did that too, what would still tell the two apart?",
            ),
            Option(
                "Q(s′, b) for SARSA, max Q(s′, ·) for Q-learning",
                "Yes. That one term is the whole difference.",
                right=True,
            ),
            Option(
                "max Q(s′, ·) for SARSA, Q(s′, b) for Q-learning",
                "The other way round. SARSA is named after what it uses: S, A, R, S′, A′.",
            ),
        ),
    ),
    Order(
        "sarsa-loop",
        "One step of SARSA. Put it in order.",
        (
            "Take action A in state S.",
            "Observe the reward R and the next state S′.",
            "Choose the next action A′ ε-greedily.",
            "Move Q(S, A) towards R + γ Q(S′, A′).",
            "Go on with S′ as S and A′ as A.",
        ),
        told="Yes. A′ is chosen before the update, and then really taken.",
        hint="What has to be known before Q(S, A) can be moved?",
    ),
    Choice(
        "better-yet-worse",
        "Q-learning's greedy way is the best there is, 13 steps. Yet its return per episode while it learns is lower "
        "than SARSA's. How do these two go together?",
        (
            Option(
                "They do not: one of the two was measured wrongly",
                "You can measure both again. They are two different questions: how good is the greedy policy, and how "
                "good is the ε-greedy one?",
            ),
            Option(
                "The greedy way is what it would go without exploring; its returns are earned with exploring",
                "Yes. Best without exploring and best with exploring are two policies here.",
                right=True,
            ),
            Option(
                "Q-learning has not converged; with more episodes its return would overtake SARSA's",
                "Its values are those of the way without exploring, however long it learns. So it walks along the edge "
                "for good, with ε = 0.1.",
            ),
            Option(
                "Q-learning's values are too high, as it takes a maximum",
                "That exists, as you have seen in part 5. But here the world is deterministic, and its values become "
                "exactly those of the best way.",
            ),
        ),
    ),
    Number(
        "sarsa-number",
        "Q(s, a) = 2, α = 0.5, γ = 1. The agent gets the reward −1 and comes to s′, where its values are 4 (left) and "
        "0 (right). It explores and chooses right there. What is Q(s, a) after SARSA's update?",
        0.5,
        told="Yes: 2 + 0.5 · (−1 + 0 − 2) = 0.5.",
        hint="The target is the reward plus the value of the next action that was chosen. Go half of the way there.",
        instead={
            2.5: "That is Q-learning's update: it uses the best next value, 4. SARSA uses that of the action chosen.",
            1.5: "Have you used the mean of the next values? SARSA uses that of the action chosen. Or have you added "
            "half of the target? Take Q(s, a) off it first.",
            -1.0: "That is the target. The update goes only half of the way there, as α = 0.5.",
            -0.5: "That is half of the target. The way to it begins at the old value, 2.",
            -1.5: "That is by how much the value changes. What is it then?",
            1.0: "Is the reward −1 in your target?",
        },
    ),
    Choice(
        "expected",
        "Expected SARSA puts the mean over its policy in the target, in place of the value of one drawn action. What "
        "does that change?",
        (
            Option(
                "The same step with the same outcome always has the same target, as long as the values are the same: "
                "it can take larger steps",
                "Yes. The draw of the next action no longer shakes the target, so a large α does less harm.",
                right=True,
            ),
            Option(
                "It becomes off-policy, as Q-learning is",
                "It can be used off-policy. Here the mean is over the very policy that it behaves by: on-policy.",
            ),
            Option(
                "It needs a model of the world to take the mean",
                "The mean is over its own actions, whose probabilities it knows. The next state is still the one that "
                "it came to.",
            ),
            Option(
                "It learns the values of the greedy policy",
                "Only if ε = 0. With ε above 0 exploring actions have a part in the mean: how large is it?",
            ),
        ),
    ),
    Choice(
        "double-why",
        "Why does Q-learning go left too often in the world of example 6.7, although left is worth −0.1 on average?",
        (
            Option(
                "It has too few episodes to find the mean of each action",
                "That is half of it: each estimate is off by chance. But why do errors up and down not cancel out?",
            ),
            Option(
                "It takes the highest of many uncertain estimates, and that is too high more often than too low",
                "Yes. The same estimate says which action is best and how good it is: its luck counts twice.",
                right=True,
            ),
            Option(
                "Because ε = 0.1 makes it explore to the left",
                "Exploring alone would take it left in 5 % of episodes.",
            ),
            Option(
                "Because it is off-policy",
                "SARSA, which is on-policy, does it too: its greedy actions go to the highest estimate as well. Where "
                "does the error come in?",
            ),
        ),
    ),
    FreeText(
        "which-would-you",
        "A robot has to learn on a real roof, and every fall costs money. A game agent learns in a simulator, and only "
        "the final policy is scored. Which of the two methods would you take for each, and why?",
        {
            r"sarsa": "Where does SARSA fit?",
            r"q.?learning": "Where does Q-learning fit?",
            r"explor|epsilon|ε|online|while (it )?learn": "What has exploring while it learns to do with it?",
        },
        told="Kept. A good answer says whose falls count: those while learning, or those of the final policy.",
        fewest_words=20,
    ),
)

_Q = np.array([[0.0, 2.0, -1.0, 0.5], [4.0, 0.0, 1.0, -2.0], [-3.0, -1.0, -2.0, -6.0]])
_FAR = np.array([[1.0, 1.0], [5.0, -5.0], [100.0, 50.0]])
_AT_END = (
    "The episode ends with this step: nothing follows, so nothing is added to the reward. Look at `done`. (The table "
    "holds numbers for that state too. They mean nothing.)"
)
_NO_GAMMA = "The value of the next state is discounted: multiply it by `gamma`."
_DRAWS_ALL = (
    "An exploring agent draws among all actions, the best one too. So the best one is taken with the probability "
    "1 − ε + ε/n, each other one with ε/n."
)
_NO_EXPLORING = "That is Q-learning's target: exploring has no part in it."
_ONE_DRAW = "That is SARSA's target, from the action that was drawn. Expected SARSA does not look at `next_action`."
_EXPECTED_HINT = (
    "Sutton and Barto (2018), equation 6.9: weigh each next value with the probability of its action. An ε-greedy "
    "agent takes any action with ε/n, and the best one with 1 − ε more."
)
_ALL_THE_WAY = "That is the target itself. The update goes only the part `alpha` of the way from the old value to it."
_NOT_FROM_OLD = "Move from the old value: take `q[state, action]` off the target before you multiply by `alpha`."


_NOT_BEST = "That takes the largest of the next values, as Q-learning does. SARSA learns from `next_action`."
_NOT_DRAWN = "That takes the value of `next_action`, as SARSA does. Q-learning takes the largest of the next values."
_NOT_PLACE = "That takes the number of the best action instead of its value: `max`, not `argmax`."
_NOT_MEAN = "That takes the mean of the next values. Q-learning takes the largest of them."
_NO_REWARD = "Is the reward in your target?"
_ONLY_CHANGE = "That is by how much the value changes. Return the new value: the old one is missing."
_SARSA_HINT = (
    "Sutton and Barto (2018), equation 6.7: target = reward + gamma · q[next_state, next_action], and q[state, action] "
    "moves the part alpha of the way there."
)
_Q_HINT = (
    "Sutton and Barto (2018), equation 6.8: target = reward + gamma · the largest of q[next_state], and "
    "q[state, action] moves the part alpha of the way there."
)


def _update_case(
    q: np.ndarray, step: tuple[int, int, float, int, int, bool], alpha: float, gamma: float, *, is_sarsa: bool
) -> Case:
    """Return a case of SARSA, or of Q-learning."""
    state, action, reward, after, following, done = step
    old, best, drawn = float(q[state, action]), float(q[after].max()), float(q[after, following])
    worth = drawn if is_sarsa else best

    def moved(to: float) -> float:
        return float(old + alpha * (to - old))

    if done:
        known = [(moved(reward + gamma * value), _AT_END) for value in (drawn, best)]
    elif is_sarsa:
        known = [(moved(reward + gamma * best), _NOT_BEST)]
    else:
        others = ((drawn, _NOT_DRAWN), (float(q[after].argmax()), _NOT_PLACE), (float(q[after].mean()), _NOT_MEAN))
        known = [(moved(reward + gamma * value), told) for value, told in others]
    target = reward + gamma * worth * (not done)
    known += [
        (target, _ALL_THE_WAY),
        (old + alpha * target, _NOT_FROM_OLD),
        (moved(reward + worth), _NO_GAMMA),
        (moved(gamma * worth), _NO_REWARD),
        (alpha * (target - old), _ONLY_CHANGE),
    ]
    hint = _AT_END if done else _SARSA_HINT if is_sarsa else _Q_HINT
    given = {"q": q, "step": step, "alpha": alpha, "gamma": gamma}
    return Case(given, moved(target), hint, mistakes(known, moved(target)))


_STEPS = (
    (_Q, (0, 3, 3.0, 1, 2, False), 0.5, 1.0),
    (_Q, (0, 0, -1.0, 1, 1, False), 0.1, 0.9),
    (_Q, (1, 3, 2.0, 2, 3, False), 0.25, 0.5),  # all values of the next state are below 0
    (_FAR, (0, 1, -1.0, 2, 1, True), 0.5, 1.0),
    (_FAR, (1, 0, 0.0, 0, 0, False), 1.0, 0.9),
)


def _expected_case(q: np.ndarray, step: tuple[int, int, float, int, int, bool], gamma: float, epsilon: float) -> Case:
    _, _, reward, after, following, done = step
    values = q[after]
    best, mean, n = float(values.max()), float(values.mean()), len(values)
    others = (float(values.sum()) - best) / (n - 1)
    worth = (1 - epsilon) * best + epsilon * mean
    known = (
        (best, _NO_EXPLORING),
        (float(values[following]), _ONE_DRAW),
        ((1 - epsilon) * best + epsilon * others, _DRAWS_ALL),
        ((1 - epsilon) * best, "With probability ε the agent explores. What is the next state worth then?"),
        (worth - epsilon * mean + epsilon * n * mean, "Exploring takes each of n actions with ε/n, not with ε."),
        (worth - epsilon * others * (n - 1) / n, "The best action has 1 − ε + ε/n. Each of the others has ε/n too."),
        (mean, "That is the mean over all actions alike. The best one is taken more often."),
    )
    target = reward + gamma * worth * (not done)
    if done:
        wrong = [(reward + gamma * value, _AT_END) for value in (worth, best)]
    else:
        wrong = [(reward + gamma * value, told) for value, told in known]
        wrong += [(reward + worth, _NO_GAMMA), (gamma * worth, _NO_REWARD)]
    given = {"q": q, "step": step, "gamma": gamma, "epsilon": epsilon}
    return Case(given, target, _AT_END if done else _EXPECTED_HINT, mistakes(wrong, target))


EXERCISES = (
    Exercise("sarsa_update", tuple(_update_case(*given, is_sarsa=True) for given in _STEPS)),
    Exercise("q_learning_update", tuple(_update_case(*given, is_sarsa=False) for given in _STEPS)),
    Exercise(
        "expected_sarsa_target",
        (
            _expected_case(_Q, (0, 3, 1.0, 1, 2, False), 1.0, 0.4),
            _expected_case(_Q, (0, 0, -1.0, 2, 3, False), 0.9, 0.1),
            _expected_case(_FAR, (0, 0, 0.0, 1, 1, False), 1.0, 1.0),
            _expected_case(_FAR, (1, 0, 2.0, 0, 0, False), 0.5, 0.0),
            _expected_case(_FAR, (1, 1, -1.0, 2, 0, True), 1.0, 0.5),
        ),
    ),
)


# -- graded ------------------------------------------------------------------------------------------------------------


def _three_updates(rng: np.random.Generator) -> Asked:
    """One step, and three numbers to compute from it."""
    values = [int(value) for value in rng.choice(np.arange(-12, 13), 4, replace=False)]
    old, reward = int(rng.integers(-8, 9)), int(rng.integers(-5, 6))
    alpha = [0.1, 0.2, 0.25, 0.5][int(rng.integers(4))]
    gamma = [0.5, 0.8, 0.9][int(rng.integers(3))]
    epsilon = [0.2, 0.4, 0.6][int(rng.integers(3))]
    best = int(np.argmax(values))
    drawn = int(rng.choice([action for action in range(4) if action != best]))
    worth = (1 - epsilon) * max(values) + epsilon * sum(values) / 4

    def new(value: float) -> float:
        return old + alpha * (reward + gamma * value - old)

    others = (sum(values) - max(values)) / 3
    shown = ", ".join(f"{value} for action {number}" for number, value in enumerate(values))
    expected = new(worth)
    instead = {
        new(values[drawn]): "That is SARSA's update. Expected SARSA does not look at which action was drawn.",
        new(max(values)): "That is Q-learning's update. What part has exploring in expected SARSA's target?",
        new((1 - epsilon) * max(values) + epsilon * others): "The best action is among those that exploring draws.",
        reward + gamma * worth: "That is the target. The update goes only the part α of the way there.",
    }
    return Number(
        "expected-update",
        f"Q(s, a) = {old}, α = {alpha:g}, γ = {gamma:g}, ε = {epsilon:g}. The agent takes a in s, gets the reward "
        f"{reward} and comes to s′, which does not end the episode. Its values there are {shown}. It draws action "
        f"{drawn}. What is Q(s, a) after one update of expected SARSA? Give three digits after the point.",
        round(expected, 6),
        tolerance=0.0006,
        told="Yes.",
        hint="First the mean over the ε-greedy policy in s′, then the target, then the part α of the way there.",
        instead={round(value, 6): text for value, text in instead.items() if abs(value - expected) > 0.01},
    )


def _edge(rng: np.random.Generator) -> Asked:
    """How likely a fall is on a way along an edge."""
    fields = int(rng.integers(5, 16))
    epsilon = int(rng.integers(2, 21)) / 50
    expected = 1 - (1 - epsilon / 4) ** fields
    instead = {
        1 - (1 - epsilon) ** fields: "Not every exploring action leads over the edge: which of the four does?",
        fields * epsilon / 4: "That is how many falls are expected if each of the steps happened anyway. Ask for the "
        "probability that no step falls, and take it from 1.",
        epsilon / 4: "That is the probability for one step. There are several.",
        1 - (1 - epsilon / 3) ** fields: "Exploring draws among all four actions, the best one too.",
    }
    return Number(
        "fall-on-the-edge",
        f"An agent stands at the edge, cliff below it on the whole way. Its greedy action is right. It explores with "
        f"ε = {epsilon:g}, drawing among the four actions, and no move slips. It takes {fields} steps; suppose that no "
        "step but a fall takes it off its row. How likely is it to fall at least once? Give three digits after the "
        "point.",
        round(expected, 6),
        tolerance=0.0006,
        told="Yes.",
        hint="How likely is it that one step does not fall? And that none of them does?",
        instead={round(value, 6): text for value, text in instead.items() if abs(value - expected) > 0.002},
    )


def _own_policy(rng: np.random.Generator) -> Asked:
    """Expected SARSA for a policy of the student's own."""
    best_share = int(rng.integers(50, 81)) / 100
    second_share = int(rng.integers(5, 16)) / 100
    rest = 1 - best_share - second_share

    def target(values: np.ndarray, reward: float, gamma: float, done: bool) -> float:
        ordered = np.sort(values)[::-1]
        worth = best_share * ordered[0] + second_share * ordered[1] + rest * values.mean()
        return float(reward + gamma * worth * (not done))

    cases = []
    for number in range(5):
        values = rng.choice(np.arange(-20, 21), int(rng.integers(3, 6)), replace=False).astype(float)
        reward, gamma, done = float(rng.integers(-5, 6)), [1.0, 0.9, 0.5][number % 3], number == 3
        given = {"values": values, "reward": reward, "gamma": gamma, "done": done}
        hint = _AT_END if done else "Weigh the best, the second best and the mean of all with their probabilities."
        instead = [(reward + gamma * float(values.max()), "That is Q-learning's target.")]
        expected = target(values, reward, gamma, done)
        cases.append(Case(given, expected, hint, () if done else mistakes(instead, expected)))
    words = f"with probability {best_share:g} the best action, with probability {second_share:g} the second best" + (
        f", and else (probability {rest:.2f}) any action, all alike, the two best ones too" if rest > 1e-9 else ""
    )
    text = (
        "Write `own_target(values, reward, gamma, done)`: the target of expected SARSA for an agent that is not "
        f"ε-greedy. In each state it takes {words}. `values` has the action values of the next state, no two "
        "alike; `done` says whether the episode has ended. Return one number."
    )
    return text, Exercise("own_target", tuple(cases))


GRADED = (
    Graded("expected-update", _three_updates),
    Graded("fall-on-the-edge", _edge),
    Graded("own-target", _own_policy),
)
