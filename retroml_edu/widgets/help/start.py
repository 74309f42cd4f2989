"""The first steps."""

from __future__ import annotations

from collections.abc import Iterator

from retroml_edu.core.config import RUN_LENGTHS
from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.widgets.help.topic import Items, Topic, says

_WORDS = (
    "Environment: the game. It shows the agent something, takes an action and gives a reward.",
    "Agent: the player that learns. Its policy says how likely it takes each action in what it sees.",
    "Step: one action in one environment. A run counts the steps of all its environments together.",
    "Episode: one whole game, from its start until it is over or its time is up.",
    "Return: the sum of all rewards of one whole game. It is what the agent is to make large.",
    "Seed: the starting point of everything that is drawn at random.",
)


def topics() -> Iterator[Topic]:
    """Return them."""
    yield Topic(
        "start",
        "Start here",
        "First steps",
        (
            *says(
                "Train a first agent in a minute. Nothing can be broken: each run has a folder of its own. The "
                "tutorial leads through it, points at each control, and sets your run beside a recorded one: its "
                "button stands under the list of topics.",
            ),
            Items(
                (
                    "Leave CartPole and PPO as they are: a pole stands on a cart, and the agent pushes the cart.",
                    "Press Train. After some seconds the curve of the return begins to rise.",
                    "Look at Live: a copy of the agent plays. It does not disturb the training.",
                    "Press one of the four figures above the picture. It tells what the number means.",
                    "When the run has ended, look at Videos: start shows the untrained agent, final the trained one.",
                    "Press Test. The agent plays whole games, and you learn how good it is and how much that varies.",
                    "Change one setting, choose the same seed, press Train again, and look at both in Compare.",
                ),
                ordered=True,
            ),
            *says(
                f"The shortest run has {RUN_LENGTHS['quick']:,} steps. Games made for a lesson bring the length that "
                "they need."
            ),
        ),
        words="begin quickstart tutorial getting started introduction",
        see=("words", "one-seed", "part:Test"),
    )
    yield Topic(
        "words",
        "Start here",
        "The words of the field",
        (Items(_WORDS),),
        words="glossary vocabulary agent environment episode return reward step policy",
        see=("start",),
    )
    yield Topic(
        "one-seed",
        "Start here",
        "What may be concluded from a run",
        says(
            "One run shows what can happen, not what usually happens. Another seed starts from other weights and meets "
            "other games; its curve can look quite different with the very same settings.",
            "To say that one setting is better than another, run both with several seeds, five are the custom, and "
            "compare. The die beside Seed draws another one.",
            f"A curve of training shows how the agent plays while it explores, as the mean of {RETURN_WINDOW} games. "
            "How good it is, Test tells: whole games, raw rewards, mean and spread.",
        ),
        words="seed seeds compare conclusion statistics variance reproducible",
        see=("setting:seed", "insight:single_seed", "part:Test", "atari"),
    )
