"""The table of rules.

Thresholds are of three kinds. Some are customs of the field, named beside their row. Some are counts of standard
errors. The others were set on recorded runs of known health, on other seeds than those whose rates are kept in
``rates.json`` (``python -m tests.campaigns insights``).
"""

from __future__ import annotations

from collections.abc import Sequence

from retroml_edu.analysis.insights import remedies, returns, updates
from retroml_edu.analysis.insights.rule import Rule
from retroml_edu.core.hyperparameters import AlgorithmName
from retroml_edu.core.metrics import (
    ACTION_NOISE,
    APPROX_KL,
    CLIP_FRACTION,
    ENTROPY,
    EXPLAINED_VARIANCE,
    LOSS,
    RETURN,
)

_ALL: tuple[AlgorithmName, ...] = ("PPO", "A2C", "DQN")
_ACTOR_CRITIC: tuple[AlgorithmName, ...] = ("PPO", "A2C")
_PPO: tuple[AlgorithmName, ...] = ("PPO",)
_A2C: tuple[AlgorithmName, ...] = ("A2C",)
_DQN: tuple[AlgorithmName, ...] = ("DQN",)

_TOO_HIGH = "The learning rate is too high"
_TOO_HIGH_WHY = (
    "The learning rate says how far one update moves the weights. When it is too high, each update throws away what "
    "the last ones have learned, and the return does not rise."
)
_TOO_LOW = "The learning rate is too low"
_TOO_LOW_WHY = (
    "The learning rate says how far one update moves the weights. When it is too low, the agent plays at the end "
    "nearly as it did at the start: it would learn, but not within this run."
)
_COLLAPSE = "The policy has stopped exploring too early"
_COLLAPSE_WHY = (
    "The agent has become sure of its actions before it has found good ones. It hardly tries anything else now, so it "
    "cannot find out that something else is better. A larger entropy bonus pays it for staying undecided."
)
_SEEDS_WHY = (
    "Another seed starts from other weights and meets other games, and its curve can look quite different. Before you "
    "say that one setting is better than another, run both with several seeds and compare."
)

_LEVEL = (
    "From step {first} to {last} ({points} episodes) the mean return is {mean} points{goal}. From the first half of "
    "these episodes to the second it changed by {measured} points at most, chance included; up to {threshold} points, "
    "{part} of its rise, count as level."
)
_LEVEL_WHY = (
    "It has stopped changing. Longer training may still help: some games are learned in jumps, with level stretches "
    "between."
)

