"""The steps of the tutorial, in order."""

from __future__ import annotations

from retroml_edu.core.metrics import RETURN_WINDOW
from retroml_edu.widgets.tutorial.step import Reached, Step
from retroml_edu.widgets.tutorial.task import ALGORITHM, ENVIRONMENT, SEED


def _says(*paragraphs: str) -> tuple[str, ...]:
    return paragraphs


STEPS: tuple[Step, ...] = (
    Step(
        "columns",
        "Three columns, three questions",
        _says(
            "The first column asks what is to be learned, and how. The second shows what happens meanwhile, and the "
            "third what it means. On a narrow page they stand one under the other.",
            "Train, Pause and Stop stand above them on every tab. Nothing can be broken here: each run is kept in a "
            "folder of its own.",
            "Leave at any time: the place where you are is kept.",
        ),
        about="the three columns",
        points_at=".rml-settings, .rml-stage, .rml-side",
    ),
    Step(
        "game",
        "A game and an algorithm",
        _says(
            f"In {ENVIRONMENT} a pole stands on a cart. The agent pushes the cart to the left or to the right. Each "
            "step gives 1 point until the pole falls, or until there are 500.",
            f"{ALGORITHM} is the algorithm. It plays for a while, then makes those actions more likely that came out "
            "better than expected, and plays again.",
        ),
        about="Environment",
        points_at='.rml-form [data-field="env_id"]',
        offers="choose",
    ),
    Step(
        "seed",
        "The seed",
        _says(
            "Everything that is drawn at random begins with this number: the first weights of the network, the start "
            "of each game, the actions.",
            "Equal settings and an equal seed give an equal run on the same computer. Another seed is another try: one "
            "run alone does not show what usually happens.",
            f"The recorded run has seed {SEED}, so it is set to {SEED} here too. Leave it this time, so that your run "
            "can be compared in the end.",
        ),
        about="Seed",
        points_at='.rml-form [data-field="seed"]',
    ),
    Step(
        "slider",
        "A slider, and what it does",
        _says(
            "The learning rate says how far one update moves the weights of the network. If it is too low, little is "
            "learned in the time. If it is too high, what was learned gets lost again.",
            "Rest the mouse on any setting, or go to it with Tab, and a text explains it. F1 opens the help on it.",
            "Leave it as it is this time, too.",
        ),
        about="Learning rate",
        points_at='.rml-form [data-field="hyperparameters.learning_rate"]',
    ),
    Step(
        "train",
        "Press Train",
        _says(
            "The agent begins to play and to learn. The bar under the buttons shows how far it is.",
            "Pause lets it wait. Stop ends it within a second, and what was recorded stays.",
        ),
        about="Train",
        points_at=".rml-runbar .rml-primary",
        awaits=Reached.STARTED,
        waiting="Press Train to go on.",
    ),
    Step(
        "watch",
        "The game and the curve",
        _says(
            "Live shows a copy of the agent at play, which does not disturb the training.",
            "In the large chart each point is the return of one game: the sum of its rewards. The line is their "
            f"rolling mean, at each point that of the last {RETURN_WINDOW} games. It shows the trend behind the chance "
            "of single games, and follows it a little late.",
        ),
        about="Live and Learning curves",
        points_at=".rml-feed, .rml-chart",
        awaits=Reached.MEASURED,
        waiting="No game has ended yet: one moment.",
    ),
    Step(
        "meaning",
        "What it means",
        _says(
            "Insights read the curves for you. Open one: it says what it found and where, why that matters, and how "
            "often such a sentence was right. It may be wrong.",
            "Events lists what happened, the newest first. A warning has a sign beside its colour.",
        ),
        about="Insights and Events",
        points_at=".rml-insights, .rml-log",
        awaits=Reached.ENDED,
        waiting="The next step opens when the run has ended.",
    ),
    Step(
        "compare",
        "Your run beside a recorded one",
        _says("The dashed line is a run that came with this package. Both lines are rolling means of the return."),
        about="Learning curves",
        points_at=".rml-chart",
        offers="compare",
    ),
    Step(
        "further",
        "Where to go on",
        _says(
            "Test lets the agent play whole games that it does not learn from: mean and spread tell how good it is. "
            "Its first game is filmed. Download gives the curves as CSV or PNG.",
            "Now change one thing, such as the seed or the learning rate, and train again. Experiments lists all your "
            "runs, and the help explains every word.",
        ),
        about="Test and Download",
        points_at=".rml-evaluation, .rml-downloads",
        offers="help",
    ),
)
NUMBERS = {step.name: number for number, step in enumerate(STEPS)}