RULES: Sequence[Rule] = (
    Rule(
        name="learning_rate_high",
        title=_TOO_HIGH,
        label="learning rate too high",
        severity="warning",
        algorithms=_PPO,
        metric=APPROX_KL,
        window=0.5,
        threshold=0.2,
        threshold_on_curve=True,
        least=5,
        after=0.0,
        evidence="From step {first} to {last}, half of the updates moved the policy by a KL divergence of more than "
        "{measured} nats; {threshold} nats are far too many, and the return is not half way to a goal, or has not "
        "risen.",
        why=_TOO_HIGH_WHY,
        lesson="10-ppo",
        look=updates.above_unless_well,
        remedy=remedies.lower_rate,
    ),
    Rule(
        name="learning_rate_high",
        title=_TOO_HIGH,
        label="learning rate too high",
        severity="warning",
        algorithms=_ACTOR_CRITIC,
        metric=ENTROPY,
        window=1.0,
        threshold=0.3,
        threshold_on_curve=True,
        least=10,
        after=0.1,
        evidence="The entropy fell to {measured} nats within the first updates, up to step {last}; less than "
        "{threshold} nats, {share} of the {most} nats that are possible, is too little so early.",
        why=_TOO_HIGH_WHY
        + " Here the policy has settled on an action within a few updates, long before it could know.",
        lesson="10-ppo",
        look=updates.committed_at_once,
        remedy=remedies.lower_rate,
    ),
    Rule(
        name="learning_rate_high",
        title=_TOO_HIGH,
        label="learning rate too high",
        severity="warning",
        algorithms=_DQN,
        metric=LOSS,
        window=1.0,
        threshold=100.0,
        least=20,
        after=0.2,
        evidence="From step {first} to {last} the loss has become {measured} times what it was in the first quarter of "
        "the updates; more than {threshold} times, without a better return, means that values run away.",
        why=_TOO_HIGH_WHY + " In DQN the values then chase their own errors and grow without end.",
        lesson="06-dqn",
        look=updates.exploded,
        remedy=remedies.lower_rate,
    ),
    Rule(
        name="learning_rate_low",
        title=_TOO_LOW,
        label="learning rate too low",
        severity="warning",
        algorithms=_PPO,
        metric=APPROX_KL,
        window=1.0,
        threshold=0.00004,
        threshold_on_curve=True,
        least=10,
        after=0.3,
        evidence="From step {first} to {last}, half of the updates moved the policy by a KL divergence of less than "
        "{measured} nats; below {threshold} nats the policy hardly changes, and the return is not half way to where it "
        "should be.",
        why=_TOO_LOW_WHY,
        lesson="10-ppo",
        look=updates.hardly_moves,
        remedy=remedies.higher_rate,
    ),
    Rule(
        name="learning_rate_low",
        title=_TOO_LOW,
        label="learning rate too low",
        severity="warning",
        algorithms=_A2C,
        metric=ENTROPY,
        window=0.25,
        threshold=0.995,
        threshold_on_curve=True,
        least=10,
        after=0.3,
        evidence="From step {first} to {last} the entropy is {measured} nats, more than {threshold} nats, {share} of "
        "the {most} nats that are possible: the policy still picks its actions almost at random, as at the start.",
        why=_TOO_LOW_WHY,
        lesson="09-a2c-gae",
        look=updates.undecided_as_ever,
        remedy=remedies.higher_rate,
    ),
    Rule(
        name="entropy_collapse",
        title=_COLLAPSE,
        label="stopped exploring",
        severity="warning",
        algorithms=_ACTOR_CRITIC,
        metric=ENTROPY,
        window=0.5,
        threshold=0.1,
        threshold_on_curve=True,
        least=4,
        after=0.1,
        evidence="From step {first} to {last} the entropy is {measured} nats, less than {threshold} nats, {share} of "
        "the {most} nats that are possible, and the return is not half way to a goal, or has not risen.",
        why=_COLLAPSE_WHY,
        lesson="08-policy-gradient",
        look=updates.undecided_too_little,
        remedy=remedies.stay_undecided,
    ),
    Rule(
        name="entropy_collapse",
        title=_COLLAPSE,
        label="stopped exploring",
        severity="warning",
        algorithms=_ACTOR_CRITIC,
        metric=ACTION_NOISE,
        window=0.5,
        threshold=0.1,  # it begins at 1
        threshold_on_curve=True,
        least=4,
        after=0.1,
        evidence="From step {first} to {last} the standard deviation of the actions is {measured}, less than "
        "{threshold}, and the return is not half way to a goal, or has not risen.",
        why=_COLLAPSE_WHY,
        lesson="08-policy-gradient",
        look=updates.below_unless_well,
        remedy=remedies.stay_undecided,
    ),
    # The size of a healthy update: adaptive penalties of Schulman et al. (2017), section 4, aim at 0.003 to 0.03.
    Rule(
        name="kl_high",
        title="Updates move the policy too far",
        label="KL too high",
        severity="warning",
        algorithms=_PPO,
        metric=APPROX_KL,
        window=0.5,
        threshold=0.05,
        threshold_on_curve=True,
        least=5,
        after=0.0,
        evidence="From step {first} to {last}, half of the updates moved the policy by a KL divergence of more than "
        "{measured} nats; more than {threshold} nats is too far for one update.",
        why="PPO trusts games that the policy played before the update. Once the policy has moved far from that one, "
        "these games no longer tell what is good for it. Clipping alone does not hold it back: a limit on the KL "
        "divergence ends an update in time.",
        lesson="10-ppo",
        look=updates.above,
        remedy=remedies.limit_kl,
    ),
    Rule(
        name="clip_fraction_high",
        title="Too many samples are clipped",
        label="too much clipped",
        severity="warning",
        algorithms=_PPO,
        metric=CLIP_FRACTION,
        window=0.5,
        threshold=0.3,
        threshold_on_curve=True,
        least=5,
        after=0.0,
        evidence="From step {first} to {last}, in half of the updates PPO clipped a share of more than {measured} of "
        "the samples; more than {threshold} means that updates are too large.",
        why="PPO stops rewarding a change of an action's probability once it leaves the clip range. Samples beyond it "
        "teach nothing more, so a large share of them means that each update goes on for longer, or in larger steps, "
        "than its games are good for.",
        lesson="10-ppo",
        look=updates.above,
        remedy=remedies.fewer_epochs,
    ),
    # Not A2C: after a few steps of a rollout its explained variance is near 0 in runs that learn, too.
    Rule(
        name="value_not_learning",
        title="The value function does not learn",
        label="values not learned",
        severity="warning",
        algorithms=_PPO,
        metric=EXPLAINED_VARIANCE,
        window=0.5,
        threshold=0.1,
        threshold_on_curve=True,
        least=10,
        after=0.25,
        evidence="From step {first} to {last}, the explained variance was below {measured} in half of the updates; "
        "below {threshold} the value function foresees returns hardly better than their mean does. The return is not "
        "at its goal, and does not rise.",
        why="The value function tells the agent what to expect, so that it can see which actions turned out better "
        "than expected. When it foresees nothing, every advantage is mostly noise, and learning is slow or fails.",
        lesson="09-a2c-gae",
        look=updates.below_and_level,
        remedy=remedies.learn_values,
    ),
    Rule(
        name="evaluation_falling",
        title="The return rises in training and falls in evaluations",
        label="evaluations fall",
        severity="warning",
        algorithms=_ALL,
        metric=RETURN,
        window=1.0,
        threshold=3.0,
        least=20,
        after=0.0,
        evidence="From step {first} to {last} the mean return of training rose by {climb} points, while that of "
        "evaluations fell by {measured} points, from {best} to {newest}; {threshold} points, {errors} standard errors, "
        "are no chance.",
        why="Training shows how the agent plays while it explores, in the games it learns from. Evaluations show what "
        "it does in new games. Where only the first gets better, the agent has learned something that does not carry "
        "over: trust the evaluations, and keep the weights from where they were best.",
        lesson="",
        look=returns.evaluation_falling,
        remedy=remedies.more_envs,
    ),
    Rule(
        name="stuck",
        title="The return does not rise",
        label="stuck",
        severity="warning",
        algorithms=_ALL,
        metric=RETURN,
        window=0.25,
        threshold=0.1,
        least=20,
        after=0.3,
        evidence="From step {first} to {last} ({points} episodes) the mean return is {measured} points above the "
        "{began} of the first episodes; a rise of no more than {threshold} points, {which}, counts as stuck.",
        why="After this much of the run the agent plays about as it did at the start. Often it has never met a reward "
        "that tells good from bad, and needs more exploration; sometimes another setting, named above, keeps it back.",
        lesson="01-bandits",
        look=returns.stuck,
        remedy=remedies.explore_more,
    ),
    Rule(
        name="collapsed",
        title="The return rose, then collapsed",
        label="collapsed",
        severity="warning",
        algorithms=_ALL,
        metric=RETURN,
        window=0.25,
        threshold=returns.COLLAPSE,
        least=20,
        after=0.3,
        evidence="The mean return began at {began} points and had risen to {best} by step {when}. From step {first} to "
        "{last} ({points} episodes) it is {now}, which is {measured} points lower; a fall by {threshold} points or "
        "more, {part} of that rise, counts as a collapse.",
        why="The agent could play better than it does now: updates have thrown away what it had learned. Steps of the "
        "weights that are too large do so, and so do games that have become all alike, from which it learns to "
        "neglect the others. Smaller steps forget less. If the run kept a checkpoint from before the fall, that one "
        "still plays better.",
        lesson="",
        look=returns.collapsed,
        remedy=remedies.lower_rate,
    ),
    Rule(
        name="levelled_off",
        title="The return has levelled off below the goal",
        label="levelled off",
        severity="note",
        algorithms=_ALL,
        metric=RETURN,
        window=0.4,
        threshold=0.9,
        least=40,
        after=0.5,
        evidence="From step {first} to {last} ({points} episodes) the mean return stays at about {mean} points: it "
        "changed by {changed} points at most, chance included. From {began} it has gone {measured} of the way to the "
        "goal of {goal}, less than {threshold}.",
        why="The agent has learned something and then stopped getting better. Near the end large steps can keep it "
        "from the last improvements; a learning rate that falls to zero steadies it.",
        lesson="10-ppo",
        look=returns.levelled_off,
        remedy=remedies.steadier_end,
    ),
    Rule(
        name="replay_warming",
        title="The replay buffer is still warming up",
        label="warming up",
        severity="note",
        algorithms=_DQN,
        metric=RETURN,
        window=1.0,
        threshold=1.0,  # of the warm-up
        least=5,
        after=0.0,
        evidence="From step {first} to {last} no update was made: {measured} of {threshold} warm-up steps are played, "
        "in a run of {total}.",
        why="DQN first plays at random to fill its memory, and learns nothing until then: the return cannot rise yet. "
        "A warm-up of about a tenth of the run is plenty.",
        lesson="06-dqn",
        look=updates.warming,
        remedy=remedies.earlier_start,
    ),
    Rule(
        name="single_seed",
        title="One seed allows no conclusion",
        label="one seed",
        severity="note",
        algorithms=_ALL,
        metric=RETURN,
        window=1.0,
        threshold=2.0,
        least=40,
        after=0.5,
        evidence="Up to step {last} this is what {measured} run did; no run with these settings and another seed has "
        "come to its end here. With fewer than {threshold} seeds nothing can be said about the settings themselves.",
        why=_SEEDS_WHY,
        lesson="",
        look=returns.few_seeds,
        remedy=remedies.other_seed,
    ),
    # Five are the custom. Henderson et al. (2018, "Deep reinforcement learning that matters") show that even two
    # groups of five seeds of the same settings can seem to differ.
    Rule(
        name="single_seed",
        title="Few seeds allow no firm conclusion",
        label="few seeds",
        severity="note",
        algorithms=_ALL,
        metric=RETURN,
        window=1.0,
        threshold=5.0,
        least=40,
        after=0.5,
        evidence="Up to step {last} this is what one of {measured} runs did that differ in their seeds alone; with "
        "fewer than {threshold} seeds little can be said about the settings themselves.",
        why=_SEEDS_WHY,
        lesson="",
        look=returns.few_seeds,
        remedy=remedies.other_seed,
    ),
    Rule(
        name="converged",
        title="The return has converged",
        label="converged",
        severity="good",
        algorithms=_ALL,
        metric=RETURN,
        window=0.3,
        threshold=0.1,
        least=20,
        after=0.1,
        evidence=_LEVEL,
        why=_LEVEL_WHY,
        lesson="",
        look=returns.converged,
        remedy=remedies.nothing,
    ),
    # Half of all steps, and not before half of the run: where no goal is known, a plateau may be the first of several.
    Rule(
        name="converged",
        title="The return has converged",
        label="converged",
        severity="good",
        algorithms=_ALL,
        metric=RETURN,
        window=0.5,
        threshold=0.1,
        least=40,
        after=0.5,
        evidence=_LEVEL,
        why=_LEVEL_WHY + " No goal is known for this environment, so nothing tells how good that is.",
        lesson="",
        look=returns.converged_without_goal,
        remedy=remedies.nothing,
    ),
    Rule(
        name="variance_fell",
        title="The agent plays more steadily",
        label="steadier",
        severity="good",
        algorithms=_ALL,
        metric=RETURN,
        window=1.0,
        threshold=0.75,
        least=200,
        after=0.2,
        evidence="From step {first} to {last} ({points} episodes) the variance of the return fell by {measured} %, at "
        "least {threshold} %: the lowest and the highest of {together} episodes in a row were {before} points apart on "
        "average, and are {now} now.",
        why="Episodes differ less from each other than they did, and are no worse: the agent has found a way of "
        "playing that works from every start, and follows it.",
        lesson="",
        look=returns.variance_fell,
        remedy=remedies.nothing,
    ),
)
